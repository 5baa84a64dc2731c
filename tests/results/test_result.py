"""What a finished search gives: the model that was scored, its hold-out, and everything again from disk."""

import shutil
from pathlib import Path

import numpy as np
import pytest

import keras_nas
from keras_nas.data import Split
from keras_nas.errors import InvalidArgument, StoreError
from keras_nas.estimators.scoring import validation_scores
from keras_nas.files import read_json, write_json
from keras_nas.ledger import Trial
from keras_nas.results.candidate import Candidate
from keras_nas.results.outcome import conclude
from keras_nas.results.result import SearchResult
from keras_nas.strategy import Proposal
from tests.small import arguments, finished_search


@pytest.fixture(scope="module")
def found() -> SearchResult:
    result: SearchResult = finished_search()
    return result


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A search of one's own to change."""
    return Path(shutil.copytree(finished_search().directory, tmp_path / "search"))


def test_all_trials_are_there(found: SearchResult) -> None:
    assert len(found.trials) == 4
    assert not found.failures
    assert [trial.baseline for trial in found.trials] == [True, False, False, False]
    assert found.baseline is not None
    assert found.baseline.scores["params"] == 650
    assert {"val_accuracy", "val_loss", "val_top_two", "params"} <= set(found.winner.scores)


def test_the_best_model_is_the_very_one_that_was_scored(found: SearchResult) -> None:
    split = Split.load(found.directory / "data")
    assert found.training is not None
    again, _ = validation_scores(found.training, found.best_model, found.rows, split.validation)
    for name, value in again.items():
        assert found.winner.scores[f"val_{name}"] == pytest.approx(value, abs=1e-6)


def test_the_holdout_is_the_winners(found: SearchResult) -> None:
    split = Split.load(found.directory / "data")
    assert found.told["holdout"]["rows"] == len(split.holdout) == 75
    assert found.told["holdout"]["uses"] == 1
    guesses = found.best_model.predict(np.asarray(found.rows.x[split.holdout]), verbose=0).argmax(axis=1)
    assert found.holdout["accuracy"] == pytest.approx((guesses == found.rows.y[split.holdout]).mean(), abs=1e-6)


def test_what_was_loaded_is_the_same(found: SearchResult) -> None:
    again = keras_nas.load(found.directory)
    assert again.told == found.told
    assert again.leaderboard().equals(found.leaderboard())
    assert again.summary() == found.summary()
    x = np.asarray(found.rows.x[:5])
    np.testing.assert_array_equal(again.best_model.predict(x, verbose=0), found.best_model.predict(x, verbose=0))


def test_a_folder_without_a_finished_search(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="holds no finished search: expected the folder of a search that has ended"):
        keras_nas.load(tmp_path)


def test_the_leaderboard_begins_with_the_winner(found: SearchResult) -> None:
    table = found.leaderboard()
    assert len(table) == 4
    assert table["trial"][0] == found.winner.number
    assert table["stage"].tolist().count("baseline") == 1
    assert {"val_accuracy", "params", "filters", "units", "epochs"} <= set(table.columns)


def test_the_best_within_limits(found: SearchResult) -> None:
    assert found.best() is found.winner
    own = [trial for trial in found.trials if not trial.baseline]
    smallest = min(own, key=lambda trial: trial.scores["params"])
    assert found.best(max_params=smallest.scores["params"]).scores["params"] == smallest.scores["params"]
    accurate = max(trial.scores["val_accuracy"] for trial in own)
    assert found.best(min_val_accuracy=accurate).scores["val_accuracy"] == accurate
    with pytest.raises(InvalidArgument, match="No trained network meets {'max_params': 1}; the leaderboard shows"):
        found.best(max_params=1)
    for limit in ("latency_ms", "max_latency_ms"):
        with pytest.raises(InvalidArgument, match=f"limit '{limit}': expected max_<score> or min_<score>"):
            found.best(**{limit: 5})


def test_nothing_beats_the_front(found: SearchResult) -> None:
    front = found.pareto_front()
    assert front
    for one in front:
        for other in found.trials:
            better = other.scores["val_accuracy"] > one.scores["val_accuracy"]
            assert other.baseline or not (better and other.scores["params"] < one.scores["params"])
    accuracies = [one.scores["val_accuracy"] for one in front]
    assert accuracies == sorted(accuracies, reverse=True)


def test_a_model_that_was_not_kept_says_so(copied: Path) -> None:
    shutil.rmtree(copied / "trials" / "1")
    with pytest.raises(StoreError, match="The model of trial 1 was not kept"):
        _ = keras_nas.load(copied).trials[1].model


def test_the_summary_tells_all(found: SearchResult) -> None:
    words = found.summary()
    for part in (
        "350 rows to train on, 75 rows to choose by, 75 rows held out.",
        "10 classes",
        "image_classification on the space tiny: 4 networks trained, 0 failed, ended by max_trials.",
        f"Winner: trial {found.winner.number}, val_accuracy",
        "Hold-out, 75 rows that only the winner saw, once: accuracy",
        "(95 % interval 0.",
        "Your own model: val_accuracy",
        "after equal training; hold-out accuracy 0.",
        "Constraint params:",
        "met (+",
        "Trials' time: build",
    ):
        assert part in words
    assert "NOT met" not in words
    assert repr(found) == words


def test_the_summary_says_when_no_network_meets_the_constraints(copied: Path) -> None:
    told = read_json(copied / "result.json")
    told["constraints"] = [["params", 10.0, "upper"], ["val_accuracy", 0.01, "lower"]]
    told["holdout"]["uses"] = 2
    write_json(copied / "result.json", told)
    words = keras_nas.load(copied).summary()
    assert "limit 10, NOT met (-" in words
    assert "Constraint val_accuracy" in words
    assert "No trained network meets all constraints; the winner is the nearest one." in words
    assert "that 2 winners saw, one after each run of the search" in words


def test_what_was_predicted_of_a_winner_is_measured_at_the_end(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = SearchResult(copied, finished_search().training)
    costs = {"params": 1.0, "latency_ms": 1.5, "latency_p95_ms": 2.0}
    monkeypatch.setattr(Candidate, "predicted", True)
    monkeypatch.setattr("keras_nas.results.candidate.measure_costs", lambda *_: (costs, "1.5 ms by a clock"))
    assert found.training is not None
    conclude(found.training, copied, Trial(found.winner.number, Proposal(found.winner.architecture)), found.told)
    again = keras_nas.load(copied)
    assert again.winner.scores == {**found.winner.scores, "latency_ms": 1.5, "latency_p95_ms": 2.0}
    assert "Latency: 1.5 ms by a clock." in again.summary()
    assert again.leaderboard()["latency_ms"][0] == 1.5
    assert again.told["holdout"] == found.told["holdout"]


def test_going_on_with_a_finished_search_gives_its_result(copied: Path) -> None:
    before = keras_nas.load(copied)
    again = keras_nas.search(**arguments(copied))
    assert {**again.told, "preflight": None} == {**before.told, "preflight": None}  # which is measured anew
    assert len(again.trials) == 4


def test_a_winner_is_retrained_beside_itself(copied: Path) -> None:
    found = SearchResult(copied, finished_search().training)
    told = dict(found.told)
    again = found.refit(epochs=2)
    assert again.number == 1
    assert again.architecture == found.winner.architecture
    assert again.fidelity == {"final": 1.0, "epochs": 2.0}
    assert again.measurements["seed"] == 4
    assert set(again.scores) == set(found.winner.scores)
    assert again.model.count_params() == found.winner.scores["params"]
    assert (again.model.get_weights()[0] != found.best_model.get_weights()[0]).any()
    assert keras_nas.load(copied).refits[0].scores == again.scores
    assert keras_nas.load(copied).told == told
    assert "Retrained 1: val_accuracy" in found.summary()


def test_a_winner_learns_from_all_rows_but_the_holdout(copied: Path, tmp_path: Path) -> None:
    found = SearchResult(copied, finished_search().training)
    again = found.refit(epochs=1, all_rows=True)
    assert not [name for name in again.scores if name.startswith("val_")]
    assert set(again.scores) <= set(found.winner.scores)
    held = again.measurements["holdout"]
    assert set(held["scores"]) == set(found.holdout)
    assert again.measurements["scored_rows"] == 0
    split = Split.load(copied / "data")
    assert again.measurements["settings"]["batch_size"] > 0 and len(split.merged().validation) == 0
    assert f"on all rows: hold-out accuracy {held['scores']['accuracy']:.4f} (95 %" in found.summary()
    assert "winner retrained on all rows" in found.report(tmp_path / "report.html").read_text()
    assert found.told == SearchResult(copied).told


def test_what_cannot_be_retrained_says_so(copied: Path) -> None:
    with pytest.raises(InvalidArgument, match="your own space, metrics, which a folder cannot hold. Call keras_nas"):
        keras_nas.load(copied).refit(epochs=1)
    with pytest.raises(InvalidArgument, match="refit: epochs=0.0; expected a number above 0"):
        keras_nas.load(copied).refit(epochs=0)


@pytest.mark.slow
def test_export_takes_raw_rows(copied: Path, tmp_path: Path) -> None:
    import tensorflow as tf

    found = keras_nas.load(copied)
    export = found.export(tmp_path / "model")
    assert export.max_abs_difference <= 1e-4
    model = tf.saved_model.load(str(export.path))
    np.testing.assert_allclose(
        model.serve(np.asarray(found.rows.x[:7])),
        found.best_model.predict(np.asarray(found.rows.x[:7]), verbose=0),
        atol=1e-4,
    )
    assert export.manifest["classes"] == list(range(10))
    assert export.manifest["task"] == "image_classification"
