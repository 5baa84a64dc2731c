"""Several inputs become one: feature vectors side by side, weighed by gates, or attending to one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from keras_nas.net import Net
from keras_nas.nodes import Found, Node, Place, Walk
from keras_nas.space import block

PARTS = "parts"
"""What of each of several inputs is given, by its name, to the nodes of its branch (`Given`)."""


class Branch(Node):
    """One of several inputs, through a part of its own.

    Args:
        name: of the input; opens a scope.
        part: what the input goes through. `Given` values in it are those of this input.
    """

    def __init__(self, name: str, part: Node) -> None:
        self.name = name
        self.part = part

    def decisions(self, place: Place) -> Found:
        """Those of the part."""
        return self.part.decisions(place.inside(self.name))

    def apply(self, walk: Walk, x: Any) -> Any:
        """The part's output for the input of that name."""
        known = walk.given.get(PARTS, {}).get(self.name, {})
        return walk.inside(self.name).giving(**known).run(self.part, x[self.name])

    def __repr__(self) -> str:
        return f"Branch({self.name!r}, {self.part!r})"


@block
def branches(net: Net, x: Any, parts: Sequence[Any]) -> Any:
    """Feature vectors of several inputs, in a list that a fusion takes.

    Args:
        net: builds the layers.
        x: the inputs by name.
        parts: a `Branch` for each.
    """
    return [part(x) for part in parts]


@block
def side_by_side(net: Net, x: Any) -> Any:
    """Feature vectors of several inputs, concatenated; a single one as it is.

    Args:
        net: builds the layers.
        x: vectors, each `(features,)`.
    """
    return net(layers.Concatenate, x) if len(x) > 1 else x[0]


@block
def gated_sum(net: Net, x: Any, width: int = 64) -> Any:
    """Each input's vector in a common space, times a gate that sees all inputs, added up.

    So a network can say, row by row and feature by feature, which input to believe.

    Args:
        net: builds the layers.
        x: vectors, each `(features,)`.
        width: of the common space.

    Reference:
        Arevalo et al., "Gated Multimodal Units for Information Fusion", arXiv 1702.01992.
    """
    everything = net(layers.Concatenate, x) if len(x) > 1 else x[0]
    weighed = []
    for vector in x:
        there = net(layers.Dense, vector, units=width, activation="tanh")
        gate = net(layers.Dense, everything, units=width, activation="sigmoid")
        weighed.append(net(layers.Multiply, [there, gate]))
    return net(layers.Add, weighed) if len(weighed) > 1 else weighed[0]


@block
def attending(net: Net, x: Any, width: int = 64, *, heads: int = 4, tokens: int = 2) -> Any:
    """Each input's vector as some tokens, which attend to those of all inputs; then side by side.

    Args:
        net: builds the layers.
        x: vectors, each `(features,)`.
        width: of a token.
        heads: of attention.
        tokens: that each input becomes.

    Reference:
        Vaswani et al., "Attention Is All You Need", arXiv 1706.03762.
    """
    made = [net(layers.Dense, vector, units=tokens * width) for vector in x]
    rows = [net(layers.Reshape, vector, target_shape=(tokens, width)) for vector in made]
    own = net(layers.Concatenate, rows, axis=1) if len(rows) > 1 else rows[0]
    seen = net(layers.LayerNormalization, own)
    heard = net(layers.MultiHeadAttention, [seen, seen], num_heads=heads, key_dim=max(1, width // heads))
    return net(layers.Flatten, net(layers.Add, [own, heard]))
