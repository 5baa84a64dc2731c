"""From what a training says of its gates to architectures: its scores hold the probability of every answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions

Chances = Mapping[str, np.ndarray]
"""For each decision the probabilities of its options, in the order of its labels."""


PREFIX = "gate "
"""What the names of scores begin with that hold probabilities."""


def score_name(path: str, label: Label) -> str:
    """What the score is called that holds the probability of an answer.

    Example:
        >>> score_name("cell/0", "conv")
        'gate cell/0=conv'
    """
    return f"{PREFIX}{path}={label}"


def as_scores(decisions: Decisions, chances: Chances) -> dict[str, float]:
    """The probabilities of all answers as scores; `from_scores` reads them."""
    return {
        score_name(decision.path, label): float(chance)
        for decision in decisions
        for label, chance in zip(decision.domain.labels(), chances[decision.path], strict=True)
    }


def from_scores(decisions: Decisions, scores: Mapping[str, float]) -> dict[str, np.ndarray] | None:
    """The probabilities that scores hold; None where they hold none, as those of a forecast.

    Args:
        decisions: of the networks.
        scores: of the supernet's training.
    """
    if not any(name.startswith(PREFIX) for name in scores):
        return None
    found = {d.path: np.array([scores[score_name(d.path, label)] for label in d.domain.labels()]) for d in decisions}
    return {path: own / own.sum() for path, own in found.items()}


def most_probable(decisions: Decisions, chances: Mapping[str, np.ndarray]) -> Architecture:
    """The architecture of which each answer is the most probable one, the first of equals.

    Example:
        >>> from keras_nas.domains import Labels
        >>> most_probable(Decisions((Decision("op", Labels(("conv", "pool"))),)), {"op": np.array([0.3, 0.7])})
        Architecture({'op': 'pool'})
    """
    return decisions.walk(lambda decision: decision.domain.labels()[int(np.argmax(chances[decision.path]))])


def drawn(
    decisions: Decisions, chances: Mapping[str, np.ndarray], rng: np.random.Generator, count: int
) -> Iterator[Architecture]:
    """Architectures by their probabilities: the most probable answers, then some draws, the likelier ones first.

    Args:
        decisions: of the networks.
        chances: for each decision those of its options, in the order of its labels.
        rng: draws.
        count: of the draws.
    """

    def pick(decision: Decision) -> Label:
        labels = decision.domain.labels()
        return labels[int(rng.choice(len(labels), p=chances[decision.path]))]

    def chance(architecture: Architecture) -> float:
        places = [(d.path, d.domain.labels().index(architecture[d.path])) for d in decisions.live(architecture)]
        return float(np.sum([np.log(chances[path][place]) for path, place in places]))

    first = most_probable(decisions, chances)
    others = sorted({decisions.walk(pick) for _ in range(count)} - {first}, key=lambda a: (-chance(a), a.key))
    yield from (first, *others)
