"""A search as charts: its course, its front, what was decided and what of that mattered."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.looking.choosing import front
from keras_nas.looking.decided import draw_importance, draw_parallel, plain
from keras_nas.markup import counted
from keras_nas.results.candidate import Candidate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from keras_nas.results.result import SearchResult

EXPLORED, FINAL, OWN, LINE = "#4477aa", "#cc3311", "#222222", "#999999"
COSTS = ("latency_ms", "latency_p95_ms", "flops", "memory_mb", "size_mb", "params")
"""What stands beside the score where it is the only objective: the first that was measured."""
WIDE = 20
"""A cost that spans this factor stands on a logarithmic axis."""


def plot(result: SearchResult, kind: str = "overview") -> Figure:
    """A chart of a search; see `SearchResult.plot`.

    Args:
        result: of the search.
        kind: of the chart.
    """
    from keras_nas.looking.figure import Chart

    if kind not in (*KINDS, "overview"):
        raise InvalidArgument(unknown("kind of plot", kind, [*KINDS, "overview"]))
    if kind != "overview":
        figure = Chart(figsize=(7.2, 4.2), layout="constrained")
        KINDS[kind](result, figure.subplots())
        return figure
    figure = Chart(figsize=(14, 9), layout="constrained")
    for axes, name in zip(figure.subplots(2, 2).flat, ("search", "front", "importance", "parallel"), strict=True):
        KINDS[name](result, axes)
    return figure


def draw_search(result: SearchResult, axes: Axes, against: str) -> None:
    """Every score over time, and the best so far.

    Args:
        result: of the search.
        axes: to draw on.
        against: "seconds" of wall-clock time, or "trials".
    """
    objective, timeline = result.objectives[0], result.timeline
    own = sorted((t for t in result.trials if not t.baseline), key=lambda t: timeline.ended[t.number])
    x = {trial.number: float(place) for place, trial in enumerate(own, start=1)}
    if against == "seconds":
        x = {trial.number: timeline.ended[trial.number] for trial in own}
    losses = np.array([objective.loss(trial.scores) for trial in own])
    best = [objective.score(float(value)) for value in np.minimum.accumulate(losses)]
    axes.step(list(x.values()), best, where="post", color=LINE, lw=1, label="best so far")
    _points(result, axes, own, lambda trial: (x[trial.number], trial.scores[objective.name]))
    if result.baseline is not None:
        level = result.baseline.scores[objective.name]
        axes.axhline(level, color=OWN, ls=":", lw=1, label="your own model")
    _settle(
        axes, counted(len(own), "network"), f"{against} since the start" if against == "seconds" else "networks trained"
    )
    axes.set_ylabel(plain(objective.name))
    axes.set_ylim(*_window([trial.scores[objective.name] for trial in own]))


def draw_front(result: SearchResult, axes: Axes) -> None:
    """The first objective beside a cost: the second objective, or else what was measured, latency before all.

    With several objectives the line joins the networks of `SearchResult.pareto_front`, which a report lists beside it.
    """
    score, cost = result.objectives[0].name, second(result)
    shown = [trial for trial in result.trials if cost in trial.scores]
    _points(result, axes, [t for t in shown if not t.baseline], lambda t: (t.scores[cost], t.scores[score]))
    best = front(result) if len(result.objectives) > 1 else []
    if len(best) > 1:
        line = sorted((trial.scores[cost], trial.scores[score]) for trial in best)
        axes.plot(*zip(*line, strict=True), color=LINE, lw=1, zorder=1, label="Pareto front")
    if result.baseline is not None and cost in result.baseline.scores:
        point = result.baseline.scores[cost], result.baseline.scores[score]
        axes.scatter(*point, marker="D", s=30, color=OWN, label="your own model")
    for limit in [limit for limit in result.constraints if limit.name == cost]:
        axes.axvline(limit.limit, color=FINAL, ls="--", lw=1, label=f"limit {limit.limit:g}")
    costs = [trial.scores[cost] for trial in shown]
    if min(costs) > 0 and max(costs) > WIDE * min(costs):
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
    _settle(axes, "Score and cost", plain(cost))
    axes.set_ylabel(plain(score))
    axes.set_ylim(*_window([trial.scores[score] for trial in shown]))


def second(result: SearchResult) -> str:
    """The name of the score that stands beside the first objective."""
    if len(result.objectives) > 1:
        return result.objectives[1].name
    return next(name for name in COSTS if name in result.winner.scores)


def as_svg(figure: Figure, name: str) -> str:
    """A figure as an SVG element whose text is text, to stand in a page beside others.

    Args:
        figure: to be drawn.
        name: goes before the element's ids, which would otherwise be those of other figures.
    """
    import matplotlib

    held = io.StringIO()
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(held, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = held.getvalue()
    text = text[text.index("<svg") :]
    return re.sub(r"<[^<>]+>", lambda found: re.sub(r'( id="|url\(#|href="#)', rf"\1{name}-", found.group()), text)


def _points(
    result: SearchResult, axes: Axes, trials: list[Candidate], place: Callable[[Candidate], tuple[float, float]]
) -> None:
    """Explored networks, those trained to the end, and the winner in a ring."""
    looks: tuple[tuple[bool, str, dict[str, Any]], ...] = (
        (False, "explored", {"color": EXPLORED, "s": 18, "alpha": 0.75}),
        (True, "trained to the end", {"color": FINAL, "s": 60, "marker": "*"}),
    )
    for final, words, look in looks:
        points = [place(trial) for trial in trials if trial.final == final]
        if points:
            x, y = np.transpose(points)
            axes.scatter(x, y, label=words, zorder=3, lw=0, **look)
    ring = [place(trial) for trial in trials if trial.number == result.winner.number]
    if ring:
        x, y = np.transpose(ring)
        axes.scatter(x, y, s=170, facecolors="none", edgecolors=FINAL, zorder=4, label="winner")


def _window(values: list[float]) -> tuple[float, float]:
    """Limits that leave out what lies far off on either side, so that the rest can be told apart."""
    low, high = np.quantile(values, [0.1, 0.9])
    reach = 1.5 * (high - low) or abs(high) * 0.05 or 1.0
    return max(min(values), low - reach) - 0.06 * reach, min(max(values), high + reach) + 0.06 * reach


def _settle(axes: Axes, title: str, below: str) -> None:
    """What all charts share."""
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(below)
    axes.grid(alpha=0.25, lw=0.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(fontsize=8, frameon=True, framealpha=0.8, edgecolor="none")


KINDS: dict[str, Callable[[Any, Any], None]] = {
    "search": partial(draw_search, against="seconds"),
    "trials": partial(draw_search, against="trials"),
    "front": draw_front,
    "parallel": draw_parallel,
    "importance": draw_importance,
}
"""The charts by name."""
