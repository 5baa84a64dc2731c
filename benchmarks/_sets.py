"""The data sets of `tasks.py`, each with its official split, as problems that a search is given."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from _common import data_file
from _masks import by_plain_unet, dice

TEST_SHARE = 0.2
HORIZON, LOOKBACK = 96, 336
HOURS = {"train": 8640, "validation": 2880, "test": 2880}
"""Of ETTh1: 12, 4 and 4 months of 30 days."""

RESNET = {
    **{"GunPoint": 0.9907, "ItalyPowerDemand": 0.9615, "ArrowHead": 0.8377, "OSULeaf": 0.9802, "ACSF1": 0.9160},
    **{"BasicMotions": 1.0, "JapaneseVowels": 0.992, "Coffee": 1.0, "Trace": 1.0},
}
"""Test accuracies of ResNet, means over five runs: Ismail Fawaz et al., arXiv 1809.04356 and its later results on 128
sets; BasicMotions from Ruiz et al., Data Mining and Knowledge Discovery 35, 2021."""


@dataclass(frozen=True)
class Problem:
    """What a search is given, and what its winner is tested on.

    Args:
        task: name or object.
        data: to learn from.
        test: raw rows of the test part as the model takes them, of the search's result.
        y: the test part's targets.
        score: the name of the score, and the score of outputs, with the user's labels of the classes.
        options: further arguments of the search.
        beside: other libraries' scores on the same split, by model.
    """

    task: Any
    data: Any
    test: Callable[[Any], Any]
    y: np.ndarray
    score: tuple[str, Callable[[np.ndarray, np.ndarray, Any], float]]
    options: Mapping[str, Any] = field(default_factory=dict)
    beside: Callable[[], dict[str, float]] = dict


def accuracy(outputs: np.ndarray, y: np.ndarray, classes: Any) -> float:
    """Of the likeliest classes."""
    return float((np.asarray(classes)[outputs.argmax(axis=1)] == y).mean())


def rmse(outputs: np.ndarray, y: np.ndarray, classes: Any) -> float:
    """Root of the mean squared error."""
    return float(np.sqrt(np.mean((outputs.reshape(-1) - y) ** 2)))


def table(name: str) -> Any:
    """A data set's file as a DataFrame."""
    import pandas as pd

    return pd.read_csv(data_file(f"sets/{name}.csv.gz"))


def adult() -> Iterator[tuple[str, Problem]]:
    """The official split, 32,561 and 16,281 rows."""
    frame = table("tab_adult")
    train, rows = frame["split"] == "train", frame.drop(columns="split")
    yield "adult", tabular("tabular_classification", "income", ("accuracy", accuracy), (rows[train], rows[~train]))


def california() -> Iterator[tuple[str, Problem]]:
    """16,512 and 4,128 rows, drawn with scikit-learn's seed 0."""
    from sklearn.model_selection import train_test_split

    parts = train_test_split(table("tab_california_sklearn"), test_size=TEST_SHARE, random_state=0)
    yield "california", tabular("tabular_regression", "MedHouseVal", ("rmse", rmse), (parts[0], parts[1]))


def tabular(task: str, target: str, score: tuple[str, Any], parts: tuple[Any, Any]) -> Problem:
    """A table with a test part."""
    train, test = parts
    return Problem(
        task,
        train,
        lambda result: result.rows.schema.rows(test, "test"),
        test[target].to_numpy(),
        score,
        {"target": target},
        lambda: by_scikit_learn(train, test, target, score[1]),
    )


def by_scikit_learn(train: Any, test: Any, target: str, score: Any) -> dict[str, float]:
    """Scikit-learn's linear model and gradient boosting, default settings."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    columns, y = train.columns.drop(target), test[target].to_numpy()
    text = train[columns].select_dtypes(exclude="number").columns
    x, held = (part[columns].astype(dict.fromkeys(text, "category")) for part in (train, test))
    encoder = make_column_transformer(
        (StandardScaler(), make_column_selector(dtype_include="number")),
        (OneHotEncoder(handle_unknown="ignore"), make_column_selector(dtype_include="category")),
    )
    classes = score is accuracy
    boosting = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    models = {
        "linear": make_pipeline(encoder, LogisticRegression(max_iter=1000) if classes else LinearRegression()),
        "boosting": boosting(random_state=0, categorical_features="from_dtype"),
    }
    guesses = {name: model.fit(x, train[target]).predict(held) for name, model in models.items()}
    return {
        name: float((guess == y).mean()) if classes else float(np.sqrt(np.mean((guess - y) ** 2)))
        for name, guess in guesses.items()
    }


def etth1() -> Iterator[tuple[str, Problem]]:
    """Seven series of oil temperature and load, hour by hour; errors in standard deviations of the first 12 months."""
    import keras_nas

    frame = table("ts_etth1")
    numbers = frame.drop(columns="date").to_numpy()
    std, begin = numbers[: HOURS["train"]].std(axis=0), HOURS["train"] + HOURS["validation"]
    end = begin + HOURS["test"]
    y = np.lib.stride_tricks.sliding_window_view(numbers[begin:end], HORIZON, axis=0).swapaxes(1, 2)

    def mse(outputs: np.ndarray, y: np.ndarray, classes: Any) -> float:
        return float(np.square((outputs - y) / std).mean())

    yield (
        "etth1",
        Problem(
            keras_nas.TimeseriesForecasting(horizon=HORIZON, lookback=LOOKBACK),
            frame[: HOURS["train"]],
            lambda result: result.rows.series.rows(frame[begin - LOOKBACK : end - HORIZON], "test"),
            y,
            ("mse", mse),
            {"validation_data": frame[HOURS["train"] - LOOKBACK : begin], "holdout": 0.0},
        ),
    )


def sst2() -> Iterator[tuple[str, Problem]]:
    """6,920, 872 and 1,821 sentences of film reviews, without the phrases that are labelled beside them elsewhere."""
    parts = {part: rows.drop(columns="split") for part, rows in table("text_sst2").groupby("split")}
    test = parts["test"]
    yield (
        "sst2",
        Problem(
            "text_classification",
            parts["train"],
            lambda result: result.rows.schema.rows(test, "test"),
            test["label"].to_numpy(),
            ("accuracy", accuracy),
            {"target": "label", "validation_data": parts["val"], "holdout": 0.0},
            lambda: {"naive_bayes": by_naive_bayes(parts["train"], test)},
        ),
    )


def by_naive_bayes(train: Any, test: Any) -> float:
    """Scikit-learn's multinomial naive Bayes on words and pairs of words."""
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    model = make_pipeline(CountVectorizer(ngram_range=(1, 2)), MultinomialNB()).fit(train["text"], train["label"])
    return float(model.score(test["text"], test["label"]))


def ucr() -> Iterator[tuple[str, Problem]]:
    """Nine sets of the UCR and UEA archives with their official splits."""
    sets = np.load(data_file("sets/ts_ucr_uea.npz"), allow_pickle=False)
    for name, published in RESNET.items():
        x, y, test, truth = (sets[f"{name}_{part}"] for part in ("x_train", "y_train", "x_test", "y_test"))
        yield (
            name,
            Problem(
                "timeseries_classification",
                (x, y),
                lambda result, test=test: test,
                truth,
                ("accuracy", accuracy),
                {"holdout": 0.0},
                lambda published=published: {"resnet": published},
            ),
        )


def dsb2018() -> Iterator[tuple[str, Problem]]:
    """268 and 66 grey pictures of nuclei, and where these are."""
    parts = dict(np.load(data_file("sets/seg_dsb2018_128.npz"), allow_pickle=False))
    yield (
        "dsb2018",
        Problem(
            "image_segmentation",
            (parts["x_train"], parts["y_train"]),
            lambda result: parts["x_test"],
            parts["y_test"],
            ("dice", dice),
            {"holdout": 0.0},
            lambda: by_plain_unet(parts),
        ),
    )


SETS: dict[str, Callable[[], Iterator[tuple[str, Problem]]]] = {
    "adult": adult,
    "california": california,
    "sst2": sst2,
    "etth1": etth1,
    "ucr": ucr,
    "dsb2018": dsb2018,
}
