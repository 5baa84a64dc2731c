"""Energy by counters that the tests wind on; never a number where there is none."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.energy import Energy, PackageCounter, energy_counters, measure_energy

RANGE = 262_143_328_850


class Machine:
    """A tree of counters as Linux shows it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def counter(self, folder: str, name: str, microjoules: int = 0) -> Path:
        path = self.root / folder
        path.mkdir(parents=True)
        (path / "name").write_text(f"{name}\n")
        (path / "max_energy_range_uj").write_text(f"{RANGE}\n")
        (path / "energy_uj").write_text(f"{microjoules}\n")
        return path

    def use(self, folder: str, microjoules: int) -> None:
        """Winds a counter on."""
        file = self.root / folder / "energy_uj"
        file.write_text(str((int(file.read_text()) + microjoules) % RANGE))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "powercap")


class NoGPU:
    """NVIDIA's library where there is no driver."""

    class NVMLError(Exception):
        pass

    def nvmlInit(self) -> None:
        raise self.NVMLError("Driver Not Loaded")


def test_the_energy_of_a_call_is_the_mean_of_all(machine: Machine) -> None:
    machine.counter("intel-rapl:0", "package-0", 5_000)
    machine.counter("intel-rapl:0:1", "dram")
    found = measure_energy(
        lambda: (machine.use("intel-rapl:0", 3_000), machine.use("intel-rapl:0:1", 500)),
        seconds=0.01,
        counters=energy_counters(machine.root, NoGPU()),
    )
    assert found.energy_mj == pytest.approx(3.5)
    assert found.devices == ("package-0", "dram")
    assert found.calls >= 10
    assert str(found) == f"3.5 mJ a call (mean of {found.calls:,}) by the counters of package-0, dram"


def test_a_counter_that_begins_again(machine: Machine) -> None:
    folder = machine.counter("intel-rapl:0", "package-0", RANGE - 1_000)
    counter = PackageCounter(folder)
    assert counter.joules() == 0.0
    for turn in range(1, 5):
        machine.use("intel-rapl:0", 900)
        assert counter.joules() == pytest.approx(turn * 900e-6)
    machine.use("intel-rapl:0", RANGE - 1)
    assert counter.joules() == pytest.approx((4 * 900 + RANGE - 1) / 1e6)


def test_nothing_is_counted_twice(machine: Machine) -> None:
    machine.counter("intel-rapl:0", "package-0")
    machine.counter("intel-rapl:1", "package-1")
    machine.counter("intel-rapl:0:0", "core")
    machine.counter("intel-rapl:0:2", "uncore")
    machine.counter("intel-rapl:2", "psys")
    machine.counter("intel-rapl-mmio:0", "package-0")
    (machine.root / "intel-rapl").mkdir()
    counters, reason = energy_counters(machine.root, NoGPU())
    assert [counter.name for counter in counters] == ["package-0", "package-1"]
    assert reason == ""


def test_counters_that_stand_still_measure_nothing(machine: Machine) -> None:
    """Virtual machines show counters that nothing winds on."""
    machine.counter("intel-rapl:0", "package-0", 7)
    found = measure_energy(lambda: None, seconds=0.001, counters=energy_counters(machine.root, NoGPU()))
    assert found.energy_mj is None
    assert str(found) == "energy not measured: the counters of package-0 stand still"


def test_without_counters_it_is_not_measured(tmp_path: Path) -> None:
    found = measure_energy(lambda: 1 / 0, counters=energy_counters(tmp_path / "absent", NoGPU()))
    assert found.energy_mj is None
    assert str(found) == (
        "energy not measured: the system shows no energy counters of its processors; "
        "no GPU is counted (Driver Not Loaded)"
    )


def test_counters_that_only_the_superuser_may_read(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    machine.counter("intel-rapl:0", "package-0")
    read = Path.read_text

    def refuse(path: Path, *args: Any) -> str:
        if path.name == "energy_uj":
            raise PermissionError(13, "Permission denied")
        return read(path, *args)

    monkeypatch.setattr(Path, "read_text", refuse)
    counters, reason = energy_counters(machine.root, NoGPU())
    assert not counters
    assert reason.startswith("intel-rapl:0 cannot be read (Permission denied); no GPU")


def test_gpus_count_for_themselves(machine: Machine) -> None:
    used = {0: 10_000, 1: 500}
    library = SimpleNamespace(
        NVMLError=NoGPU.NVMLError,
        nvmlInit=lambda: None,
        nvmlDeviceGetCount=lambda: 2,
        nvmlDeviceGetHandleByIndex=lambda index: index,
        nvmlDeviceGetName=lambda handle: f"GPU {handle}".encode(),
        nvmlDeviceGetTotalEnergyConsumption=lambda handle: used[handle],
    )

    def run() -> None:
        used[1] += 7

    found = measure_energy(run, seconds=0.001, counters=energy_counters(machine.root, library))
    assert found.energy_mj is not None and math.isclose(found.energy_mj, 7.0)
    assert found.devices == ("GPU 0", "GPU 1")


def test_wrong_seconds() -> None:
    with pytest.raises(InvalidArgument, match="seconds is 0: expected a number above 0"):
        measure_energy(lambda: None, seconds=0)
    assert Energy(None, reason="why").energy_mj is None
