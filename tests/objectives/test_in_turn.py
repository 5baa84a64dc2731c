"""Latencies of several networks, measured in turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import pytest

from keras_nas.objectives import in_turn
from keras_nas.objectives.in_turn import ROUNDS, measured_in_turn, typical
from keras_nas.objectives.latency import Measurement, measure_latency


def net(units: int) -> keras.Model:
    return keras.Sequential([keras.Input((64,)), keras.layers.Dense(units)])


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A machine that is slower by half during its first round; a model is a number of milliseconds."""
    states: list[float] = []

    @contextmanager
    def ready(model: float, *_: Any) -> Iterator[Any]:
        def measure() -> Measurement:
            states.append(1.5 if len(states) < 3 else 1.0)
            return measure_latency(None, target=lambda _: model * states[-1])

        yield measure

    monkeypatch.setattr(in_turn, "_ready", ready)
    return states


def test_a_state_of_the_machine_that_passes_changes_nothing(machine: list[float]) -> None:
    found = measured_in_turn([1.0, 2.0, 4.0])
    assert [typical(rounds).latency_ms for rounds in found] == [1.0, 2.0, 4.0]
    assert [max(one.latency_ms for one in rounds) for rounds in found] == [1.5, 3.0, 6.0]
    assert typical(found[0]).interval_pct == pytest.approx(50)
    assert len(machine) == 3 * ROUNDS


def test_without_time_each_is_measured_once(machine: list[float]) -> None:
    found = measured_in_turn(iter([1.0, 2.0]), seconds=0.0)
    assert [[one.latency_ms for one in rounds] for rounds in found] == [[1.5], [3.0]]
    assert measured_in_turn([]) == []


@pytest.mark.parametrize("target", ["keras", "litert"])
def test_larger_networks_take_longer(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_turn, "ROUND_SECONDS", 0.2)
    (small,), (large,) = measured_in_turn([net(8), net(20_000)], target, rounds=1)
    assert 0 < small.latency_ms < large.latency_ms
    assert small.target == target


def test_a_function_is_asked_once() -> None:
    asked = []
    found = measured_in_turn([net(8)], lambda model: asked.append(model) or 2.0)
    assert [one.latency_ms for one in found[0]] == [2.0]
    assert len(asked) == 1
