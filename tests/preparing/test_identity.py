"""A search is recognised by what it is: a changed space under the same name is another search."""

from pathlib import Path
from typing import Any

import keras
import pytest
from keras import layers

from keras_nas.engine.resume import check_same_search
from keras_nas.engine.store import Record, Store
from keras_nas.errors import ResumeError
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.estimators.halving import SuccessiveHalving
from keras_nas.estimators.ready import get_estimator
from keras_nas.estimators.stopping import LearningCurves
from keras_nas.preparing.goal import goal_of
from keras_nas.preparing.identity import decisions_of, described, identity, is_ready, named
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space, get_space
from keras_nas.tasks import get_task
from keras_nas.tuners import make
from tests.small import tiny_space

OPTIONS: dict[str, Any] = {
    "loss": None,
    "metrics": (),
    "class_weight": None,
    "baseline": None,
    "latency_target": "keras",
}


def told(space: Any, strategy: Any = "random") -> dict[str, Any]:
    goal = goal_of("image_classification", space, None, (strategy, FullTraining(3)), None, None)
    return identity(goal, OPTIONS, 0, None)


def changed_space() -> Space:
    """The tiny space with other labels, one decision more, and another constant."""
    network = Series(
        Op(layers.Conv2D, filters=Choice("filters", [4, 16]), kernel_size=Choice("kernel", [1, 3])),
        Op(layers.Flatten),
        Op(layers.Dense, units=Choice("units", [16, 32]), activation="relu"),
    )
    return Space("tiny", network, {**tiny_space().recipe, "batch_size": 32})


def test_a_changed_space_of_the_same_name_is_refused_with_the_differences(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append([Record("call", body={"arguments": told(tiny_space()), "versions": {}})])
        check_same_search(store, told(tiny_space()))
        with pytest.raises(ResumeError) as raised:
            check_same_search(store, told(changed_space()))
    lines = str(raised.value).splitlines()
    assert lines[1:-1] == [
        "  decisions filters: '[4, 8]' there, '[4, 16]' now",
        "  decisions kernel: None there, '[1, 3]' now",
        "  decisions recipe/batch_size: 'always 64' there, 'always 32' now",
    ]


def test_of_many_differences_the_first_are_listed(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append([Record("call", body={"arguments": told(tiny_space()), "versions": {}})])
        with pytest.raises(ResumeError, match="\n  and [0-9]+ more\nName another directory"):
            check_same_search(store, told("small_images"))


def test_options_of_a_strategy_and_of_an_estimator_count() -> None:
    assert told("small_images", make("evolution", population=10))["strategy"].startswith(
        "RegularizedEvolution(population=10, "
    )
    assert described(FullTraining(3)) == "FullTraining(epochs=3)"
    short, long = (described(LearningCurves(SuccessiveHalving(epochs=(1, most)))) for most in (9, 27))
    assert "then=SuccessiveHalving(factor=3, epochs=(1, 9), over='epochs'" in short
    assert long == short.replace("9)", "27)"), "other lengths are another search"
    assert described(get_estimator("several_finalists")) != described(get_estimator("brief_finalists"))


def test_conditions_belong_to_a_decision() -> None:
    assert decisions_of(get_space("small_images"))["stage0/blocks/kernel"].startswith("[3, 5], if stage0/blocks/depth")


def test_names_of_parts() -> None:
    parts = (None, "mse", told, keras.metrics.AUC(name="area"))
    assert [named(part) for part in parts] == [None, "mse", "told", "area"]
    assert is_ready(get_space("small_images"), get_task("image_classification"))
    assert not is_ready(tiny_space(), get_task("image_classification"))
    other = get_space("small_images")
    other.recipe = {}
    assert not is_ready(other, get_task("image_classification"))
