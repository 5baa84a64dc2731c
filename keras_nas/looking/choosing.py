"""Which of a search's networks: in order, within limits, beaten by none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.scoring import LATENCY
from keras_nas.looking.sharing import answers_any_limit
from keras_nas.objectives.constraints import limits_from, total_violation
from keras_nas.objectives.objective import losses
from keras_nas.objectives.pareto import pareto_front
from keras_nas.results.candidate import Candidate, latency_of
from keras_nas.results.outcome import order

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult


def best(result: SearchResult, limits: Mapping[str, float]) -> Candidate:
    """The best network within limits; the winner without any.

    Args:
        result: of the search.
        limits: `max_<score>` or `min_<score>`; a latency that was only predicted is measured before it counts.

    Raises:
        InvalidArgument: for a limit of another form or an unknown score, or when no trained network meets them all.
    """
    if not limits:
        return result.winner
    if answers_any_limit(result):
        from keras_nas.results.specialised import best_within

        return best_within(result, limits)
    candidates = kept(result)
    asked = limits_from(limits, {name for candidate in candidates for name in candidate.scores})
    known = [own for own in candidates if all(limit.name in own.scores for limit in asked)]
    good = [own for own in known if not total_violation(asked, own.scores)]
    timed = any(limit.name in LATENCY for limit in asked)
    for own in ordered(result, good):
        guess = timed and own.predicted
        shown = own.updated(latency_of(own, result.told["costing"]["latency_target"])) if guess else own
        if not total_violation(asked, shown.scores):
            return shown
    raise InvalidArgument(f"No trained network meets {limits}; the leaderboard shows what there is.")


def kept(result: SearchResult) -> list[Candidate]:
    """The networks whose models are on disk, without the user's own."""
    return [trial for trial in result.trials if trial.file.exists() and not trial.baseline]


def ordered(result: SearchResult, candidates: Sequence[Candidate]) -> list[Candidate]:
    """Best first, the winner before all."""
    scores = [candidate.scores for candidate in candidates]
    final = [candidate.final for candidate in candidates]
    by_worth = [candidates[position] for position in order(result.objectives, result.constraints, scores, final)]
    return sorted(by_worth, key=lambda candidate: candidate.number != result.told["winner"])


def front(result: SearchResult) -> list[Candidate]:
    """The networks with a model that no other beats in every objective, by the first objective.

    What breaks a constraint is beaten by what does not, and the short training of an architecture by its long one.
    """
    candidates = kept(result)
    ended = {candidate.architecture for candidate in candidates if candidate.final}
    rivals = [c for c in candidates if c.final or c.architecture not in ended]
    matrix = losses(result.objectives, [candidate.scores for candidate in rivals])
    violations = [total_violation(result.constraints, candidate.scores) for candidate in rivals]
    found = [rivals[position] for position in pareto_front(matrix, violations)]
    return sorted(found, key=lambda candidate: result.objectives[0].loss(candidate.scores))
