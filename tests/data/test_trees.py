"""Trees: one array or several by name, written by rows and opened memory-mapped."""

from pathlib import Path

import numpy as np
import pytest

from keras_nas.data.trees import TextArray, TreeWriter, described, leaves, mapped, open_tree, row_bytes, taken


def written(folder: Path, *parts: object) -> object:
    with TreeWriter(folder, "x") as writer:
        for part in parts:
            writer.append(part)
    return open_tree(folder, "x")


def test_one_array_is_one_file(tmp_path: Path) -> None:
    tree = written(tmp_path, np.zeros((2, 3)), np.ones((1, 3)))
    assert isinstance(tree, np.memmap)
    np.testing.assert_array_equal(tree, [[0, 0, 0], [0, 0, 0], [1, 1, 1]])
    assert [path.name for path in tmp_path.iterdir()] == ["x.npy"]


def test_columns_of_any_name_come_back_in_their_order(tmp_path: Path) -> None:
    names = ["z/../z", "größe", "", "a" * 300]
    tree = written(tmp_path, {name: np.full(4, number) for number, name in enumerate(names)})
    assert list(tree) == names
    assert [column[0] for column in tree.values()] == [0, 1, 2, 3]


def test_text_is_stored_as_numbers_and_read_as_text(tmp_path: Path) -> None:
    parts = [np.array(["b", "", "b"]), np.array(["ü\n", "b"], object)]
    tree = written(tmp_path, *({"t": part} for part in parts))["t"]
    assert isinstance(tree, TextArray)
    assert tree.codes.dtype == np.int32
    assert sorted(tree.values) == ["", "b", "ü\n"]
    assert tree[np.array([3, 0])].tolist() == ["ü\n", "b"]
    assert taken({"t": tree}, slice(1, 4))["t"].tolist() == ["", "b", "ü\n"]
    assert len(tree) == 5 and tree.shape == (5,) and tree.dtype == object


def test_what_a_tree_is_in_words_and_numbers() -> None:
    columns = {str(number): np.zeros((5, 2), np.float32) for number in range(12)}
    assert len(leaves(columns)) == 12
    assert row_bytes(columns) == 12 * 8
    assert described(columns) == "rows of the columns 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
    assert mapped(lambda a, b: a + b, {"a": 1}, {"a": 2}) == {"a": 3}
    assert mapped(lambda a, b: a + b, 1, 2) == 3


def test_a_failure_closes_the_files(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no rows"), TreeWriter(tmp_path, "x") as writer:
        writer.append({"a": np.zeros(2)})
        raise ValueError("no rows")
    assert len(open_tree(tmp_path, "x")["a"]) == 2
