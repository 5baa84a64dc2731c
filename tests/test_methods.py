"""Published methods by name."""

import pytest

import keras_nas
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.ready import ESTIMATORS
from keras_nas.methods import METHODS, get_method
from keras_nas.spaces import SPACES
from keras_nas.tuners import STRATEGIES


@pytest.mark.parametrize("name", METHODS)
def test_every_row_is_made_of_what_there_is(name: str) -> None:
    method = METHODS[name]
    assert method.space == "any" or method.space in SPACES["image_classification"]
    assert method.strategy in STRATEGIES
    assert method.estimator in ESTIMATORS
    assert name == "auto" or "arXiv" in method.paper


def test_the_table() -> None:
    table = keras_nas.methods()
    assert list(table.columns) == ["method", "space", "strategy", "estimator", "objectives", "paper"]
    assert table["method"].tolist() == list(METHODS)


def test_an_unknown_method_lists_the_known_ones() -> None:
    with pytest.raises(InvalidArgument, match="Unknown method 'amoeba'.*'amoebanet'.*Did you mean 'amoebanet'"):
        get_method("amoeba")
