"""Energy of an inference, read from the machine's own counters; where there are none, it is not measured.

Linux counts the energy of processors (RAPL, below /sys/class/powercap) and NVIDIA's library that of GPUs. Both count
all that the device draws, whoever uses it: measure on a machine that does nothing else. A guess from a processor's
rated power is not a measurement, and none is made.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from keras_nas.errors import InvalidArgument

POWERCAP = Path("/sys/class/powercap")
"""Where Linux shows its counters."""
LEAST_CALLS = 10
"""Calls at least, however long they take."""


class Counter(Protocol):
    """A device's count of the energy that it has used."""

    name: str

    def joules(self) -> float:
        """Energy since some moment in the past; never less than before."""


@dataclass(frozen=True)
class Energy:
    """The energy of one call, or why there is none.

    Args:
        energy_mj: Millijoules a call of all counted devices, idle share included; None when not measured.
        devices: The counters that were read.
        calls: Over how many calls.
        reason: Why it was not measured, "" when it was.
    """

    energy_mj: float | None
    devices: tuple[str, ...] = ()
    calls: int = 0
    reason: str = ""

    def __str__(self) -> str:
        if self.energy_mj is None:
            return f"energy not measured: {self.reason}"
        return f"{self.energy_mj:.3g} mJ a call (mean of {self.calls:,}) by the counters of {', '.join(self.devices)}"


class PackageCounter:
    """A processor's or its memory's counter as Linux shows it (RAPL).

    Args:
        folder: Of the counter, `intel-rapl:0` say.

    Raises:
        OSError: The counter cannot be read; recent kernels let only the superuser.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = (folder / "name").read_text().strip()
        self.range = int((folder / "max_energy_range_uj").read_text())
        self.last = self._read()
        self.total = 0

    def joules(self) -> float:
        """Energy since the object was made; the counter begins again at 0 when it has reached its range."""
        now = self._read()
        self.total += now - self.last if now >= self.last else now + self.range - self.last
        self.last = now
        return self.total / 1e6

    def _read(self) -> int:
        return int((self.folder / "energy_uj").read_text())


class GraphicsCounter:
    """A GPU's counter, through NVIDIA's management library.

    Args:
        library: The module `pynvml`, initialised.
        index: Of the GPU.
    """

    def __init__(self, library: Any, index: int) -> None:
        self.library = library
        self.handle = library.nvmlDeviceGetHandleByIndex(index)
        name = library.nvmlDeviceGetName(self.handle)
        self.name = name.decode() if isinstance(name, bytes) else str(name)

    def joules(self) -> float:
        """Energy since the driver was loaded."""
        return float(self.library.nvmlDeviceGetTotalEnergyConsumption(self.handle)) / 1e3


def energy_counters(powercap: Path = POWERCAP, library: Any = None) -> tuple[list[Counter], str]:
    """The counters that can be read, and a reason where there is none.

    Processors' packages and the memory beside them are counted. Cores are part of their package, the platform's counter
    covers it once more, and so does a package's other interface, `intel-rapl-mmio`: all these are left out.

    Args:
        powercap: Where Linux shows its counters.
        library: The module `pynvml`; None imports it where it is installed.
    """
    found: list[Counter] = []
    refused: list[str] = []
    names = {folder.name for folder in powercap.glob("*:*")}
    again = {name.replace("intel-rapl:", "intel-rapl-mmio:") for name in names if name.startswith("intel-rapl:")}
    for folder in (powercap / name for name in sorted(names - again)):
        try:
            if (folder / "name").read_text().strip().startswith(("package", "dram")):
                found.append(PackageCounter(folder))
        except OSError as error:
            refused.append(f"{folder.name} cannot be read ({error.strerror})")
    graphics, missing = _graphics(library)
    found += graphics
    reason = "; ".join([*(refused or ["the system shows no energy counters of its processors"]), missing])
    return found, "" if found else reason


def _graphics(library: Any) -> tuple[list[Counter], str]:
    """The GPUs' counters, and a reason where there is none."""
    try:
        library = library or import_module("pynvml")
    except ImportError:
        return [], "no GPU is counted (pip install 'keras-nas[energy]')"
    try:
        library.nvmlInit()
        found: list[Counter] = [GraphicsCounter(library, index) for index in range(library.nvmlDeviceGetCount())]
        for counter in found:
            counter.joules()
        return found, "there is no GPU"
    except library.NVMLError as error:
        return [], f"no GPU is counted ({error})"


def measure_energy(
    run: Callable[[], object],
    *,
    seconds: float = 2.0,
    counters: tuple[Sequence[Counter], str] | None = None,
) -> Energy:
    """The energy of one call, as the mean of calls over some seconds.

    Args:
        run: What to measure; it returns when the work is done.
        seconds: How long it is called again and again; counters tick about every millisecond.
        counters: From `energy_counters`; None looks for them.

    Example:
        >>> measure_energy(lambda: None, counters=([], "no counters here")).energy_mj is None
        True
        >>> print(measure_energy(lambda: None, counters=([], "no counters here")))
        energy not measured: no counters here
    """
    if not seconds > 0:
        raise InvalidArgument(f"seconds is {seconds!r}: expected a number above 0.")
    devices, reason = energy_counters() if counters is None else counters
    if not devices:
        return Energy(None, reason=reason)
    run()
    before = [device.joules() for device in devices]
    end, calls = time.perf_counter() + seconds, 0
    while calls < LEAST_CALLS or time.perf_counter() < end:
        run()
        calls += 1
    used = sum(device.joules() - start for device, start in zip(devices, before, strict=True))
    names = tuple(device.name for device in devices)
    if not used > 0:
        return Energy(None, names, calls, f"the counters of {', '.join(names)} stand still")
    return Energy(1e3 * used / calls, names, calls)
