"""A table of operations is a latency target like any other."""

import keras
import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.cost import costed
from keras_nas.objectives.latency import measure_latency
from keras_nas.objectives.lookup import from_table
from keras_nas.objectives.operations import operations_of


def test_what_a_table_says_is_summed_and_what_it_lacks_is_named() -> None:
    x = keras.Input((8, 8, 3))
    h = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(4, 3)(x)))
    model = keras.Model(x, layers.Dense(2)(layers.GlobalAveragePooling2D()(h)))
    operations = operations_of(costed(model))
    assert len(operations) == 3
    table = {operation.key: 0.25 * number for number, operation in enumerate(operations, 1)}
    found = measure_latency(model, target=table)
    assert (found.latency_ms, found.target, found.threads) == (1.5, "table_of_latencies", None)
    del table[operations[1].key]
    with pytest.raises(InvalidArgument, match=r"lacks 1 of the model's operations, .*GlobalAveragePooling2D.* first"):
        from_table(table)(model)
