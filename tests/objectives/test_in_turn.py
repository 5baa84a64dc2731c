"""Latencies of several networks, measured in turn."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import pytest

from keras_nas.objectives import in_turn
from keras_nas.objectives.in_turn import ROUNDS, measured_in_turn


def net(units: int) -> keras.Model:
    return keras.Sequential([keras.Input((64,)), keras.layers.Dense(units)])


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A machine that is slower by half during its first round; a model is a number of milliseconds."""
    states: list[float] = []

    @contextmanager
    def ready(model: float, *_: Any) -> Iterator[Any]:
        def measure() -> float:
            states.append(1.5 if len(states) < 3 else 1.0)
            return model * states[-1]

        yield measure

    monkeypatch.setattr(in_turn, "_ready", ready)
    return states


def test_a_state_of_the_machine_that_passes_changes_nothing(machine: list[float]) -> None:
    assert measured_in_turn([1.0, 2.0, 4.0]) == [1.0, 2.0, 4.0]
    assert len(machine) == 3 * ROUNDS


def test_without_time_one_is_measured_once(machine: list[float]) -> None:
    taken = iter([1.0, 2.0, 4.0])
    assert measured_in_turn(taken, seconds=0.0) == [1.5]
    assert list(taken) == [2.0, 4.0]
    assert measured_in_turn([]) == []


@pytest.mark.parametrize("target", ["keras", "litert"])
def test_larger_networks_take_longer(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_turn, "ROUNDS", 1)
    monkeypatch.setattr(in_turn, "ROUND_SECONDS", 0.2)
    small, large = measured_in_turn([net(8), net(20_000)], target)
    assert 0 < small < large
