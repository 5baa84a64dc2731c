"""The space of several inputs: for each the network of its own space, a way to join them, and dense layers behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_nas.architecture import Label
from keras_nas.blocks.fusion import Branch, attending, branches, gated_sum, side_by_side
from keras_nas.blocks.tabular import dense
from keras_nas.nodes import Node
from keras_nas.space import Choice, Range, Repeat, Series
from keras_nas.spaces.base import Space

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 5e-4, 5e-3, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1]),
    "batch_size": Choice("batch_size", [64, 128, 256]),
    "steps": 8,
}
"""The recipe of several inputs: AdamW under a one-cycle schedule, since their networks differ in kind."""
AUGMENTATIONS = ["none", "flip", "shift", "flip_shift"]
SCOPE = "recipe/"


def several(spaces: Mapping[str, Space], augmented: bool = False) -> Space:
    """Networks on several inputs by name.

    Args:
        spaces: of each input; their networks end in feature vectors. Their recipes are not used: there is one training.
        augmented: whether there are images, so that it is searched too how these are flipped and shifted.

    Example:
        >>> from keras_nas.spaces import get_space
        >>> space = several({"table": get_space("tabular", "tabular_regression")})
        >>> space.network_decisions[0].path, space.recipe["optimizer"]
        ('table/network', 'adamw')
    """
    inputs = branches([Branch(name, space.network) for name, space in spaces.items()])
    layer = dense(Choice("units", [64, 128, 256]), dropout=Choice("dropout", [0.0, 0.2]))
    moved: dict[str, Any] = {"augmentation": Choice("augmentation", AUGMENTATIONS)} if augmented else {}
    start = [_start(spaces, dict.fromkeys(moved, "none"))] if all(space.start for space in spaces.values()) else []
    return Space(
        "several",
        Series(inputs, _joined(), Repeat("layers", layer, [0, 1, 2], tied=True)),
        {**RECIPE, **moved},
        f"several inputs ({', '.join(spaces)}), each with the network of its own space; joined in one of three ways",
        start=start,
    )


def _joined() -> Node:
    """How the inputs' features become one vector."""
    width = Choice("width", [32, 64, 128])
    ways = {"side_by_side": side_by_side(), "gated_sum": gated_sum(width), "attending": attending(width)}
    return Choice("join", ways)


def _start(spaces: Mapping[str, Space], moved: Mapping[str, Label]) -> dict[str, Label]:
    """What is known to be good for each input, side by side; `moved` is what the recipe says of images."""
    known = {
        f"{name}/{path}": label
        for name, space in spaces.items()
        for path, label in space.start[0].items()
        if not path.startswith(SCOPE)
    }
    behind: dict[str, Label] = {"join": "side_by_side", "layers/depth": 1, "layers/units": 128, "layers/dropout": 0.0}
    recipe: dict[str, Label] = {"learning_rate": 2e-3, "weight_decay": 1e-2, "batch_size": 64, **moved}
    return {**known, **behind, **{f"{SCOPE}{name}": label for name, label in recipe.items()}}
