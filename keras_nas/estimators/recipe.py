"""A training recipe's settings as an optimizer and as operations on batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras_nas.errors import InvalidArgument, unknown

DEFAULTS: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "weight_decay": 5e-4,
    "label_smoothing": 0.0,
    "batch_size": 128,
    "augmentation": "none",
    "mixup": 0.0,
    "momentum": 0.9,
    "steps": 1,
    "fine_tuning": 0.0,
}
"""What a space's recipe may set, and the values where it does not; `steps` are those that an epoch has at least, by
smaller batches where rows are few; `fine_tuning` is the share of the learning rate at which layers learn that came with
their weights, 0 for not at all."""

BASELINE: dict[str, Any] = {"optimizer": "adamw", "learning_rate": 2e-3, "weight_decay": 1e-4}
"""The recipe of a network that brings none, the user's own: one that networks without normalisation survive."""

AUGMENTATIONS = ("none", "flip", "shift", "flip_shift", "turn", "turn_shift")


def complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """All settings, defaults filled in.

    Raises:
        InvalidArgument: for a setting or an augmentation that is not known.
    """
    for name in settings:
        if name not in DEFAULTS:
            raise InvalidArgument(unknown("recipe setting", name, DEFAULTS))
    whole = {**DEFAULTS, **settings}
    if whole["augmentation"] not in AUGMENTATIONS:
        raise InvalidArgument(unknown("augmentation", whole["augmentation"], AUGMENTATIONS))
    return whole


def make_optimizer(settings: Mapping[str, Any]) -> Any:
    """The Keras optimizer: SGD with Nesterov momentum, or AdamW; decay spares normalisation and biases.

    Weight decay is decoupled (Loshchilov and Hutter, arXiv 1711.05101): weights shrink by rate x decay a step.
    """
    import keras

    rate, decay = float(settings["learning_rate"]), float(settings["weight_decay"])
    if settings["optimizer"] == "sgd":
        optimizer = keras.optimizers.SGD(rate, float(settings["momentum"]), nesterov=True, weight_decay=decay)
    elif settings["optimizer"] == "adamw":
        optimizer = keras.optimizers.AdamW(rate, weight_decay=decay, beta_2=0.99)
    else:
        raise InvalidArgument(unknown("optimizer", settings["optimizer"], ("sgd", "adamw")))
    optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
    return optimizer


def make_augment(augmentation: str, pad: int = 2) -> Callable[[Any, Any], Any] | None:
    """`augment(x, key)` for a batch of images `(batch, height, width[, channels])` of any dtype, or None.

    Args:
        augmentation: of `AUGMENTATIONS`: horizontal flips, or flips along both axes and (of square images) quarter
            turns; shifts of up to `pad` pixels.
        pad: largest shift, in pixels; the border is repeated.
    """
    if augmentation == "none":
        return None

    def augment(x: Any, key: Any) -> Any:
        if "flip" in augmentation:
            x = _flipped(x, key, 2, 1)
        if "turn" in augmentation:
            x = _turned(x, key)
        return _shifted(x, key, pad) if "shift" in augmentation else x

    return augment


def _flipped(x: Any, key: Any, axis: int, number: int) -> Any:
    """Half of the images, mirrored along an axis."""
    import tensorflow as tf

    return tf.where(_coins(x, key, number), tf.reverse(x, [axis]), x)


def _turned(x: Any, key: Any) -> Any:
    """Every image in one of the eight positions of a square, or the four of a rectangle."""
    import tensorflow as tf

    x = _flipped(_flipped(x, key, 2, 1), key, 1, 4)
    if x.shape[1] != x.shape[2]:
        return x
    return tf.where(_coins(x, key, 5), tf.transpose(x, [0, 2, 1, *range(3, x.shape.rank)]), x)


def _coins(x: Any, key: Any, number: int) -> Any:
    """Heads or tails for each image; equal keys and numbers fall alike."""
    import tensorflow as tf

    coins = tf.random.stateless_uniform([tf.shape(x)[0]], tf.random.fold_in(key, number)) < 0.5
    return tf.reshape(coins, [-1] + [1] * (x.shape.rank - 1))


def _shifted(x: Any, key: Any, pad: int) -> Any:
    """Every image moved by its own number of rows and columns, the border repeated."""
    import tensorflow as tf

    count, shape = tf.shape(x)[0], x.shape
    moves = tf.random.stateless_uniform([2, count, 1], tf.random.fold_in(key, 2), -pad, pad + 1, tf.int32)
    rows = tf.clip_by_value(tf.range(shape[1])[None] + moves[0], 0, shape[1] - 1)
    columns = tf.clip_by_value(tf.range(shape[2])[None] + moves[1], 0, shape[2] - 1)
    flat = tf.reshape(x, [count, shape[1] * shape[2], -1])
    index = tf.reshape(rows[:, :, None] * shape[2] + columns[:, None, :], [count, -1])
    return tf.reshape(tf.gather(flat, index, batch_dims=1), tf.shape(x))


def make_transform(encode: Callable[[Any], Any], smoothing: float, mixup: float) -> Callable[..., tuple[Any, ...]]:
    """`transform(x, y, w, key)`: encoded targets, label smoothing (arXiv 1512.00567), mixup (arXiv 1710.09412).

    Args:
        encode: stored targets to rows `(batch, outputs)`, with TensorFlow operations.
        smoothing: share of the target spread over all outputs; 0 for regression.
        mixup: parameter of the symmetric beta distribution; 0 for none.
    """
    import tensorflow as tf

    def transform(x: Any, y: Any, w: Any, key: Any) -> tuple[Any, ...]:
        y = encode(y)
        if smoothing:
            y = y * (1.0 - smoothing) + smoothing / tf.cast(tf.shape(y)[-1], y.dtype)
        if mixup:
            x, y = _mixed(x, y, key, mixup)
        return (x, y) if w is None else (x, y, w)

    return transform


def _mixed(x: Any, y: Any, key: Any, alpha: float) -> tuple[Any, Any]:
    """The batch blended with itself in reverse order, in one proportion; images keep their dtype."""
    import tensorflow as tf

    draws = tf.random.stateless_gamma([2], tf.random.fold_in(key, 3), alpha)
    share = draws[0] / (draws[0] + draws[1])
    pixels = tf.cast(x, tf.float32)
    blended = share * pixels + (1.0 - share) * tf.reverse(pixels, [0])
    if x.dtype.is_integer:
        blended = tf.round(blended)
    return tf.cast(blended, x.dtype), share * y + (1.0 - share) * tf.reverse(y, [0])
