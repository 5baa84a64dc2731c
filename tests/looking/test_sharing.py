"""What is kept and told of shared weights after a search."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from keras_nas.looking import sharing
from keras_nas.looking.sharing import answers_any_limit, ranking, sharing_lines


def result_of(folder: Path, alone: list[float], mark: str = "shared") -> Any:
    """A search that trained networks alone whose scores under shared weights were 0, 1, 2 and so on."""
    checked = [
        SimpleNamespace(
            fidelity={"alone": 1.0, mark: 1.0},
            measurements={"shared": {"val_accuracy": float(number)}},
            scores={"val_accuracy": score},
        )
        for number, score in enumerate(alone)
    ]
    final = SimpleNamespace(fidelity={"final": 1.0, mark: 1.0}, measurements={}, scores={"val_accuracy": 1.0})
    return SimpleNamespace(
        directory=folder, objectives=[SimpleNamespace(name="val_accuracy")], trials=[*checked, final]
    )


def test_the_ranking_is_kept(tmp_path: Path) -> None:
    found = ranking(result_of(tmp_path, [0.1, 0.3, 0.2, 0.4]))
    assert found == {"networks": 4, "kendall_tau": pytest.approx(2 / 3), "spearman": pytest.approx(0.8)}


def test_two_networks_rank_nothing(tmp_path: Path) -> None:
    assert ranking(result_of(tmp_path, [0.1, 0.3])) is None


@pytest.mark.parametrize(("mark", "kept", "answers"), [("elastic", True, True), ("elastic", False, False), ("x", 1, 0)])
def test_a_kept_supernet_of_all_sizes_answers(
    mark: str, kept: bool, answers: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "told_of", lambda directory: None)
    if kept:
        (tmp_path / sharing.SHARED_WEIGHTS).touch()
    result = result_of(tmp_path, [0.1, 0.3, 0.2], mark)
    assert answers_any_limit(result) == answers
    lines = sharing_lines(result)
    assert lines[0].startswith("Weight sharing checked: 3 networks")
    assert ("result.best(max_latency_ms=..., max_params=..., ...) answers for any limit" in lines[-1]) == answers
