"""The pieces of a picture: boxes of layers, and frames around pieces that belong together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from keras_nas.drawing.layout import arrange
from keras_nas.drawing.scopes import Scope, label, likeness, links, ordered
from keras_nas.drawing.steps import Shape, Step
from keras_nas.markup import Markup, join, tag

LINE, LETTER, PAD, GAP, DOT = 15.0, 6.7, 8.0, 14.0, 2.5
GREY, INK, EDGE = "#666666", "#222222", "#8a8f98"

COLOURS = {
    "Conv": "#d7e6f7",
    "Pooling": "#dff0d8",
    "Attention": "#f8e0ec",
    "Dense": "#fbe7cf",
    "Add": "#fff6c9",
    "Concatenate": "#fff6c9",
    "Multiply": "#fff6c9",
}
OTHER, FRAME, CLOSED = "#eeeeee", "#fafbfc", "#f3f0fa"

Point = tuple[float, float]


@dataclass
class Piece:
    """Something drawn with its upper left corner at the origin; all lengths in pixels.

    Args:
        width: of all.
        height: of all.
        drawn: SVG.
        leave: where lines from it begin.
        enter: where lines to it end, by the number of the layer outside that is heard; others end in the middle of the
            upper edge.
    """

    width: float
    height: float
    drawn: Markup
    leave: Point
    enter: dict[int, Point] = field(default_factory=dict)

    def entry(self, step: int) -> Point:
        """Where a line from that layer ends."""
        return self.enter.get(step, (self.width / 2, 0.0))


Row = tuple[str, str]
"""Text on the left and on the right."""


class Painter:
    """Draws a network's groups.

    Args:
        steps: the layers.
    """

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = steps
        self._listeners: dict[int, set[int]] = defaultdict(set)
        self._shown: dict[tuple[object, ...], Scope] = {}

    def paint(self, root: Scope) -> Piece:
        """The whole network."""
        for number, step in enumerate(self.steps):
            for heard in step.inputs:
                self._listeners[heard].add(number)
        return self._inside(root, framed=False)

    def _piece(self, scope: Scope, within: Scope) -> Piece:
        name = label(scope.place, within.place)
        if not scope.scopes:
            return self._box(scope, name)
        alike = likeness(scope, self.steps)
        first = self._shown.setdefault(alike, scope)
        if first is scope:
            return self._framed(scope, name)
        rows = [(f"like {label(first.place)}", shown_shape(self.steps[scope.steps[-1]].shape))]
        return box((name, self._size(scope)), rows, CLOSED, dashed=True)

    def _box(self, scope: Scope, name: str) -> Piece:
        """A chain of layers, each with the shape of its output where that is another one than before."""
        chain = [self.steps[number] for number in scope.steps]
        before: list[Shape | None] = [None, *(step.shape for step in chain)]
        rows = [(s.text, shown_shape(s.shape) if s.shape != b else "") for s, b in zip(chain, before, strict=False)]
        kinds = [step.kind for step in chain]
        colour = next((c for part, c in COLOURS.items() if any(part in kind for kind in kinds)), OTHER)
        return box((name, self._size(scope)), rows, colour)

    def _size(self, scope: Scope) -> str:
        params = sum(self.steps[number].params for number in scope.steps)
        return f"{params:,} params" if params else ""

    def _framed(self, scope: Scope, name: str) -> Piece:
        inner = self._inside(scope, framed=True)
        told = ", ".join(filter(None, (shown_shape(self.steps[scope.steps[-1]].shape), self._size(scope))))
        head = (name, told)
        width = max(inner.width + 2 * PAD, _width(head))
        left, top = (width - inner.width) / 2, LINE + PAD
        border = _rectangle(width, inner.height + top + PAD, FRAME, radius=8)
        drawn = join([border, *_row(head, 0, _width(head), bold=True), at(left, top, inner.drawn)])
        height = inner.height + top + PAD
        enter = {step: (x + left, 0.0) for step, (x, _) in inner.enter.items()}
        return Piece(width, height, drawn, (inner.leave[0] + left, height), enter)

    def _inside(self, scope: Scope, framed: bool) -> Piece:
        """What a group holds, laid out; where it is framed, with dots for what comes in and goes out."""
        parts = [scope.scopes[position] for position in ordered(links(scope, self.steps))]
        inside = set(scope.steps)
        heard = [step for number in scope.steps for step in self.steps[number].inputs if step not in inside]
        outside = list(dict.fromkeys(heard))
        names = [self._seen_from(step, scope) for step in outside]
        if len(set(names)) < max(2, len(names)):
            names = [""] * len(names)
        pieces = [*map(dot, names), *(self._piece(part, scope) for part in parts)]
        homes: dict[int, int] = {step: position for position, step in enumerate(outside)}
        homes |= {step: len(outside) + position for position, part in enumerate(parts) for step in part.steps}
        wires = [
            (homes[step], step, len(outside) + position)
            for position, part in enumerate(parts)
            for step in dict.fromkeys(step for number in part.steps for step in self.steps[number].inputs)
            if homes[step] != len(outside) + position
        ]
        if framed:
            leaving = dict.fromkeys(homes[step] for step in scope.steps if self._leaves(step, inside))
            wires += [(upper, -1, len(pieces)) for upper in leaving]
            pieces.append(dot(""))
        return _laid_out(pieces, wires, outside)

    def _leaves(self, step: int, inside: set[int]) -> bool:
        listeners = self._listeners[step]
        return not listeners or not listeners <= inside

    def _seen_from(self, step: int, scope: Scope) -> str:
        """A layer outside, for somebody inside."""
        place = self.steps[step].place
        same = 0
        while same < min(len(place), len(scope.place)) and place[same] == scope.place[same]:
            same += 1
        return label(place[: same + 2], place[:same]) or self.steps[step].text


def _laid_out(pieces: Sequence[Piece], wires: Sequence[tuple[int, int, int]], outside: Sequence[int]) -> Piece:
    """Pieces in rows, and lines between them: from a piece, what is heard of it, to a piece."""
    inputs: dict[int, list[int]] = defaultdict(list)
    for upper, _, lower in wires:
        if upper not in inputs[lower]:
            inputs[lower].append(upper)
    layout = arrange([(piece.width, piece.height) for piece in pieces], inputs)
    corners = [(spot.x - spot.width / 2, spot.y) for spot in layout.spots]
    routes = {(route[0], route[-1]): route[1:-1] for route in layout.routes}
    lines = []
    for upper, step, lower in wires:
        spots = [layout.spots[number] for number in routes[upper, lower]]
        between = [(spot.x, y) for spot in spots for y in (spot.y, spot.y + spot.height)]
        start, end = _plus(corners[upper], pieces[upper].leave), _plus(corners[lower], pieces[lower].entry(step))
        lines.append(curve([start, *between, end], arrow=not isinstance(pieces[lower], Dot)))
    placed = [at(*corner, piece.drawn) for corner, piece in zip(corners, pieces, strict=False)]
    enter = {step: _plus(corners[number], pieces[number].entry(step)) for number, step in enumerate(outside)}
    leave = _plus(corners[len(pieces) - 1], pieces[-1].leave)
    return Piece(layout.width, layout.height, join([*placed, *lines]), leave, enter)


class Dot(Piece):
    """Where a line enters or leaves a frame."""


def dot(name: str) -> Dot:
    """A dot, with a name where there are several."""
    width = max(2 * DOT, len(name) * LETTER)
    top = LINE if name else 0.0
    circle = tag("circle", cx=_short(width / 2), cy=_short(top + DOT), r=DOT, fill=GREY)
    text = [_text(name, width / 2, top - 4, "middle", GREY)] if name else []
    return Dot(width, top + 2 * DOT, join([*text, circle]), (width / 2, top + 2 * DOT))


def box(head: Row, rows: Sequence[Row], colour: str, dashed: bool = False) -> Piece:
    """Rows of text on a ground; the head is bold and left out where it is empty."""
    heads = [head] if any(head) else []
    width = max(map(_width, [*heads, *rows]))
    height = (len(heads) + len(rows)) * LINE + PAD
    ground = _rectangle(width, height, colour, radius=5, dashed=dashed)
    texts = [_row(row, number, width, bold=number < len(heads)) for number, row in enumerate([*heads, *rows])]
    return Piece(width, height, join([ground, *(text for row in texts for text in row)]), (width / 2, height))


def shown_shape(shape: Shape) -> str:
    """A shape for people.

    Example:
        >>> shown_shape((28, None, 3))
        '28 x ? x 3'
    """
    return " x ".join("?" if side is None else str(side) for side in shape)


def at(x: float, y: float, drawn: Markup) -> Markup:
    """A drawing elsewhere."""
    return tag("g", drawn, transform=f"translate({_short(x)} {_short(y)})")


def curve(points: Sequence[Point], arrow: bool) -> Markup:
    """A smooth line through some points."""
    path = f"M{_short(points[0][0])} {_short(points[0][1])}"
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        middle = _short((y0 + y1) / 2)
        path += f" C{_short(x0)} {middle} {_short(x1)} {middle} {_short(x1)} {_short(y1)}"
    return tag("path", d=path, fill="none", stroke=GREY, marker_end="url(#arrow)" if arrow else None)


def _rectangle(width: float, height: float, colour: str, radius: float, dashed: bool = False) -> Markup:
    dashes = "4 3" if dashed else None
    size = {"width": _short(width), "height": _short(height), "rx": radius}
    return tag("rect", **size, fill=colour, stroke=EDGE, stroke_dasharray=dashes)


def _row(row: Row, number: int, width: float, bold: bool = False) -> list[Markup]:
    y = (number + 1) * LINE - 1
    left, right = row
    drawn = [_text(left, PAD, y, "start", INK, "bold" if bold else None)] if left else []
    return [*drawn, *([_text(right, width - PAD, y, "end", GREY)] if right else [])]


def _text(text: str, x: float, y: float, anchor: str, colour: str, weight: str | None = None) -> Markup:
    return tag("text", text, x=_short(x), y=_short(y), text_anchor=anchor, fill=colour, font_weight=weight)


def _width(row: Row) -> float:
    left, right = row
    return (len(left) + len(right)) * LETTER + 2 * PAD + (GAP if left and right else 0.0)


def _plus(a: Point, b: Point) -> Point:
    return a[0] + b[0], a[1] + b[1]


def _short(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
