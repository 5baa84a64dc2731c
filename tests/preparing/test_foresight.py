"""Latencies of a space, known before anything is trained; the device is made up."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.estimators.assignment import Training
from keras_nas.objectives.cost import cost_of_model
from keras_nas.objectives.latency import Measurement, measure_latency
from keras_nas.objectives.latency_table import LatencyTable
from keras_nas.preparing import foresight
from keras_nas.preparing.foresight import Costs, Networks, by_importance, predictor_for, prepare_predictor
from tests.objectives.test_latency_table import dense
from tests.small import tiny_training

CALL_MS = 0.01


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    return tiny_training(tmp_path_factory.mktemp("data"), limits={"latency_ms": None}, latency_target="litert")


class Device:
    """A microsecond a multiply-add; whole networks take a tenth longer than their operations."""

    def __init__(self) -> None:
        self.operations = self.networks = 0

    def operation(self, table: Any, model: Any) -> float:
        self.operations += 1
        return CALL_MS + 1e-3 * cost_of_model(model).flops

    def in_turn(self, models: Iterable[Any], *_: Any) -> list[list[Measurement]]:
        found = [[measure_latency(model, target=self.network)] for model in models]
        self.networks += len(found)
        return found

    def network(self, model: Any) -> float:
        return CALL_MS + 1.1e-3 * cost_of_model(model).flops


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Device:
    made = Device()
    monkeypatch.setattr(LatencyTable, "_time", lambda table, model: made.operation(table, model))
    monkeypatch.setattr(foresight, "measured_in_turn", made.in_turn)
    monkeypatch.setenv("KERAS_NAS_CACHE", str(tmp_path))
    return made


def test_all_networks_of_a_space_are_predicted(training: Training, device: Device) -> None:
    networks, told = Networks.of(training), []
    predictor = prepare_predictor(networks, LatencyTable("litert"), tell=told.append)
    for architecture in training.space.enumerate():
        flops = cost_of_model(networks.make(architecture)).flops
        predicted = predictor.latency_ms(networks.operations(architecture))
        assert predicted == pytest.approx(CALL_MS + 1.1e-3 * flops, rel=0.03)
    assert device.networks == 4  # there are no more
    assert told[0].startswith("Measuring up to ")
    assert told[1].startswith("How well latencies are predicted by ")


def test_what_is_kept_is_not_measured_again(training: Training, device: Device) -> None:
    for _ in range(2):
        predictor_for(training, 6000.0, None, lambda text: None)
    assert device.networks == 4
    assert device.operations == 1 + len(by_importance(all_operations(training)))


def test_with_little_time_whole_networks_come_first(training: Training, device: Device) -> None:
    """One at a time here; two are the fewest that anything is predicted by."""
    assert predictor_for(training, 30.0, None, lambda text: None) is None
    assert device.networks == 1
    assert predictor_for(training, 30.0, None, lambda text: None) is not None
    assert device.networks == 2


def all_operations(training: Training) -> Any:
    networks = Networks.of(training)
    return [networks.operations(architecture) for architecture in training.space.enumerate()]


def test_networks_in_turn_name_their_dearest_operation(training: Training) -> None:
    small, large = dense(3, 4000)
    assert by_importance([[small, large]]) == [large, small]
    assert by_importance([[small], [small, large]]) == [small, large]
    operations = by_importance(all_operations(training))
    assert len({operation.key for operation in operations}) == len(operations)


def test_a_search_without_latency_or_time_has_no_predictor(training: Training, device: Device) -> None:
    from dataclasses import replace

    told: list[str] = []
    for changes in ({"limits": {"params": None}}, {"latency_target": len}):
        costing = replace(training.options.costing, **changes)  # type: ignore[arg-type]
        other = replace(training, options=replace(training.options, costing=costing))
        assert predictor_for(other, 600.0, None, told.append) is None
    assert predictor_for(training, 0.0, None, told.append) is None
    assert [line.split(":")[0] for line in told] == [
        "Latencies of a function of yours are not predicted",
        f"How well latencies are predicted by {LatencyTable('litert').setting} is not known",
    ]
    assert predictor_for(training, None, None, print) is None
    assert (device.operations, device.networks) == (0, 0)


def test_a_prediction_is_believed_as_far_as_it_was_right(training: Training, device: Device) -> None:
    predictor = predictor_for(training, 6000.0, None, lambda text: None)
    assert predictor is not None
    predictor.table.networks *= 2  # the space has four, and as many more tell how well they are predicted
    predictor.refit()
    costs = Costs(lambda architecture: {"latency_ms": 2.0, "params": 3.0}, predictor)
    without = Costs(costs.count)
    architecture = next(iter(training.space.enumerate()))
    assert costs(architecture) == without(architecture) == {"latency_ms": 2.0, "params": 3.0}
    assert costs.slack == {"latency_ms": pytest.approx(0.02 * predictor.error_pct)}
    assert without.slack == {}
    assert costs.instead(architecture) == {"latency_ms": 2.0}
    assert costs.instead(Architecture({})) == without.instead(architecture) == {}
    predictor.table.networks.extend([type(n)(n.operations, 5 * n.latency_ms) for n in predictor.table.networks])
    predictor.refit()
    assert costs.instead(architecture) == {}
    assert costs.instead(architecture, final=True) == {"latency_ms": 2.0}  # which is measured, so that both are told
    assert without.instead(architecture, final=True) == costs.instead(Architecture({}), final=True) == {}
