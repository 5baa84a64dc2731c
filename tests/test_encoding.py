"""Encodings: one column an option, zeros for what sleeps."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.encoding import Encoder, encode, features
from keras_nas.operators import sample
from tests.made_spaces import spaces

SPACE = Decisions(
    (
        Decision("op", Labels(("conv", "pool"))),
        Decision("op/kernel", Labels((3, 5)), (("op", frozenset({"conv"})),)),
        Decision("rate", Interval(1e-4, 1.0, log=True)),
    )
)


def test_live_options_are_one_numbers_are_places_and_what_sleeps_is_zero() -> None:
    rows = Encoder(SPACE).transform([{"op": "conv", "op/kernel": 5, "rate": 1e-2}, {"op": "pool", "rate": 1.0}])
    np.testing.assert_allclose(rows, [[1, 0, 0, 1, 0.5], [0, 1, 0, 0, 1]])


def test_columns_name_the_place_of_a_decision() -> None:
    encoder = Encoder(SPACE)
    assert encoder.columns("op/kernel") == slice(2, 4)
    assert encoder.width == 5


def test_no_architectures_are_no_rows() -> None:
    assert Encoder(SPACE).transform([]).shape == (0, 5)


@settings(max_examples=100)
@given(spaces(), st.integers(0, 2**32 - 1))
def test_encoding_agrees_with_each_domain(decisions: Decisions, seed: int) -> None:
    architecture = sample(decisions, np.random.default_rng(seed))
    encoder, row = Encoder(decisions), encode(decisions, architecture)
    for decision in decisions:
        part = row[encoder.columns(decision.path)]
        if decision.path in architecture:
            np.testing.assert_allclose(part, decision.domain.encode(architecture[decision.path]))
        else:
            assert not part.any()


def test_features_are_the_answers() -> None:
    assert features({"op": "pool", "rate": 1.0}) == {("op", "pool"), ("rate", 1.0)}
