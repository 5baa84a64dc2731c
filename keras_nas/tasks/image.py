"""Images: raw pixels in, class probabilities or numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.net import Net
from keras_nas.tasks.base import Task
from keras_nas.tasks.signature import ImageSignature, Signature, image_signature
from keras_nas.tasks.targets import Classification, Regression

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split


class ImageTask(Task):
    """What all image tasks share: pixels are standardised inside the network, with the training part's statistics."""

    ranks = (3, 4)
    default_space = "small_images"

    def signature(self, rows: Rows, split: Split) -> ImageSignature:
        """Shape, dtype and statistics of the images."""
        return image_signature(rows, split)

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """Standardised float32 pixels `(height, width, channels)`, whatever the user's dtype and rank."""
        from keras import layers

        assert isinstance(signature, ImageSignature)  # noqa: S101 - made by this task
        mean, std = np.array(signature.input_mean), np.array(signature.input_std)
        scale, offset = [float(v) for v in 1 / std], [float(v) for v in -mean / std]
        if len(signature.input_shape) == 2:
            x = net(layers.Reshape, x, target_shape=(*signature.input_shape, 1))
        single = len(scale) == 1
        return net(
            layers.Rescaling,
            x,
            scale=scale[0] if single else scale,
            offset=offset[0] if single else offset,
            dtype="float32",
        )


class ImageClassification(ImageTask, Classification):
    """One class an image."""

    name = "image_classification"


class ImageRegression(ImageTask, Regression):
    """One or several numbers an image."""

    name = "image_regression"
