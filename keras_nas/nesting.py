"""The nested node: levels around one another, of which each works on what the next one gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras_nas.nodes import Found, Node, Place, Walk
from keras_nas.space import Repeat

INNER = "inner"
"""What a level asks for with `Given`: everything below it."""
INNERMOST = "innermost"
"""Scope of the part below all levels."""


class Nested(Node):
    """A block around itself, as often as one of `depths` says, around an innermost part.

    What `Repeat` is for blocks in series, this is for U-Nets and hourglasses: the block takes all that is below it as a
    function of a tensor, `Given("inner")`.

    Args:
        name: opens a scope; the depth is the decision `name/depth` where there are several depths.
        block: one level, an `Op` with `inner=Given("inner")` among its arguments.
        innermost: what the last level is around.
        depths: a number of levels, or the numbers to choose from.
        tied: one set of decisions for all levels instead of one for each; weights are always per level.

    Example:
        >>> from keras_nas.nodes import list_decisions
        >>> from keras_nas.space import Choice, Given, Series, block
        >>> @block
        ... def level(net, x, inner, skip=True):
        ...     '''Something around what is inner.'''
        ...     return inner(x)
        >>> node = Nested("levels", level(Given("inner"), Choice("skip", [True, False])), Series(), [1, 2])
        >>> [decision.path for decision in list_decisions(node)]
        ['levels/depth', 'levels/0/skip', 'levels/1/skip']
    """

    def __init__(
        self, name: str, block: Node, innermost: Node, depths: int | Sequence[int], *, tied: bool = False
    ) -> None:
        self.levels = Repeat(name, block, depths, tied=tied)
        self.innermost = innermost

    def decisions(self, place: Place) -> Found:
        """The depth, those of the levels, each live at the depths that reach it, and those of the innermost part."""
        yield from self.levels.decisions(place)
        yield from self.innermost.decisions(place.inside(self.levels.name).inside(INNERMOST))

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply the first level, which applies the next."""
        inner = walk.inside(self.levels.name)
        depth = self.levels.depth.resolve(inner, x) if len(self.levels.depths) > 1 else self.levels.depths[0]
        return self._descend(inner, 0, depth, x)

    def _descend(self, walk: Walk, level: int, depth: int, x: Any) -> Any:
        """What the levels from this one on give."""
        if level == depth:
            return walk.inside(INNERMOST).run(self.innermost, x)

        def below(y: Any) -> Any:
            return self._descend(walk, level + 1, depth, y)

        return self.levels.at(walk, level).giving(**{INNER: below}).run(self.levels.block, x)

    def __repr__(self) -> str:
        return f"Nested({self.levels.name!r}, {self.levels.block!r}, {self.innermost!r}, {self.levels.depths})"
