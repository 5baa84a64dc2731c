"""Latencies as sums over decisions: exact where they are sums, with expectations that brute force confirms."""

from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import pytest

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.option_latency import OptionLatencies, option_latencies

DECISIONS = Decisions((
    Decision("op", Labels(("conv", "pool", "skip"))),
    Decision("kernel", Labels((3, 5)), when=(("op", frozenset({"conv", "pool"})),)),
    Decision("squeeze", Labels((False, True)), when=(("kernel", frozenset({5})),)),
    Decision("width", Labels((8, 16))),
))  # fmt: skip
TIMES: Mapping[Label, float] = {
    "conv": 3.0, "pool": 1.0, "skip": 0.1, 3: 0.5, 5: 0.9, False: 0.0, True: 0.4, 8: 1.0, 16: 2.0,
}  # fmt: skip


def latency(architecture: Mapping[str, Label]) -> float:
    return 0.2 + sum(TIMES[label] for label in architecture.values())


@pytest.fixture(scope="module")
def fitted() -> OptionLatencies:
    return option_latencies(DECISIONS, latency)


def test_a_sum_is_found_exactly(fitted: OptionLatencies) -> None:
    for number in range(50):
        architecture = DECISIONS.walk(
            lambda decision, rng=np.random.default_rng(number): decision.domain.sample(rng)  # type: ignore[misc]
        )
        assert fitted.of(architecture) == pytest.approx(latency(architecture))
    assert fitted.error_pct < 1e-6


def test_options_differ_by_what_they_cost(fitted: OptionLatencies) -> None:
    assert fitted.option("width", 16) - fitted.option("width", 8) == pytest.approx(1.0)
    assert fitted.option("squeeze", True) - fitted.option("squeeze", False) == pytest.approx(0.4)
    assert fitted.option("op", "conv") - fitted.option("op", "pool") == pytest.approx(2.0)
    with pytest.raises(InvalidArgument, match="There is no decision 'depth': expected one of op, kernel"):
        fitted.option("depth", 1)


def test_the_expectation_is_the_mean_over_all_architectures(fitted: OptionLatencies) -> None:
    chances = {"op": [0.5, 0.3, 0.2], "kernel": [0.25, 0.75], "squeeze": [0.9, 0.1], "width": [0.4, 0.6]}
    domains = {decision.path: decision.domain.labels() for decision in DECISIONS}
    mean = 0.0
    for labels in product(*domains.values()):
        given = dict(zip(domains, labels, strict=True))
        weight = np.prod([chances[path][domains[path].index(label)] for path, label in given.items()])
        live = DECISIONS.walk(lambda decision, given=given: given[decision.path])  # type: ignore[misc]
        mean += float(weight) * latency(live)
    assert fitted.expected(chances) == pytest.approx(mean)


def test_the_expectation_has_the_gradient_of_its_options(fitted: OptionLatencies) -> None:
    import tensorflow as tf

    chances = {
        decision.path: tf.Variable([1.0 / decision.domain.width] * decision.domain.width) for decision in DECISIONS
    }
    with tf.GradientTape() as tape:
        expected = fitted.expected(chances)
    gradient = tape.gradient(expected, chances["width"]).numpy()
    assert gradient[1] - gradient[0] == pytest.approx(1.0, rel=1e-4)


def test_an_interval_counts_by_its_place() -> None:
    decisions = Decisions((Decision("width", Interval(0.0, 10.0)), Decision("op", Labels(("a", "b")))))

    def linear(architecture: Any) -> float:
        return 1.0 + 0.2 * float(architecture["width"]) + 0.5 * (architecture["op"] == "b")

    found = option_latencies(decisions, linear)
    assert found.option("width", 5.0) == pytest.approx(1.0)
    assert found.expected({"width": [0.5], "op": [0.0, 1.0]}) == pytest.approx(2.5)


def test_what_is_no_sum_says_how_wrong_it_is() -> None:
    decisions = Decisions(tuple(Decision(name, Labels((1, 2, 4))) for name in "ab"))
    found = option_latencies(decisions, lambda a: float(a["a"]) * float(a["b"]))
    assert 10 < found.error_pct < 100
    assert isinstance(found.of(Architecture({"a": 1, "b": 1})), float)
