"""How far the choice of the winner can be trusted: its lead beside chance, and short trainings beside long ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_nas.estimators.curves import account_lines
from keras_nas.estimators.ladder import RUNG
from keras_nas.estimators.shared_check import POOR, kendall_tau
from keras_nas.markup import counted
from keras_nas.objectives.constraints import total_violation

if TYPE_CHECKING:
    from keras_nas.architecture import Architecture
    from keras_nas.results.candidate import Candidate
    from keras_nas.results.result import SearchResult

FEWEST = 3
"""Networks trained both ways from which a rank correlation says anything."""


def trust_lines(result: SearchResult) -> list[str]:
    """What the summary says of it; nothing about the lead where several objectives are weighed."""
    name = result.objectives[0].name
    own = [trial for trial in result.trials if not trial.baseline and name in trial.scores]
    if len(result.objectives) > 1:
        return effort_lines(result.winner) + random_lines(result) + short_lines(own, name)
    met = [trial for trial in own if total_violation(result.constraints, trial.scores) <= 0]
    interval = result.told["holdout"].get("intervals", {}).get(name.removeprefix("val_"))
    alike = [again for again in result.refits if again.fidelity == result.winner.fidelity]
    again = [one.scores[name] for one in (*alike, *other_seeds(result.winner, met)) if name in one.scores]
    return [
        *effort_lines(result.winner),
        *random_lines(result),
        *lead_lines(result.winner, met, name, again, interval),
        *short_lines(own, name),
        *account_lines(own, name),
    ]


def effort_lines(winner: Candidate) -> list[str]:
    """A warning where the search was over before any network was trained to the end."""
    if winner.final:
        return []
    epochs = winner.measurements.get("epochs", 0.0)
    return [
        f"Warning: no network was trained to the end, the winner saw {epochs:.3g} epochs: give the search more time "
        "(max_time), as it goes on with `resume`."
    ]


def random_lines(result: SearchResult) -> list[str]:
    """The winner beside that of a random search with the same rows and budget; nothing where none was run."""
    other = result.random_search
    if other is None:
        return []
    objective, held = result.objectives[0], (result.told["holdout"], other.told["holdout"])
    name = objective.name.removeprefix("val_")
    rows = "held out" if all(name in judged["scores"] for judged in held) else "of validation"
    found = [judged["scores"][name] for judged in held] if rows == "held out" else _validated(result, other)
    gain = (found[0] - found[1]) * (1 if objective.direction == "max" else -1)
    ours, theirs = (judged.get("intervals", {}).get(name) for judged in held)
    overlap = ours is not None and theirs is not None and ours[0] <= theirs[1] and theirs[0] <= ours[1]
    doubt = "; the 95 % intervals overlap, so that these rows do not tell them apart" if overlap else ""
    seconds = [one.timeline.seconds for one in (result, other)]
    score, apart = other.winner.scores[objective.name], f"{abs(gain):.4f} {'better' if gain > 0 else 'worse'}"
    return [
        f"Random search with the same rows and budget: {objective.name} {score:.4f}, best of "
        f"{networks_in_words(other.trials)}; on the rows {rows} the winner is {apart if gain else 'as good'} in "
        f"{name}{doubt}. The search took {seconds[0]:.0f} s and random search {seconds[1]:.0f} s."
    ]


def networks_in_words(candidates: Sequence[Candidate], done: str = "") -> str:
    """How many networks there are, and how many trainings where some were trained more than once.

    Args:
        candidates: one for each training.
        done: what was done with them, after their number.
    """
    networks = len({candidate.architecture for candidate in candidates})
    trainings = f" in {counted(len(candidates), 'training')}" if networks < len(candidates) else ""
    return f"{counted(networks, 'network')}{done}{trainings}"


def _validated(*results: SearchResult) -> list[float]:
    """The winners' scores on the validation part."""
    return [one.winner.scores[one.objectives[0].name] for one in results]


def lead_lines(
    winner: Candidate,
    candidates: Sequence[Candidate],
    name: str,
    again: Sequence[float] = (),
    interval: Sequence[float] | None = None,
) -> list[str]:
    """The winner's lead over the next of the networks that were trained as long, beside what chance may do.

    Args:
        winner: the best of them.
        candidates: that could have won.
        name: of the score.
        again: the winner's scores when it was trained anew with other seeds.
        interval: the 95 % interval of its score on the rows held out.

    Returns:
        One line; none where no other network was trained as long.
    """
    others = [c for c in candidates if c.final == winner.final and c.architecture != winner.architecture]
    score = winner.scores[name]
    if not others:
        return seed_lines([score, *again], name)
    following = min(others, key=lambda other: abs(score - other.scores[name]))
    lead = abs(score - following.scores[name])
    stage = "to the end" if winner.final else "shortly"
    words = [f"Lead: {lead:.4f} in {name} over trial {following.number}, the next of {len(others)} trained {stage}"]
    if again:
        spread = float(np.std([score, *again], ddof=1))
        words.append(f"other seeds of the winner are {spread:.4f} apart (standard deviation of {1 + len(again)})")
        words += [f"the lead is {lead / spread:.1f} times that"] if spread else []
    else:
        words.append("what another seed would change is not known (result.refit() tells)")
    if interval is not None:
        half = (interval[1] - interval[0]) / 2
        beside = "less" if lead < half else "more"
        words.append(f"that is {beside} than the {half:.4f} that the rows held out leave open either way")
    return ["; ".join(words) + "."]


def other_seeds(winner: Candidate, candidates: Sequence[Candidate]) -> list[Candidate]:
    """The winner's network, trained as long with other seeds in the same search."""
    alike = [c for c in candidates if c.final and c.architecture == winner.architecture]
    return [candidate for candidate in alike if candidate.number != winner.number]


def seed_lines(scores: Sequence[float], name: str) -> list[str]:
    """What another seed changes, where the winner was trained with several and there is nobody to lead."""
    if len(scores) < 2:
        return []
    spread = float(np.std(scores, ddof=1))
    return [
        f"Seeds: the winner trained with {len(scores)} of them differs by {spread:.4f} in {name} (standard deviation)."
    ]


def short_lines(candidates: Sequence[Candidate], name: str) -> list[str]:
    """How shorter trainings had ordered the networks that were trained on: to the end, or to a higher rung.

    Args:
        candidates: of a search, in order; a network may be among them several times, explored and trained to the end.
        name: of the score.

    Returns:
        One line of the longest trainings of which it can be told, with a warning where the order says little; none for
        fewer than three networks trained both ways, or where all score alike.
    """
    found: dict[float, dict[Architecture, float]] = {}
    for candidate in candidates:
        found.setdefault(_length(candidate), {}).setdefault(candidate.architecture, candidate.scores[name])
    lengths = sorted(found)
    for place in range(len(lengths) - 1, 0, -1):
        before = {architecture: score for length in lengths[:place] for architecture, score in found[length].items()}
        pairs = [(before[a], score) for a, score in found[lengths[place]].items() if a in before]
        if len(pairs) >= FEWEST and all(len(set(side)) > 1 for side in zip(*pairs, strict=True)):
            return [_ordered(pairs, lengths[place] == np.inf)]
    return []


def _length(candidate: Candidate) -> float:
    """The longer a training, the larger: the rung of one that explores."""
    return float("inf") if candidate.final else candidate.fidelity.get(RUNG, 0.0)


def _ordered(pairs: Sequence[tuple[float, float]], final: bool) -> str:
    """The rank correlation of shorter and longer trainings of the same networks, in words."""
    tau = kendall_tau(*zip(*pairs, strict=True))
    poor = "; below 0.3 they hardly do: more finalists, or longer short trainings, would choose better"
    what = f"Short trainings ordered the {len(pairs)} finalists"
    if not final:
        what = f"Shorter trainings ordered the {len(pairs)} networks that went on to a longer one"
    return f"{what} as long ones did by Kendall's tau {tau:.2f}{poor if tau < POOR else ''}."
