"""Learned predictors: how good an architecture will be, from those that were trained."""
