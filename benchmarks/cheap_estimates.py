"""What cheap estimates are worth: time that successive halving saves, learned predictors, earlier searches.

    python benchmarks/cheap_estimates.py --json figures.json
    python benchmarks/cheap_estimates.py --only time_ratio --seeds 3 --minutes 10

`time_ratio`: random search on Fashion-MNIST, once with full training of every network (`--epochs`; of several lengths
the one that does best counts) for ten minutes, once with successive halving for a share of them. The ratio is the share
at which successive halving has the same test accuracy, the mean over the seeds and in between by a straight line; 1
where it does not get there. `auto_accuracy` is the test accuracy of a search that is told nothing but its time. Both
need the data of Debian's package `dataset-fashion-mnist`; `predictor_tau` and `transfer_trials_ratio` need the tables
of NAS-Bench-201 (see `_predictor.py` and `_transfer.py`). `curve_error_ratio` is how well the end of a training is
foretold (see `_curves.py`); `lessons_tau` what earlier searches are worth to a predictor (see `_lessons.py`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

from _common import alone, parser, report
from fashion_mnist import exported_accuracy, images

SHARES = (0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
"""Of the time that full training has, at which successive halving is looked at, until it has caught up."""


def run(what: str, seconds: float, seed: int) -> dict[str, float]:
    """One search in a folder of its own: test accuracy of its winner's export, 0 where no training came to its end.

    Args:
        what: "auto", "halving", or the epochs of full training.
        seconds: of the search.
        seed: of the search.
    """
    import keras_nas
    from keras_nas import estimators

    options: dict[str, Any] = (
        {} if what == "auto" else {"strategy": "random", "estimator": estimators.SuccessiveHalving()}
    )
    if what not in ("auto", "halving"):
        options["estimator"] = estimators.FullTraining(float(what))
    with tempfile.TemporaryDirectory() as folder:
        limits = {"max_time": seconds, "holdout": 0.0, "seed": seed, "directory": f"{folder}/search"}
        began = time.monotonic()
        try:
            result = keras_nas.search("image_classification", images("train"), **limits, **options)
        except keras_nas.errors.SearchFailed as failure:
            print(failure)
            return {"accuracy": 0.0, "wall_s": time.monotonic() - began}
        wall = time.monotonic() - began
        print(result.leaderboard().head(20).to_string())
        result.export(f"{folder}/model")
        return {"accuracy": exported_accuracy(f"{folder}/model"), "wall_s": wall}


def accuracy(what: str, seconds: float, seeds: int) -> float:
    """Mean over the seeds, each in a process of its own; a line on each."""
    found = [alone(what, seconds, seed) for seed in range(seeds)]
    for seed, one in enumerate(found):
        print(f"{what}, seed {seed}: {one['accuracy']:.4f} in {one['wall_s']:.0f} s", flush=True)
    return statistics.mean(one["accuracy"] for one in found)


def crossing(shares: Sequence[float], accuracies: Sequence[float], level: float) -> float:
    """Where a line through points first reaches a level; the first share where it begins above, 1 where it does not.

    Args:
        shares: ascending.
        accuracies: at these.
        level: to reach.
    """
    before: tuple[float, float] | None = None
    for share, value in zip(shares, accuracies, strict=True):
        if value >= level and before is None:
            return share
        if before is not None and value >= level:
            return before[0] + (share - before[0]) * (level - before[1]) / (value - before[1])
        before = share, value
    return 1.0


def time_ratio(given: argparse.Namespace) -> dict[str, float]:
    """The share of the time in which successive halving gets as far as full training, and all accuracies."""
    seconds, seeds = 60 * given.minutes, given.seeds or 3
    full = {epochs: accuracy(f"{epochs:g}", seconds, seeds) for epochs in given.epochs}
    level = max(full.values())
    reached: dict[float, float] = {}
    for share in SHARES:
        reached[share] = accuracy("halving", share * seconds, seeds)
        if reached[share] >= level:
            break
    return {
        "time_ratio": crossing([*reached], [*reached.values()], level),
        "time_ratio_caught_up": float(max(reached.values()) >= level),
        **{f"full_training_{epochs:g}_epochs_accuracy": value for epochs, value in full.items()},
        **{f"halving_{share:g}_accuracy": value for share, value in reached.items()},
    }


def auto_accuracy(given: argparse.Namespace) -> dict[str, float]:
    """Test accuracy of a search without further arguments."""
    return {"auto_accuracy": accuracy("auto", 60 * given.minutes, given.seeds or 3)}


def predictor_tau(given: argparse.Namespace) -> dict[str, float]:
    """How well a predictor trained on 100 cells orders the others."""
    from _predictor import predictor_tau
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):  # small matrices; the searches of other figures keep their threads
        return predictor_tau(given.seeds or 10)


def transfer_trials_ratio(given: argparse.Namespace) -> dict[str, float]:
    """How much sooner a search gets somewhere that knows earlier ones."""
    from _transfer import transfer_trials_ratio
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return transfer_trials_ratio(given.seeds or 500)


def lessons_tau(given: argparse.Namespace) -> dict[str, float]:
    """How well a predictor orders cells that has learnt from earlier searches too."""
    from _lessons import lessons_tau
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        return lessons_tau(given.seeds or 10)


def curve_error_ratio(given: argparse.Namespace) -> dict[str, float]:
    """How well the ends of trainings are foretold from their beginnings."""
    from _curves import curve_error_ratio

    return curve_error_ratio()


FIGURES: dict[str, Callable[[argparse.Namespace], dict[str, float]]] = {
    figure.__name__: figure
    for figure in (predictor_tau, transfer_trials_ratio, lessons_tau, curve_error_ratio, time_ratio, auto_accuracy)
}


def main() -> None:
    """Measure what was asked for."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--only", choices=FIGURES, action="append", help="one figure; may be given several times")
    arguments.add_argument(
        "--seeds", type=int, help="runs of each kind; default 3 of minutes, 10 predictors, 500 searches"
    )
    arguments.add_argument("--minutes", type=float, default=10.0, help="of a search on Fashion-MNIST")
    arguments.add_argument("--epochs", type=float, nargs="+", default=[3.0, 6.0], help="lengths of full training")
    arguments.add_argument("--run", nargs=3, metavar=("WHAT", "SECONDS", "SEED"), help="one run; for internal use")
    given = arguments.parse_args()
    if given.run:
        what, seconds, seed = given.run
        print(json.dumps(run(what, float(seconds), int(seed))))
        return
    figures: dict[str, float] = {}
    for name in given.only or FIGURES:
        figures |= FIGURES[name](given)
    report(figures, given.json)


if __name__ == "__main__":
    main()
