"""Ready spaces by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.spaces.base import Space

if TYPE_CHECKING:
    import pandas as pd

SPACES: dict[str, dict[str, str]] = {
    "image_classification": {"small_images": "keras_nas.spaces.small_images"},
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
    make: Callable[[], Space] = getattr(import_module(names[space]), space)
    return make()


def spaces(task: str = "image_classification") -> pd.DataFrame:
    """The ready spaces of a task: name, number of architectures, number of decisions, description."""
    import pandas as pd

    found = [get_space(name, task) for name in SPACES.get(task, {})]
    return pd.DataFrame(
        {
            "space": [space.name for space in found],
            "architectures": [space.size for space in found],
            "decisions": [len(space.decisions) for space in found],
            "description": [space.description for space in found],
        }
    )


__all__ = ["SPACES", "Space", "get_space", "spaces"]
