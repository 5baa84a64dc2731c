"""Models ready to be called in this process."""

import os
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.running import on_one_core, running


@pytest.fixture(scope="module")
def model() -> Any:
    x = keras.Input((4,))
    return keras.Model(x, [layers.Dense(3)(x), layers.Dense(2)(x)])


@pytest.mark.parametrize("target", ["keras", pytest.param("litert", marks=pytest.mark.slow)])
def test_a_model_runs_as_its_latency_is_measured(model: Any, target: str) -> None:
    before = os.sched_getaffinity(0)
    with running(model, target, batch_size=2) as run:
        assert sorted(output.shape for output in run()) == [(2, 2), (2, 3)]
        assert len(os.sched_getaffinity(0)) == (1 if target == "litert" else len(before))
    assert os.sched_getaffinity(0) == before


def test_the_same_rows_give_the_same_outputs(model: Any) -> None:
    with running(model) as run:
        for one, other in zip(run(), run(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_a_function_cannot_be_run(model: Any) -> None:
    with pytest.raises(InvalidArgument, match="is a function: expected the name of a format"), running(model, len):
        pass
    with pytest.raises(InvalidArgument, match="Unknown export format 'tflite'"), running(model, "tflite"):
        pass


def test_one_core_for_a_while() -> None:
    before = os.sched_getaffinity(0)
    with on_one_core():
        assert os.sched_getaffinity(0) == {max(before)}
    assert os.sched_getaffinity(0) == before
