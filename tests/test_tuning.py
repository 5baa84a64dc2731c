"""Keras Tuner's hyperparameters answer our decisions, under conditional scopes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from keras_tuner import HyperParameters

from keras_nas.nodes import Node, list_decisions
from keras_nas.space import Choice, Op, Range, Repeat, Series
from keras_nas.tuning import tune


def network() -> Node:
    kinds = {"flat": Series(), "deep": Repeat("blocks", Op(layers.Dense, units=Choice("units", [4, 8])), [1, 2])}
    return Series(Choice("kind", kinds), Op(layers.Dropout, rate=Range("rate", 0.1, 0.5, step=0.1)))


DECISIONS = list_decisions(network())


def answered(**values: Any) -> dict[str, Any]:
    """The architecture that Keras Tuner's `values` stand for."""
    hp = HyperParameters()
    hp.values.update(values)
    return dict(tune(DECISIONS, hp))


def test_all_decisions_are_declared_at_once_under_their_conditions() -> None:
    hp = HyperParameters()
    tune(DECISIONS, hp)
    assert [parameter.name for parameter in hp.space] == [decision.path for decision in DECISIONS]
    (inner,) = [p for p in hp.space if p.name == "kind/deep/blocks/1/units"]
    assert [(condition.name, condition.values) for condition in inner.conditions] == [
        ("kind", ["deep"]),
        ("kind/deep/blocks/depth", [2]),
    ]


def test_only_live_decisions_are_answered() -> None:
    assert answered() == {"kind": "flat", "rate": 0.1}
    assert answered(**{"kind": "deep", "kind/deep/blocks/depth": 2, "kind/deep/blocks/1/units": 8}) == {
        "kind": "deep",
        "kind/deep/blocks/depth": 2,
        "kind/deep/blocks/0/units": 4,
        "kind/deep/blocks/1/units": 8,
        "rate": 0.1,
    }


@settings(max_examples=40)
@given(seed=st.integers(0, 10_000))
def test_random_hyperparameters_are_architectures_of_the_space(seed: int) -> None:
    hp = HyperParameters()
    tune(DECISIONS, hp)
    for offset, parameter in enumerate(list(hp.space)):
        hp.values[parameter.name] = parameter.random_sample(seed + offset)
    architecture = tune(DECISIONS, hp)
    assert DECISIONS.validate(architecture) == architecture


@pytest.mark.parametrize("label", [False, True, 3, 0.5, "three"])
def test_labels_of_mixed_types_come_back_as_they_were(label: Any) -> None:
    decisions = list_decisions(Op(layers.Dense, units=Choice("mixed", [False, True, 3, 0.5, "three"])))
    hp = HyperParameters()
    hp.values["mixed"] = str(label)
    found = tune(decisions, hp)["mixed"]
    assert found == label
    assert type(found) is type(label)


@pytest.mark.parametrize(
    ("value", "kind", "settings"),
    [
        (Range("n", 2, 8, step=2), "Int", {"min_value": 2, "max_value": 8, "step": 2, "sampling": "linear"}),
        (Range("n", 1, 64, log=True), "Int", {"min_value": 1, "max_value": 64, "sampling": "log"}),
        (Range("n", 0.1, 0.5), "Float", {"min_value": 0.1, "max_value": 0.5, "step": None, "sampling": "linear"}),
        (Range("n", 1e-4, 1e-1, log=True), "Float", {"min_value": 1e-4, "max_value": 1e-1, "sampling": "log"}),
    ],
)
def test_numbers_keep_their_bounds(value: Range, kind: str, settings: dict[str, Any]) -> None:
    hp = HyperParameters()
    tune(list_decisions(value), hp)
    (parameter,) = hp.space
    assert type(parameter).__name__ == kind
    assert {name: getattr(parameter, name) for name in settings} == settings
