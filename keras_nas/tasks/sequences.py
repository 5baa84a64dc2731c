"""Series to classify: arrays of steps and channels in, class probabilities out."""

from __future__ import annotations

from keras_nas.tasks.arrays import ArrayTask
from keras_nas.tasks.targets import Classification


class TimeseriesClassification(ArrayTask, Classification):
    """One class a series; all series are of one length."""

    name = "timeseries_classification"
    ranks = {2: "(rows, steps)", 3: "(rows, steps, channels)"}
    default_space = "sequences"
    default_estimator = "patient_finalists"
