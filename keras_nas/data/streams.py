"""Data that arrives batch by batch: data sets, generators and other iterables."""

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np

from keras_nas.data.batch import Batch, as_array, described, digest, named
from keras_nas.data.checks import check_lengths
from keras_nas.errors import DataError, KerasNASError

UNBATCHED = 256  # rows taken at once from a data set that is not batched
PICTURE, CHANNELS = 3, (1, 3, 4)  # axes of one picture, and lengths of the last of them


@dataclass
class Stream:
    """Batches that arrive one after the other: (x, y) or (x, y, sample_weight).

    Args:
        name: What the data is called in messages.
        form: What kind of stream it is; part of its identity.
        steps: The number of batches; None when the stream ends by itself.
        start: Called once to get the iterator over batches.
    """

    name: str
    form: str
    steps: int | None
    start: Callable[[], Iterable[Any]]
    given: int | None = None
    dropped: list[str] = field(default_factory=list)

    def identity(self) -> str:
        """A digest of the form alone: a stream may be shuffled, or be read only once."""
        return digest(self.form, self.steps)

    def batches(self) -> Iterator[Batch]:
        """The batches as they arrive, checked for their form."""
        first, steps = 0, 0
        for item in self._items():
            batch = self._batch(item, first)
            first, steps = first + len(batch.x), steps + 1
            yield batch
        if self.steps is not None and steps < self.steps:
            raise DataError(
                f"{self.name} ended after {steps:,} batches; expected {self.steps:,}. "
                "Give the number of batches it really yields."
            )

    def _items(self) -> Iterator[Any]:
        count = 0
        try:
            for item in islice(self.start(), self.steps):
                yield item
                count += 1
        except KerasNASError:
            raise
        except Exception as error:
            raise DataError(
                f"{self.name} raised {type(error).__name__} at batch {count}: {error}. "
                "Iterate over it once outside the search to find the cause."
            ) from error

    def _batch(self, item: Any, first: int) -> Batch:
        if not isinstance(item, (tuple, list)) or len(item) not in (2, 3):
            raise DataError(
                f"{self.name} yields {described(item)}; expected batches (x, y) or (x, y, sample_weight). "
                "Map it to such tuples."
            )
        columns = [as_array(part, self.name) for part in item]
        if not all(column.ndim for column in columns):
            raise DataError(f"{self.name} yields single rows; expected batches. Stack the rows of a batch.")
        check_lengths(f"{self.name}, in a batch", named(columns))
        x, y, *weight = columns
        return Batch(x, y, weight[0] if weight else None, np.arange(first, first + len(x)))


def from_dataset(data: Any, ranks: Collection[int], name: str) -> Stream:
    """A `tf.data.Dataset`, batched or not; `ranks` are the accepted numbers of axes of a batch of x, () for any."""
    import tensorflow as tf

    spec = data.element_spec
    if not isinstance(spec, tuple) or len(spec) not in (2, 3):
        raise DataError(
            f"{name} is a tf.data.Dataset of {described(spec)}; expected elements (x, y) or (x, y, sample_weight). "
            "Map it to such tuples."
        )
    strange = [part for part in spec if not isinstance(part, tf.TensorSpec)]
    if strange:
        raise DataError(
            f"{name} is a tf.data.Dataset whose elements hold {described(strange[0])}; expected tensors, one for each "
            "of x and y. Map it to such tuples; give several inputs or targets by name as dicts of whole arrays."
        )
    if data.cardinality() == tf.data.INFINITE_CARDINALITY:
        raise DataError(f"{name} is an endless tf.data.Dataset; expected one pass. End it with .take(batches).")
    batched = data if _is_batched(data, ranks) else data.batch(UNBATCHED)
    options = tf.data.Options()
    options.autotune.enabled = False
    form = f"tf.data.Dataset {spec} {int(data.cardinality())}"
    return Stream(name, form, None, batched.with_options(options).as_numpy_iterator)


def _is_batched(data: Any, ranks: Collection[int]) -> bool:
    """Whether the elements are batches, told by the number of axes of x where that tells; else by the first axes.

    Where both are possible, x and y begin with the rows of a batch, or are a picture and its mask.
    """
    x, y = (part.shape for part in data.element_spec[:2])
    if x.rank is None or y.rank is None:
        x, y = (part.shape for part in next(iter(data.take(1)), data.element_spec)[:2])
    whole, single = x.rank in ranks, x.rank is not None and x.rank + 1 in ranks
    if x.rank is None or (ranks and not (whole and single)):
        return not single
    pictured = x.rank == PICTURE and y.rank in (PICTURE - 1, PICTURE) and x[2] in CHANNELS and x[:2] == y[:2]
    return bool(x.rank and y.rank and x[0] == y[0]) and not pictured


def from_py_dataset(data: Any, name: str) -> Stream:
    """A `keras.utils.PyDataset`."""
    import keras

    told = hasattr(data, "__len__") or type(data).num_batches is not keras.utils.PyDataset.num_batches
    steps = data.num_batches if told else None
    if steps is None:
        raise DataError(f"{name} is a PyDataset without an end; expected one pass. Define its __len__.")
    return Stream(name, f"PyDataset {type(data).__qualname__}", steps, lambda: (data[i] for i in range(steps)))
