"""Time: pauses between runs do not count, and every second of a trial has a place."""

from pathlib import Path

import pytest

from keras_nas.looking.timeline import Timeline, _between, _elapsed
from tests.looking.made import made_search


def test_pauses_between_runs_do_not_count() -> None:
    records = [("call", None, 100.0), ("observe", 0, 110.0), ("call", None, 500.0), ("observe", 1, 530.0)]
    seconds, ended = _elapsed(records)
    assert seconds == 40
    assert ended == {0: 10, 1: 40}
    assert _elapsed([]) == (0, {})


def test_time_without_a_trial_is_told() -> None:
    """Two workers until 30, then nobody until 33; a trial that was running when its run was killed ended with it."""
    first = [("call", None, 10.0), ("propose", 0, 12.0), ("start", 0, 12.0), ("start", 1, 15.0), ("end", 0, 20.0)]
    second = [("end", 1, 30.0), ("propose", 2, 33.0), ("start", 2, 33.0), ("epoch", 2, 40.0)]
    third = [("call", None, 900.0), ("start", 2, 901.5), ("end", 2, 910.0)]
    assert _between([*first, *second, *third]) == 2.0 + 3.0 + 1.5


def test_what_the_time_was_spent_on(tmp_path: Path) -> None:
    timeline = Timeline.read(made_search(tmp_path / "search", count=2).directory)
    assert timeline.trials == {number: 5.0 for number in range(5)}
    assert timeline.parts == pytest.approx({"build": 5.0, "fit": 15.0, "score": 2.5, "other": 2.5})
    assert timeline.calls[0]["arguments"]["max_trials"] == 2
    assert timeline.prepared == 3.5
    assert timeline.between < 2.0
