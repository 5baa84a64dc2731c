"""What fails before there is a search leaves the folder as it was."""

from pathlib import Path

import pytest

from keras_nas.engine.files import REPLACED
from keras_nas.engine.lock import DirectoryLock
from keras_nas.engine.store import Record, Store
from keras_nas.errors import StoreError
from keras_nas.preparing.workspace import Workspace
from tests.small import tree


class Wrong(Exception):
    """Something that goes wrong."""


def fill(folder: Path) -> None:
    """What a search writes."""
    with Store(folder) as store:
        store.append([Record("call", body={"arguments": {}, "versions": {}})])
    for name in ("data", "trials", "results", "logs"):
        (folder / name).mkdir()
        (folder / name / "file").write_text(name)
    (folder / "result.json").write_text("{}")


def failed(folder: Path, replace: bool, kept: bool = False) -> None:
    with pytest.raises(Wrong), Workspace(folder, replace) as workspace:
        with Store(workspace.folder):
            (workspace.folder / "data").mkdir(exist_ok=True)
            (workspace.folder / "data" / "x.npy").write_text("new")
            if kept:
                workspace.keep()
        raise Wrong


def test_a_new_folder_and_its_parents_go(tmp_path: Path) -> None:
    failed(tmp_path / "a" / "b", replace=False)
    assert list(tmp_path.iterdir()) == []


def test_a_parent_that_others_use_by_now_stays(tmp_path: Path) -> None:
    with pytest.raises(Wrong), Workspace(tmp_path / "a" / "b", replace=False):
        (tmp_path / "a" / "other").mkdir()
        raise Wrong
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["other"]


def test_an_empty_folder_is_empty_again(tmp_path: Path) -> None:
    failed(tmp_path, replace=False)
    assert tree(tmp_path) == {}


def test_the_search_that_was_to_be_replaced_comes_back(tmp_path: Path) -> None:
    fill(tmp_path)
    before = tree(tmp_path)
    failed(tmp_path, replace=True)
    assert tree(tmp_path) == before
    assert not (tmp_path / REPLACED).exists()


def test_a_search_that_is_gone_on_with_stays(tmp_path: Path) -> None:
    fill(tmp_path)
    before = tree(tmp_path)
    with pytest.raises(Wrong), Workspace(tmp_path, replace=False):
        raise Wrong
    assert tree(tmp_path) == before


def test_once_it_is_kept_it_stays_and_the_old_one_goes(tmp_path: Path) -> None:
    fill(tmp_path)
    failed(tmp_path, replace=True, kept=True)
    assert {path.name for path in tmp_path.iterdir()} == {"data", "search.lock", "search.sqlite"}
    assert (tmp_path / "data" / "x.npy").read_text() == "new"


def test_files_of_others_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="but no keras_nas search"), Workspace(tmp_path, replace=True):
        pass
    assert tree(tmp_path) == {"thesis.tex": b"years of work"}
    fill(tmp_path)
    failed(tmp_path, replace=True, kept=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_running_search_is_not_replaced(tmp_path: Path) -> None:
    fill(tmp_path)
    before = tree(tmp_path)
    with DirectoryLock(tmp_path), pytest.raises(StoreError, match="Another search runs"):
        Workspace(tmp_path, replace=True).__enter__()
    assert tree(tmp_path) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written to"), Workspace(tmp_path / "file" / "x", replace=False):
        pass
    assert tree(tmp_path) == {"file": b""}


def test_after_a_kill_the_search_that_stood_aside_comes_back(tmp_path: Path) -> None:
    fill(tmp_path)
    before = tree(tmp_path)
    killed = Workspace(tmp_path, replace=True).__enter__()
    (killed.folder / "data").mkdir()
    (killed.folder / "data" / "x.npy").write_text("new")
    with Workspace(tmp_path, replace=False):
        assert tree(tmp_path) == before
    failed(tmp_path, replace=True)
    assert tree(tmp_path) == before


def test_after_a_kill_the_search_that_was_to_go_goes(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "discarded").mkdir()
    (tmp_path / "discarded" / "search.sqlite").write_text("old")
    with Workspace(tmp_path, replace=False):
        assert not (tmp_path / "discarded").exists()
