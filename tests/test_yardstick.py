"""A random search beside a search."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas.engine.store import read_only
from keras_nas.errors import InvalidArgument
from keras_nas.estimators import FullTraining, Hyperband, LearningCurves, Predictor, WarmStart
from keras_nas.session import Settings
from keras_nas.tasks import get_task
from keras_nas.yardstick import share_rows, unguided, without_own
from tests.small import arguments, digit_images

ALONE = {"baseline_model": None, "objectives": None, "constraints": None, "metrics": ()}


def searched(folder: Path, **changes: Any) -> Any:
    """Two trainings of two epochs by evolution, and as many at random."""
    few = {"strategy": "evolution", "estimator": FullTraining(2), "max_trials": 2, "baseline": True}
    return keras_nas.search(**arguments(folder, **{**ALONE, **few, **changes}))


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    return searched(tmp_path_factory.mktemp("beside") / "search")


def test_it_has_the_same_rows_and_budget_and_is_a_result_of_its_own(result: Any) -> None:
    other = result.random_search
    assert other.directory == result.directory / "random_search"
    assert len(other.trials) == len(result.trials) == 2
    assert other.timeline.calls[0]["arguments"]["strategy"] == "RandomSearch()"
    assert other.timeline.calls[0]["arguments"]["estimator"] == "FullTraining(epochs=2)"
    splits = [
        {path.name: np.load(path).tolist() for path in sorted((one.directory / "data").glob("*.npy"))}
        for one in (result, other)
    ]
    assert splits[0] == splits[1]
    assert other.rows.fingerprint == result.rows.fingerprint
    assert [one.told["holdout"]["uses"] for one in (result, other)] == [1, 1]
    assert other.random_search is None


def test_summary_and_report_show_it_beside_the_winner(result: Any) -> None:
    (line,) = [line for line in result.summary().splitlines() if line.startswith("Random search")]
    score = result.random_search.winner.scores["val_accuracy"]
    assert f"and budget: val_accuracy {score:.4f}, best of 2 networks; on the rows held out the winner is" in line
    gain = result.holdout["accuracy"] - result.random_search.holdout["accuracy"]
    assert (f"is {abs(gain):.4f} {'better' if gain > 0 else 'worse'} in accuracy" if gain else "as good in acc") in line
    assert " s and random search " in line
    page = result.report(result.directory.parent / "report.html").read_text()
    assert ">random search<" in page
    assert "baseline=True" in page


def test_a_resumed_search_repeats_none_of_it(result: Any) -> None:
    before = [trial.scores for trial in result.random_search.trials]
    again = searched(result.directory, max_trials=3)
    assert len(again.trials) == len(again.random_search.trials) == 3
    assert [trial.scores for trial in again.random_search.trials][:2] == before


def test_the_random_search_alone_can_be_gone_on_with(result: Any) -> None:
    """Its record tells how, without the arguments that were the search's."""
    connection = read_only(result.directory / "random_search")
    (body,) = connection.execute("SELECT body FROM records WHERE kind = 'call'").fetchone()
    connection.close()
    assert '"strategy": "random"' in body
    assert '"baseline": true' not in body


def test_random_search_is_not_compared_with_itself(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="is a random search itself: leave it out, or name another strategy"):
        searched(tmp_path / "search", strategy="random", data=digit_images(60))
    assert not (tmp_path / "search").exists()


def test_what_chooses_by_itself_is_left_out() -> None:
    task = get_task("image_classification")
    default = unguided(WarmStart(), task)
    assert default == unguided(Predictor(), task)
    assert unguided(Predictor(then=Hyperband(4)), task) == Hyperband(4)
    assert unguided(Hyperband(), task) == Hyperband()
    stopping = LearningCurves("asha")
    assert unguided(stopping, task) is stopping
    assert unguided(LearningCurves(Predictor(then=Hyperband())), task) == LearningCurves(Hyperband())


def test_what_the_user_s_own_model_took_is_no_part_of_its_budget() -> None:
    limits = Settings(600.0, 20, 0, None, "float32", 0, 0.0)
    own: Any = SimpleNamespace(baseline=SimpleNamespace(number=7), timeline=SimpleNamespace(trials={7: 150.0}))
    assert without_own(limits, own) == replace(limits, max_time=450.0, max_trials=19)
    failed: Any = SimpleNamespace(baseline=None)
    assert without_own(replace(limits, max_time=None), failed) == replace(limits, max_time=None, max_trials=19)


def test_rows_are_shared_and_not_copied(tmp_path: Path) -> None:
    (tmp_path / "data" / "inputs").mkdir(parents=True)
    file = tmp_path / "data" / "inputs" / "x.npy"
    file.write_bytes(b"rows")
    share_rows(tmp_path / "data", tmp_path / "beside" / "data")
    share_rows(tmp_path / "data", tmp_path / "beside" / "data")
    other = tmp_path / "beside" / "data" / "inputs" / "x.npy"
    assert other.samefile(file) or other.read_bytes() == b"rows"
    assert [entry.name for entry in (tmp_path / "beside").iterdir()] == ["data"]
