"""Charts of what was decided: parallel coordinates, and how much each decision mattered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_nas.architecture import Label
from keras_nas.looking.importance import LEAST, coded, comparable, varied
from keras_nas.markup import clean
from keras_nas.results.candidate import Candidate

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from keras_nas.results.result import SearchResult

SHOWN = 10
"""Decisions on one chart."""
TICKS = 7
"""Answers that are written beside an axis."""
LENGTH = 26
NO_CHART = 1.1
"""Height (inches) of a figure that only says why there is nothing to draw."""
SLEEP = -0.14
"""Where lines run through a decision that an architecture does not ask."""


def plain(text: object) -> str:
    """A user's text on a chart: short, and no formula."""
    said = clean(text)
    said = said if len(said) <= LENGTH else f"...{said[3 - LENGTH :]}"
    return said.replace("$", r"\$")


def short_names(paths: Sequence[str]) -> list[str]:
    """The ends of some paths, as long as they must be to differ.

    Example:
        >>> short_names(["stage0/kernel", "stage1/kernel", "recipe/rate"])
        ['stage0/kernel', 'stage1/kernel', 'rate']
    """
    names = [path.rpartition("/")[2] for path in paths]
    for size in range(2, 9):
        counts = Counter(names)
        ends = ["/".join(path.split("/")[-size:]) for path in paths]
        names = [end if counts[name] > 1 else name for name, end in zip(names, ends, strict=True)]
    return names


def draw_importance(result: SearchResult, axes: Axes) -> None:
    """Bars with the spread over bootstrap samples."""
    table = result.importance
    if table.empty:
        return _say(
            axes, "What mattered", f"Fewer than {LEAST} networks with scores that differ:\nnothing can be said."
        )
    shown = table.head(SHOWN + 2)[::-1]
    names = [plain(name) for name in short_names(list(shown["decision"]))]
    whiskers = {"lw": 1, "capsize": 2, "ecolor": "#555555"}
    axes.barh(range(len(shown)), shown["share"], xerr=shown["spread"], color="#88aacc", error_kw=whiskers)
    axes.set_yticks(range(len(shown)), names, fontsize=8)
    axes.axvline(0, color="#555555", lw=0.8)
    axes.set_xlabel("share of the score's variance, and its spread over samples of the networks")
    explained = float(table["explained"][0])
    trust = f"{explained:.0%} of its variance" if explained > 0 else "nothing of it, so trust no bar"
    name = plain(result.objectives[0].name)
    axes.set_title(f"What mattered for {name} (decisions foretell {trust})", fontsize=10, loc="left")
    axes.grid(alpha=0.25, lw=0.5, axis="x")
    axes.spines[["top", "right", "left"]].set_visible(False)
    return None


def draw_parallel(result: SearchResult, axes: Axes) -> None:
    """A line for each network through its decisions to its score, the better the darker; the winner's is red."""
    from matplotlib.collections import LineCollection

    candidates = comparable(result)
    decisions = _chosen(result, candidates)
    if len(candidates) < 2 or not decisions:
        return _say(axes, "Decisions", "Fewer than two networks that differ.")
    objective = result.objectives[0]
    losses = np.array([objective.loss(candidate.scores) for candidate in candidates])
    ranks = losses.argsort(kind="stable").argsort() / max(1, len(losses) - 1)
    heights = np.column_stack([_heights(candidates, decisions, ranks), 1 - ranks])
    lines = [np.column_stack([np.arange(heights.shape[1]), row]) for row in heights]
    worst_first = np.argsort(-ranks)
    colours = [(0.2, 0.35, 0.6, 0.08 + 0.75 * (1 - ranks[number]) ** 2) for number in worst_first]
    axes.add_collection(LineCollection([lines[number] for number in worst_first], colors=colours, linewidths=1.1))
    won = [lines[n] for n, c in enumerate(candidates) if c.architecture == result.winner.architecture][:1]
    axes.add_collection(LineCollection(won, colors="#cc3311", linewidths=2.2, zorder=3))
    for position, answers in enumerate(decisions.values()):
        axes.axvline(position, color="#bbbbbb", lw=0.8, zorder=0)
        _write_answers(axes, position, answers)
    names = [*(plain(name) for name in short_names(list(decisions))), f"rank by {plain(objective.name)}"]
    axes.set_xticks(range(len(names)), names, fontsize=8, rotation=25, ha="right", rotation_mode="anchor")
    axes.set(xlim=(-0.3, len(names) - 0.6), ylim=(SLEEP - 0.08, 1.08), yticks=[])
    axes.set_title(f"{len(candidates)} networks: dark lines scored best, red is the winner", fontsize=10, loc="left")
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)
    return None


def _chosen(result: SearchResult, candidates: Sequence[Candidate]) -> dict[str, list[Label]]:
    """The decisions that mattered most, in the space's order; the first ones where nothing is known of that."""
    found = varied(candidates)
    most = set(result.importance["decision"][:SHOWN]) or set(list(found)[:SHOWN])
    return {path: answers for path, answers in found.items() if path in most}


def _heights(
    candidates: Sequence[Candidate], decisions: Mapping[str, Sequence[Label]], ranks: np.ndarray
) -> np.ndarray:
    """Where each network's line crosses each axis: its answer's place, a little apart from others of that answer."""
    codes = coded(candidates, decisions)
    most = np.array([max(1, len(answers) - 1) for answers in decisions.values()])
    heights = codes / most + (0.5 - ranks)[:, None] * 0.35 / (most + 1)
    return np.where(codes < 0, SLEEP, heights)


def _write_answers(axes: Axes, position: int, answers: Sequence[Label]) -> None:
    """Beside an axis, all answers or as many as find room, the first and the last among them."""
    for place in np.unique(np.linspace(0, len(answers) - 1, min(TICKS, len(answers))).round().astype(int)):
        label = answers[place]
        words = f"{label:.3g}" if isinstance(label, float) else plain(label)
        height = place / max(1, len(answers) - 1)
        axes.text(
            position + 0.05, height, words, fontsize=7, va="center", bbox={"color": "white", "alpha": 0.7, "pad": 0.5}
        )


def _say(axes: Axes, title: str, words: str) -> None:
    """Words where there is nothing to draw; a figure of nothing else is as high as they are."""
    figure = axes.get_figure(root=True)
    if figure is not None and len(figure.axes) == 1:
        figure.set_size_inches(figure.get_figwidth(), NO_CHART)
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes, color="#555555")
