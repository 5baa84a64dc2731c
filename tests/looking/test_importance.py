"""What mattered: the decision that makes the score is found, the others are told apart from it by the spread."""

from pathlib import Path

import pytest

from keras_nas.looking.importance import ASLEEP, coded, comparable, importance, varied
from keras_nas.results.result import SearchResult
from tests.looking.made import made_search


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> SearchResult:
    return made_search(tmp_path_factory.mktemp("made") / "search", count=40, name="first")


def test_the_decision_that_makes_the_score_comes_first(found: SearchResult) -> None:
    table = found.importance
    assert list(table.columns) == ["decision", "share", "spread", "explained"]
    assert table["decision"][0] == "first"
    first, others = table.iloc[0], table.iloc[1:]
    assert 0.7 < first["share"] < 1.2
    assert (first["share"] - 2 * first["spread"] > others["share"] + others["spread"]).all()
    assert (others["share"].abs() < 0.1).all()
    assert first["explained"] > 0.8


def test_the_same_seed_gives_the_same(found: SearchResult) -> None:
    assert importance(found).equals(found.importance)
    assert not importance(found, seed=1).equals(found.importance)


def test_the_users_own_model_does_not_count(found: SearchResult) -> None:
    assert len(comparable(found)) == 40


def test_decisions_are_coded_by_place_and_sleep(found: SearchResult) -> None:
    candidates = comparable(found)
    decisions = varied(candidates)
    assert decisions["first"] == ["a", "first", "c"]
    assert decisions["cell/width"] == [8, 16, 32]
    x = coded(candidates, decisions)
    assert x.shape == (40, 3)
    assert set(x[::2, list(decisions).index("recipe/rate")]) == {ASLEEP}


def test_a_decision_that_never_differs_is_left_out(tmp_path: Path) -> None:
    alike = comparable(made_search(tmp_path / "search", count=4))[::3]
    assert "plain" not in varied(alike)
