"""A search that costs next to nothing, for estimators that are fitted many times."""

from typing import Any

from keras_nas.blocks import code_embedding, columns, dense, number_linear
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.space import Choice, Given, Op, Series
from keras_nas.spaces import Space

RECIPE = {"optimizer": "adamw", "learning_rate": 0.03, "batch_size": 16, "weight_decay": 1e-4}


def cheap(epochs: int = 10) -> dict[str, Any]:
    """Arguments of an estimator: one short training of one of two networks, in the calling process."""
    from keras import layers

    codes = Series(code_embedding(Given("vocabulary"), 4), Op(layers.Flatten))
    numbers = Series(number_linear(), Op(layers.Flatten))
    network = Series(columns(numbers, codes), dense(Choice("width", [24, 32])))
    options = {"strategy": "random", "estimator": FullTraining(epochs), "workers": 0, "precision": "float32"}
    return {"max_trials": 1, "space": Space("few", network, RECIPE), "options": options}
