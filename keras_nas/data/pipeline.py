"""tf.data pipelines over memory-mapped rows, for training and for evaluation.

tf.data's autotuner is off and the prefetch fixed: at the end of an epoch `fit` otherwise waits for
the autotuner's loop, whose sleeps double (an epoch of 4.6 s of work was seen to end after 10.3 s).
Training batches come from one endless data set, so that the next epoch's first batches are ready
when an epoch ends.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_nas.data.rows import Rows
from keras_nas.data.trees import TextArray, held_bytes, mapped
from keras_nas.data.windows import Windows
from keras_nas.errors import InvalidArgument

IN_MEMORY_BYTES = 1 << 30
PREFETCH = 4  # batches
PARALLEL = 2  # batches made at the same time

Augment = Callable[[Any, Any, Any], tuple[Any, Any]]
Transform = Callable[[Any, Any, Any, Any], tuple[Any, ...]]
Gather = Callable[[Any], Any]


@dataclass(frozen=True)
class Feed:
    """Training batches without end, and how many of them are an epoch.

    Args:
        dataset: Endless `tf.data.Dataset` of (x, y) or (x, y, sample_weight).
        steps: Batches in an epoch.
        epoch: The epoch that the first batch belongs to.
    """

    dataset: Any
    steps: int
    epoch: int

    def fit_arguments(self) -> dict[str, Any]:
        """The arguments that `model.fit` needs to train on these batches."""
        batches = {"x": self.dataset, "steps_per_epoch": self.steps, "initial_epoch": self.epoch}
        return batches | {"shuffle": False}  # they are shuffled already, and fit warns that it cannot


def training_batches(
    rows: Rows,
    index: np.ndarray,
    batch_size: int = 128,
    *,
    seed: int = 0,
    epoch: int = 0,
    class_weight: np.ndarray | None = None,
    augment: Augment | None = None,
    transform: Transform | None = None,
    drop_remainder: bool = False,
    in_memory: bool | None = None,
    raw: bool = False,
) -> Feed:
    """Shuffled batches for training, in an order that only (seed, epoch) decides.

    Args:
        rows: The data.
        index: Numbers of the rows to train on, shape (rows,).
        batch_size: Rows in a batch; the last batch of an epoch may have fewer.
        seed: Decides the order and the keys given to `augment` and `transform`.
        epoch: The epoch to start at, that of `fit`'s initial_epoch; default: the first.
        class_weight: float32 weight of each class, shape (classes,), multiplied with the sample
            weights; default: none.
        augment: `augment(x, y, key) -> (x, y)` on a batch in its raw type, with TensorFlow operations.
        transform: `transform(x, y, w, key) -> (x, y)` or `(x, y, w)` on a batch, after `augment`;
            w is None where there are no weights. `key` is an int32 tensor of shape (2,) for
            `tf.random.stateless_*`, another in every batch.
        drop_remainder: Leave out the last, smaller batch of an epoch.
        in_memory: Whether to hold the chosen rows in memory; default: below 1 GiB.
        raw: Take the rows as given instead of the inputs that a front made of them.

    Returns:
        The batches, for `model.fit(**feed.fit_arguments(), epochs=...)`.

    Raises:
        InvalidArgument: There is not a single batch.

    Example:
        >>> import tempfile
        >>> from keras_nas.data.collection import collect
        >>> rows = collect((np.zeros((100, 4, 4)), [0, 1] * 50), tempfile.mkdtemp() + "/data")
        >>> feed = training_batches(rows, np.arange(80), 32)
        >>> feed.steps, [len(x) for x, y in feed.dataset.take(3)]
        (3, [32, 32, 16])
    """
    import tensorflow as tf

    steps = _steps(len(index), batch_size, drop_remainder)
    weight = _weights(rows, index, class_weight)
    columns = _columns(rows.x if raw else rows.inputs, rows.y, index, weight, in_memory)
    batch = _assembler(columns, augment, transform)
    positions = _shuffled(len(index), batch_size, steps, seed, drop_remainder)
    epochs = tf.data.Dataset.range(epoch, np.iinfo(np.int32).max, output_type=tf.int32)
    return Feed(_finish(epochs.flat_map(positions), batch), steps, epoch)


def evaluation_batches(
    rows: Rows,
    index: np.ndarray,
    batch_size: int = 512,
    *,
    transform: Transform | None = None,
    in_memory: bool | None = None,
) -> Any:
    """Batches of the rows as given, in the order of `index`, once, without augmentation or class weights.

    Args:
        rows: The data.
        index: Numbers of the rows, shape (rows,).
        batch_size: Rows in a batch; the last one may have fewer.
        transform: As for `training_batches`; the key is 0 and the number of the batch.
        in_memory: Whether to hold the chosen rows in memory; default: below 1 GiB.

    Returns:
        A `tf.data.Dataset` of (x, y), or (x, y, sample_weight) where the data has weights.

    Raises:
        InvalidArgument: `index` is empty.

    Example:
        >>> import tempfile
        >>> from keras_nas.data.collection import collect
        >>> rows = collect((np.zeros((100, 4, 4)), [0, 1] * 50), tempfile.mkdtemp() + "/data")
        >>> [y.numpy().tolist() for x, y in evaluation_batches(rows, np.array([0, 1, 3]), 2)]
        [[0, 1], [1]]
    """
    import tensorflow as tf

    steps = _steps(len(index), batch_size, False)
    columns = _columns(rows.x, rows.y, index, _weights(rows, index, None), in_memory)
    batch = _assembler(columns, None, transform)

    def positions(i: Any) -> tuple[Any, Any]:
        last = tf.minimum((i + 1) * batch_size, len(index))
        return tf.range(i * batch_size, last), tf.stack([0, i])

    return _finish(tf.data.Dataset.range(steps, output_type=tf.int32).map(positions), batch)


def _shuffled(size: int, batch_size: int, steps: int, seed: int, drop_remainder: bool) -> Callable[[Any], Any]:
    """The function from the number of an epoch to its batches of positions, each with a key."""
    import tensorflow as tf

    order_key, batch_key = (tf.constant([seed % 2**31, purpose], tf.int32) for purpose in (0, 1))

    def epoch_positions(epoch: Any) -> Any:
        order = tf.random.experimental.stateless_shuffle(tf.range(size), tf.random.fold_in(order_key, epoch))
        keys = tf.random.split(tf.random.fold_in(batch_key, epoch), steps)

        def positions(step: Any) -> tuple[Any, Any]:
            chosen = order[step * batch_size : (step + 1) * batch_size]
            known = tf.ensure_shape(chosen, [batch_size if drop_remainder else None])
            return known, keys[step]

        return tf.data.Dataset.range(steps, output_type=tf.int32).map(positions)

    return epoch_positions


def _finish(positions: Any, batch: Callable[[Any, Any], Any]) -> Any:
    """Batches from positions: made in parallel, in order, ahead of use, without the autotuner."""
    import tensorflow as tf

    options = tf.data.Options()
    options.autotune.enabled = False
    options.deterministic = True
    made = positions.map(batch, num_parallel_calls=PARALLEL, deterministic=True)
    return made.prefetch(PREFETCH).with_options(options)


def _assembler(
    columns: tuple[Gather, Gather, Gather | None], augment: Augment | None, transform: Transform | None
) -> Callable[[Any, Any], tuple[Any, ...]]:
    """The function from (positions, key) to a batch."""

    def batch(positions: Any, key: Any) -> tuple[Any, ...]:
        x, y, w = (column(positions) if column else None for column in columns)
        if augment is not None:
            x, y = augment(x, y, key)
        if transform is not None:
            return transform(x, y, w, key)
        return (x, y) if w is None else (x, y, w)

    return batch


def _columns(
    x: Any, y: np.ndarray, index: np.ndarray, weight: np.ndarray | None, in_memory: bool | None
) -> tuple[Gather, Gather, Gather | None]:
    """How to take a batch of x, y and weights; only the weights are always held in memory."""
    if in_memory is None:
        in_memory = held_bytes(x, len(index)) + held_bytes(y, len(index)) < IN_MEMORY_BYTES
    found = _from_memory if in_memory else _from_disk
    gathers = mapped(lambda array: found(array, index), x)
    w = None if weight is None else _from_memory(weight, slice(None))
    return lambda positions: mapped(lambda gather: gather(positions), gathers), found(y, index), w


def _from_memory(values: np.ndarray | TextArray | Windows, index: Any) -> Gather:
    import tensorflow as tf

    if isinstance(values, Windows):
        step, first = _from_memory(values.series, slice(None)), _from_memory(values.starts, index)
        return lambda positions: step(first(positions)[:, None] + np.arange(values.steps))
    with tf.device("CPU:0"):
        held = tf.constant(values[index])
    return lambda positions: tf.gather(held, positions)


def _from_disk(values: np.ndarray | TextArray | Windows, index: np.ndarray) -> Gather:
    import tensorflow as tf

    dtype = tf.string if isinstance(values, TextArray) else values.dtype

    def read(positions: np.ndarray) -> np.ndarray:
        return np.asarray(values[index[positions]])

    def gather(positions: Any) -> Any:
        found = tf.numpy_function(read, [positions], dtype, stateful=False)
        return tf.ensure_shape(found, [positions.shape[0], *values.shape[1:]])

    return gather


def _weights(rows: Rows, index: np.ndarray, class_weight: np.ndarray | None) -> np.ndarray | None:
    """Sample weight times class weight of each chosen row, float32 of shape (rows,), or None."""
    weight = None if rows.sample_weight is None else np.take(rows.sample_weight, index)
    if class_weight is None:
        return weight
    of_class = np.take(np.asarray(class_weight, np.float32), np.take(rows.y, index))
    return of_class if weight is None else np.multiply(weight, of_class)


def _steps(size: int, batch_size: int, drop_remainder: bool) -> int:
    steps = size // batch_size if drop_remainder else -(-size // batch_size)
    if steps == 0:
        raise InvalidArgument(
            f"{size:,} rows make no batch of {batch_size:,}: expected at least one. Give more rows, "
            "or a smaller batch_size."
        )
    return steps
