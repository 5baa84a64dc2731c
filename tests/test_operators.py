"""Operators: whatever they return is valid, and does what it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_nas import operators
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from tests.made_spaces import brute_force, spaces

SEEDS = st.integers(0, 2**32 - 1)


@settings(max_examples=200)
@given(spaces(), SEEDS)
def test_mutation_is_valid_and_never_its_input(decisions: Decisions, seed: int) -> None:
    rng = np.random.default_rng(seed)
    parent = operators.sample(decisions, rng)
    if not operators.mutable(decisions, parent):
        with pytest.raises(InvalidArgument, match="nothing to mutate"):
            operators.mutate(decisions, parent, rng)
        return
    for _ in range(10):
        child = operators.mutate(decisions, parent, rng)
        assert decisions.validate(child) == child
        assert child != parent
        parent = child


@settings(max_examples=200)
@given(spaces(), SEEDS)
def test_crossover_is_valid_and_answers_as_a_parent_where_it_can(decisions: Decisions, seed: int) -> None:
    rng = np.random.default_rng(seed)
    mother, father = operators.sample(decisions, rng), operators.sample(decisions, rng)
    child = operators.crossover(decisions, mother, father, rng)
    assert decisions.validate(child) == child
    for path, label in child.items():
        answers = {parent[path] for parent in (mother, father) if path in parent}
        assert not answers or label in answers


@settings(max_examples=200)
@given(spaces(), SEEDS)
def test_enumeration_is_brute_force_without_repeats(decisions: Decisions, seed: int) -> None:
    listed = list(operators.enumerate_all(decisions))
    assert len(listed) == len(set(listed))
    assert set(listed) == brute_force(decisions)
    assert operators.sample(decisions, np.random.default_rng(seed)) in set(listed)


@settings(max_examples=100)
@given(spaces(), SEEDS)
def test_neighbours_are_valid_and_never_the_centre(decisions: Decisions, seed: int) -> None:
    rng = np.random.default_rng(seed)
    centre = operators.sample(decisions, rng)
    for neighbour in operators.neighbours(decisions, centre, rng):
        assert decisions.validate(neighbour) == neighbour
        assert neighbour != centre


def test_neighbours_of_a_flat_space_differ_in_one_answer_and_are_all_there() -> None:
    decisions = Decisions(tuple(Decision(f"d{index}", Labels(tuple("abc"))) for index in range(4)))
    rng = np.random.default_rng(0)
    centre = operators.sample(decisions, rng)
    around = set(operators.neighbours(decisions, centre, rng))
    assert len(around) == 8
    assert all(sum(a[path] != centre[path] for path in centre) == 1 for a in around)


def test_repair_keeps_what_is_live_and_valid() -> None:
    decisions = Decisions(
        (
            Decision("op", Labels(("conv", "pool"))),
            Decision("kernel", Labels((3, 5)), (("op", frozenset({"conv"})),)),
            Decision("rate", Interval(0.0, 1.0)),
        )
    )
    wish = {"op": "conv", "kernel": 7, "rate": 0.25, "gone": "x"}
    repaired = operators.repair(decisions, wish, np.random.default_rng(0))
    assert (repaired["op"], repaired["rate"]) == ("conv", 0.25)
    assert repaired["kernel"] in (3, 5)
    assert "gone" not in repaired


def test_enumerating_a_real_number_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="cannot be enumerated; give it a step"):
        next(operators.enumerate_all(Decisions((Decision("rate", Interval(0.0, 1.0)),))))
