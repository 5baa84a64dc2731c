"""Tests of the split: disjoint, complete, seeded, proportional, and groups on one side only."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_nas.data import Rows, Split, split_rows
from keras_nas.data.split import _divide
from keras_nas.errors import DataError, InvalidArgument, StoreError

Make = Callable[..., Rows]


def shares(codes: np.ndarray) -> np.ndarray:
    return np.bincount(codes) / len(codes)


def images(rows: int) -> np.ndarray:
    return np.zeros((rows, 2, 2), np.uint8)


def assert_complete(split: Split, size: int) -> None:
    parts = [split.train, split.validation, split.holdout]
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(size))
    for part in parts:
        assert part.dtype == np.int64 and (np.diff(part) > 0).all()


def test_parts_are_disjoint_complete_and_proportional(make_rows: Make) -> None:
    y = np.repeat([0, 1, 2], [700, 250, 50])
    split = split_rows(make_rows(images(1000), y), validation=0.2, holdout=0.1, seed=3)
    assert_complete(split, 1000)
    assert (len(split.validation), len(split.holdout)) == (200, 100)
    for part in (split.train, split.validation, split.holdout):
        np.testing.assert_allclose(shares(y[part]), shares(y), atol=0.011)


def test_the_seed_decides(make_rows: Make) -> None:
    rows = make_rows(images(200), np.arange(200) % 2)
    first, again, other = (split_rows(rows, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.holdout, again.holdout)
    np.testing.assert_array_equal(first.validation, again.validation)
    assert len(np.intersect1d(first.holdout, other.holdout)) < 15


def test_rows_are_drawn_at_random(make_rows: Make) -> None:
    rows = make_rows(images(300), np.arange(300) % 3)
    counts = np.zeros(300)
    for seed in range(200):
        counts[split_rows(rows, seed=seed).holdout] += 1
    assert counts.mean() == 30
    assert counts.min() > 8 and counts.max() < 60


@given(
    counts=st.lists(st.integers(2, 40), min_size=2, max_size=8),
    validation=st.floats(0.05, 0.5),
    holdout=st.floats(0.0, 0.49),
    seed=st.integers(0, 2**32),
)
def test_each_class_is_trained_on_and_spread_to_a_row(
    counts: list[int], validation: float, holdout: float, seed: int
) -> None:
    strata = np.repeat(np.arange(len(counts)), counts)
    part = _divide(strata, (holdout, validation), seed)
    table = np.array([np.bincount(strata[part == number], minlength=len(counts)) for number in range(3)])
    assert (table.sum(axis=0) == counts).all() and (table[0] >= 1).all()
    eligible = np.array(counts) - 1
    taken = table[1].sum() / eligible.sum()
    assert (np.abs(table[1] - eligible * taken) <= 1 + 1e-9).all()
    assert table[1].sum() == round(holdout * len(strata)) or table[1].sum() == eligible.sum()


def test_classes_of_two_rows_are_in_training(make_rows: Make) -> None:
    y = np.repeat(np.arange(30), 2)
    split = split_rows(make_rows(images(60), y), validation=0.25, holdout=0.25)
    assert set(y[split.train]) == set(range(30))


def test_no_holdout(make_rows: Make) -> None:
    split = split_rows(make_rows(images(100), np.arange(100) % 2), holdout=0.0)
    assert len(split.holdout) == 0 and len(split.train) == 85


def test_validation_data_is_the_validation_part(make_rows: Make) -> None:
    y = np.arange(100) % 2
    rows = make_rows(images(100), y, validation_data=(images(20), y[:20]))
    split = split_rows(rows, holdout=0.1)
    assert_complete(split, 120)
    assert split.validation.tolist() == list(range(100, 120)) and len(split.holdout) == 10


def test_no_group_on_two_sides(make_rows: Make) -> None:
    random = np.random.default_rng(0)
    groups = random.integers(0, 80, 2000)
    y = (random.random(2000) < 0.2 + 0.2 * (groups % 3)).astype(int)
    split = split_rows(make_rows(images(2000), y, groups=groups), seed=5)
    assert_complete(split, 2000)
    sides = [set(groups[part]) for part in (split.train, split.validation, split.holdout)]
    assert not (sides[0] & sides[1] or sides[0] & sides[2] or sides[1] & sides[2])
    assert len(split.validation) / 2000 == pytest.approx(0.15, abs=0.03)
    assert len(split.holdout) / 2000 == pytest.approx(0.15, abs=0.03)
    for part in (split.train, split.validation, split.holdout):
        np.testing.assert_allclose(shares(y[part]), shares(y), atol=0.04)


def test_one_group_is_enough_where_nothing_is_divided(make_rows: Make) -> None:
    more = (images(10), np.arange(10) % 2)
    rows = make_rows(images(20), np.arange(20) % 2, groups=np.zeros(20, int), validation_data=more)
    assert len(split_rows(rows, holdout=0).train) == 20


def test_groups_are_split_by_the_seed(make_rows: Make) -> None:
    groups = np.arange(300) // 5
    rows = make_rows(images(300), np.arange(300) % 2, groups=groups)
    first, again, other = (split_rows(rows, seed=seed) for seed in (1, 1, 2))
    assert first.holdout.tolist() == again.holdout.tolist() != other.holdout.tolist()


def test_few_groups_each_of_one_class(make_rows: Make) -> None:
    groups = np.arange(120) // 10
    split = split_rows(make_rows(images(120), groups % 2, groups=groups), seed=0)
    assert {0, 1} == set((groups % 2)[split.train]) == set((groups % 2)[split.validation])


def test_groups_of_validation_data_are_left_alone(make_rows: Make) -> None:
    y = np.arange(100) % 2
    groups = np.arange(100) // 4
    split = split_rows(make_rows(images(100), y, groups=groups, validation_data=(images(8), y[:8])))
    assert split.validation.tolist() == list(range(100, 108))
    assert not set(groups[split.train]) & set(groups[split.holdout])


def test_a_regression_is_split_by_the_size_of_its_targets(make_rows: Make) -> None:
    y = np.random.default_rng(0).exponential(1, (500, 2))
    split = split_rows(make_rows(images(500), y, target="regression"), validation=0.2, holdout=0.2)
    assert_complete(split, 500)
    height, cuts = (y / y.std(axis=0)).mean(axis=1), [0.1, 0.5, 0.9]
    for part in (split.validation, split.holdout):
        np.testing.assert_allclose(np.quantile(height[part], cuts), np.quantile(height, cuts), rtol=0.15)


def test_real_labels(digits: tuple[np.ndarray, np.ndarray], make_rows: Make) -> None:
    split = split_rows(make_rows(*digits))
    assert_complete(split, 1797)
    assert np.abs(np.bincount(digits[1][split.holdout]) - 27).max() <= 1


def test_saved_and_loaded(make_rows: Make, tmp_path: Path) -> None:
    split = split_rows(make_rows(images(100), np.arange(100) % 2), holdout=0.0)
    split.save(tmp_path)
    loaded = Split.load(str(tmp_path))
    assert (loaded.train.tolist(), loaded.holdout.tolist()) == (split.train.tolist(), [])
    (tmp_path / "train.npy").write_bytes(b"damaged")
    with pytest.raises(StoreError, match="does not hold a readable split .* remove the folder"):
        Split.load(tmp_path)


@pytest.mark.parametrize("rows", [4, 6])
def test_too_few_rows(make_rows: Make, rows: int) -> None:
    text = rf"data has {rows} rows, too few to split: \d for train, 1 for validation, 1 for holdout; .* more rows"
    with pytest.raises(DataError, match=text):
        split_rows(make_rows(images(rows), np.arange(rows) % 2))


def test_no_validation(make_rows: Make) -> None:
    with pytest.raises(DataError, match="0 for validation"):
        split_rows(make_rows(images(100), np.arange(100) % 2), validation=0.0)


def test_too_few_groups(make_rows: Make) -> None:
    rows = make_rows(images(100), np.arange(100) % 2, groups=np.arange(100) // 50)
    with pytest.raises(DataError, match="2 groups cannot be divided .* Give more groups, or your own validation_data"):
        split_rows(rows)


def test_a_class_in_one_group_is_trained_on(make_rows: Make) -> None:
    groups = np.arange(200) // 10
    y = np.where(groups == 7, 2, np.arange(200) % 2)
    for seed in range(5):
        assert 2 in y[split_rows(make_rows(images(200), y, groups=groups), seed=seed).train]


def test_classes_that_groups_keep_out_of_training(make_rows: Make) -> None:
    y = np.arange(100) // 34
    rows = make_rows(images(100), y, groups=y)
    with pytest.raises(DataError, match="has no rows to train on, because its groups are too few|too few to split"):
        split_rows(rows)


@pytest.mark.parametrize("options", [{"validation": 0.6}, {"holdout": -0.1}, {"holdout": 30}])
def test_fractions_out_of_range(make_rows: Make, options: dict[str, Any]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(InvalidArgument, match=f"{name} is {value}; expected a fraction of the rows from 0 to 0.5"):
        split_rows(make_rows(images(20), np.arange(20) % 2), **options)
