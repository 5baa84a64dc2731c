"""Scores of predictions, against numbers worked out by hand."""

import numpy as np
import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.tasks.scores import CLASSIFICATION, REGRESSION, classification_scores, regression_scores

Y = np.array([0, 0, 0, 1])
P = np.array([[0.9, 0.1], [0.8, 0.2], [0.4, 0.6], [0.3, 0.7]])


def test_accuracy_and_log_loss_always() -> None:
    scores = classification_scores(Y, P)
    assert scores == {"accuracy": 0.75, "loss": pytest.approx(-np.log([0.9, 0.8, 0.4, 0.7]).mean())}


def test_what_is_named_is_added() -> None:
    scores = classification_scores(Y, P, CLASSIFICATION)
    assert set(scores) == set(CLASSIFICATION)
    assert scores["balanced_accuracy"] == pytest.approx((2 / 3 + 1) / 2)
    assert scores["f1_score"] == pytest.approx((0.8 + 2 / 3) / 2)
    assert scores["auc"] == 1.0
    assert scores["top_5_accuracy"] == 1.0


def test_a_class_that_is_absent_or_certain_does_no_harm() -> None:
    y, p = np.array([0, 1, 1]), np.array([[1.0, 0, 0], [0, 1, 0], [1, 0, 0]])
    scores = classification_scores(y, p, ["auc", "balanced_accuracy", "f1_score"])
    assert np.isfinite(list(scores.values())).all()
    assert scores["auc"] == pytest.approx(0.75)


def test_regression() -> None:
    y, guess = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [3.0]])
    scores = regression_scores(y, guess)
    assert set(scores) == set(REGRESSION)
    assert scores["mse"] == scores["loss"] == pytest.approx(2 / 3)
    assert scores["rmse"] == pytest.approx((2 / 3) ** 0.5)
    assert scores["mae"] == pytest.approx(2 / 3)
    assert scores["r2_score"] == pytest.approx(0.75)


def test_an_unknown_score() -> None:
    with pytest.raises(InvalidArgument, match="Unknown score 'acuracy'.*Did you mean 'accuracy'"):
        classification_scores(Y, P, ["acuracy"])
    with pytest.raises(InvalidArgument, match="Unknown score 'r2'.*'r2_score'"):
        regression_scores(Y[:, None], Y[:, None], ["r2"])
