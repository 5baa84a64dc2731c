"""One trial on several devices learns what it learns on one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.replicas import strategy_over
from tests.source import ROOT


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a process with two CPU devices did."""
    return run(tmp_path_factory.mktemp("replicas"))


@pytest.fixture(scope="module")
def more(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What it did where it was to do more."""
    return run(tmp_path_factory.mktemp("replicas"), "more")


def run(folder: Path, *arguments: str) -> Any:
    command = [sys.executable, "-m", "tests.estimators.replicated", str(folder), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "told.json").read_text())


def same(one: Any, two: Any) -> None:
    for first, second in zip(one["trainable"], two["trainable"], strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)


def test_two_devices_learn_what_one_does(told: Any) -> None:
    one, two = told["one"], told["two"]
    assert set(one["replicas"]) == {1}
    assert set(two["replicas"]) == {2}
    assert two["scores"]["val_loss"] == pytest.approx(one["scores"]["val_loss"], abs=1e-4)
    assert two["epochs"] == one["epochs"] == 2.0
    same(one, two)


def test_the_learning_rate_takes_the_same_way(told: Any) -> None:
    assert told["two"]["rates"] == told["one"]["rates"]
    assert len(set(told["two"]["rates"])) == len(told["two"]["rates"]) > 4


def test_normalisation_sees_a_share_of_the_batch_as_in_towers(told: Any) -> None:
    same(told["devices"], told["towers"])


@pytest.mark.slow
def test_a_training_on_two_devices_goes_on_from_its_checkpoint(more: Any) -> None:
    assert more["resumed"]["epochs"] == 4.0
    assert len(more["resumed"]["rates"]) == len(more["two"]["rates"])
    assert more["resumed"]["scores"]["val_loss"] < more["two"]["scores"]["val_loss"]


@pytest.mark.slow
def test_every_device_has_as_many_rows(more: Any) -> None:
    """A batch of 63 rows is one of 62; in half precision, whose loss is scaled."""
    assert more["uneven"]["batch_size"] == 62
    assert np.isfinite(more["uneven"]["scores"]["val_loss"])


@pytest.mark.slow
def test_a_network_of_the_users_own_is_spread_too(more: Any) -> None:
    assert set(more["own"]["replicas"]) == {2}
    assert np.isfinite(more["own"]["scores"]["val_loss"])


def test_a_process_has_one_strategy(told: Any) -> None:
    assert told["same_strategy"]


def test_too_few_devices() -> None:
    with pytest.raises(InvalidArgument, match="over 64 devices, and TensorFlow sees 1 .*smaller devices_per"):
        strategy_over(64)
