"""Keras Tuner's spaces as decisions, and answers back as values by name."""

from typing import Any

import keras_tuner
import numpy as np
import pytest

from keras_nas.decisions import Interval, Labels
from keras_nas.operators import enumerate_all, mutate, sample
from keras_nas.oracle.hyperparameters import ActiveHyperParameters, ReverseLog, hyper_space


def one(declare: Any) -> Any:
    """The domain of a single hyperparameter."""
    hp = keras_tuner.HyperParameters()
    declare(hp)
    (decision,) = hyper_space(hp).decisions
    return decision.domain


def twice() -> keras_tuner.HyperParameters:
    """`units` and its child `rate` under two kinds."""
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["mlp", "cnn", "none"])
    for kind, low in (("mlp", 1), ("cnn", 10)):
        with hp.conditional_scope("kind", [kind]):
            hp.Int("units", low, low + 2)
            hp.Choice("rate", [0.0, 0.5], parent_name="units", parent_values=[low])
    return hp


@pytest.mark.parametrize(
    ("declare", "domain"),
    [
        (lambda hp: hp.Int("a", 1, 7, step=2), Interval(1, 7, 2, integer=True)),
        (lambda hp: hp.Int("a", 3, 3), Labels((3,))),
        (lambda hp: hp.Int("a", 2, 9, sampling="log"), Interval(2, 9, 1, log=True, integer=True)),
        (lambda hp: hp.Int("a", 2, 40, step=2, sampling="log"), Labels((2, 4, 8, 16, 32), ordered=True)),
        (lambda hp: hp.Float("a", 0, 1), Interval(0.0, 1.0)),
        (lambda hp: hp.Float("a", 0, 1, step=0.25), Interval(0.0, 1.0, 0.25)),
        (lambda hp: hp.Float("a", 1e-4, 1e-1, sampling="log"), Interval(1e-4, 1e-1, log=True)),
        (lambda hp: hp.Float("a", 1, 100, step=10, sampling="log"), Labels((1.0, 10.0, 100.0), ordered=True)),
        (lambda hp: hp.Float("a", 1, 100, sampling="reverse_log"), ReverseLog(1.0, 100.0, log=True)),
        (lambda hp: hp.Float("a", 1, 100, step=10, sampling="reverse_log"), Labels((1.0, 91.0, 100.0), ordered=True)),
        (lambda hp: hp.Choice("a", ["x", "y"]), Labels(("x", "y"))),
        (lambda hp: hp.Choice("a", [0.1, 0.01]), Labels((0.1, 0.01), ordered=True)),
        (lambda hp: hp.Choice("a", [32, 8, 16]), Labels((32, 8, 16))),
        (lambda hp: hp.Boolean("a"), Labels((False, True))),
        (lambda hp: hp.Fixed("a", "relu"), Labels(("relu",))),
    ],
)
def test_each_kind_has_its_domain(declare: Any, domain: Any) -> None:
    assert one(declare) == domain


@pytest.mark.parametrize("sampling", ["linear", "log", "reverse_log"])
def test_numbers_are_spread_as_keras_tuner_spreads_them(sampling: str) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Float("a", 1, 1000, sampling=sampling)
    (entry,), domain = hp.space, one(lambda hp: hp.Float("a", 1, 1000, sampling=sampling))
    places = np.linspace(0.01, 0.99, 9)
    assert [domain.at(place) for place in places] == pytest.approx([entry.prob_to_value(place) for place in places])
    assert [domain.unit(domain.at(place)) for place in places] == pytest.approx(places)


def test_a_child_is_live_where_its_parent_has_the_value() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Boolean("norm")
    with hp.conditional_scope("norm", [True]):
        hp.Float("momentum", 0.5, 1.0, step=0.25)
    hp.Int("layers", 1, 2)
    space = hyper_space(hp)
    assert [decision.path for decision in space.decisions] == ["norm", "momentum", "layers"]
    assert [dict(architecture) for architecture in enumerate_all(space.decisions)][:2] == [
        {"norm": False, "layers": 1},
        {"norm": False, "layers": 2},
    ]
    assert space.decisions.size == 2 * (1 + 3)


def test_one_name_under_two_conditions_is_two_decisions() -> None:
    space = hyper_space(twice())
    assert dict(space.names) == {
        "kind": "kind",
        "units": "units",
        "rate": "rate",
        "units[kind=cnn]": "units",
        "rate[kind=cnn, units[kind=cnn]=10]": "rate",
    }
    assert space.decisions.size == (2 + 2) + (2 + 2) + 1
    seen = {tuple(space.values(a).items()) for a in enumerate_all(space.decisions)}
    assert len(seen) == 9
    assert (("rate", 0.5), ("units", 10), ("kind", "cnn")) in seen


def test_values_and_architectures_turn_into_one_another() -> None:
    space = hyper_space(twice())
    rng = np.random.default_rng(0)
    architecture = sample(space.decisions, rng)
    for _ in range(50):
        architecture = mutate(space.decisions, architecture, rng)
        assert space.architecture(space.values(architecture)) == architecture
        assert all(type(value) in (str, int, float) for value in space.values(architecture).values())


def test_what_a_value_does_not_answer_gets_the_default() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Int("units", 1, 9, default=4)
    hp.Choice("act", ["relu", "gelu"], default="gelu")
    space = hyper_space(hp)
    assert space.architecture({}) == {"units": 4, "act": "gelu"}
    assert space.architecture({"units": 400, "act": "relu", "old": 1}) == {"units": 4, "act": "relu"}


def test_children_may_stand_before_their_parents() -> None:
    hp = twice()
    shuffled = keras_tuner.HyperParameters.from_config({**hp.get_config(), "space": hp.get_config()["space"][::-1]})
    assert hyper_space(shuffled).decisions.size == hyper_space(hp).decisions.size


def test_a_path_stays_when_the_space_grows() -> None:
    hp = twice()
    before = hyper_space(hp)
    with hp.conditional_scope("kind", ["none"]):
        hp.Int("units", 100, 101)
    hp.Boolean("more")
    after = hyper_space(hp)
    assert set(before.names) < set(after.names)
    assert all(before.decisions.named(path) == after.decisions.named(path) for path in before.names)


def test_a_condition_on_nothing_is_never_live() -> None:
    hp = keras_tuner.HyperParameters()
    hp.Choice("kind", ["mlp"])
    hp.Int("units", 1, 4, parent_name="kind", parent_values=["cnn"])
    assert [decision.path for decision in hyper_space(hp).decisions] == ["kind"]


def test_active_values_keep_a_name_of_two_conditions() -> None:
    hp = ActiveHyperParameters.of(twice())
    hp.values = {"kind": "mlp", "units": 1, "rate": 0.5, "tuner/epochs": 3}
    hp.ensure_active_values()
    assert hp.values == {"kind": "mlp", "units": 1, "rate": 0.5, "tuner/epochs": 3}
    hp.values["kind"] = "none"
    hp.ensure_active_values()
    assert hp.values == {"kind": "none", "tuner/epochs": 3}


def test_active_values_are_filled_with_defaults() -> None:
    hp = ActiveHyperParameters.of(twice())
    hp.values = {"kind": "cnn"}
    hp.ensure_active_values()
    assert hp.values == {"kind": "cnn", "units": 10, "rate": 0.0}
