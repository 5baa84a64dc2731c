"""What is shown."""

import logging
import sys
import time
import types
from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.engine import events as told
from keras_nas.engine import status
from keras_nas.engine.progress import LogDisplay, NotebookDisplay, Progress, TerminalDisplay, display_for
from keras_nas.engine.status import State, clock, lines
from keras_nas.ledger import Trial
from keras_nas.strategy import Failure, Outcome, Proposal


def trial(number: int, score: float | None = None, failure: Failure | None = None) -> Trial:
    outcome = Outcome({"acc": score} if score is not None else {}, failure) if score is not None or failure else None
    return Trial(number, Proposal(Architecture({"a": number})), outcome=outcome)


def state(**limits: Any) -> State:
    return State("acc", float.__gt__, **limits)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only moves when it is told to."""
    time_now = [1000.0]
    monkeypatch.setattr(status, "time", types.SimpleNamespace(monotonic=lambda: time_now[0]))
    return time_now


def test_counts_best_and_running(now: list[float]) -> None:
    shown = State("acc", float.__gt__, max_trials=10)
    shown.began = now[0]
    failure = Failure("out_of_memory", "too big")
    for notice in (
        told.SearchStarted([trial(0, 0.5)]),
        told.TrialStarted(trial(1), "1-0", 0),
        told.TrialStarted(trial(2), "2-0", 1),
        told.EpochEnded(trial(1), 3, {"acc": 0.81234, "loss": 1.0}),
        told.TrialRetried(trial(2), failure, {}),
        told.TrialStarted(trial(3), "3-0", 1),
        told.TrialFinished(trial(3, 0.9)),
        told.TrialFailed(trial(4, failure=failure)),
    ):
        shown.take(notice)
    now[0] += 65
    first, second, *running = lines(shown)
    assert first.startswith("trials 3/10 (1 failed) | elapsed 1:05 | left ")
    assert second == "best   acc 0.9 (trial 3)"
    assert running == ["trial 1: epoch 3, acc 0.8123", "trial 2: again after out_of_memory"]
    shown.take(told.SearchEnded("max_trials"))
    assert shown.reason == "max_trials"


def test_the_time_left_is_shown_as_it_is_told(now: list[float]) -> None:
    shown = State("acc", float.__gt__, max_trials=10, left=lambda: 3671.0)
    shown.began = now[0]
    assert lines(shown) == ["trials 0/10 | elapsed 0:00 | left 1:01:11"]
    assert lines(state())[0].endswith("left unknown")
    assert clock(None) == "unknown"
    assert clock(59.6) == "1:00"


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress(state(), display_for(0))
    progress(told.SearchStarted([]))
    progress(told.TrialFinished(trial(0, 0.5)))
    assert capsys.readouterr() == ("", "")
    assert progress.state.finished == 1


def test_where_there_is_no_terminal_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    display = display_for(1)
    assert isinstance(display, LogDisplay)
    progress = Progress(state(max_trials=2), display)
    with caplog.at_level(logging.INFO, "keras_nas"):
        progress(told.TrialStarted(trial(0), "0-0", 0))
        progress(told.TrialFinished(trial(0, 0.5)))
        progress(told.TrialFailed(trial(1, failure=Failure("error", "no good"))))
    assert "trials 1/2" in caplog.messages[0]
    assert "best   acc 0.5" in caplog.messages[0]
    assert "no good" in caplog.messages[1]


def test_a_terminal_is_redrawn(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    display = display_for(1)
    assert isinstance(display, TerminalDisplay)
    progress = Progress(state(max_trials=2), display)
    progress(told.SearchStarted([]))
    progress(told.TrialFinished(trial(0, 0.5)))
    progress(told.SearchEnded("done"))
    assert "trials 1/2" in capsys.readouterr().out


def test_a_notebook_has_one_output(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs: list[str] = []

    class Handle:
        def update(self, content: dict[str, str], raw: bool) -> None:
            outputs[-1] = content["text/plain"]

    def display(content: dict[str, str], raw: bool, display_id: bool) -> Handle:
        outputs.append(content["text/plain"])
        return Handle()

    shell = type("ZMQInteractiveShell", (), {})()
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    monkeypatch.setitem(sys.modules, "IPython.display", types.SimpleNamespace(display=display))
    shown = display_for(1)
    assert isinstance(shown, NotebookDisplay)
    progress = Progress(state(max_trials=2), shown)
    progress(told.SearchStarted([]))
    progress(told.TrialFinished(trial(0, 0.5)))
    assert len(outputs) == 1
    assert "trials 1/2" in outputs[0]
    assert time.monotonic() > 0
