"""What mixed precision and XLA bring on a GPU: images a second and memory of one residual network.

    python benchmarks/gpu.py --json figures.json

Where TensorFlow sees no GPU it says so and writes no figures.
"""

from __future__ import annotations

import itertools
import time

import numpy as np
from _common import parser, report

BATCH, STEPS, WARM = 256, 60, 10
POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")


def network(policy: str) -> object:
    """A residual network for 32 x 32 images, about 2.8 million parameters."""
    import keras
    from keras import layers

    x = inputs = keras.Input((32, 32, 3))
    for width, stride in ((64, 1), (128, 2), (256, 2)):
        x = layers.Conv2D(width, 3, strides=stride, padding="same", use_bias=False, dtype=policy)(x)
        for _ in range(2):
            y = layers.Activation("relu", dtype=policy)(layers.BatchNormalization(dtype=policy)(x))
            y = layers.Conv2D(width, 3, padding="same", use_bias=False, dtype=policy)(y)
            x = layers.Add(dtype=policy)([x, y])
    x = layers.GlobalAveragePooling2D(dtype=policy)(x)
    return keras.Model(inputs, layers.Dense(10, dtype="float32")(x))


def images_per_second(policy: str, xla: bool) -> float:
    """Training speed of keras_nas' own step, without the input pipeline.

    Args:
        policy: Keras dtype policy.
        xla: whether the step is compiled by XLA.
    """
    import keras
    import tensorflow as tf

    from keras_nas.estimators.trainer import Trainer

    rng = np.random.default_rng(0)
    x = tf.constant(rng.normal(size=(BATCH, 32, 32, 3)), tf.float32)
    y = tf.one_hot(rng.integers(0, 10, BATCH), 10)
    trainer = Trainer(network(policy))
    optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
    if policy == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    trainer.compile(optimizer, keras.losses.CategoricalCrossentropy(from_logits=True))
    step = tf.function(lambda: trainer.train_step((x, y))["loss"], jit_compile=xla)
    for _ in range(WARM):
        loss = step()
    float(loss)
    began = time.perf_counter()
    for _ in range(STEPS):
        loss = step()
    if not np.isfinite(float(loss)):
        raise SystemExit(f"{policy}, XLA {xla}: the loss is {float(loss)}")
    return BATCH * STEPS / (time.perf_counter() - began)


def main() -> None:
    """Every policy with and without XLA."""
    parsed = parser(__doc__ or "").parse_args()
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        print("skipped: TensorFlow sees no GPU on this machine, and these figures are a GPU's alone")
        return
    figures: dict[str, float] = {}
    for policy, xla in itertools.product(POLICIES, (False, True)):
        tf.config.experimental.reset_memory_stats("GPU:0")
        name = f"{policy}_xla" if xla else policy
        figures[f"{name}_images_per_s"] = images_per_second(policy, xla)
        figures[f"{name}_memory_mb"] = tf.config.experimental.get_memory_info("GPU:0")["peak"] / 2**20
    base = figures["float32_images_per_s"]
    figures["mixed_float16_speedup"] = figures["mixed_float16_images_per_s"] / base
    figures["xla_speedup"] = figures["float32_xla_images_per_s"] / base
    report(figures, parsed.json)


if __name__ == "__main__":
    main()
