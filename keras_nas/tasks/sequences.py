"""Series to classify: arrays of steps and channels in, class probabilities out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_nas.tasks.arrays import ArrayTask
from keras_nas.tasks.targets import Classification

if TYPE_CHECKING:
    from keras_nas.data.glance import Glance


class TimeseriesClassification(ArrayTask, Classification):
    """One class a series; all series are of one length."""

    name = "timeseries_classification"
    ranks = {2: "(rows, steps)", 3: "(rows, steps, channels)"}
    default_space = "sequences"
    default_estimator = "patient_finalists"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Arrays (rows, steps, channels) that are no pictures; without channels they are taken for a table."""
        return f"x {seen.shape} looks like series of steps and channels" if seen.looks in ("series", "either") else None
