"""What became of shared weights: what gates have learnt, how well networks were ranked, what is kept of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_nas.engine.files import SHARED_WEIGHTS
from keras_nas.estimators.gates.story import gate_lines, told_of
from keras_nas.estimators.shared_check import check_lines, kendall_tau, spearman
from keras_nas.estimators.shared_search import ALONE, ELASTIC

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

FEWEST = 3
"""Networks of which a ranking says anything."""


def ranking(result: SearchResult) -> dict[str, float] | None:
    """How well shared weights had ranked the networks that were trained alone.

    Returns:
        `networks`, how many these are, `kendall_tau` and `spearman`; None where fewer than three were.
    """
    shared, alone = _pairs(result)
    if len(shared) < FEWEST:
        return None
    return {"networks": len(shared), "kendall_tau": kendall_tau(shared, alone), "spearman": spearman(shared, alone)}


def answers_any_limit(result: SearchResult) -> bool:
    """Whether the search has an elastic supernet that was trained in all its sizes."""
    return any(ELASTIC in trial.fidelity for trial in result.trials) and (result.directory / SHARED_WEIGHTS).exists()


def sharing_lines(result: SearchResult) -> list[str]:
    """What the summary says of shared weights; nothing where there were none."""
    lines = gate_lines(told_of(result.directory)) + check_lines(*_pairs(result))
    if not answers_any_limit(result):
        return lines
    line = (
        "One supernet holds networks of all sizes: result.best(max_latency_ms=..., max_params=..., ...) answers for "
        "any limit, within seconds and without further training."
    )
    return [*lines, line]


def _pairs(result: SearchResult) -> tuple[list[float], list[float]]:
    """The objective under shared weights and alone, of the networks that were trained alone."""
    name = result.objectives[0].name
    own = [trial for trial in result.trials if ALONE in trial.fidelity]
    return [trial.measurements["shared"][name] for trial in own], [trial.scores[name] for trial in own]
