"""Seeded division of the rows into training, validation and hold-out."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from keras_nas.data.files import write_array
from keras_nas.data.kinds import KINDS
from keras_nas.data.rows import Rows
from keras_nas.errors import DataError, InvalidArgument, StoreError

PARTS = ("train", "validation", "holdout")
FOLDS = 20  # groups are dealt into so many folds at most, of which each part gets some
MINIMUM_ROWS = 2  # of each part


@dataclass(frozen=True)
class Split:
    """Numbers of the rows in each part: sorted int64 arrays without a row in common.

    Args:
        train: Rows that models are trained on.
        validation: Rows that architectures are compared on.
        holdout: Rows that the winner alone is scored on, once; may be empty.
    """

    train: np.ndarray
    validation: np.ndarray
    holdout: np.ndarray

    def save(self, directory: str | Path) -> None:
        """Write train.npy, validation.npy and holdout.npy."""
        for name in PARTS:
            write_array(Path(directory) / f"{name}.npy", getattr(self, name))

    def merged(self) -> Self:
        """With the validation rows among those to train on, so that none are left to compare by.

        Example:
            >>> Split(np.array([0, 3]), np.array([1]), np.array([2])).merged().train
            array([0, 1, 3])
        """
        train = np.sort(np.concatenate([self.train, self.validation]))
        return replace(self, train=train, validation=self.validation[:0])

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Read what `save` has written.

        Raises:
            StoreError: A file is missing or damaged.
        """
        try:
            return cls(*(np.load(Path(directory) / f"{name}.npy", allow_pickle=False) for name in PARTS))
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{directory} does not hold a readable split ({error}): remove the folder and start again."
            ) from error


def evenly(index: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of some rows' numbers, evenly spaced.

    Example:
        >>> evenly(np.arange(10), 4)
        array([0, 3, 6, 9])
    """
    return index[:: max(1, -(-len(index) // count))]


def split_rows(rows: Rows, validation: float = 0.15, holdout: float = 0.15, seed: int = 0) -> Split:
    """Divide the rows, each class (or range of targets) in proportion, no group on two sides.

    Windows of a series are divided in the order of time, and nothing is drawn. Rows that the user gave as
    validation_data are the validation part. Every class has rows in the training part. The same rows, fractions and
    seed give the same split.

    Args:
        rows: The data.
        validation: Fraction of the rows to validate on, 0 to 0.5; not used with validation_data.
        holdout: Fraction of the rows to hold out, 0 to 0.5; 0 holds out none.
        seed: Which of the possible splits.

    Returns:
        The numbers of the rows in each part.

    Raises:
        DataError: There are too few rows, or too few groups.

    Example:
        >>> import tempfile
        >>> from keras_nas.data.collection import collect
        >>> rows = collect((np.zeros((100, 4, 4)), [0, 1] * 50), Path(tempfile.mkdtemp()) / "data")
        >>> split = split_rows(rows, validation=0.2, holdout=0.1)
        >>> len(split.train), len(split.validation), len(split.holdout)
        (70, 20, 10)
    """
    for name, fraction in (("validation", validation), ("holdout", holdout)):
        if not 0 <= fraction <= 0.5:
            raise InvalidArgument(f"{name} is {fraction}; expected a fraction of the rows from 0 to 0.5.")
    free = len(rows) - rows.given_validation
    fractions = (holdout, 0.0 if rows.given_validation else validation)
    part = _parts(rows, free, fractions, seed)
    given = np.arange(free, len(rows))
    indices = [np.flatnonzero(part == number) for number in range(3)]
    split = Split(indices[0], given if rows.given_validation else indices[2], indices[1])
    _check(rows, split, {"validation": validation, "holdout": holdout})
    return split


def _parts(rows: Rows, free: int, fractions: tuple[float, float], seed: int) -> np.ndarray:
    """Part of each row: 0 trains, 1 is held out, 2 validates."""
    if rows.framing is not None:
        return _in_order(free, fractions, rows.framing.horizon - 1)
    strata = _strata(rows, free)
    if rows.groups is None or not any(fractions):
        return _divide(strata, fractions, seed)
    return _divide_groups(strata, rows.groups[:free], fractions, seed)


def _in_order(free: int, fractions: tuple[float, float], apart: int) -> np.ndarray:
    """Part of each window: the last ones are held out, those before them validate; -1 for those that reach across.

    What is forecast in one part is forecast in no other, so that `apart` windows before each are left out.
    """
    part, end = np.zeros(free, np.int8), free
    for number, fraction in enumerate(fractions, start=1):
        count = min(round(fraction * free), end)
        if count:
            part[max(0, end - count - apart) : end - count] = -1
            part[end - count : end] = number
            end = max(0, end - count - apart)
    return part


def _strata(rows: Rows, free: int) -> np.ndarray:
    """A number for each row, equal for rows that are to be spread over all parts, shape (rows,)."""
    return KINDS[rows.target].strata(np.asarray(rows.y[:free]), len(rows.labels.classes))


def _divide(strata: np.ndarray, fractions: tuple[float, float], seed: int) -> np.ndarray:
    """Part of each row: 1 and 2 with the given fractions, else 0.

    The rows are put in order of stratum, at random within one, and each part takes every n-th of
    them: a systematic sample, proportional in every stratum to one row. The first row of each
    stratum is kept for training.
    """
    order = np.random.default_rng([seed, 0]).permutation(len(strata))
    order = order[np.argsort(strata[order], kind="stable")]
    first = np.r_[True, np.diff(strata[order]) != 0] if len(order) else np.zeros(0, bool)
    eligible = order[~first]
    part = np.zeros(len(strata), np.int8)
    for number, fraction in enumerate(fractions, start=1):
        count = min(round(fraction * len(strata)), len(eligible))
        taken = (np.arange(count) * len(eligible) + len(eligible) // 2) // max(count, 1)
        part[eligible[taken]] = number
        eligible = np.delete(eligible, taken)
    return part


def _divide_groups(strata: np.ndarray, groups: np.ndarray, fractions: tuple[float, float], seed: int) -> np.ndarray:
    """Part of each row, whole groups at a time, with all strata in part 0.

    The groups are dealt into folds of like strata (scikit-learn's StratifiedGroupKFold), and each
    part gets some of the folds: which ones is chosen so that sizes and strata fit best.
    """
    folds = min(len(np.unique(groups)), FOLDS, int(np.bincount(strata).max()))
    shares = [max(1, round(fraction * folds)) if fraction else 0 for fraction in fractions]
    if folds <= sum(shares):
        raise DataError(
            f"{len(np.unique(groups))} groups cannot be divided into training, validation and hold-out without a "
            "group on two sides; expected at least one for each. Give more groups, or your own validation_data."
        )
    fold = _folds(strata, groups, folds, seed)
    number = np.repeat([1, 2, 0], [*shares, folds - sum(shares)])
    candidates = [np.roll(number, shift)[fold] for shift in range(folds)]
    return min(candidates, key=lambda part: _misfit(part, strata, fractions))


def _folds(strata: np.ndarray, groups: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """Number of the fold of each row."""
    from sklearn.model_selection import StratifiedGroupKFold

    state = int(np.random.default_rng([seed, 1]).integers(2**31))
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=state)
    fold = np.empty(len(strata), np.int64)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        for number, (_, rows) in enumerate(splitter.split(strata, strata, groups)):
            fold[rows] = number
    return fold


def _misfit(part: np.ndarray, strata: np.ndarray, fractions: tuple[float, float]) -> float:
    """How far the parts are from the wanted share of each stratum; a stratum without training is worst."""
    counts = np.zeros((3, strata.max() + 1))
    np.add.at(counts, (part, strata), 1)
    wanted = np.outer((1 - sum(fractions), *fractions), counts.sum(axis=0))
    untrained = np.count_nonzero((counts[0] == 0) & (counts.sum(axis=0) > 0))
    return float(np.abs(counts - wanted).sum() / len(part) + 10 * untrained)


def _check(rows: Rows, split: Split, fractions: dict[str, float]) -> None:
    """Refuse a split with a part too small to say anything, or with a class that cannot be learned."""
    sizes = {name: len(getattr(split, name)) for name in PARTS}
    wanted = [name for name in PARTS if name != "holdout" or fractions["holdout"] > 0]
    distinct = {name: _distinct(rows, getattr(split, name)) for name in wanted}
    if any(sizes[name] < MINIMUM_ROWS or distinct[name] < 2 for name in wanted):
        shown = ", ".join(f"{sizes[name]} for {name}" for name in wanted)
        raise DataError(
            f"data has {len(rows):,} rows, too few to split: {shown}; expected at least two different rows in each. "
            "Give more rows, larger fractions, or your own validation_data."
        )
    classes = rows.labels.classes
    found = KINDS[rows.target].found(rows.y[split.train], len(classes)) if classes else np.arange(0)
    missing = np.setdiff1d(np.arange(len(classes)), found)
    if len(missing):
        raise DataError(
            f"The class {classes[missing[0]]!r} has no rows to train on, because its groups are too few to "
            "stand on both sides; expected groups of each class on both. Give more groups, or drop the class."
        )


def _distinct(rows: Rows, part: np.ndarray) -> int:
    """How many different targets some rows have; windows of a series that varies differ, so do masks and texts."""
    if rows.framing is not None or rows.target == "texts" or rows.y.ndim > 2:
        return len(part)
    return len(np.unique(rows.y[part], axis=0))
