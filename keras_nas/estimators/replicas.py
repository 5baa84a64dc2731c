"""The devices that one trial is spread over."""

from __future__ import annotations

from functools import cache
from typing import Any

from keras_nas.errors import InvalidArgument


@cache
def strategy_over(devices: int) -> Any:
    """What trains one model on several devices: every device has a copy, and computes its share of each batch.

    The same object for every trial of a process: two of TensorFlow's strategies would mistake each other's messages.

    Args:
        devices: how many, GPUs where there are any, else CPU devices; with one, training is the ordinary one.

    Returns:
        A `tf.distribute.MirroredStrategy`, or TensorFlow's default strategy.

    Raises:
        InvalidArgument: when TensorFlow sees fewer devices.
    """
    import tensorflow as tf

    if devices < 2:
        return tf.distribute.get_strategy()
    found = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(found) < devices:
        raise InvalidArgument(
            f"A trial is to be spread over {devices} devices, and TensorFlow sees {len(found)} here: "
            f"{[device.name for device in found]}. Give a smaller devices_per_trial."
        )
    return tf.distribute.MirroredStrategy([device.name for device in found[:devices]])
