"""A search callback is told in order, aside; what goes wrong in it is one warning."""

import threading
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from keras_nas import Architecture, Outcome, Proposal
from keras_nas.callbacks import SearchCallback, Searching
from keras_nas.callbacks.watching import Aside
from keras_nas.engine import events as told
from keras_nas.ledger import Trial
from tests.callbacks.made import notices, searching, watched


class Ear(SearchCallback):
    """Remembers what it is told, and in which thread."""

    def __init__(self) -> None:
        self.heard: list[Any] = []
        self.threads: set[str] = set()

    def hear(self, *words: Any) -> None:
        self.heard.append(words)
        self.threads.add(threading.current_thread().name)

    def on_search_begin(self, search: Searching) -> None:
        self.hear("search", search.name)

    def on_trial_begin(self, trial: Trial) -> None:
        self.hear("begin", trial.number)

    def on_epoch_end(self, trial: Trial, epoch: int, metrics: Mapping[str, float]) -> None:
        self.hear("epoch", trial.number, epoch, metrics)

    def on_trial_end(self, trial: Trial) -> None:
        self.hear("end", trial.number, bool(trial.outcome and trial.outcome.ok))

    def on_search_end(self, reason: str) -> None:
        self.hear("over", reason)


class Failing(Ear):
    """Fails at the second trial."""

    def on_trial_begin(self, trial: Trial) -> None:
        super().on_trial_begin(trial)
        if trial.number == 1:
            raise ConnectionError("the server is away")


class Hanging(Ear):
    """Waits until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def on_trial_begin(self, trial: Trial) -> None:
        self.free.wait(60)


def test_it_is_told_in_order_in_a_thread_of_its_own(tmp_path: Path) -> None:
    ear = Ear()
    watched(ear, tmp_path / "digits", "max_trials")
    ends = [words for words in ear.heard if words[0] != "epoch"]
    assert ends[:3] == [("search", "digits"), ("begin", 0), ("begin", 0)]
    assert ends[3:] == [
        *(("end", 0, True), ("begin", 1), ("end", 1, True), ("begin", 2), ("end", 2, False), ("begin", 3)),
        ("over", "max_trials"),
    ]
    assert ("epoch", 3, 2, {"loss": 0.5}) in ear.heard
    assert ear.threads == {"Ear"}


def test_one_that_fails_warns_once_and_is_told_no_more(tmp_path: Path) -> None:
    failing = Failing()
    with pytest.warns(UserWarning, match=r"Failing failed \(ConnectionError: the server is away\)") as caught:
        watched(failing, tmp_path)
    assert len(caught) == 1
    assert failing.heard[-1] == ("begin", 1)


def test_one_that_hangs_holds_nothing_up(tmp_path: Path) -> None:
    hanging = Hanging()
    aside = Aside(hanging, searching(tmp_path), patience=0.05)
    with pytest.warns(UserWarning, match=r"Hanging was not done 0.05 s after the search") as caught:
        for notice in notices():
            aside(notice)
    assert len(caught) == 1
    hanging.free.set()


def test_a_result_that_an_earlier_run_left_begins_before_it_ends(tmp_path: Path) -> None:
    ear = Ear()
    aside = Aside(ear, searching(tmp_path / "digits"))
    adopted = Trial(3, Proposal(Architecture({})), outcome=Outcome({"val_accuracy": 0.5}))
    for notice in (told.SearchStarted([]), told.TrialFinished(adopted), told.SearchEnded("done")):
        aside(notice)
    assert ear.heard == [("search", "digits"), ("begin", 3), ("end", 3, True), ("over", "done")]


def test_a_search_that_never_began_is_not_told(tmp_path: Path) -> None:
    ear = Ear()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Aside(ear, searching(tmp_path))(told.SearchEnded("error"))
    assert not ear.heard
