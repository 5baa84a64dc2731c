"""Training recipes that ready spaces share."""

from __future__ import annotations

from typing import Any

from keras_nas.spaces.small_images import RECIPE as IMAGES

NAS_BENCH_201: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": 0.1,
    "weight_decay": 5e-3,
    "label_smoothing": 0.0,
    "batch_size": 256,
    "augmentation": "flip_shift",
}
"""The one recipe of the benchmark, nothing to decide: its decay of 5e-4 acts through a momentum of 0.9."""

__all__ = ["IMAGES", "NAS_BENCH_201"]
