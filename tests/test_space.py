"""The space's nodes: counting, listing, building, and what is said when they are used wrongly."""

import json
import pickle
from collections.abc import Mapping
from typing import Any

import cloudpickle
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from keras_nas.architecture import Architecture, Label
from keras_nas.blocks import convolution
from keras_nas.decisions import Decision, Decisions
from keras_nas.errors import InvalidArgument, SpaceError
from keras_nas.graph import Graph, Join, Shared
from keras_nas.net import KerasNet
from keras_nas.nodes import Fixed, Node, Place, Walk, list_decisions
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Channels, Choice, Given, Op, Range, Repeat, Series, Stride, block
from keras_nas.spaces import Space


def dense(units: Any = 4) -> Op:
    return Op(layers.Dense, units=units)


def widths(name: str = "units") -> Choice:
    return Choice(name, [2, 3, 4])


def edge(name: str) -> Choice:
    return Choice(name, {"none": None, "same": Series(), "dense": dense(3)})


ACTIVATION = Op(layers.ReLU)
TIED = dense(widths())
SHARED = Shared("motif", dense(Choice("units", [3, 4])))

SPACES: dict[str, Node] = {
    "choice": Series(dense(widths("a")), dense(widths("b"))),
    "nested": Choice("kind", {"flat": Series(), "deep": Series(dense(widths()), Choice("act", {"r": ACTIVATION}))}),
    "range": dense(Range("units", 2, 8, step=2)),
    "integer": dense(Range("units", 1, 5)),
    "repeat": Repeat("blocks", dense(widths()), [0, 1, 3]),
    "repeat_tied": Repeat("blocks", dense(widths()), [0, 2], tied=True),
    "repeat_fixed": Repeat("blocks", dense(widths()), 2),
    "named": Series(Series(dense(widths()), name="one"), Series(dense(widths()), name="two")),
    "tied_object": Series(TIED, Series(TIED, at="again")),
    "graph": Graph("cell", [Join([0], [edge("a")]), Join([0, 1], [edge("b"), edge("c")])]),
    "graph_inputs": Graph(
        "cell", [Join([0], [edge("a")]), Join([Choice("from", [0, 1])], [edge("b")])], output="loose"
    ),
    "graph_pairs": Graph(
        "cell",
        [Join([0], [Series()]), Join(Choice("pair", {"0,0": (0, 0), "0,1": (0, 1)}), [edge("a"), edge("b")])],
    ),
    "shared": Series(*(Choice(name, {"yes": SHARED, "no": Series()}) for name in ("first", "second"))),
    "channels": dense(Channels(Choice("ratio", [0.5, 2]), multiple=2)),
    "depth_of_choices": Repeat(
        "outer", Choice("kind", {"a": Repeat("inner", dense(widths()), [1, 2]), "b": Series()}), [1, 2]
    ),
}


def brute_force(decisions: Decisions) -> set[str]:
    """All architectures, found by trying every label of every live decision."""
    found: set[str] = set()

    def extend(number: int, labels: dict[str, Label]) -> None:
        if number == len(decisions):
            found.add(Architecture(labels).key)
            return
        decision: Decision = decisions[number]
        if not decision.live_in(labels):
            extend(number + 1, labels)
            return
        for label in decision.domain.labels():
            extend(number + 1, {**labels, decision.path: label})

    extend(0, {})
    return found


@pytest.mark.parametrize("name", SPACES)
def test_counting_equals_brute_force_and_enumeration(name: str) -> None:
    space = Space(name, SPACES[name])
    architectures = brute_force(space.decisions)
    assert space.size == len(architectures)
    assert {architecture.key for architecture in space.enumerate()} == architectures


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("choice", 9),
        ("nested", 1 + 3),
        ("range", 4),
        ("integer", 5),
        ("repeat", 1 + 3 + 27),
        ("repeat_tied", 1 + 3),
        ("repeat_fixed", 9),
        ("named", 9),
        ("tied_object", 3),
        ("graph", 27),
        ("graph_inputs", 18),
        ("graph_pairs", 18),
        ("shared", 8),
        ("channels", 2),
        ("depth_of_choices", (1 + 3 + 9) + (1 + 3 + 9) ** 2),
    ],
)
def test_sizes_are_what_the_formula_says(name: str, size: int) -> None:
    assert Space(name, SPACES[name]).size == size


@pytest.mark.parametrize("name", SPACES)
def test_every_architecture_builds_on_shapes_and_returns_from_json(name: str) -> None:
    space = Space(name, SPACES[name])
    for architecture in space.enumerate():
        net = CostNet()
        assert net.shape(space.features(architecture, net, net.input((3,))))[-1] > 0
        again = Architecture(json.loads(architecture.key))
        assert space.validate(again) == architecture
        assert {path: type(label) for path, label in again.items()} == {
            path: type(label) for path, label in architecture.items()
        }


@settings(max_examples=60)
@given(name=st.sampled_from(sorted(SPACES)), seeds=st.tuples(st.integers(0, 99), st.integers(0, 99)))
def test_sampling_mutating_and_crossing_stay_in_the_space(name: str, seeds: tuple[int, int]) -> None:
    space = Space(name, SPACES[name])
    mother, father = (space.sample(seed) for seed in seeds)
    child = space.mutate(mother, seeds[1])
    for architecture in (mother, child, space.crossover(mother, father, seeds[0])):
        assert space.validate(architecture) == architecture
        assert np.isfinite(space.encode(architecture)).all()
    assert child != mother
    assert all(space.validate(other) != mother for other in space.neighbours(mother, 0))


def nodes(depth: int) -> st.SearchStrategy[Node]:
    """Random trees; names are numbered afterwards by their place, so that none are alike."""
    leaf: st.SearchStrategy[Node] = st.builds(lambda n: dense(Choice("units", range(1, n + 1))), st.integers(1, 3))
    if depth == 0:
        return leaf
    inner = nodes(depth - 1)
    series = st.lists(inner, max_size=2).map(lambda p: Series(*(Series(q, name=f"p{i}") for i, q in enumerate(p))))
    choice = st.lists(inner, min_size=1, max_size=3).map(lambda p: Choice("kind", dict(enumerate(p))))
    depths = st.lists(st.integers(0, 2), min_size=1, max_size=2)
    repeat = st.builds(lambda p, d, tied: Repeat("again", p, d, tied=tied), inner, depths, st.booleans())
    ends: list[Node] = [Series(), Series()]
    graph = inner.map(
        lambda p: Graph("cell", [Join([0], [p]), Join([0, Choice("from", [0, 1])], ends, "concat")], output="all")
    )
    shared = st.builds(lambda p, number: Shared(f"motif{number}", p), inner, st.integers(0, 10**9))
    return st.one_of(leaf, series, choice, repeat, graph, shared)


@settings(max_examples=80)
@given(node=nodes(2))
def test_random_trees_count_as_brute_force_does_and_build(node: Node) -> None:
    decisions = list_decisions(node)
    if decisions.size > 3000:
        return
    assert decisions.size == len(brute_force(decisions))
    net = CostNet()
    architecture = decisions.walk(lambda decision: decision.domain.labels()[-1])
    assert net.shape(node.apply(Walk(architecture, net), net.input((3,))))[-1] > 0


def test_paths_follow_the_tree() -> None:
    node = Series(Choice("kind", {"conv": Repeat("blocks", dense(widths()), [1, 2])}), name="stage")
    assert [decision.path for decision in list_decisions(node)] == [
        "stage/kind",
        "stage/kind/conv/blocks/depth",
        "stage/kind/conv/blocks/0/units",
        "stage/kind/conv/blocks/1/units",
    ]


def test_two_choices_of_one_name_are_an_error_that_names_both() -> None:
    with pytest.raises(SpaceError, match=r"two choices are named 'units': Choice\('units', \[2.*Choice\('units', \[8"):
        list_decisions(Series(dense(widths()), dense(Choice("units", [8]))))


def test_an_unanswered_decision_is_named() -> None:
    with pytest.raises(SpaceError, match="decision 'stem/units' has no answer in this architecture; decide it"):
        Series(dense(widths()), name="stem").layer((3,))


def test_a_wrong_answer_is_named() -> None:
    with pytest.raises(SpaceError, match="Unknown option of 'units' 9: expected one of 2, 3, 4"):
        Fixed(dense(widths()), {"units": 9}).layer((3,))


@pytest.mark.parametrize(
    ("architecture", "text"),
    [
        ({"a": 2}, "decision 'b' needs one of .2, 3, 4.; got None"),
        ({"a": 2, "b": 7}, "decision 'b' needs one of .2, 3, 4.; got 7"),
        ({"a": 2, "b": 3, "c": 1}, ".'c'. are not live decisions"),
    ],
)
def test_validation_names_the_path(architecture: Mapping[str, Label], text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        Space("choice", SPACES["choice"]).validate(architecture)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Choice("a/b", [1]), "a name must be a string of one character or more without '/'; got 'a/b'"),
        (lambda: Choice("", [1]), "got ''"),
        (lambda: Choice("a", []), "choice 'a' needs one option or more with distinct labels"),
        (lambda: Choice("a", [1, 1]), r"distinct labels; got \[1, 1\]"),
        (lambda: Repeat("a", dense(), []), r"repeat 'a' needs depths of 0 or more; got \[\]"),
        (lambda: Repeat("a", dense(), -1), "repeat 'a' needs depths of 0 or more; got -1"),
        (lambda: Range("a", 2, 2), "a range needs low < high"),
        (lambda: Graph("a", []), "graph 'a' needs one join or more"),
        (lambda: Graph("a", [Join([0, 0], [Series()])]), "each with one operation for each source"),
        (lambda: Graph("a/b", [Join([0], [Series()])]), "without '/'; got 'a/b'"),
    ],
)
def test_malformed_nodes_are_refused(make: Any, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        make()


def test_a_block_refuses_unknown_arguments() -> None:
    @block
    def doubled(net: Any, x: Any, units: int = 8) -> Any:
        return net(layers.Dense, net(layers.Dense, x, units=units), units=units)

    assert repr(doubled(units=4)) == "doubled(units=4)"
    assert doubled(4)(keras.Input((3,))).shape == (None, 4)
    with pytest.raises(SpaceError, match=r"doubled\(units: int = 8\).*unexpected keyword argument 'unit'"):
        doubled(unit=4)


def test_tied_objects_share_decisions_and_not_weights() -> None:
    space = Space("tied", SPACES["tied_object"])
    x = keras.Input((3,))
    model = keras.Model(x, space.features({"units": 4}, KerasNet(None, ""), x))
    assert [layer.name for layer in model.layers[1:]] == ["dense", "again.dense"]
    assert model.count_params() == 3 * 4 + 4 + 4 * 4 + 4


def test_shared_decisions_stand_once_below_the_outermost_scope() -> None:
    space = Space("shared", SPACES["shared"])
    assert [decision.path for decision in space.decisions] == ["first", "motif/units", "second"]
    tuned = list_decisions(SPACES["shared"], Place("tuned", root="tuned"))
    assert [decision.path for decision in tuned] == ["tuned/first", "tuned/motif/units", "tuned/second"]


def test_channels_are_a_rounded_multiple_of_the_input() -> None:
    walk = Walk({}, CostNet())
    x = CostNet().input((4, 4, 10))
    assert Channels(0.5).resolve(walk, x) == 5
    assert Channels(0.5, multiple=4).resolve(walk, x) == 4
    assert Channels(0.01, multiple=8).resolve(walk, x) == 8


def test_given_values_come_from_the_nearest_enclosing_node() -> None:
    walk = Walk({}, CostNet())
    assert Given("stride", 1).resolve(walk, None) == 1
    assert Given("stride", 1).resolve(walk.giving(stride=2).giving(stride=3), None) == 3


@pytest.mark.parametrize(("side", "stride"), [(2, 1), (7, 1), (8, 2), (64, 2)])
def test_strides_spare_small_maps(side: int, stride: int) -> None:
    net = CostNet()
    assert Stride(2, least=4).resolve(Walk({}, net), net.input((side, 99, 3))) == stride


@pytest.mark.parametrize("name", SPACES)
def test_a_space_survives_cloudpickle(name: str) -> None:
    space = Space(name, SPACES[name], {"rate": Range("rate", 0.1, 0.5)})
    again = cloudpickle.loads(cloudpickle.dumps(space))
    assert again.decisions == space.decisions
    architecture = space.sample(3)
    net = CostNet()
    shapes = [net.shape(s.features(architecture, net, net.input((3,)))) for s in (space, again)]
    assert shapes[0] == shapes[1]


def test_a_block_is_pickled_by_name() -> None:
    """Its module knows the name as that of what makes nodes; the body alone is nowhere to be found."""
    node = convolution(Choice("width", [8, 16]), 3)
    again = pickle.loads(pickle.dumps(node))  # noqa: S301 - our own
    assert again.function is node.function and repr(again) == repr(node)


def test_the_recipe_is_decided_with_the_network() -> None:
    recipe = {"rate": Choice("rate", [0.1, 0.2]), "optimizer": Choice("optimizer", ["sgd", "adamw"]), "batch_size": 32}
    space = Space("tiny", dense(widths()), recipe)
    assert (space.size, space.network_decisions.size, space.recipe_decisions.size) == (12, 3, 4)
    architecture = {"units": 3, "recipe/rate": 0.2, "recipe/optimizer": "adamw"}
    assert space.settings(architecture) == {"rate": 0.2, "optimizer": "adamw", "batch_size": 32}


def test_a_space_reads_like_an_outline() -> None:
    top = Choice("top", {"a": dense(widths()), "b": Series()})
    node = Series(Repeat("blocks", dense(widths()), [0, 1], tied=True), top)
    recipe = {"rate": Range("rate", 0.1, 0.5, log=True), "batch_size": 32}
    assert str(Space("tiny", node, recipe, "two parts")).splitlines() == [
        "Space('tiny', 16 networks x infinitely many recipes)",
        "two parts",
        "blocks",
        "  depth: [0, 1]",
        "  units: [2, 3, 4]  if blocks/depth is 1",
        "top: ['a', 'b']",
        "top",
        "  a",
        "    units: [2, 3, 4]",
        "recipe",
        "  rate: 0.1 to 0.5, logarithmic",
        "  batch_size: always 32",
    ]


def test_a_start_outside_the_space_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="decision 'units' needs one of"):
        Space("tiny", dense(widths()), start=[{"units": 5}])
