"""Conditional spaces made by hypothesis, and their architectures by brute force."""

from itertools import product
from typing import Any

from hypothesis import strategies as st

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Domain, Interval, Labels


def domains() -> st.SearchStrategy[Domain]:
    """Named options and short integer ranges."""
    names = st.integers(1, 4).map(lambda count: Labels(tuple("abcd"[:count])))
    numbers = st.tuples(st.integers(-2, 2), st.integers(1, 3)).map(
        lambda bounds: Interval(bounds[0], bounds[0] + bounds[1], 1, integer=True)
    )
    return st.one_of(names, numbers)


@st.composite
def spaces(draw: Any, most: int = 6) -> Decisions:
    """Up to `most` decisions, each with up to two conditions on earlier ones."""
    decisions: list[Decision] = []
    for number in range(draw(st.integers(1, most))):
        parents = draw(st.lists(st.sampled_from(decisions), max_size=2, unique=True)) if decisions else []
        when = tuple(
            (parent.path, frozenset(draw(st.sets(st.sampled_from(parent.domain.labels()), min_size=1))))
            for parent in parents
        )
        decisions.append(Decision(f"d{number}", draw(domains()), when))
    return Decisions(tuple(decisions))


def brute_force(decisions: Decisions) -> set[Architecture]:
    """Every combination of answers to all decisions, the sleeping ones struck out."""
    found = set()
    for combination in product(*(decision.domain.labels() for decision in decisions)):
        live: dict[str, Label] = {}
        for decision, label in zip(decisions, combination, strict=True):
            if all(path in live and live[path] in labels for path, labels in decision.when):
                live[decision.path] = label
        found.add(Architecture(live))
    return found
