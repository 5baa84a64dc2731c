"""A table: scikit-learn's breast cancer with a category, missing values and a date, to a SavedModel of raw rows.

    python examples/tabular.py [--seconds 60] [--directory tabular]

The model takes the columns as they are, text and gaps included: what it learned of them lies in front of the network.
A phone gets the network as LiteRT, and beside it a program that does the same with raw rows.
"""

import argparse
import runpy
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import keras_nas
from keras_nas.data import Split


def patients() -> pd.DataFrame:
    """The measurements as a clinic might have them: a texture in words, some values missing, a date of each."""
    frame = load_breast_cancer(as_frame=True).frame.rename(columns={"target": "benign"})
    random = np.random.default_rng(0)
    frame["mean texture"] = pd.cut(frame["mean texture"], 4, labels=["fine", "medium", "coarse", "rough"]).astype(str)
    frame.loc[random.random(len(frame)) < 0.1, ["mean radius", "mean texture"]] = None
    frame["seen on"] = pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 365, len(frame)), unit="D")
    return frame


def beside(frame: pd.DataFrame, split: Split) -> dict[str, float]:
    """Accuracy of scikit-learn's models on the rows that the search held out, trained on the others' numbers."""
    numbers = frame.select_dtypes("number").drop(columns="benign")
    learn = np.concatenate([split.train, split.validation])
    models = {
        "logistic regression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "gradient boosting": HistGradientBoostingClassifier(random_state=0),
    }
    found = {}
    for name, model in models.items():
        x = numbers.fillna(numbers.iloc[learn].mean())
        fitted = model.fit(x.iloc[learn], frame["benign"].iloc[learn])
        found[name] = fitted.score(x.iloc[split.holdout], frame["benign"].iloc[split.holdout])
    return found


def main(argv: list[str] | None = None) -> Any:
    """Search, compare, export, predict; returns the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--trials", type=int, help="instead of seconds")
    parser.add_argument("--directory", default="tabular")
    arguments = parser.parse_args(argv)
    frame = patients()
    result = keras_nas.search(
        "tabular_classification",
        frame,
        target="benign",
        max_time=None if arguments.trials else arguments.seconds,
        max_trials=arguments.trials,
        directory=f"{arguments.directory}/search",
    )
    print(result.summary())
    for name, accuracy in beside(frame, Split.load(result.rows.directory)).items():
        print(f"  hold-out accuracy  {accuracy:.4f}  {name}")
    print(result.export(f"{arguments.directory}/model"))

    rows = result.rows.schema.rows(frame.head(5))  # a dict of arrays, checked: names, kinds, dates as seconds
    rows["mean_texture"][0] = "never seen before"
    model = tf.saved_model.load(f"{arguments.directory}/model")
    print("predicted", model.serve(rows).numpy().argmax(axis=1), "true", frame["benign"].head(5).to_numpy())

    print(result.export(f"{arguments.directory}/phone", format="litert"))
    print("on a phone", on_a_phone(f"{arguments.directory}/phone", frame.head(5)))
    return result


def on_a_phone(folder: str, frame: pd.DataFrame) -> Any:
    """Classes of raw rows by LiteRT: the program beside the network makes its numbers of them."""
    prepare = runpy.run_path(f"{folder}/preprocess.py")["load"](folder)
    network = Interpreter(f"{folder}/model.tflite", num_threads=1).get_signature_runner("serving_default")
    return network(**prepare(frame))["output_0"].argmax(axis=1)


if __name__ == "__main__":
    main()
