"""The kinds of targets: how each is read, numbered, and spread over the parts of a split."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from keras_nas.data.columns import classes, numbers
from keras_nas.data.label_sets import encode_label_sets, rarest, read_label_classes, read_label_sets
from keras_nas.data.labels import Labels
from keras_nas.data.masks import encode_masks, held_classes, read_mask_classes, read_masks
from keras_nas.data.reading import Part, Read
from keras_nas.data.targets import compact, read_targets

QUANTILES = 10  # bins of a regression's targets

Settle = Callable[[list[Part]], tuple[Labels, np.ndarray]]


@dataclass(frozen=True)
class Kind:
    """What is done with one kind of targets.

    Args:
        read: What is kept of a batch; refuses other forms.
        settle: The classes, and the stored targets of all rows, of what was kept of all parts of the data.
        strata: A number for each row, equal for rows that are to be spread over all parts of a split, of the stored
            targets and the number of classes.
        found: The numbers of the classes that some rows have, of the same.
    """

    read: Read
    settle: Settle
    strata: Callable[[np.ndarray, int], np.ndarray]
    found: Callable[[np.ndarray, int], np.ndarray]


def _heights(y: np.ndarray, count: int) -> np.ndarray:
    """Bins of the targets' mean height, in standard deviations."""
    spread = y.std(axis=0, dtype=np.float64)
    height = ((y - y.mean(axis=0)) / np.where(spread > 0, spread, 1.0)).mean(axis=1)
    rank = np.argsort(np.argsort(height, kind="stable"), kind="stable")
    return np.asarray(rank * min(QUANTILES, max(1, len(y) // 5)) // max(1, len(y)))


def _settled(
    first: Callable[[Sequence[np.ndarray], str], tuple[Labels, np.ndarray]],
    further: Callable[[Sequence[np.ndarray], Labels, str], np.ndarray],
) -> Settle:
    """The classes of the first part, and the targets of all."""

    def settle(parts: list[Part]) -> tuple[Labels, np.ndarray]:
        kept = [[values for values, _ in part.y] for part in parts]
        labels, y = first(kept[0], parts[0].name)
        more = [further(values, labels, part.name) for values, part in zip(kept[1:], parts[1:], strict=True)]
        return labels, np.concatenate([y, *more])

    return settle


def _combinations(y: np.ndarray, count: int) -> np.ndarray:
    """Combinations of the columns' values, of few or in bins, as far as each is in ten rows on average."""
    values = [np.unique(column, return_inverse=True)[1] for column in y.T]
    columns = [_heights(y[:, [k]], 0) if v.max(initial=0) >= len(y) / 10 else v for k, v in enumerate(values)]
    strata = np.zeros(len(y), np.int64)
    for column in columns:
        finer = np.unique(strata * (column.max(initial=0) + 1) + column, return_inverse=True)[1]
        strata = finer if not strata.any() or finer.max(initial=0) < len(y) / 10 else strata
    return strata


KINDS: dict[str, Kind] = {
    "classification": Kind(
        lambda batch, name: compact(batch.y, name),
        classes,
        lambda y, count: y,
        lambda y, count: np.unique(y),
    ),
    "regression": Kind(
        lambda batch, name: (read_targets(batch.y, name, int(batch.rows[0]) if len(batch.rows) else 0), 0),
        numbers,
        _heights,
        lambda y, count: np.arange(count),
    ),
    "multilabel": Kind(
        lambda batch, name: (read_label_sets(batch.y, name), 0),
        _settled(read_label_classes, encode_label_sets),
        lambda y, count: rarest(y > 0),
        lambda y, count: np.flatnonzero(y.any(axis=0)),
    ),
    "segmentation": Kind(
        lambda batch, name: (read_masks(batch.y, batch.x.shape[1:3], name), 0),
        _settled(read_mask_classes, encode_masks),
        lambda y, count: rarest(held_classes(y, count)),
        lambda y, count: np.flatnonzero(held_classes(y, count).any(axis=0)),
    ),
    "texts": Kind(
        lambda batch, name: (batch.y, 0),
        lambda parts: (Labels("tokens"), np.concatenate([part.targets for part in parts])),
        lambda y, count: (y != "").sum(axis=1),
        lambda y, count: np.arange(count),
    ),
    "several": Kind(
        lambda batch, name: (batch.y, 0),
        lambda parts: (Labels("number"), np.concatenate([part.targets for part in parts])),
        _combinations,
        lambda y, count: np.arange(count),
    ),
}
"""By the name that tasks have for them."""
