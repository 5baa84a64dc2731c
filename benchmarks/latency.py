"""Predicted latencies against measured ones: operations measured once, summed, corrected; unseen networks measured.

    python benchmarks/latency.py --networks 30 --target litert --json latency.json

The table begins empty, in a folder of its own, so that `table_s` is what a new device takes. `error_pct` is the mean
absolute error over the unseen networks of all spaces, `spearman` the lowest rank correlation of a space. Networks are
measured in turn, in fresh processes, and take their median of nine rounds: a single measurement, however narrow its
interval, sees one of the machine's states, which differ by a tenth and more.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
from _common import parser, report

from keras_nas.architecture import Architecture
from keras_nas.data import collect, split_rows
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.shared_check import spearman
from keras_nas.objectives.in_turn import measured_in_turn, typical
from keras_nas.objectives.latency_table import LatencyTable
from keras_nas.preparing.foresight import SAMPLES, Networks, prepare_predictor
from keras_nas.spaces import get_space
from keras_nas.tasks import get_task

ROUNDS = 9
"""Measurements of each unseen network."""
SPACES = {"small_images": (28, 28), "mobilenet": (32, 32, 3)}
"""Spaces, and the shape of their images."""


def networks_of(space: str, shape: tuple[int, ...]) -> Networks:
    """A space over images of ten classes."""
    task, chosen = get_task("image_classification"), get_space(space)
    images = np.random.default_rng(0).integers(0, 256, (200, *shape), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        rows = collect((images, np.arange(200) % 10), Path(folder), target="classification")
        signature = task.signature(rows, split_rows(rows))
    return Networks.of(Training(task, chosen, signature, Path(folder)))


def unseen(networks: Networks, count: int) -> list[Architecture]:
    """Architectures that no table was made of."""
    drawn = (networks.space.sample(np.random.default_rng([1, number])) for number in range(10 * count))
    seen = {architecture.key for architecture in networks.samples()}
    return list({a.key: a for a in drawn if a.key not in seen}.values())[:count]


def judged(networks: Networks, table: LatencyTable, count: int) -> tuple[np.ndarray, float]:
    """Predicted and measured latencies of unseen networks, shape `(2, count)`, and the seconds of a prediction."""
    predictor = prepare_predictor(networks, table, tell=print)
    architectures = unseen(networks, count)
    began = time.monotonic()
    predicted = [predictor.latency_ms(networks.operations(architecture)) for architecture in architectures]
    seconds = (time.monotonic() - began) / count
    rounds = measured_in_turn(map(networks.make, architectures), table.setting.target, rounds=ROUNDS)
    measured = [typical(one).latency_ms for one in rounds]
    for expected, found in zip(predicted, measured, strict=True):
        print(f"  predicted {expected:.4f} ms, measured {found:.4f} ms", flush=True)
    return np.array([predicted, measured]), seconds


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--networks", type=int, default=30, help="unseen networks of each space (default: 30)")
    arguments.add_argument("--target", default="litert", help="where latency is measured (default: litert)")
    arguments.add_argument("--spaces", default=",".join(SPACES), help=f"of {', '.join(SPACES)}")
    arguments.add_argument("--folder", help="keep the table here; by default it is measured anew and forgotten")
    parsed = arguments.parse_args()
    figures: dict[str, float] = {}
    errors, ranks = [], []
    with tempfile.TemporaryDirectory() as folder:
        table = LatencyTable(parsed.target, folder=parsed.folder or folder)
        for name in parsed.spaces.split(","):
            began = time.monotonic()
            networks = networks_of(name, SPACES[name])
            prepare_predictor(networks, table)
            figures[f"{name}.table_s"] = time.monotonic() - began
            pairs, seconds = judged(networks, table, parsed.networks)
            errors.append(np.abs(pairs[0] / pairs[1] - 1))
            ranks.append(spearman(*pairs))
            figures[f"{name}.error_pct"] = 100 * float(errors[-1].mean())
            figures[f"{name}.spearman"] = ranks[-1]
            figures[f"{name}.prediction_ms"] = 1e3 * seconds
        figures["operations"] = len(table.timings)
    figures["samples"] = SAMPLES
    figures["error_pct"] = 100 * float(np.concatenate(errors).mean())
    figures["spearman"] = min(ranks)
    report(figures, parsed.json)


if __name__ == "__main__":
    main()
