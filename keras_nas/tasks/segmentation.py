"""Segmentation: raw pixels in, the probability of each class for each pixel out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.data.masks import held_classes
from keras_nas.errors import InvalidArgument
from keras_nas.net import Net
from keras_nas.tasks.image import ImageTask
from keras_nas.tasks.scores import SEGMENTATION, pixel_counts, segmentation_scores
from keras_nas.tasks.signature import ScaledSignature, Signature
from keras_nas.tasks.targets import Classification

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.data.answers import Answer

SMOOTH = 1.0
"""Pixels that are added to both sides of Dice's fraction, so that an empty mask has one."""


@dataclass(frozen=True)
class MaskSignature(ScaledSignature):
    """That of images with masks."""

    @property
    def output_shape(self) -> tuple[int, ...]:
        """A class for each pixel."""
        return (*self.input_shape[:2], self.outputs)


class ImageSegmentation(ImageTask, Classification):
    """A class for each pixel."""

    name = "image_segmentation"
    target = "segmentation"
    objective = "val_mean_iou"
    score_names = SEGMENTATION
    default_space = "unet"

    @classmethod
    def predicts(cls, answer: Answer) -> str | None:
        """Masks."""
        return f"the targets look like masks ({answer.reason})" if answer.kind == "arrays" else None

    def signature(self, rows: Rows, split: Split) -> MaskSignature:
        """Shape, dtype and statistics of the images; the classes of the masks."""
        return MaskSignature(**vars(super().signature(rows, split)))

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """How much of the masks each class is, and how many masks are of a single class."""
        classes = rows.labels.classes
        masks = rows.y[split.train]
        shares = np.bincount(masks.ravel(), minlength=len(classes)) / masks.size
        told = ", ".join(f"{label} {share:.1%}" for label, share in zip(classes[:10], shares, strict=False))
        more = f" and {len(classes) - 10} more" if len(classes) > 10 else ""
        lines = [f"{len(classes)} classes, of the pixels to train on: {told}{more}."]
        single = int((held_classes(masks, len(classes)).sum(axis=1) == 1).sum())
        return [*lines, f"{single:,} of the masks to train on hold one class only."] if single else lines

    def outputs(self, net: Net, x: Any, signature: Signature) -> Any:
        """A 1 x 1 convolution, always float32, interpolated to the height and width of the image."""
        from keras import layers

        from keras_nas.blocks.upsampling import cropped, interpolated, times

        if len(net.shape(x)) != 3:
            raise InvalidArgument(
                f"A network of the space gives features of the shape {net.shape(x)}; expected a map (height, width, "
                "channels) for a segmentation. End the network without pooling or a dense layer."
            )
        sides = signature.input_shape[:2]
        x = net(layers.Conv2D, x, filters=signature.outputs, kernel_size=1, dtype="float32")
        whole = interpolated(net, x, times(net, x, sides), dtype="float32")
        return cropped(net, whole, sides, dtype="float32")

    def loss(self, finished: bool = False) -> Any:
        """Cross-entropy and soft Dice loss, in equal parts."""
        return finished_loss if finished else raw_loss

    def evidence(self, y: np.ndarray, predictions: np.ndarray, signature: Signature) -> np.ndarray:
        """Of each row how many pixels of each class are found, said and true, and their log loss."""
        return pixel_counts(y, predictions)

    def scores(
        self, y: np.ndarray, evidence: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """Of all pixels of all rows together."""
        return segmentation_scores(evidence, signature.outputs, names)


def raw_loss(truth: Any, logits: Any) -> Any:
    """Cross-entropy and soft Dice loss of each row, of logits.

    Args:
        truth: one-hot, `(rows, height, width, classes)`.
        logits: of the same shape.

    Returns:
        `(rows,)`: the mean cross-entropy of a row's pixels, and 1 less the mean Dice coefficient of the classes but the
        first, which Dice counts in probabilities.

    Reference:
        Isensee et al., "nnU-Net", arXiv 1809.10486; Milletari et al., "V-Net" (soft Dice), arXiv 1606.04797.
    """
    from keras import ops

    return _loss(truth, ops.softmax(logits), ops.log_softmax(logits))


def finished_loss(truth: Any, probabilities: Any) -> Any:
    """The same of probabilities."""
    from keras import ops

    return _loss(truth, probabilities, ops.log(ops.clip(probabilities, 1e-7, 1.0)))


def _loss(truth: Any, probabilities: Any, logs: Any) -> Any:
    from keras import ops

    pixels = (1, 2)
    both = ops.sum(truth * probabilities, axis=pixels)
    sizes = ops.sum(truth, axis=pixels) + ops.sum(probabilities, axis=pixels)
    dice = (2 * both + SMOOTH) / (sizes + SMOOTH)
    entropy = ops.mean(-ops.sum(truth * logs, axis=-1), axis=pixels)
    return entropy + 1 - ops.mean(dice[:, 1:], axis=-1)
