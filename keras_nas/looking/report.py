"""The report of a search: one HTML page that opens anywhere, made of what the search's folder holds."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from keras_nas.engine.status import clock
from keras_nas.errors import KerasNASError
from keras_nas.files import write_atomically
from keras_nas.looking import account
from keras_nas.looking.board import cells
from keras_nas.looking.charts import as_svg, plot, second
from keras_nas.looking.page import items, page, wide
from keras_nas.looking.reproduction import reproducing_call
from keras_nas.markup import Markup, join, table, tag

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

MOST = 25
"""Networks in the page's table."""


def write_report(result: SearchResult, path: str | Path) -> Path:
    """Write the page, whole or not at all; see `SearchResult.report`.

    Args:
        result: of the search.
        path: of the file.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(Path(path), report(result).encode())
    return Path(path)


def report(result: SearchResult) -> str:
    """The page as text.

    Args:
        result: of the search.
    """
    sections: tuple[tuple[str, str, Callable[[SearchResult], Markup]], ...] = (
        ("summary", "Summary", account.overview),
        ("trust", "How good the winner really is", account.honesty),
        ("winner", "The winner", _winner),
        ("front", "Score and cost", _front),
        ("course", "The course of the search", _course),
        ("decisions", "What was decided, and what mattered", _decisions),
        ("networks", "All networks", _networks),
        ("failures", "Failures", _failures),
        ("time", "Where the time went", _time),
        ("environment", "Environment", _environment),
        ("again", "The call that makes it again", _again),
    )
    told = result.told
    ended = time.strftime("%Y-%m-%d %H:%M", time.localtime(result.timeline.last))
    words = f"{clock(result.timeline.seconds)} of search, ended {ended}."
    made = [(name, heading, write(result)) for name, heading, write in sections]
    return page(f"Search report: {told['task']} on {told['space']}", tag("p", words, class_="soft"), made)


def chart(result: SearchResult, kind: str) -> Markup:
    """A chart of `SearchResult.plot` to stand in a page."""
    return tag("figure", Markup(as_svg(plot(result, kind), kind)))


def _winner(result: SearchResult) -> Markup:
    winner = result.winner
    answers = table(["decision", "answer"], list(winner.architecture.items()))
    scores = table(["score", "value"], list(winner.scores.items()), "Scores on the validation part, and costs")
    try:
        picture = tag("div", Markup(result.plot_architecture()), class_="tall")
    except (KerasNASError, ValueError, TypeError, OSError) as error:
        picture = tag("p", f"There is no picture of it: {error}", class_="soft")
    return tag("div", tag("div", scores, answers), picture, class_="beside")


def _front(result: SearchResult) -> Markup:
    names = [objective.name for objective in result.objectives]
    columns = list(dict.fromkeys([*names, second(result), "params"]))
    rows = [[one.number, *(one.scores.get(name) for name in columns)] for one in result.pareto_front()]
    words = f"Networks with a model that no other beats in {' and '.join(names)}; a short training has no place beside "
    words += "the long one of the same network"
    return tag("div", chart(result, "front"), wide(table(["trial", *columns], rows, words)), class_="pair")


def _course(result: SearchResult) -> Markup:
    return tag("div", chart(result, "search"), chart(result, "trials"), class_="pair")


def _decisions(result: SearchResult) -> Markup:
    words = (
        "A random forest learns the scores from the decisions on samples of the networks; the bar tells how much worse "
        "it foretells the others when a decision's answers are shuffled, the whisker how much that varies by sample."
    )
    return join([chart(result, "importance"), tag("p", words, class_="soft"), chart(result, "parallel")])


def _networks(result: SearchResult) -> Markup:
    board = result.leaderboard()
    scored = board.loc[:, :"seconds"].head(MOST)
    rows = cells(scored)
    left = len(board) - len(rows)
    more = [tag("p", f"{left:,} more in result.leaderboard(), with all decisions.", class_="soft")] if left > 0 else []
    return join([wide(table(list(scored.columns), rows)), *more])


def _failures(result: SearchResult) -> Markup:
    if not result.failures and not result.refusals:
        return tag("p", "None.")
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for trial, kind, message in result.failures:
        groups[kind, message.partition("\n")[0]].append(trial)
    rows = [
        [kind, len(trials), message, ", ".join(map(str, trials[:12])) + (", ..." if len(trials) > 12 else "")]
        for (kind, message), trials in sorted(groups.items(), key=lambda group: -len(group[1]))
    ]
    refused = Counter(message.partition(" is ")[0] for _, message in result.refusals)
    words = ", ".join(f"{count:,} for their {name}" for name, count in refused.most_common())
    parts = [wide(table(["kind", "count", "message", "trials"], rows))] if rows else []
    parts += [tag("p", f"Refused before any training, since a constraint cannot be met: {words}.")] if refused else []
    return join(parts)


def _time(result: SearchResult) -> Markup:
    timeline = result.timeline
    total = sum(timeline.parts.values()) or 1.0
    rows = [[name, round(seconds, 1), f"{seconds / total:.0%}"] for name, seconds in timeline.parts.items()]
    slowest = sorted(timeline.trials.items(), key=lambda entry: -entry[1])[:5]
    words = (
        f"The search took {clock(timeline.seconds)} of wall-clock time in {len(timeline.calls)} run(s), after "
        f"{clock(timeline.prepared)} of preparing, {clock(timeline.between)} of it without a trial; all trials "
        f"together took {clock(total)}, side by side where there were several workers."
    )
    return join(
        [
            tag("p", words),
            _foretold(result),
            table(["part of the trials", "seconds", "share"], rows),
            table(["trial", "seconds"], [[trial, round(seconds, 1)] for trial, seconds in slowest], "Longest"),
        ]
    )


def _foretold(result: SearchResult) -> Markup | None:
    """What was expected before the search began, beside what came."""
    foretold = result.told.get("preflight") or {}
    trained = len(result.trials) + len(result.failures)
    came = (("networks", "trials", trained), ("seconds", "search_s", round(result.timeline.seconds)))
    rows = [[name, foretold[key], was] for name, key, was in came if foretold.get(key) is not None]
    return table(["", "foretold at the start", "came"], rows) if rows else None


def _environment(result: SearchResult) -> Markup:
    calls = result.timeline.calls
    found = result.told.get("environment") or (calls[-1]["versions"] if calls else {})
    return table(["", ""], list(found.items()))


def _again(result: SearchResult) -> Markup:
    words = [
        "Limited by max_trials, and with as many workers, the same call proposes the same networks; limited by "
        "max_time only where the machine is as fast. Trained weights agree up to rounding.",
        tag("span", "What it found is read again by ", tag("code", f"keras_nas.load({str(result.directory)!r})"), "."),
    ]
    return join([tag("pre", reproducing_call(result)), items(words)])
