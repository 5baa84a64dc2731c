"""BLEU against numbers worked by hand."""

import math

import numpy as np
import pytest

from keras_nas.tasks.bleu import bleu, overlap


def of(*texts: tuple[str, str]) -> float:
    return bleu(np.sum([overlap(written.split(), wanted.split()) for written, wanted in texts], axis=0))


def test_runs_count_as_often_as_they_are_wanted() -> None:
    """Papineni et al., section 2.1: "the" seven times, where two are wanted."""
    counts = overlap(["the"] * 7, "the cat is on the mat".split())
    assert counts.tolist() == [2, 0, 0, 0, 7, 6, 5, 4, 7, 6]


def test_by_hand() -> None:
    """Written a b c d x, wanted a b c d e f: 4/5, 3/4, 2/3 and 1/2 of the runs, and one word too few of six."""
    expected = 100 * (4 / 5 * 3 / 4 * 2 / 3 * 1 / 2) ** 0.25 * math.exp(1 - 6 / 5)
    assert of(("a b c d x", "a b c d e f")) == pytest.approx(expected)
    assert of(("a b c d x y z", "a b c d e f")) == pytest.approx(100 * (4 / 7 * 3 / 6 * 2 / 5 * 1 / 4) ** 0.25)


def test_a_corpus_is_no_mean_of_sentences() -> None:
    """Runs of both pairs: 5 + 2 of 9, 4 + 1 of 7, 3 of 5 and 2 of 3."""
    found = of(("a b c d e", "a b c d e"), ("u v x y", "u v w z"))
    assert found == pytest.approx(100 * (7 / 9 * 5 / 7 * 3 / 5 * 2 / 3) ** 0.25)


@pytest.mark.parametrize(("written", "expected"), [("", 0.0), ("a b c", 0.0), ("x y z u", 0.0), ("a b c d", 100.0)])
def test_the_ends_of_the_scale(written: str, expected: float) -> None:
    assert of((written, "a b c d")) == pytest.approx(expected)
