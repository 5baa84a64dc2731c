"""Images: raw pixels in, class probabilities or numbers out."""

from __future__ import annotations

from keras_nas.data.glance import Glance
from keras_nas.tasks.arrays import ArrayTask
from keras_nas.tasks.targets import Classification, Multilabel, Regression


class ImageTask(ArrayTask):
    """What all image tasks share."""

    ranks = (3, 4)
    default_space = "small_images"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Folders, paths of images, and arrays that look like pictures."""
        if seen.form == "folder":
            return "the data is a folder of images"
        if seen.files and seen.files == seen.columns:
            return f"the column {seen.files[0]!r} names files of images"
        return f"x {seen.shape} looks like images" if seen.looks in ("pictures", "either") else None


class ImageClassification(ImageTask, Classification):
    """One class an image."""

    name = "image_classification"


class ImageMultilabelClassification(ImageTask, Multilabel):
    """Any number of classes an image."""

    name = "image_multilabel_classification"


class ImageRegression(ImageTask, Regression):
    """One or several numbers an image."""

    name = "image_regression"
