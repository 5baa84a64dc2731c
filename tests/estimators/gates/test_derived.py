"""Architectures from probabilities."""

import numpy as np

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.estimators.gates.derived import as_scores, drawn, from_scores, most_probable

SPACE = Decisions(
    (
        Decision("op", Labels(("conv", "pool"))),
        Decision("kernel", Labels((3, 5)), (("op", frozenset({"conv"})),)),
        Decision("width", Labels((8, 16, 32))),
    )
)
CHANCES = {"op": np.array([0.6, 0.4]), "kernel": np.array([0.3, 0.7]), "width": np.array([0.2, 0.5, 0.3])}


def test_scores_hold_the_probabilities() -> None:
    found = from_scores(SPACE, {"val_accuracy": 0.5, **as_scores(SPACE, CHANCES)})
    assert found is not None
    assert found.keys() == CHANCES.keys()
    for path, own in CHANCES.items():
        np.testing.assert_allclose(found[path], own)


def test_other_scores_hold_none() -> None:
    assert from_scores(SPACE, {"val_accuracy": 0.5}) is None


def test_the_most_probable_comes_first_and_draws_by_their_probability() -> None:
    found = list(drawn(SPACE, CHANCES, np.random.default_rng(0), 200))
    assert found[0] == most_probable(SPACE, CHANCES) == {"op": "conv", "kernel": 5, "width": 16}
    assert len(set(found)) == len(found) == 9
    assert found[1] == {"op": "conv", "kernel": 5, "width": 32} or found[1] == {"op": "pool", "width": 16}
    assert found[-1] == {"op": "conv", "kernel": 3, "width": 8}


def test_draws_are_the_same_for_the_same_seed() -> None:
    runs = [list(drawn(SPACE, CHANCES, np.random.default_rng(1), 5)) for _ in range(2)]
    assert runs[0] == runs[1]
