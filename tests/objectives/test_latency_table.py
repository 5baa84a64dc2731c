"""Tables of operations: measured once, kept, and apart for every setting."""

from pathlib import Path
from typing import Any

import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.cost import CostNet, cost_of_model
from keras_nas.objectives.latency_table import LatencyTable, Setting, cache_folder
from keras_nas.objectives.operations import Operation, operations_of

CALL_MS = 0.01


def dense(*units: int) -> list[Operation]:
    """A chain of dense layers."""
    net = CostNet()
    x = net.input((4,))
    for count in units:
        x = net(layers.Dense, x, units=count)
    return operations_of(x)


class Device:
    """Stands in for the device: a microsecond a multiply-add, and a fixed cost of a call."""

    def __init__(self) -> None:
        self.measured = 0

    def __call__(self, table: LatencyTable, model: Any) -> float:
        self.measured += 1
        return CALL_MS + 1e-3 * cost_of_model(model).flops


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> Device:
    made = Device()
    monkeypatch.setattr(LatencyTable, "_time", lambda table, model: made(table, model))
    return made


def test_an_operation_is_measured_once(device: Device, tmp_path: Path) -> None:
    table = LatencyTable("litert", folder=tmp_path)
    assert table.measure(dense(3, 4, 3, 4)) == 2
    assert device.measured == 3  # and a call of nothing
    assert table.call_ms == CALL_MS
    first = table.timings[dense(3)[0].key]
    assert first.latency_ms == pytest.approx(1e-3 * 15)
    assert (first.kind, first.flops, first.moved, first.weights) == ("Dense", 15, 7, 15)
    assert table.measure(dense(3, 4)) == 0


def test_what_was_measured_is_kept(device: Device, tmp_path: Path) -> None:
    one, other = LatencyTable("litert", folder=tmp_path), LatencyTable("litert", folder=tmp_path)
    one.measure(dense(3))
    other.measure(dense(5))
    other.learn(dense(5, 6), 0.5)
    other.save()
    again = LatencyTable("litert", folder=tmp_path)
    assert {key for key in again.timings} == {*one.timings, *other.timings}
    assert again.timings[dense(3)[0].key].latency_ms is not None
    assert again.lacks(dense(5, 6)[1])
    assert again.networks == other.networks
    assert dict(again.networks[0].operations) == {operation.key: 1 for operation in dense(5, 6)}
    again.clear()
    assert not again.timings
    assert not list(tmp_path.iterdir())


def test_a_damaged_table_is_measured_again(device: Device, tmp_path: Path) -> None:
    table = LatencyTable("litert", folder=tmp_path)
    table.measure(dense(3))
    table.file.write_text(table.file.read_text()[:-40])
    assert not LatencyTable("litert", folder=tmp_path).timings


def test_settings_have_tables_of_their_own(device: Device, tmp_path: Path) -> None:
    tables = [LatencyTable(target, size, tmp_path) for target in ("litert", "keras") for size in (1, 8)]
    assert len({table.file for table in tables}) == 4
    setting = tables[0].setting
    assert set(setting.versions) == {"ai-edge-litert", "keras", "tensorflow"}
    assert (setting.threads, setting.batch_size) == (1, 1)
    assert str(setting).endswith(", batch of 1, 1 thread")
    with pytest.raises(InvalidArgument, match="Unknown target of a latency table 'tflite': expected one of"):
        Setting.here("tflite")


def test_measuring_ends_in_time_and_tells(device: Device, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    table = LatencyTable("litert", folder=tmp_path)
    assert table.measure(dense(3, 4, 5), tell=lambda *step: told.append(step)) == 3
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert table.measure(dense(6, 7), seconds=0.0) == 0


def test_the_folder_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("KERAS_NAS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "keras_nas"
    monkeypatch.setenv("KERAS_NAS_CACHE", str(tmp_path / "named"))
    assert cache_folder() == tmp_path / "named"
    assert cache_folder(tmp_path / "given") == tmp_path / "given"


@pytest.mark.slow
@pytest.mark.parametrize("target", ["keras", "litert"])
def test_real_operations(target: str, tmp_path: Path) -> None:
    table = LatencyTable(target, folder=tmp_path)
    small, large = dense(4)[0], dense(4096, 4096)[1]
    assert table.measure([small, large]) == 2
    times = [table.timings[operation.key].latency_ms or 0.0 for operation in (small, large)]
    assert times[1] > 0.05
    assert times[1] > times[0]
