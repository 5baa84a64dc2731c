"""Volumes: raw voxels in, class probabilities or numbers out; the blocks of images in three dimensions."""

from __future__ import annotations

from keras_nas.data.glance import Glance
from keras_nas.tasks.arrays import ArrayTask
from keras_nas.tasks.targets import Classification, Regression


class VolumeTask(ArrayTask):
    """What all tasks on volumes share."""

    ranks = {4: "(rows, depth, height, width)", 5: "(rows, depth, height, width, channels)"}
    default_space = "small_images"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Arrays of three axes of space and channels; without channels they are taken for images."""
        there = seen.form == "array" and len(seen.shape) == 5
        return f"x {seen.shape} looks like volumes" if there else None


class VolumeClassification(VolumeTask, Classification):
    """One class a volume."""

    name = "volume_classification"


class VolumeRegression(VolumeTask, Regression):
    """One or several numbers a volume."""

    name = "volume_regression"
