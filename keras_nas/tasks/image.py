"""Images: raw pixels in, class probabilities or numbers out."""

from __future__ import annotations

from keras_nas.data.glance import Glance, listed
from keras_nas.data.images import class_folders
from keras_nas.tasks.arrays import ArrayTask
from keras_nas.tasks.targets import Classification, Multilabel, Regression


class ImageTask(ArrayTask):
    """What all image tasks share."""

    ranks = (3, 4)
    default_space = "small_images"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Arrays that look like pictures."""
        return f"x {seen.shape} looks like images" if seen.looks in ("pictures", "either") else None


class ImageClassification(ImageTask, Classification):
    """One class an image."""

    name = "image_classification"

    @classmethod
    def suits(cls, seen: Glance) -> str | None:
        """Also a folder with one folder of images for each class."""
        if seen.folder is None:
            return super().suits(seen)
        classes = [folder.name for folder in class_folders(seen.folder)]
        told = f"the folder has a folder of images for each class, {listed(classes)}"
        return told if len(classes) > 1 else None


class ImageMultilabelClassification(ImageTask, Multilabel):
    """Any number of classes an image."""

    name = "image_multilabel_classification"


class ImageRegression(ImageTask, Regression):
    """One or several numbers an image."""

    name = "image_regression"
