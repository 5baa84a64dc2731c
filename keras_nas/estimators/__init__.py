"""Estimators: how good an architecture is, for how much work."""
