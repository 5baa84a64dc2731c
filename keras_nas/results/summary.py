"""The account of a search in a few lines: what won, how good it is, and where the time went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from keras_nas.estimators.scoring import LATENCY, PREDICTED
from keras_nas.looking.sharing import sharing_lines
from keras_nas.looking.trust import networks_in_words, trust_lines
from keras_nas.objectives.constraints import margin_report

if TYPE_CHECKING:
    from keras_nas.results.candidate import Candidate
    from keras_nas.results.result import SearchResult


def summarise(result: SearchResult) -> str:
    """One paragraph a line."""
    winner, told = result.winner, result.told
    objective = result.objectives[0].name
    lines = [
        *told["data"],
        f"{told['task']} on the space {told['space']}: {networks_in_words(result.trials, ' trained')}, "
        f"{len(result.failures)} failed, ended by {told['reason']}.",
        f"Winner: trial {winner.number}, {objective} {winner.scores[objective]:.4f}, "
        f"{winner.scores['params']:,.0f} parameters" + _costs(winner.scores) + ".",
        *latency_lines(winner),
        _holdout_line(told["holdout"]),
    ]
    if result.baseline is not None:
        held = result.told["holdout"].get("baseline")
        beside = f"; hold-out {scores_in_words(held)}" if held else ""
        score = result.baseline.scores[objective]
        lines.append(f"Your own model: {objective} {score:.4f} after equal training{beside}.")
    lines += trust_lines(result) + _constraint_lines(result) + prediction_lines(result.trials) + sharing_lines(result)
    lines += [_again(candidate, objective) for candidate in result.refits]
    kinds = Counter(kind for _, kind, _ in result.failures)
    if kinds:
        lines.append("Failures: " + ", ".join(f"{count} x {kind}" for kind, count in kinds.items()) + ".")
    lines.append(_time_line(result))
    return "\n".join(lines)


def _again(candidate: Candidate, objective: str) -> str:
    """A retrained winner; one that learnt from the validation rows has the hold-out's scores, or none."""
    held = scores_in_words(candidate.measurements.get("holdout", {"scores": {}}))
    own = f"{objective} {candidate.scores[objective]:.4f}" if objective in candidate.scores else ""
    found = own or (f"hold-out {held}" if held else "no rows are left to judge it by")
    return f"Retrained {candidate.number}{candidate.retraining}: {found}."


def prediction_lines(candidates: Sequence[Candidate]) -> list[str]:
    """A table of costs as they were predicted and as they were measured on the trained networks.

    Args:
        candidates: those that were trained to the end are shown: of others the prediction is all that is known.
    """
    rows = [
        (candidate.number, name, predicted, candidate.scores[name])
        for candidate in candidates
        if candidate.final
        for name, predicted in candidate.measurements.get("predicted", {}).items()
    ]
    if not rows:
        return []
    errors = [predicted / measured - 1 for _, _, predicted, measured in rows]
    mean = 100 * sum(map(abs, errors)) / len(errors)
    table = [
        f"  {number:>5}  {name:<12}  {predicted:>9.4g}  {measured:>8.4g}  {100 * error:+5.1f} %"
        for (number, name, predicted, measured), error in zip(rows, errors, strict=True)
    ]
    heading = f"Costs predicted before training and measured after it differ by {mean:.1f} % on average:"
    return [heading, f"  {'trial':>5}  {'cost':<12}  {'predicted':>9}  {'measured':>8}  {'error':>7}", *table]


def latency_lines(winner: Candidate) -> list[str]:
    """How the winner's latency was measured, where it was: target, device, batch and threads."""
    spoken = winner.measurements.get("latency")
    return [f"Latency: {spoken}."] if spoken else []


def _costs(scores: Mapping[str, float]) -> str:
    units = {"latency_ms": "ms latency", "memory_mb": "MB of memory", "size_mb": "MB on disk", "flops": "multiply-adds"}
    return "".join(f", {scores[name]:,.3g} {unit}" for name, unit in units.items() if name in scores)


def _holdout_line(holdout: Mapping[str, Any]) -> str:
    """The hold-out scores with their 95 % intervals."""
    if not holdout["rows"]:
        return "Hold-out: none was asked for; the validation score is optimistic, since it chose the winner."
    words = scores_in_words(holdout)
    uses = holdout["uses"]
    saw = "only the winner saw, once" if uses == 1 else f"{uses} winners saw, one after each run of the search"
    return f"Hold-out, {holdout['rows']:,} rows that {saw}: {words}."


def scores_in_words(judged: Mapping[str, Any]) -> str:
    """Scores with their 95 % intervals, where these were kept."""
    spread = judged.get("intervals", {})
    words = []
    for name, value in judged["scores"].items():
        known = f" (95 % interval {spread[name][0]:.4f} to {spread[name][1]:.4f})" if name in spread else ""
        words.append(f"{name} {value:.4f}{known}")
    return ", ".join(words)


def _constraint_lines(result: SearchResult) -> list[str]:
    """Each constraint with what the winner has, and whether any network meets all."""
    lines = []
    rows = margin_report(result.constraints, result.winner.scores)
    for row in rows:
        words = "met" if row["met"] else "NOT met"
        known = PREDICTED if result.winner.predicted and row["name"] in LATENCY else "measured"
        lines.append(
            f"Constraint {row['name']}: {row['measured']:,.4g} {known}, limit {row['limit']:,.4g}, {words} "
            f"({row['margin_pct']:+.0f} %)."
        )
    if not all(row["met"] for row in rows):
        lines.append("No trained network meets all constraints; the winner is the nearest one.")
    return lines


def _time_line(result: SearchResult) -> str:
    """What the search's seconds went into, and the trials' own."""
    timeline = result.timeline
    parts = ", ".join(f"{name} {value:.0f} s" for name, value in timeline.parts.items())
    return (
        f"Time: {timeline.prepared:.0f} s before the first trial, {timeline.seconds:.0f} s of search, "
        f"{timeline.between:.0f} s of these without a trial. Trials' time: {parts}."
    )
