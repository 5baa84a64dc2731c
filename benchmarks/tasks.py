"""Real tables in five minutes each: the test score of the exported SavedModel, beside scikit-learn on the same split.

    python benchmarks/tasks.py --minutes 5 --only adult,california --json figures.json

Needs the data sets of the folder that KERAS_NAS_DATA names (`../shared/data` beside the repository otherwise): Adult
with its own test part, California housing with a fifth held out. The searches never see the test rows. The export runs
on all of them in a fresh process without keras_nas, raw rows in, and has to give what the model in memory gives.

    adult_accuracy    at least 0.855; an MLP of the literature has .852
    california_rmse   at most 0.47; an MLP of the literature has .499, FT-Transformer .459
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from _common import alone, data_file, parser, report

TEST_SHARE = 0.2


@dataclass(frozen=True)
class Set:
    """A data set with an official split.

    Args:
        task: the task's name.
        target: the column to predict.
        score: what is reported.
        parts: makes the rows to learn from and the test rows.
    """

    task: str
    target: str
    score: str
    parts: Callable[[], tuple[Any, Any]]


def table(name: str) -> Any:
    """A data set's file as a DataFrame."""
    import pandas as pd

    return pd.read_csv(data_file(f"sets/tab_{name}.csv.gz"))


def adult() -> tuple[Any, Any]:
    """The official split, 32,561 and 16,281 rows."""
    frame = table("adult")
    train = frame["split"] == "train"
    rows = frame.drop(columns="split")
    return rows[train], rows[~train]


def california() -> tuple[Any, Any]:
    """16,512 and 4,128 rows, drawn with scikit-learn's seed 0."""
    from sklearn.model_selection import train_test_split

    train, test = train_test_split(table("california_sklearn"), test_size=TEST_SHARE, random_state=0)
    return train, test


SETS = {
    "adult": Set("tabular_classification", "income", "accuracy", adult),
    "california": Set("tabular_regression", "MedHouseVal", "rmse", california),
}


def searched(chosen: Set, seconds: float, seed: int, folder: Path) -> dict[str, float]:
    """One search, and its export's score on the test rows."""
    import keras_nas
    from keras_nas.export import export_model

    train, test = chosen.parts()
    began = time.monotonic()
    result = keras_nas.search(
        chosen.task, train, target=chosen.target, max_time=seconds, seed=seed, directory=folder / "search"
    )
    wall = time.monotonic() - began
    print(result.summary(), dict(result.winner.architecture), sep="\n", flush=True)
    rows = result.rows.schema.rows(test, "test")
    exported = export_model(result.best_model, folder / "model", rows=rows, timeout_s=600.0)
    print(exported, flush=True)
    outputs = predicted(folder / "model", rows)
    return {
        chosen.score: scored(chosen, outputs, test[chosen.target].to_numpy(), result.classes),
        "export_difference": exported.max_abs_difference,
        "wall_s": wall,
        "trials": float(len(result.trials)),
    }


def predicted(folder: Path, rows: dict[str, np.ndarray]) -> np.ndarray:
    """What a SavedModel gives for raw rows."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder))
    size = len(next(iter(rows.values())))
    parts = [model.serve({name: column[at : at + 500] for name, column in rows.items()}) for at in range(0, size, 500)]
    return np.concatenate([np.asarray(part) for part in parts])


def scored(chosen: Set, outputs: np.ndarray, y: np.ndarray, classes: Any = ()) -> float:
    """Accuracy of the likeliest classes, or the root of the mean squared error."""
    if chosen.score == "accuracy":
        return float((np.asarray(classes)[outputs.argmax(axis=1)] == y).mean())
    return float(np.sqrt(np.mean((outputs.reshape(-1) - y) ** 2)))


def beside(chosen: Set) -> dict[str, float]:
    """Scikit-learn's linear model and gradient boosting, default settings, on the same split."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    train, test = chosen.parts()
    columns = train.columns.drop(chosen.target)
    text = train[columns].select_dtypes(exclude="number").columns
    x, held = (part[columns].astype(dict.fromkeys(text, "category")) for part in (train, test))
    encoder = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    )
    classes = chosen.score == "accuracy"
    models = {
        "linear": make_pipeline(encoder, LogisticRegression(max_iter=1000) if classes else LinearRegression()),
        "boosting": HistGradientBoostingClassifier(random_state=0, categorical_features="from_dtype")
        if classes
        else HistGradientBoostingRegressor(random_state=0, categorical_features="from_dtype"),
    }
    found = {}
    for name, model in models.items():
        guesses = model.fit(x, train[chosen.target]).predict(held)
        y = test[chosen.target].to_numpy()
        found[name] = float((guesses == y).mean() if classes else np.sqrt(np.mean((guesses - y) ** 2)))
    return found


def one(name: str, seconds: float, seed: int) -> dict[str, float]:
    """All figures of one data set, in this process."""
    chosen = SETS[name]
    others = beside(chosen)
    print(
        f"scikit-learn on {name}: " + ", ".join(f"{model} {score:.4f}" for model, score in others.items()), flush=True
    )
    with tempfile.TemporaryDirectory() as folder:
        found = searched(chosen, seconds, seed, Path(folder))
    return {**found, **{f"{model}_{chosen.score}": score for model, score in others.items()}}


def main() -> None:
    """Run what was asked for."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--minutes", type=float, default=5.0, help="of each search")
    arguments.add_argument("--only", default=",".join(SETS), help="data sets, with commas between them")
    arguments.add_argument("--seed", type=int, default=0)
    arguments.add_argument("--run", nargs=3, metavar=("SET", "SECONDS", "SEED"), help="one search; for internal use")
    parsed = arguments.parse_args()
    if parsed.run:
        name, seconds, seed = parsed.run
        print(json.dumps(one(name, float(seconds), int(seed))))
        return
    wanted = parsed.only.split(",")
    if unknown := set(wanted) - set(SETS):
        sys.exit(f"--only {', '.join(sorted(unknown))}: expected some of {', '.join(SETS)}")
    figures: dict[str, float] = {}
    for name in wanted:
        found = alone(name, 60 * parsed.minutes, parsed.seed)
        figures |= {f"{name}_{figure}": value for figure, value in found.items()}
    report(figures, parsed.json)


if __name__ == "__main__":
    main()
