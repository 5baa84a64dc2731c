"""Callbacks of a real search: told of its trials, and nothing that they do can harm it."""

import sys
import warnings
from pathlib import Path
from typing import Any

import keras
import pytest

import keras_nas
from keras_nas.callbacks import SearchCallback, TensorBoard
from tests.small import arguments

CALLS = ("socket.connect", "socket.bind", "socket.sendto", "socket.getaddrinfo")
opened: list[str] = []
listening: list[bool] = [False]


def _hook(event: str, _: Any) -> None:
    if listening[0] and event in CALLS:
        opened.append(event)


class Scores(SearchCallback):
    """Remembers scores."""

    def __init__(self) -> None:
        self.scores: dict[int, float] = {}
        self.epochs: list[int] = []
        self.arguments: Any = {}

    def on_search_begin(self, search: Any) -> None:
        self.arguments = search.arguments

    def on_epoch_end(self, trial: Any, epoch: int, metrics: Any) -> None:
        self.epochs.append(epoch)

    def on_trial_end(self, trial: Any) -> None:
        self.scores[trial.number] = trial.outcome.scores["val_accuracy"]


class Failing(SearchCallback):
    """Never works."""

    def on_search_begin(self, search: Any) -> None:
        raise OSError("no space left on device")


def test_a_search_is_watched_without_harm_and_without_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras_nas.session.take_gauge", lambda *_: None)
    scores = Scores()
    watchers = [scores, TensorBoard(), Failing(), keras.callbacks.TerminateOnNaN()]
    less = {"baseline_model": None, "metrics": None, "constraints": None, "max_trials": 1, "objectives": "val_accuracy"}
    sys.addaudithook(_hook)
    listening[0] = True
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = keras_nas.search(**arguments(tmp_path / "search", callbacks=watchers, **less))
    finally:
        listening[0] = False
    (warning,) = [str(one.message) for one in caught if "callback" in str(one.message)]
    assert warning.startswith("The callback Failing failed (OSError: no space left on device) and is told no more.")
    assert scores.scores == {trial.number: trial.scores["val_accuracy"] for trial in result.trials}
    assert scores.epochs == [1, 2, 3, 4] and scores.arguments["task"] == "image_classification"
    runs = (tmp_path / "search" / "logs" / "tensorboard").glob("trial_*")
    assert {path.name for path in runs} == {f"trial_{number:04d}" for number in scores.scores}
    assert result.told["own"] == ["space", "callbacks"]
    assert not opened
