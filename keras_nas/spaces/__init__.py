"""Ready spaces by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.papers import papers
from keras_nas.spaces.base import Space

if TYPE_CHECKING:
    import pandas as pd

_IMAGES = {
    name: f"keras_nas.spaces.{name}"
    for name in ("small_images", "resnet", "mobilenet", "conv_attention", "nasnet", "darts", "nas_bench_201")
}
_IMAGES["nas_bench_201_small"] = _IMAGES["nas_bench_201"]

_TEXTS = {"text": "keras_nas.spaces.text", "text_transformer": "keras_nas.spaces.text"}

_TABLES = {"tabular": "keras_nas.spaces.tabular"}

SPACES: dict[str, dict[str, str]] = {
    "image_classification": _IMAGES,
    "image_regression": _IMAGES,
    "image_multilabel_classification": _IMAGES,
    **dict.fromkeys(("volume_classification", "volume_regression"), {"small_images": _IMAGES["small_images"]}),
    "image_segmentation": dict.fromkeys(("unet", "auto_deeplab"), "keras_nas.spaces.segmentation"),
    "text_classification": _TEXTS,
    "text_regression": _TEXTS,
    "sequence_to_sequence": {"encoder_decoder": "keras_nas.spaces.encoder_decoder"},
    "tabular_classification": _TABLES,
    "tabular_regression": _TABLES,
    "timeseries_forecasting": {"timeseries": "keras_nas.spaces.timeseries"},
    "timeseries_classification": {"sequences": "keras_nas.spaces.sequences"},
}
"""Task -> space -> module, whose function of the space's name makes it."""


def get_space(space: str | Space, task: str = "image_classification") -> Space:
    """A space from its name; a `Space` is returned as it is.

    Raises:
        InvalidArgument: for an unknown name; lists the task's spaces and suggests the nearest.
    """
    if isinstance(space, Space):
        return space
    names = SPACES.get(task, {})
    if space not in names:
        raise InvalidArgument(unknown("space", space, names))
    return _maker(space, task)()


def _maker(name: str, task: str) -> Callable[[], Space]:
    """The function that makes a ready space."""
    maker: Callable[[], Space] = getattr(import_module(SPACES[task][name]), name)
    return maker


def spaces(task: str = "image_classification") -> pd.DataFrame:
    """The ready spaces of a task, where each comes from, and how large it is without the recipe's decisions.

    Args:
        task: its name.

    Returns:
        Columns space, architectures, decisions, description and papers (arXiv numbers).

    Raises:
        InvalidArgument: for a task without spaces; lists those that have some.

    Example:
        >>> int(spaces("image_classification").set_index("space").loc["nas_bench_201", "architectures"])
        15625
    """
    import pandas as pd

    if task not in SPACES:
        raise InvalidArgument(unknown("task", task, SPACES))
    found = [get_space(name, task) for name in SPACES[task]]
    return pd.DataFrame(
        {
            "space": [space.name for space in found],
            "architectures": [space.network_decisions.size for space in found],
            "decisions": [len(space.network_decisions) for space in found],
            "description": [space.description for space in found],
            "papers": [", ".join(papers(_maker(name, task))) for name in SPACES[task]],
        }
    )


__all__ = ["SPACES", "Space", "get_space", "spaces"]
