"""The operators every strategy is composed of: sample, mutate, crossover, neighbours, enumerate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions, Labels, given
from keras_nas.errors import InvalidArgument


def sample(decisions: Decisions, rng: np.random.Generator) -> Architecture:
    """An architecture with every live decision drawn uniformly."""
    return decisions.walk(lambda decision: decision.domain.sample(rng))


def repair(decisions: Decisions, wish: Mapping[str, Label], rng: np.random.Generator) -> Architecture:
    """The architecture nearest to `wish`: its labels where they are live and valid, drawn anew where not."""

    def pick(decision: Decision) -> Label:
        label = wish.get(decision.path)
        return label if label is not None and label in decision.domain else decision.domain.sample(rng)

    return decisions.walk(pick)


def mutable(decisions: Decisions, architecture: Mapping[str, Label]) -> list[Decision]:
    """The live decisions with two options or more."""
    return [decision for decision in decisions.live(architecture) if decision.domain.size > 1]


def mutate(decisions: Decisions, parent: Mapping[str, Label], rng: np.random.Generator) -> Architecture:
    """Answer one live decision of `parent` otherwise; what it newly opens is drawn, the rest is kept.

    Never returns its input.

    Raises:
        InvalidArgument: when no live decision has a second option.
    """
    candidates = mutable(decisions, parent)
    if not candidates:
        raise InvalidArgument("nothing to mutate: no live decision of this architecture has a second option.")
    chosen = candidates[int(rng.integers(len(candidates)))]
    return repair(decisions, {**parent, chosen.path: chosen.domain.mutate(parent[chosen.path], rng)}, rng)


def crossover(
    decisions: Decisions, mother: Mapping[str, Label], father: Mapping[str, Label], rng: np.random.Generator
) -> Architecture:
    """Answer every decision as one of the parents, at random; a decision live in one parent only follows that one."""

    def pick(decision: Decision) -> Label:
        answers = [parent[decision.path] for parent in (mother, father) if decision.path in parent]
        return answers[int(rng.integers(len(answers)))] if answers else decision.domain.sample(rng)

    return decisions.walk(pick)


def neighbours(
    decisions: Decisions, centre: Mapping[str, Label], rng: np.random.Generator, draws: int = 4
) -> Iterator[Architecture]:
    """All architectures one answer away, in random order; of a number with many values, `draws` mutations.

    What an answer newly opens is drawn, the rest is kept.
    """
    moves = [
        (decision.path, label)
        for decision in mutable(decisions, centre)
        for label in _alternatives(decision, centre[decision.path], rng, draws)
    ]
    for index in rng.permutation(len(moves)):
        path, label = moves[int(index)]
        yield repair(decisions, {**centre, path: label}, rng)


def _alternatives(decision: Decision, label: Label, rng: np.random.Generator, draws: int) -> list[Label]:
    if isinstance(decision.domain, Labels):
        return [other for other in decision.domain.values if other != label]
    return list(dict.fromkeys(decision.domain.mutate(label, rng) for _ in range(draws)))


def enumerate_all(decisions: Decisions) -> Iterator[Architecture]:
    """Every architecture once, the last decision changing fastest.

    Raises:
        InvalidArgument: when a decision is a real number.
    """

    def complete(items: tuple[Decision, ...], labels: dict[str, Label]) -> Iterator[Architecture]:
        if not items:
            yield Architecture(labels)
            return
        head, rest = items[0], items[1:]
        for label in head.domain.labels():
            yield from complete(given(rest, head.path, label), {**labels, head.path: label})

    return complete(decisions.items, {})
