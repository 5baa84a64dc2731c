"""Decisions: live ones, counting, checking."""

import math

import numpy as np
import pytest
from hypothesis import given, settings

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from tests.made_spaces import brute_force, spaces

KERNEL = Decisions(
    (
        Decision("op", Labels(("conv", "pool"))),
        Decision("kernel", Labels((3, 5)), (("op", frozenset({"conv"})),)),
    )
)


@settings(max_examples=300)
@given(spaces())
def test_size_is_what_brute_force_counts(decisions: Decisions) -> None:
    assert decisions.size == len(brute_force(decisions))


def test_size_of_a_large_space_is_exact() -> None:
    edges = Decisions(tuple(Decision(f"e{index}", Labels(tuple("abcdefg"))) for index in range(60)))
    assert edges.size == 7**60


def test_size_with_a_real_number_is_infinite() -> None:
    assert math.isinf(Decisions((*KERNEL, Decision("rate", Interval(0.1, 1.0)))).size)


@settings(max_examples=100)
@given(spaces())
def test_every_architecture_is_valid_and_walks_to_itself(decisions: Decisions) -> None:
    for architecture in list(brute_force(decisions))[:20]:
        assert decisions.validate(architecture) == architecture
        assert decisions.walk(lambda decision, a=architecture: a[decision.path]) == architecture


@pytest.mark.parametrize(
    ("architecture", "message"),
    [
        ({"op": "conv"}, r"decision 'kernel' needs one of \[3, 5\]; got None"),
        ({"op": "pol"}, r"decision 'op' needs one of \['conv', 'pool'\]; got 'pol'"),
        ({"op": "pool", "kernel": 3}, r"\['kernel'\] are not live decisions of this architecture"),
        ({"op": "conv", "kernel": 4}, r"needs one of \[3, 5\]; got 4"),
    ],
)
def test_invalid_architectures_are_refused_by_path(architecture: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        KERNEL.validate(architecture)  # type: ignore[arg-type]


def test_a_child_before_its_parent_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"decision 'kernel' stands twice or before"):
        Decisions(tuple(reversed(KERNEL)))


def test_a_path_that_stands_twice_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"decision 'op' stands twice"):
        Decisions((KERNEL[0], KERNEL[0]))


def test_an_unknown_path_offers_the_nearest() -> None:
    with pytest.raises(InvalidArgument, match="Did you mean 'kernel'"):
        KERNEL.named("kernels")


@pytest.mark.parametrize(
    "domain",
    [
        Interval(1, 9, 2, integer=True),
        Interval(0, 10, 4),
        Interval(1e-5, 1e-1, log=True),
        Interval(0.0, 0.5, 0.1),
        Interval(-3, 3, integer=True, step=1),
    ],
    ids=str,
)
def test_numbers_are_sampled_and_mutated_within_their_range(domain: Interval) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        label = domain.sample(rng)
        other = domain.mutate(label, rng)
        assert label in domain
        assert other in domain
        assert other != label
        assert type(label) is (int if domain.integer else float)
        assert domain.at(domain.unit(label)) == pytest.approx(label)


def test_a_stepped_number_takes_each_value_equally_often() -> None:
    rng = np.random.default_rng(0)
    drawn = [Interval(0, 10, 4).sample(rng) for _ in range(3000)]
    assert sorted(set(drawn)) == [0.0, 4.0, 8.0]
    assert min(drawn.count(value) for value in set(drawn)) > 900


def test_impossible_bounds_are_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"low=0, high=1, log=True"):
        Interval(0, 1, log=True)
