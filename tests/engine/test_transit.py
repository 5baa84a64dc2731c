"""Jobs as bytes: what they mention of the search's folder is found wherever that folder is."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import cloudpickle
import pytest

import keras_nas
from keras_nas.engine.job import Job, Limits
from keras_nas.engine.transit import pickled, unpickled
from keras_nas.errors import WorkerError


@dataclass(frozen=True)
class Told:
    data: Path
    other: Path


def test_paths_inside_the_folder_are_names_and_others_stay(tmp_path: Path) -> None:
    told = Told(tmp_path / "data", Path("/elsewhere/data"))
    job = Job(print, {"told": [told], "deep": tmp_path / "a" / "b", "text": str(tmp_path / "data")}, Limits(seconds=3))
    payload, names = pickled(job, tmp_path)
    assert names == ["a/b", "data"]
    found = unpickled(payload, Path("/node"))
    assert found.arguments["told"] == [Told(Path("/node/data"), Path("/elsewhere/data"))]
    assert found.arguments["deep"] == Path("/node/a/b")
    assert found.arguments["text"] == str(tmp_path / "data")
    assert found.limits == job.limits


def test_the_folder_itself_and_what_is_above_are_no_names(tmp_path: Path) -> None:
    payload, names = pickled(Job(print, {"here": tmp_path, "above": tmp_path.parent}), tmp_path)
    assert names == []
    assert unpickled(payload, Path("/node")).arguments == {"here": tmp_path, "above": tmp_path.parent}


def test_functions_without_a_module_arrive(tmp_path: Path) -> None:
    factor = 3
    payload, _ = pickled(Job(lambda report, x: {"scores": {"y": factor * x}}), tmp_path)
    assert unpickled(payload, tmp_path).function(None, x=2) == {"scores": {"y": 6}}


def test_what_cannot_be_sent_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WorkerError, match=r"cannot be sent to a worker \(TypeError.*Pass plain data"):
        pickled(Job(print, {"parts": (part for part in "abc")}), tmp_path)


def test_what_a_script_defines_takes_the_package_along() -> None:
    """Functions of a script are sent by value, together with the modules that they name."""
    assert pickle.loads(cloudpickle.dumps(keras_nas)) is keras_nas  # noqa: S301 - our own
