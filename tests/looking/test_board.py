"""The leaderboard: units in the names, and decisions that keep out of the way of what was measured."""

from pathlib import Path

from tests.looking.made import made_search


def test_the_columns_have_units(tmp_path: Path) -> None:
    board = made_search(tmp_path / "search", count=4, name="seconds").leaderboard()
    measured = ["trial", "stage", "val_seconds", "latency_ms", "size_mb", "params", "epochs", "seconds"]
    assert list(board.columns[:8]) == measured
    assert set(board.columns[8:]) == {"decision seconds", "cell/width", "recipe/rate"}
    assert board["params"].dtype == board["cell/width"].dtype == "Int64"
    assert board["seconds"].tolist() == [5.0] * 5
    assert board["trial"][0] == 1
    assert board["size_mb"][0] == 200 * 4e-6
