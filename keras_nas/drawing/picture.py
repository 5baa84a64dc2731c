"""A network as SVG: a box for each chain of layers, frames around what belongs together, lines for what is heard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_nas.drawing.pieces import GREY, Painter, at
from keras_nas.drawing.scopes import grouped
from keras_nas.drawing.steps import steps_of
from keras_nas.files import write_atomically
from keras_nas.markup import tag

MARGIN = 16.0


class Picture(str):
    """SVG text that a notebook shows.

    Example:
        >>> Picture("<svg></svg>")._repr_svg_()
        '<svg></svg>'
    """

    __slots__ = ()

    def _repr_svg_(self) -> str:
        return str(self)

    def save(self, path: str | Path) -> Path:
        """Write it to a file, whole or not at all.

        Args:
            path: the file, `network.svg` say; its folder must exist.

        Returns:
            The path.
        """
        write_atomically(Path(path), self.encode())
        return Path(path)


def draw(model: Any, title: str = "network") -> Picture:
    """The picture of a functional or sequential Keras model.

    Layers that follow each other stand in one box, each with the shape of its output, `height x width x channels` for
    images, where that changes. Layers whose names share a scope ("stage0.blocks.1.conv2d") are framed together. A group
    that repeats an earlier one, but for the number of channels, is a closed box that names it.

    Args:
        model: the model; its layers' names tell what belongs together.
        title: for screen readers and tooltips.

    Returns:
        A whole SVG document, lengths in pixels.

    Raises:
        InvalidArgument: for a model without a graph of layers.

    Example:
        >>> import keras
        >>> picture = draw(keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)]))
        >>> picture[:4], "Dense 3" in picture, "15 params" in picture
        ('<svg', True, True)
    """
    steps = steps_of(model)
    piece = Painter(steps).paint(grouped(steps))
    width, height = f"{piece.width + 2 * MARGIN:.0f}", f"{piece.height + 2 * MARGIN:.0f}"
    tip = tag("path", d="M0 0 L8 4 L0 8 z", fill=GREY)
    arrow = tag(
        "marker", tip, id="arrow", viewBox="0 0 8 8", refX=7, refY=4, markerWidth=7, markerHeight=7, orient="auto"
    )
    return Picture(
        tag(
            "svg",
            tag("title", title),
            tag("defs", arrow),
            tag("rect", width=width, height=height, fill="#ffffff"),
            at(MARGIN, MARGIN, piece.drawn),
            xmlns="http://www.w3.org/2000/svg",
            width=width,
            height=height,
            viewBox=f"0 0 {width} {height}",
            font_family="DejaVu Sans Mono, Menlo, Consolas, monospace",
            font_size=11,
            role="img",
        )
    )
