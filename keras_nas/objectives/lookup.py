"""A table of latencies as a latency target: what a device that is not here takes for each operation."""

from collections.abc import Callable, Mapping
from typing import Any

from keras_nas.errors import InvalidArgument


def from_table(table: Mapping[str, float]) -> Callable[[Any], float]:
    """The latency target that sums what a table says of each operation of a model.

    The table is filled once on the device: `operation.build()` is a Keras model of one operation, to be exported and
    timed there. Runtimes melt some layers into those before, and so do operations.

    Args:
        table: Milliseconds by `Operation.key`.

    Returns:
        A function of a Keras model, which raises `InvalidArgument` where the table lacks an operation.

    Example:
        >>> import keras
        >>> from keras_nas.objectives.cost import costed
        >>> from keras_nas.objectives.operations import operations_of
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(4)])
        >>> from_table({operation.key: 0.5 for operation in operations_of(costed(model))})(model)
        1.0

    Reference:
        Cai et al., "ProxylessNAS", arXiv 1812.00332, appendix B.
    """

    def table_of_latencies(model: Any) -> float:
        from keras_nas.objectives.cost import costed
        from keras_nas.objectives.operations import operations_of

        operations = operations_of(costed(model))
        missing = list(dict.fromkeys(o.key for o in operations if o.key not in table))
        if missing:
            raise InvalidArgument(
                f"The table of latencies lacks {len(missing)} of the model's operations, {missing[0]} first: add the "
                "milliseconds that each takes on the device."
            )
        return float(sum(table[operation.key] for operation in operations))

    return table_of_latencies
