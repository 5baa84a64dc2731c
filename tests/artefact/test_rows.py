"""How far two sets of outputs are apart, in numbers and in answers."""

import keras
import numpy as np
import pytest

from keras_nas.artefact.rows import compared, named_rows, outputs_of
from keras_nas.errors import InvalidArgument


def test_classes_agree_where_the_largest_number_stands_in_the_same_place() -> None:
    one = {"y": np.array([[0.1, 0.9], [0.6, 0.4], [0.5, 0.5], [0.2, 0.8]])}
    other = {"y": np.array([[0.4, 0.6], [0.4, 0.6], [0.5, 0.4], [0.2, 0.8]])}
    found = compared(one, other)
    assert (found.max_abs_difference, found.agreement, found.scale) == (0.3, 0.75, 1.0)


def test_numbers_agree_within_a_tenth_of_their_spread() -> None:
    one = {"price": np.array([[100.0], [200.0], [300.0]])}
    found = compared(one, {"price": one["price"] + [[5.0], [0.0], [10.0]]})
    assert (found.max_abs_difference, round(found.agreement, 3), found.scale) == (10.0, 0.667, 300.0)


def test_rows_are_taken_by_the_names_of_the_inputs_and_no_others() -> None:
    inputs = {key: keras.Input((1,), name=key) for key in ("age", "size")}
    model = keras.Model(inputs, keras.layers.Concatenate()([inputs["size"], inputs["age"]]))
    age, size = np.zeros((2, 1)), np.ones((2, 1))
    for rows in ({"size": size, "age": age}, [age, size]):
        assert outputs_of(model, named_rows(model, rows))["output_0"].tolist() == [[1, 0], [1, 0]]
    with pytest.raises(InvalidArgument, match="The rows are called size, ages: expected age, size, as the mo"):
        named_rows(model, {"size": size, "ages": age})


def test_what_is_not_a_number_is_no_likeness_wherever_it_stands() -> None:
    expected = {"a": np.zeros((2, 1)), "b": np.ones((2, 1))}
    for name in expected:
        wrong = {**expected, name: np.full((2, 1), np.nan)}
        assert compared(expected, wrong).max_abs_difference == float("inf")


def test_other_names_shapes_or_words_are_no_likeness() -> None:
    y = {"y": np.zeros((2, 3))}
    assert compared(y, {"z": np.zeros((2, 3))}).max_abs_difference == float("inf")
    assert compared(y, {"y": np.zeros((3, 2))}).agreement == 0.0
    words = {"y": np.array(["a", "b"])}
    assert compared(words, {"y": np.array(["a", "c"])}).agreement == 0.0
    assert compared(words, words).agreement == 1.0
