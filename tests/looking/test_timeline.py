"""Time: pauses between runs do not count, and every second of a trial has a place."""

from pathlib import Path

import pytest

from keras_nas.looking.timeline import Timeline, _elapsed
from tests.looking.made import made_search


def test_pauses_between_runs_do_not_count() -> None:
    records = [("call", None, 100.0), ("observe", 0, 110.0), ("call", None, 500.0), ("observe", 1, 530.0)]
    seconds, ended = _elapsed(records)
    assert seconds == 40
    assert ended == {0: 10, 1: 40}
    assert _elapsed([]) == (0, {})


def test_what_the_time_was_spent_on(tmp_path: Path) -> None:
    timeline = Timeline.read(made_search(tmp_path / "search", count=2).directory)
    assert timeline.trials == {number: 5.0 for number in range(5)}
    assert timeline.parts == pytest.approx({"build": 5.0, "fit": 15.0, "score": 2.5, "other": 2.5})
    assert timeline.calls[0]["arguments"]["max_trials"] == 2
