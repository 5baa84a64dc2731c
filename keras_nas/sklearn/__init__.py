"""Scikit-learn estimators: `fit` is a search, `predict` its winner; for pipelines, cross-validation and comparisons.

What `fit` keeps is the winner's model as the bytes of its `.keras` file. So a fitted estimator is pickled and copied
like any other, and predicts without the search's folder.
"""

from keras_nas.sklearn.estimators import NASClassifier, NASRegressor

__all__ = ["NASClassifier", "NASRegressor"]
