"""Limits as a part of the loss: what they add, and that a stricter one leaves a cheaper network."""

from pathlib import Path

import numpy as np
import pytest

from keras_nas.encoding import Encoder
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.gates.price import Price, cost_of, price_of
from keras_nas.objectives.latency_table import FOLDER
from keras_nas.supernet.relaxations import probabilities
from tests.estimators.gates.small import limits_of, made_up_table, small_training


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    return small_training(
        tmp_path_factory.mktemp("price"), limits={"latency_ms": 0.5, "flops": None}, latency_target="keras"
    )


@pytest.fixture
def priced(training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Training:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    made_up_table(training, tmp_path)
    return training


def encoder_of(training: Training) -> Encoder:
    return Encoder(training.space.network_decisions)


def test_costs_are_expected_as_the_mean_over_networks(priced: Training) -> None:
    encoder = encoder_of(priced)
    price = price_of(priced, encoder)
    logits = np.random.default_rng(0).normal(size=encoder.width)
    chances = probabilities(logits, encoder)
    means = dict.fromkeys(("latency_ms", "flops"), 0.0)
    for network in priced.space.enumerate():
        chance = np.prod([chances[d.path][d.domain.labels().index(network[d.path])] for d in encoder.decisions])
        for name in means:
            cost = cost_of(priced, name)
            assert cost is not None
            means[name] += chance * cost(network)
    assert price.expected(logits) == pytest.approx(means, rel=1e-3)


def test_the_slope_is_that_of_the_price(priced: Training) -> None:
    encoder = encoder_of(priced)
    price = price_of(priced, encoder)
    logits = np.random.default_rng(1).normal(size=encoder.width)

    def value(at: np.ndarray) -> float:
        costs = price.expected(at)
        return 5.0 * max(0.0, np.log(costs["latency_ms"] / 0.5)) + 0.1 * np.log(costs["flops"])

    differences = [(value(logits + 0.05 * one) - value(logits - 0.05 * one)) / 0.1 for one in np.eye(encoder.width)]
    np.testing.assert_allclose(price.slope(logits), differences, atol=2e-3)


def test_a_stricter_limit_leaves_a_faster_network(priced: Training) -> None:
    """Against a loss that wants the slowest options."""
    encoder = encoder_of(priced)
    costs = {"latency_ms": price_of(priced, encoder).costs["latency_ms"]}
    wish, limits, reached = np.tile([0.05, 0.0, -0.05], 3)[: encoder.width], limits_of(priced), []
    for limit in limits:
        price, logits = Price(encoder, costs, {"latency_ms": limit}), np.zeros(encoder.width)
        for _ in range(200):
            logits -= 0.3 * (price.slope(logits) + wish)
        reached.append(price.expected(logits)["latency_ms"])
    assert reached == pytest.approx(limits, rel=0.05)


def test_what_no_table_tells_has_no_price(training: Training, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "empty"))
    price = price_of(training, encoder_of(training))
    assert price.costs.keys() == {"flops"}


def test_without_costs_nothing_is_added(tmp_path: Path) -> None:
    training = small_training(tmp_path)
    price = price_of(training, encoder_of(training))
    logits = np.ones(encoder_of(training).width)
    assert price.expected(logits) == {}
    assert not price.slope(logits).any()
