"""One call that tests a block, ours or yours: every option built, saved, loaded, computed in half precision."""
# ruff: noqa: S101

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.errors import SpaceError
from keras_nas.net import KerasNet
from keras_nas.nodes import Fixed, Node, Walk, list_decisions
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Series
from keras_nas.spaces import Space


def check_block(node: Node, input_shape: Sequence[int] = (8, 8, 4)) -> None:
    """Check all that a block promises, for a few architectures that use every option of every decision.

    Inside a space, under Keras Tuner's hyperparameters and as plain Keras it builds; the model consists of stock Keras
    layers; its shape is the same symbolically, computed and counted, and so are its parameters; it comes back from its
    configuration and from a `.keras` file with the same outputs; in mixed precision it computes finite numbers.

    Args:
        node: a block, or any part of a space, that takes and gives one tensor.
        input_shape: of one row.

    Raises:
        AssertionError: naming the architecture and the promise that is broken.

    Example:
        >>> from keras_nas import blocks
        >>> check_block(blocks.pooling("max"))
    """
    decisions = list_decisions(node)
    check_ways(node, decisions, input_shape)
    for number, architecture in enumerate(covering(decisions)):
        model = Fixed(node, architecture).layer(input_shape)
        check_stock(model, architecture)
        check_counted(node, architecture, model, input_shape)
        check_computed(model, architecture, input_shape)
        check_mixed_precision(node, architecture, input_shape)
        if number == 0:
            check_saved(model, architecture, input_shape)


def covering(decisions: Decisions) -> list[Architecture]:
    """Few architectures that together use every label of every decision, the first label of each in the first one.

    Args:
        decisions: without real-valued ranges.
    """
    left = {decision.path: list(decision.domain.labels()) for decision in decisions}
    found: list[Architecture] = []
    while not found or any(left.values()):
        wish = _towards(decisions, next((path for path, labels in left.items() if labels), None))

        def pick(decision: Any, wish: Mapping[str, Label] = wish) -> Label:
            fresh = left[decision.path] or decision.domain.labels()
            return wish.get(decision.path, fresh[0])

        architecture = decisions.walk(pick)
        for path, label in architecture.items():
            left[path] = [other for other in left[path] if other != label]
        found.append(architecture)
    return found


def _towards(decisions: Decisions, path: str | None) -> dict[str, Label]:
    """The answers that a decision needs to be live."""
    wish: dict[str, Label] = {}
    if path is not None:
        for parent, labels in decisions.named(path).when:
            wish |= {parent: next(label for label in decisions.named(parent).domain.labels() if label in labels)}
    return wish


def check_ways(node: Node, decisions: Decisions, input_shape: Sequence[int]) -> None:
    """It builds inside a space and under Keras Tuner; as plain Keras too, or tells what is still to be decided."""
    import keras
    from keras_tuner import HyperParameters

    space = Space("checked", Series(node))
    assert len(space.decisions) == len(decisions), "a space lists other decisions than the block"
    x = keras.Input(tuple(input_shape))
    shape = space.features(covering(decisions)[0], KerasNet(None, ""), x).shape
    hp = HyperParameters()
    tuned = node.tune(hp, "tuned")
    assert {f"tuned/{decision.path}" for decision in decisions} == {parameter.name for parameter in hp.space}
    assert tuned(x).shape == shape, "Keras Tuner's first values are not the first labels"
    if not decisions:
        assert node(x).shape == node.layer(input_shape).output.shape == shape
        return
    try:
        node.layer(input_shape)
    except SpaceError as error:
        assert "has no answer in this architecture" in str(error), error
    else:
        raise AssertionError("a block with open decisions was built without answers")


def check_stock(model: Any, architecture: Architecture) -> None:
    """Every layer is Keras' own."""
    foreign = [layer.name for layer in model.layers if not type(layer).__module__.startswith("keras.")]
    assert not foreign, f"{foreign} are no stock Keras layers: {dict(architecture)}"


def check_counted(node: Node, architecture: Architecture, model: Any, input_shape: Sequence[int]) -> None:
    """The cost model sees the shape and the parameters of the built model."""
    net = CostNet()
    output = node.apply(Walk(architecture, net), net.input(input_shape))
    assert net.shape(output) == model.output.shape[1:], f"counted shape {net.shape(output)}: {dict(architecture)}"
    assert net.cost(output).params == model.count_params(), f"counted parameters differ: {dict(architecture)}"


def check_computed(model: Any, architecture: Architecture, input_shape: Sequence[int]) -> np.ndarray:
    """Outputs are finite and of the symbolic shape."""
    outputs = np.asarray(model(rows(input_shape), training=False))
    assert outputs.shape[1:] == model.output.shape[1:], f"computed shape {outputs.shape[1:]}: {dict(architecture)}"
    assert np.isfinite(outputs).all(), f"outputs are not finite: {dict(architecture)}"
    return outputs


def check_saved(model: Any, architecture: Architecture, input_shape: Sequence[int]) -> None:
    """It comes back from its configuration, and from a file with its outputs, without custom objects."""
    import keras

    outputs = check_computed(model, architecture, input_shape)
    again = keras.Model.from_config(model.get_config())
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "block.keras"
        model.save(path)
        loaded = keras.saving.load_model(path, compile=False, custom_objects={})
    difference = float(np.abs(outputs - check_computed(loaded, architecture, input_shape)).max(initial=0))
    assert difference == 0, f"outputs of the loaded model differ by {difference}: {dict(architecture)}"


def check_mixed_precision(node: Node, architecture: Architecture, input_shape: Sequence[int]) -> None:
    """Under the policy "mixed_float16" all layers compute in float16 and keep float32 weights; outputs are finite."""
    import keras

    x = keras.Input(tuple(input_shape))
    model = keras.Model(x, node.apply(Walk(architecture, KerasNet("mixed_float16", "")), x))
    wide = [layer.name for layer in model.layers[1:] if layer.compute_dtype != "float16"]
    assert not wide, f"{wide} do not compute in float16: {dict(architecture)}"
    assert {weight.dtype for weight in model.trainable_weights} <= {"float32"}
    check_computed(model, architecture, input_shape)


def rows(input_shape: Sequence[int], count: int = 2) -> np.ndarray:
    """Some rows of input, normally distributed, float32."""
    return np.random.default_rng(0).standard_normal((count, *input_shape)).astype("float32")
