"""A search goes on from its folder alone."""

import json
import shutil
from pathlib import Path

import pytest

import keras_nas
from keras_nas.engine.store import Record, Store, read_only
from keras_nas.errors import DataError, ResumeError, StoreError
from keras_nas.estimators.fidelity import FullTraining
from tests.small import dense_model, digit_images, finished_search, tiny_space, top_two

OWN = {
    "space": tiny_space,
    "estimator": lambda: FullTraining(4),
    "metrics": lambda: [top_two],
    "baseline_model": dense_model,
}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The folder of a finished search of four trainings."""
    shutil.copytree(finished_search().directory, tmp_path / "search")
    return tmp_path / "search"


def last_call(folder: Path) -> dict[str, object]:
    connection = read_only(folder)
    (body,) = connection.execute("SELECT body FROM records WHERE kind = 'call' ORDER BY position DESC").fetchone()
    connection.close()
    asked: dict[str, object] = json.loads(body)["asked"]
    return asked


def test_the_record_holds_the_call(copy: Path) -> None:
    asked = last_call(copy)
    assert asked["own"] == ["space", "estimator", "metrics", "baseline_model"]
    given = asked["given"]
    assert isinstance(given, dict)
    assert given.items() >= {"task": "image_classification", "strategy": "random", "max_trials": 4, "seed": 3}.items()
    assert (given["objectives"], given["constraints"]) == (["val_accuracy", "params"], {"params": 1e5})
    assert "data" not in given
    assert "directory" not in given


def test_objects_of_the_users_own_are_asked_for(copy: Path) -> None:
    words = r"a folder cannot hold: estimator, metrics\. .*resume\('.*', estimator=\.\.\., metrics=\.\.\.\)"
    with pytest.raises(ResumeError, match=words):
        keras_nas.resume(copy, space=tiny_space(), baseline_model=dense_model())


def test_it_goes_on_with_more_trials_and_remembers_them(copy: Path) -> None:
    before = [trial.scores for trial in keras_nas.load(copy).trials]
    result = keras_nas.resume(copy, max_trials=5, **{name: make() for name, make in OWN.items()})
    assert [trial.scores for trial in result.trials][:-1] == before
    given = last_call(copy)["given"]
    assert isinstance(given, dict) and given["max_trials"] == 5


def test_another_search_is_refused(copy: Path) -> None:
    with pytest.raises(ResumeError, match="seed: 3 there, 4 now"):
        keras_nas.resume(copy, seed=4, **{name: make() for name, make in OWN.items()})


def test_a_folder_that_does_not_say_how(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no search in"):
        keras_nas.resume(tmp_path / "nothing")
    with Store(tmp_path) as store:
        with pytest.raises(ResumeError, match="does not say how its search was called: it ended before"):
            keras_nas.resume(tmp_path)
        store.append([Record("call", body={"arguments": {}, "versions": {}})])
    with pytest.raises(ResumeError, match="does not say how its search was called"):
        keras_nas.resume(tmp_path)


def test_rows_of_one_search_are_no_data_of_another(tmp_path: Path) -> None:
    rows = finished_search().rows
    with pytest.raises(StoreError, match="does not hold readable data of a search"):
        keras_nas.search("image_classification", rows, directory=tmp_path / "new", max_trials=1, verbose=0)
    assert not (tmp_path / "new").exists()
    with pytest.raises((DataError, ResumeError), match="holds other data than the data given"):
        keras_nas.data.collect(digit_images(100), rows.directory)
