"""A network as SVG text: a box for each chain of layers in one place, lines for what it hears."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from keras_nas.drawing.layout import Layout, Spot, arrange
from keras_nas.drawing.record import Record, RecordNet, Step
from keras_nas.net import Net

MARGIN, LINE, LETTER, PAD = 16.0, 15.0, 6.4, 8.0

COLOURS = {
    "Conv": "#d7e6f7",
    "Pooling": "#dff0d8",
    "Attention": "#f8e0ec",
    "Dense": "#fbe7cf",
    "Add": "#fff6c9",
    "Concatenate": "#fff6c9",
    "Multiply": "#fff6c9",
}
OTHER = "#eeeeee"


@dataclass(frozen=True)
class Box:
    """A chain of layers.

    Args:
        steps: their numbers, in order.
        lines: what is written in it, the place first.
        colour: of the background.
    """

    steps: list[int]
    lines: list[str]
    colour: str

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, in pixels."""
        return max(map(len, self.lines)) * LETTER + 2 * PAD, len(self.lines) * LINE + PAD


def draw(network: Callable[[Net, Any], Any], input_shape: Sequence[int], title: str = "network") -> str:
    """The picture of a network.

    Args:
        network: `network(net, x)` applies it.
        input_shape: of one row, `(height, width, channels)` for images.
        title: for screen readers and tooltips.

    Returns:
        A whole SVG document, lengths in pixels.

    Example:
        >>> from keras import layers
        >>> picture = draw(lambda net, x: net(layers.Dense, x, units=3), (4,))
        >>> picture[:4], "Dense 3" in picture
        ('<svg', True)
    """
    import keras

    record = Record()
    x = keras.Input(tuple(input_shape))
    record.add(Step("", "Input", "input", (), tuple(input_shape)), x)
    network(RecordNet(record), x)
    boxes = _boxes(record.steps)
    home = {step: number for number, box in enumerate(boxes) for step in box.steps}
    inputs = {n: [home[step] for step in record.steps[box.steps[0]].inputs] for n, box in enumerate(boxes)}
    return _svg(boxes, arrange([box.size for box in boxes], inputs), title)


def _boxes(steps: list[Step]) -> list[Box]:
    """Chains: a layer joins the one that it alone hears, is heard by it alone, and stands in the same place."""
    heard = Counter(number for step in steps for number in step.inputs)
    chains: list[list[int]] = []
    chain_of: dict[int, list[int]] = {}
    for number, step in enumerate(steps):
        before = step.inputs[0] if len(step.inputs) == 1 else None
        joins = before is not None and heard[before] == 1 and steps[before].place == step.place and before > 0
        chain = chain_of[before] if joins and before is not None else []
        if not chain:
            chains.append(chain)
        chain.append(number)
        chain_of[number] = chain
    return [_box(steps, chain) for chain in chains]


def _box(steps: list[Step], chain: list[int]) -> Box:
    place = steps[chain[0]].place
    shape = " x ".join("?" if side is None else str(side) for side in steps[chain[-1]].shape)
    lines = [*([place] if place else []), *(steps[number].text for number in chain), shape]
    kinds = [steps[number].kind for number in chain]
    colour = next((c for kind, c in COLOURS.items() if any(kind in name for name in kinds)), OTHER)
    return Box(chain, lines, colour)


def _svg(boxes: list[Box], layout: Layout, title: str) -> str:
    width, height = layout.width + 2 * MARGIN, layout.height + 2 * MARGIN
    lines = [_line([layout.spots[number] for number in route]) for route in layout.routes]
    drawn = [_drawn(box, spot) for box, spot in zip(boxes, layout.spots, strict=False)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="11" role="img">',
            f"<title>{escape(title)}</title>",
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#555555"/></marker></defs>',
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<g transform="translate({MARGIN:.0f} {MARGIN:.0f})">',
            *lines,
            *drawn,
            "</g>",
            "</svg>",
        ]
    )


def _line(spots: list[Spot]) -> str:
    """A smooth line through the spots, an arrow at its end."""
    points = [(spots[0].x, spots[0].y + spots[0].height), *((spot.x, spot.y) for spot in spots[1:])]
    path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
    for (x0, y0), (x1, y1) in zip(points, points[1:], strict=False):
        middle = (y0 + y1) / 2
        path += f" C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}"
    return f'<path d="{path}" fill="none" stroke="#555555" marker-end="url(#arrow)"/>'


def _drawn(box: Box, spot: Spot) -> str:
    """The box: its place small and grey, its layers, its output's shape in italics."""
    left, rows = spot.x - spot.width / 2, []
    for number, text in enumerate(box.lines):
        last, first = number == len(box.lines) - 1, number == 0 and len(box.lines) > len(box.steps) + 1
        style = ' fill="#777777"' if first else ' font-style="italic"' if last else ""
        y = spot.y + (number + 1) * LINE - 1
        rows.append(f'<text x="{spot.x:.1f}" y="{y:.1f}" text-anchor="middle"{style}>{escape(text)}</text>')
    shape = f'x="{left:.1f}" y="{spot.y:.1f}" width="{spot.width:.1f}" height="{spot.height:.1f}" rx="5"'
    return f'<rect {shape} fill="{box.colour}" stroke="#999999"/>\n' + "\n".join(rows)
