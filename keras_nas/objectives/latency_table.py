"""How long this device takes for single operations: measured once, kept in a folder of the user's.

A table belongs to one device, runtime, batch, number of threads and set of versions; another of any of them has a
table of its own. Beside the operations it keeps whole networks that were measured, against which sums are corrected.
"""

from __future__ import annotations

import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from keras_nas.artefact.alone import timed
from keras_nas.artefact.formats import format_named
from keras_nas.errors import ExportError, InvalidArgument, unknown
from keras_nas.files import checksum, read_json, write_json
from keras_nas.objectives.latency import TARGETS, place_of
from keras_nas.objectives.operations import Operation
from keras_nas.objectives.running import running

FOLDER = "KERAS_NAS_CACHE"
"""The environment variable that names the folder."""
RUN_SECONDS = 0.15
"""Longest that the timed calls of one operation take; making the operation ready takes longer."""
SAVE_EVERY = 10.0
"""Seconds between two writes of a table that is being measured."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Setting:
    """Where and how times are measured.

    Args:
        target: A format that a model can be stored in: "keras", "litert" ...
        batch_size: Rows in a call.
        device: The processor's or the accelerator's name.
        threads: How many the runtime may use.
        versions: Of the packages that times depend on.
    """

    target: str
    batch_size: int
    device: str
    threads: int
    versions: Mapping[str, str] = field(hash=False)

    @classmethod
    def here(cls, target: str, batch_size: int = 1) -> Setting:
        """This machine's.

        Raises:
            InvalidArgument: There is no such target.
        """
        if target not in TARGETS:
            raise InvalidArgument(unknown("target of a latency table", target, TARGETS))
        packages = sorted({"keras", "tensorflow", format_named(target).package})
        return cls(target, batch_size, *place_of(target), {package: version(package) for package in packages})

    def __str__(self) -> str:
        threads = f"{self.threads} thread{'s' * (self.threads > 1)}"
        return f"{self.target} on {self.device}, batch of {self.batch_size}, {threads}"


@dataclass(frozen=True)
class Timing:
    """What a table holds of one operation: its sizes, and its time for a batch beyond that of a call.

    Args:
        kind: Operations of one kind are alike but for their sizes.
        flops: Multiply-adds of one row.
        moved: Numbers that one row reads and writes.
        weights: Parameters.
        latency_ms: None where it has not been measured.
    """

    kind: str
    flops: int
    moved: int
    weights: int
    latency_ms: float | None = None

    @classmethod
    def of(cls, operation: Operation, latency_ms: float | None = None) -> Timing:
        """Of an operation, measured or not."""
        return cls(operation.kind, operation.flops, operation.moved, operation.weights, latency_ms)


@dataclass(frozen=True)
class Known:
    """A whole network that was measured.

    Args:
        operations: How often it has each, by key.
        latency_ms: Measured.
    """

    operations: Mapping[str, int]
    latency_ms: float


class LatencyTable:
    """Times of operations on this device, measured when they are first needed, and kept.

    Args:
        target: "keras", "litert" or another format that a model can be stored in.
        batch_size: Rows in a call.
        folder: Where tables are kept; None for the folder that KERAS_NAS_CACHE names, or else the user's cache folder.

    Attributes:
        setting: Where and how times are measured.
        call_ms: The time of a call that computes nothing; None until something was measured.
        timings: What is known of each operation, by its key.
        networks: Whole networks that were measured.

    Example:
        >>> import tempfile
        >>> from keras import layers
        >>> from keras_nas.objectives.cost import CostNet
        >>> from keras_nas.objectives.operations import operations_of
        >>> net = CostNet()
        >>> operations = operations_of(net(layers.Dense, net.input((8,)), units=4))
        >>> table = LatencyTable("keras", folder=tempfile.mkdtemp())
        >>> table.measure(operations)
        1
        >>> table.timings[operations[0].key].flops
        36
    """

    def __init__(self, target: str = "litert", batch_size: int = 1, folder: str | Path | None = None) -> None:
        self.setting = Setting.here(target, batch_size)
        self.file = cache_folder(folder) / f"latency-{target}-{checksum(str(asdict(self.setting)))}.json"
        kept = read_json(self.file) or {"call_ms": None, "timings": {}, "networks": []}
        self.call_ms: float | None = kept["call_ms"]
        self.timings = {key: Timing(**timing) for key, timing in kept["timings"].items()}
        self.networks = [Known(**network) for network in kept["networks"]]

    def measure(
        self,
        operations: Iterable[Operation],
        seconds: float | None = None,
        tell: Callable[[int, int], None] = lambda done, total: None,
    ) -> int:
        """Measure the operations that the table does not hold, in their order, and keep the table.

        Args:
            operations: In the order of their importance.
            seconds: After which no other one is begun; None measures all.
            tell: Called with how many are measured and how many there are.

        Returns:
            How many were measured.
        """
        missing = {operation.key: operation for operation in operations if self.lacks(operation)}
        end = float("inf") if seconds is None else time.monotonic() + seconds
        saved, done = time.monotonic(), 0
        for operation in missing.values():
            if time.monotonic() >= end:
                break
            self._measure(operation)
            done += 1
            tell(done, len(missing))
            if time.monotonic() - saved > SAVE_EVERY:
                self.save()
                saved = time.monotonic()
        if done:
            self.save()
        return done

    def lacks(self, operation: Operation) -> bool:
        """Whether an operation has not been measured."""
        timing = self.timings.get(operation.key)
        return timing is None or timing.latency_ms is None

    def learn(self, operations: Sequence[Operation], latency_ms: float) -> None:
        """Add a whole network that was measured; `save` keeps it."""
        for operation in operations:
            self.timings.setdefault(operation.key, Timing.of(operation))
        self.networks.append(Known(dict(Counter(operation.key for operation in operations)), latency_ms))

    def save(self) -> None:
        """Write the table; what another process has measured meanwhile stays."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        kept = read_json(self.file) or {"timings": {}, "networks": []}
        found = {key: Timing(**timing) for key, timing in kept["timings"].items()}
        self.timings = found | {k: t for k, t in self.timings.items() if t.latency_ms is not None or k not in found}
        self.networks += [n for n in (Known(**network) for network in kept["networks"]) if n not in self.networks]
        told = {"setting": asdict(self.setting), "call_ms": self.call_ms}
        timings = {key: asdict(timing) for key, timing in self.timings.items()}
        write_json(self.file, {**told, "timings": timings, "networks": [asdict(n) for n in self.networks]})

    def clear(self) -> None:
        """Forget everything, on disk too."""
        self.file.unlink(missing_ok=True)
        self.call_ms, self.timings, self.networks = None, {}, []

    def _measure(self, operation: Operation) -> None:
        if self.call_ms is None:
            self.call_ms = self._time(_nothing())
        try:
            latency_ms = max(0.0, self._time(operation.build()) - self.call_ms)
        except ExportError as error:
            logger.warning("%s cannot be measured by %s: %s", operation.kind, self.setting.target, error)
            latency_ms = None
        self.timings[operation.key] = Timing.of(operation, latency_ms)

    def _time(self, model: Any) -> float:
        with running(model, self.setting.target, self.setting.batch_size) as run:
            return timed(run, RUN_SECONDS)["latency_ms"]


def _nothing() -> Any:
    """A model that does next to nothing."""
    import keras

    x = keras.Input((1,))
    return keras.Model(x, keras.layers.ReLU()(x))


def cache_folder(folder: str | Path | None = None) -> Path:
    """Where tables are kept: the given folder, the one that KERAS_NAS_CACHE names, or the user's cache folder.

    Example:
        >>> cache_folder("tables").name
        'tables'
    """
    if folder is not None:
        return Path(folder)
    if named := os.environ.get(FOLDER):
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "keras_nas"
