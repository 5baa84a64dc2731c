"""Where boxes and lines go: a layered layout, inputs on top (Sugiyama, Tagawa and Toda 1981)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

GAP_X, GAP_Y, THREAD = 24.0, 34.0, 14.0
SWEEPS = 8


@dataclass
class Spot:
    """A box, or the part of a row through which a long line runs; all lengths in pixels.

    Args:
        width: of the box.
        height: of the box.
        row: counted from the top.
        x: centre.
        y: upper edge.
        above: numbers of the spots that it hears.
        below: numbers of the spots that hear it.
    """

    width: float
    height: float
    row: int = 0
    x: float = 0.0
    y: float = 0.0
    above: list[int] = field(default_factory=list)
    below: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Layout:
    """Boxes in place.

    Args:
        spots: the boxes in the order they were given, then the parts of long lines.
        routes: each line as numbers of spots, from its upper box to its lower one.
        width: of all, in pixels.
        height: of all, in pixels.
    """

    spots: list[Spot]
    routes: list[list[int]]
    width: float
    height: float


def arrange(sizes: Sequence[tuple[float, float]], inputs: Mapping[int, Sequence[int]]) -> Layout:
    """Boxes in rows, each below all that it hears, with few crossings.

    Args:
        sizes: width and height of each box, in pixels; each stands behind those it hears.
        inputs: the numbers of the boxes that a box hears.
    """
    spots = [Spot(width, height) for width, height in sizes]
    for number, spot in enumerate(spots):
        spot.row = max((spots[n].row + 1 for n in inputs.get(number, ())), default=0)
    routes = [_route(spots, upper, lower) for lower in range(len(sizes)) for upper in inputs.get(lower, ())]
    rows: list[list[int]] = [[] for _ in range(max(spot.row for spot in spots) + 1)]
    for number, spot in enumerate(spots):
        rows[spot.row].append(number)
    for sweep in range(SWEEPS):
        _sweep(spots, rows, downward=sweep % 2 == 0)
    _stack(spots, rows, len(sizes))
    left = min(spot.x - spot.width / 2 for spot in spots)
    for spot in spots:
        spot.x -= left
    return Layout(spots, routes, max(s.x + s.width / 2 for s in spots), max(s.y + s.height for s in spots))


def _route(spots: list[Spot], upper: int, lower: int) -> list[int]:
    """The line from one box to another, with a new spot in every row between."""
    route = [upper]
    for row in range(spots[upper].row + 1, spots[lower].row):
        spots.append(Spot(THREAD, 0.0, row))
        route.append(len(spots) - 1)
    route.append(lower)
    for a, b in zip(route, route[1:], strict=False):
        spots[a].below.append(b)
        spots[b].above.append(a)
    return route


def _sweep(spots: list[Spot], rows: list[list[int]], downward: bool) -> None:
    """Order every row by its neighbours in the row before, and move it towards them."""
    for row in rows if downward else rows[::-1]:
        wishes = {}
        for number in row:
            near = spots[number].above if downward else spots[number].below
            wishes[number] = median(spots[n].x for n in near) if near else spots[number].x
        row.sort(key=wishes.__getitem__)
        _place(spots, row, [wishes[number] for number in row])


def _place(spots: list[Spot], row: list[int], wishes: list[float]) -> None:
    """Put a row's spots where they wish to be, as far as they do not overlap: neighbours that do share their mean."""
    offsets = [0.0]
    for left, right in zip(row, row[1:], strict=False):
        offsets.append(offsets[-1] + (spots[left].width + spots[right].width) / 2 + GAP_X)
    groups: list[tuple[float, int]] = []
    for wish, offset in zip(wishes, offsets, strict=True):
        mean, count = wish - offset, 1
        while groups and groups[-1][0] > mean:
            other, members = groups.pop()
            mean, count = (mean * count + other * members) / (count + members), count + members
        groups.append((mean, count))
    starts = [mean for mean, count in groups for _ in range(count)]
    for number, start, offset in zip(row, starts, offsets, strict=True):
        spots[number].x = start + offset


def _stack(spots: list[Spot], rows: list[list[int]], boxes: int) -> None:
    """The rows from top to bottom, each box in the middle of its row's height; long lines run straight through."""
    y = 0.0
    for row in rows:
        height = max(spots[number].height for number in row)
        for number in row:
            if number >= boxes:
                spots[number].height = height
            spots[number].y = y + (height - spots[number].height) / 2
        y += height + GAP_Y
