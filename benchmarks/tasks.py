"""Real data in some minutes each: the test score of the exported SavedModel, beside others on the same split.

    python benchmarks/tasks.py --minutes 5 --only adult,etth1 --json figures.json

Needs the data sets of the folder that KERAS_NAS_DATA names (`../shared/data` beside the repository otherwise): Adult,
SST-2 and ETTh1 with their own test parts, California housing with a fifth held out, nine sets of the UCR and UEA
archives with their own (at two fifths of the time each), the nuclei of DSB 2018 with theirs. The searches never see the
test rows. The export runs on all of them in a fresh process without keras_nas, raw rows in, and has to give what the
model in memory gives.

    adult_accuracy    at least 0.855; an MLP of the literature has .852
    california_rmse   at most 0.47; an MLP of the literature has .499, FT-Transformer .459
    sst2_accuracy     at least 0.82; naive Bayes of words and pairs has .820
    etth1_mse         at most 0.375, at a horizon of 96 hours; DLinear has .375, NLinear .374
    dsb2018_dice      at least 0.90, of the pixels of all test images together; a plain U-Net of Keras beside it
    ucr_gap           at most 0.02: by how much the published ResNet is better, 0 where it is not, mean of nine sets
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from _common import alone, parser, report
from _sets import SETS, Problem

from keras_nas.data.trees import leaves, taken

AT_ONCE = 500
SHARES = {"ucr": 0.4}
"""Of the time, for what are several searches."""


def searched(problem: Problem, seconds: float, seed: int, folder: Path) -> dict[str, float]:
    """One search, and its export's score on the test rows."""
    import keras_nas
    from keras_nas.export import export_model

    began = time.monotonic()
    result = keras_nas.search(
        problem.task,
        problem.data,
        max_time=seconds,
        seed=seed,
        directory=folder / "search",
        **problem.options,
    )
    wall = time.monotonic() - began
    print(result.summary(), dict(result.winner.architecture), sep="\n", flush=True)
    rows = problem.test(result)
    exported = export_model(result.best_model, folder / "model", rows=rows, timeout_s=600.0)
    print(exported, flush=True)
    name, score = problem.score
    return {
        name: score(predicted(folder / "model", rows), problem.y, result.classes),
        "export_difference": exported.max_abs_difference,
        "wall_s": wall,
        "trials": float(len(result.trials)),
    }


def predicted(folder: Path, rows: Any) -> np.ndarray:
    """What a SavedModel gives for raw rows."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    size = len(leaves(rows)[0])
    parts = [model.serve(taken(rows, slice(at, at + AT_ONCE))) for at in range(0, size, AT_ONCE)]
    return np.concatenate([np.asarray(part) for part in parts])


def one(name: str, problem: str, seconds: float, seed: int) -> dict[str, float]:
    """All figures of one search, in this process."""
    chosen = dict(SETS[name]())[problem]
    others = {f"{model}_{chosen.score[0]}": score for model, score in chosen.beside().items()}
    print(f"beside {problem}: " + ", ".join(f"{model} {score:.4f}" for model, score in others.items()), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        return {**searched(chosen, seconds, seed, Path(folder)), **others}


def gap(figures: dict[str, float]) -> float:
    """Mean shortfall of accuracies against the published ones."""
    names = [name.removesuffix("_resnet_accuracy") for name in figures if name.endswith("_resnet_accuracy")]
    return float(np.mean([max(0.0, figures[f"{n}_resnet_accuracy"] - figures[f"{n}_accuracy"]) for n in names]))


def main() -> None:
    """Run what was asked for."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--minutes", type=float, default=5.0, help="of each search")
    arguments.add_argument("--only", default=",".join(SETS), help="data sets, with commas between them")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--run", nargs=4, metavar=("SET", "PROBLEM", "SECONDS", "SEED"), help="for internal use")
    parsed = arguments.parse_args()
    if parsed.run:
        name, problem, seconds, seed = parsed.run
        print(json.dumps(one(name, problem, float(seconds), int(seed))))
        return
    wanted = parsed.only.split(",")
    if unknown := set(wanted) - set(SETS):
        sys.exit(f"--only {', '.join(sorted(unknown))}: expected some of {', '.join(SETS)}")
    figures: dict[str, float] = {}
    for name in wanted:
        seconds = 60 * parsed.minutes * SHARES.get(name, 1.0)
        for problem in dict(SETS[name]()):
            found = alone(name, problem, seconds, parsed.seed)
            print(f"{problem}: {found}", flush=True)
            figures |= {f"{problem}_{figure}": value for figure, value in found.items()}
    if "ucr" in wanted:
        figures["ucr_gap"] = gap(figures)
    report(figures, parsed.json)


if __name__ == "__main__":
    main()
