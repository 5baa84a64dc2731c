"""Whole searches by rungs: every epoch of a network is trained once, and the winner was trained longest."""

from contextlib import closing
from pathlib import Path

import pytest

import keras_nas
from keras_nas import estimators
from keras_nas.engine.store import read_only
from tests.small import arguments

pytestmark = pytest.mark.slow


def test_epochs_go_on_from_rung_to_rung(tmp_path: Path) -> None:
    """Three networks for an epoch, two of them for a second, one of them for four; the user's own for four."""
    halving = estimators.SuccessiveHalving(factor=2, epochs=(1, 4), finalists=1)
    result = keras_nas.search(**arguments(tmp_path / "search", estimator=halving, max_trials=7, objectives=None))
    with closing(read_only(result.directory)) as connection:
        epochs = connection.execute("SELECT trial, epoch FROM epochs ORDER BY trial, epoch").fetchall()
        parents = dict(connection.execute("SELECT number, parent FROM trials WHERE parent IS NOT NULL").fetchall())
    trained = {trial: [epoch for number, epoch in epochs if number == trial] for trial, _ in epochs}
    assert [trained[number] for number in sorted(trained)] == [[1], [1], [1], [2], [2], [3, 4], [1, 2, 3, 4]]
    board = result.leaderboard().set_index("trial")
    finalist = result.winner.number
    assert parents[finalist] in parents
    assert board.loc[finalist, ["stage", "epochs"]].tolist() == ["final", 4.0]
    best = board.loc[sorted(number for number in trained if number not in parents and number < 4)]["val_accuracy"]
    assert parents[parents[finalist]] in best.nlargest(2).index
    assert result.best_model.count_params() == board.loc[finalist, "params"]
    assert "successive" not in result.summary() and "Winner" in result.summary()
