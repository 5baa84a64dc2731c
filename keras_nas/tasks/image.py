"""Images: raw pixels in, class probabilities or numbers out."""

from __future__ import annotations

from keras_nas.tasks.arrays import ArrayTask
from keras_nas.tasks.targets import Classification, Regression


class ImageTask(ArrayTask):
    """What all image tasks share."""

    ranks = (3, 4)
    default_space = "small_images"


class ImageClassification(ImageTask, Classification):
    """One class an image."""

    name = "image_classification"


class ImageRegression(ImageTask, Regression):
    """One or several numbers an image."""

    name = "image_regression"
