"""A search whose task is told from the data: what it says, and that it still says so when it is resumed."""

from pathlib import Path

import pytest

import keras_nas
from tests.small import arguments


@pytest.mark.slow
def test_the_account_begins_with_what_the_data_was_taken_for(tmp_path: Path) -> None:
    changes = {"baseline_model": None, "metrics": None, "objectives": None, "max_trials": 1}
    given = arguments(tmp_path / "search", task="auto", **changes)
    result = keras_nas.search(**given)
    assert result.told["task"] == "image_classification"
    assert result.summary().startswith("The task is taken to be image_classification, since x (500, 8, 8)")
    resumed = keras_nas.resume(tmp_path / "search", space=given["space"], estimator=given["estimator"], max_trials=2)
    assert len(resumed.trials) == 2
    assert resumed.told["data"] == result.told["data"]
