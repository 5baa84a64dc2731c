"""Costs without building against hand-worked figures, against built Keras layers, and against NAS-Bench-201."""

import inspect
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.cost import Cost, CostNet, cost_of_model
from keras_nas.objectives.layer_costs import _TABLE, stock_cost
from keras_nas.objectives.layer_costs.traced import _einsum, built_cost

IMAGE, SEQUENCE = (8, 6, 4), (5, 3)
L: Any = layers

KINDS: list[tuple[Any, dict[str, Any], list[tuple[int, ...]], int]] = [
    # layer, arguments, input shapes, multiply-adds and bias additions worked out by hand
    (L.Conv2D, {"filters": 5, "kernel_size": 3}, [IMAGE], 6 * 4 * (9 * 4 * 5 + 5)),
    (L.Conv2D, {"filters": 6, "kernel_size": (3, 1), "strides": 2, "padding": "same", "groups": 2, "use_bias": False},
     [IMAGE], 4 * 3 * 3 * 2 * 6),
    (L.Conv2D, {"filters": 2, "kernel_size": 3, "dilation_rate": 2}, [IMAGE], 4 * 2 * (9 * 4 * 2 + 2)),
    (L.Conv1D, {"filters": 2, "kernel_size": 3, "padding": "causal"}, [SEQUENCE], 5 * (3 * 3 * 2 + 2)),
    (L.Conv3D, {"filters": 2, "kernel_size": 2}, [(3, 3, 3, 2)], 8 * (8 * 2 * 2 + 2)),
    (L.Conv2DTranspose, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}, [IMAGE],
     48 * 9 * 4 * 3 + 16 * 12 * 3),
    (L.Conv1DTranspose, {"filters": 3, "kernel_size": 4, "strides": 2, "use_bias": False}, [SEQUENCE], 5 * 4 * 3 * 3),
    (L.DepthwiseConv2D, {"kernel_size": 3, "depth_multiplier": 2}, [IMAGE], 6 * 4 * (9 * 8 + 8)),
    (L.DepthwiseConv1D, {"kernel_size": 2, "use_bias": False}, [SEQUENCE], 4 * 2 * 3),
    (L.SeparableConv2D, {"filters": 5, "kernel_size": 3, "depth_multiplier": 2, "strides": 2}, [IMAGE],
     3 * 2 * (9 * 8 + 8 * 5 + 5)),
    (L.SeparableConv1D, {"filters": 5, "kernel_size": 3}, [SEQUENCE], 3 * (3 * 3 + 3 * 5 + 5)),
    (L.Dense, {"units": 7}, [(4,)], 4 * 7 + 7),
    (L.Dense, {"units": 7, "use_bias": False}, [SEQUENCE], 5 * 3 * 7),
    (L.EinsumDense, {"equation": "abc,cd->abd", "output_shape": (None, 7), "bias_axes": "d"}, [SEQUENCE],
     5 * (3 * 7 + 7)),
    (L.EinsumDense, {"equation": "...x,xy->...y", "output_shape": 7, "bias_axes": "y"}, [IMAGE], 48 * (4 * 7 + 7)),
    (L.EinsumDense, {"equation": "btd,dhk->bthk", "output_shape": (None, 2, 6)}, [SEQUENCE], 5 * 3 * 2 * 6),
    (L.Dot, {"axes": 2}, [(5, 3), (4, 3)], 5 * 4 * 3),
    (L.Dot, {"axes": (1, 2)}, [(3,), (4, 3)], 4 * 3),
    (L.MultiHeadAttention, {"num_heads": 2, "key_dim": 3}, [(5, 4), (5, 4)],
     3 * 5 * (4 * 6 + 6) + 2 * 25 * 6 + 5 * (6 * 4 + 4)),
    (L.MultiHeadAttention, {"num_heads": 2, "key_dim": 3, "value_dim": 5, "use_bias": False, "output_shape": 7},
     [(5, 4), (6, 8)], 5 * 4 * 6 + 6 * 8 * 6 + 6 * 8 * 10 + 30 * 2 * (3 + 5) + 5 * 10 * 7),
    (L.GroupQueryAttention, {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2}, [(5, 8), (6, 8)],
     5 * (8 * 12 + 12) + 2 * 6 * (8 * 6 + 6) + 30 * 2 * 12 + 5 * (12 * 8 + 8)),
    (L.Attention, {}, [(5, 3), (6, 3)], 30 * (3 + 3)),
    (L.AdditiveAttention, {}, [(5, 3), (6, 3)], 30 * (3 + 3)),
    (L.LSTM, {"units": 7}, [SEQUENCE], 5 * 4 * (3 * 7 + 7 * 7 + 7)),
    (L.LSTM, {"units": 7, "return_sequences": True, "use_bias": False}, [SEQUENCE], 5 * 4 * (3 * 7 + 7 * 7)),
    (L.LSTM, {"units": 7, "return_state": True}, [SEQUENCE], 5 * 4 * (3 * 7 + 7 * 7 + 7)),
    (L.GRU, {"units": 7}, [SEQUENCE], 5 * 3 * (3 * 7 + 7 * 7 + 2 * 7)),
    (L.GRU, {"units": 7, "reset_after": False}, [SEQUENCE], 5 * 3 * (3 * 7 + 7 * 7 + 7)),
    (L.SimpleRNN, {"units": 7}, [SEQUENCE], 5 * (3 * 7 + 7 * 7 + 7)),
    (L.Bidirectional, {"layer": L.GRU(7, return_sequences=True)}, [SEQUENCE], 2 * 5 * 3 * (3 * 7 + 7 * 7 + 2 * 7)),
    (L.Bidirectional, {"layer": L.LSTM(7), "merge_mode": "sum"}, [SEQUENCE], 2 * 5 * 4 * (3 * 7 + 7 * 7 + 7)),
    (L.TimeDistributed, {"layer": L.Dense(7)}, [SEQUENCE], 5 * (3 * 7 + 7)),
    (L.ConvLSTM2D, {"filters": 2, "kernel_size": 3, "padding": "same"}, [(3, *IMAGE)],
     3 * 48 * (9 * 4 * 8 + 8 + 9 * 2 * 8)),
    (L.Embedding, {"input_dim": 9, "output_dim": 4}, [(5,)], 0),
    (L.BatchNormalization, {}, [IMAGE], 0),
    (L.BatchNormalization, {"scale": False, "center": False}, [IMAGE], 0),
    (L.BatchNormalization, {"trainable": False}, [IMAGE], 0),
    (L.LayerNormalization, {}, [IMAGE], 0),
    (L.LayerNormalization, {"axis": [1, 2, 3], "center": False}, [IMAGE], 0),
    (L.GroupNormalization, {"groups": 2}, [IMAGE], 0),
    (L.RMSNormalization, {}, [IMAGE], 0),
    (L.UnitNormalization, {}, [IMAGE], 0),
    (L.Normalization, {}, [IMAGE], 0),
    (L.Normalization, {"axis": None}, [IMAGE], 0),
    (L.Normalization, {"mean": 0.5, "variance": 2.0, "axis": None}, [IMAGE], 0),
    (L.PReLU, {}, [IMAGE], 0),
    (L.PReLU, {"shared_axes": [1, 2]}, [IMAGE], 0),
    (L.Activation, {"activation": "gelu"}, [IMAGE], 0),
    (L.ReLU, {"max_value": 6}, [IMAGE], 0),
    (L.Rescaling, {"scale": 0.0}, [IMAGE], 0),
    (L.Dropout, {"rate": 0.5}, [IMAGE], 0),
    (L.SpatialDropout2D, {"rate": 0.5}, [IMAGE], 0),
    (L.RandomFlip, {}, [IMAGE], 0),
    (L.MaxPooling2D, {}, [IMAGE], 0),
    (L.AveragePooling2D, {"pool_size": 3, "strides": 1, "padding": "same"}, [IMAGE], 0),
    (L.MaxPooling1D, {"pool_size": 2, "padding": "same"}, [SEQUENCE], 0),
    (L.GlobalAveragePooling2D, {"keepdims": True}, [IMAGE], 0),
    (L.GlobalMaxPooling1D, {}, [SEQUENCE], 0),
    (L.AdaptiveAveragePooling2D, {"output_size": 3}, [IMAGE], 0),
    (L.Add, {}, [IMAGE, IMAGE], 0),
    (L.Multiply, {}, [IMAGE, (1, 1, 4)], 0),
    (L.Average, {}, [IMAGE, IMAGE, IMAGE], 0),
    (L.Concatenate, {}, [IMAGE, (8, 6, 3)], 0),
    (L.Concatenate, {"axis": 1}, [IMAGE, (2, 6, 4)], 0),
    (L.Reshape, {"target_shape": (4, -1)}, [IMAGE], 0),
    (L.Flatten, {}, [IMAGE], 0),
    (L.Permute, {"dims": (3, 1, 2)}, [IMAGE], 0),
    (L.RepeatVector, {"n": 3}, [(4,)], 0),
    (L.ZeroPadding2D, {}, [IMAGE], 0),
    (L.ZeroPadding2D, {"padding": ((1, 2), (0, 3))}, [IMAGE], 0),
    (L.ZeroPadding1D, {"padding": (1, 2)}, [SEQUENCE], 0),
    (L.Cropping2D, {"cropping": (2, 1)}, [IMAGE], 0),
    (L.Cropping1D, {}, [SEQUENCE], 0),
    (L.UpSampling2D, {}, [IMAGE], 0),
    (L.UpSampling1D, {"size": 3}, [SEQUENCE], 0),
    (L.Resizing, {"height": 4, "width": 5}, [IMAGE], 0),
    (L.CenterCrop, {"height": 4, "width": 5}, [IMAGE], 0),
]  # fmt: skip
LOOPS = (L.LSTM, L.GRU, L.SimpleRNN, L.Bidirectional, L.ConvLSTM2D)
# several arguments, products that are no contraction, or a bias that cannot be turned off from outside
APART = (L.MultiHeadAttention, L.GroupQueryAttention, L.AdditiveAttention, L.TimeDistributed)


def _call(layer: Any, inputs: list[Any]) -> Any:
    if isinstance(layer, L.MultiHeadAttention | L.GroupQueryAttention):
        return layer(*inputs)
    return layer(inputs[0] if len(inputs) == 1 else inputs)


def _model(kind: Any, config: dict[str, Any], shapes: list[tuple[int, ...]]) -> Any:
    inputs = [keras.Input(shape) for shape in shapes]
    layer = kind.from_config(kind(**config).get_config())
    return keras.Model(inputs, _call(layer, inputs))


@pytest.mark.parametrize(("kind", "config", "shapes", "flops"), KINDS, ids=[kind[0].__name__ for kind in KINDS])
def test_each_layer_kind(kind: Any, config: dict[str, Any], shapes: list[tuple[int, ...]], flops: int) -> None:
    """Multiply-adds as worked by hand; parameters and shapes as in the built layer; the same from a built model."""
    model = _model(kind, config, shapes)
    cost = stock_cost(kind, tuple(shapes), config)
    assert cost is not None
    assert cost.flops == flops
    assert cost.weights + cost.fixed == model.count_params()
    assert cost.weights == sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    computed = keras.tree.flatten(model([np.zeros((1, *shape), "float32") for shape in shapes]))
    assert list(cost.outputs) == [tuple(tensor.shape[1:]) for tensor in computed]
    built = cost_of_model(model)
    assert (built.params, built.flops, built.trainable_params) == (model.count_params(), flops, cost.weights)


TRACED = [kind[:3] for kind in KINDS if kind[3] and kind[0] not in (*LOOPS, *APART)]


@pytest.mark.parametrize(("kind", "config", "shapes"), TRACED, ids=[kind[0].__name__ for kind in TRACED])
def test_counting_the_graph_agrees(kind: Any, config: dict[str, Any], shapes: list[tuple[int, ...]]) -> None:
    """The count for unknown layers, in TensorFlow's graph, is the formula's but for biases and plain products."""
    bare = config | ({"use_bias": False} if "use_bias" in inspect.signature(kind).parameters else {})
    bare.pop("bias_axes", None)
    cost = stock_cost(kind, tuple(shapes), bare)
    traced = built_cost(kind, shapes, bare)
    assert cost is not None
    assert (traced.outputs, traced.weights, traced.flops) == (cost.outputs, cost.weights, cost.flops)


def test_defaults_are_those_of_keras() -> None:
    for name, handler in _TABLE.items():
        layer = getattr(layers, name, None) or layers.GroupQueryAttention
        stock = inspect.signature(layer).parameters
        for key, parameter in inspect.signature(handler).parameters.items():
            if key not in stock or stock[key].default is parameter.empty:
                continue
            ours, theirs = parameter.default, stock[key].default
            assert ours == theirs or theirs in ((ours,) * 2, (ours,) * 3), (name, key)


def test_multiplying_graph_of_an_unknown_layer() -> None:
    """Custom layers are traced: products inside called functions count, those in a loop are refused."""

    class Mixer(layers.Layer):
        def __init__(self, looped: bool = False) -> None:
            super().__init__()
            self.looped = looped
            self.inner = layers.Conv2D(6, 3, groups=2, padding="same", use_bias=False)

        def call(self, x: Any) -> Any:
            if self.looped:
                return keras.ops.while_loop(lambda y: keras.ops.max(y) < 1.0, lambda y: (self.inner(y),), (x,))[0]
            return keras.ops.einsum("...c,...c->...", self.inner(x), x)

    net = CostNet()
    y = net(Mixer, net.input((4, 4, 6)))
    assert net.shape(y) == (4, 4)
    assert net.cost(y).flops == 16 * 9 * 3 * 6 + 16 * 6
    assert net.cost(y).params == 9 * 3 * 6
    with pytest.raises(InvalidArgument, match="of Mixer cannot be counted: it multiplies matrices inside a loop"):
        net(Mixer, net.input((4, 4, 6)), looped=True)


def test_an_ellipsis_may_stand_for_nothing_and_a_sum_multiplies_nothing() -> None:
    assert _einsum("...ij,...jk->...ik", [(1, 4, 5, 3), (3, 2)]) == 4 * 5 * 3 * 2
    assert _einsum("ij->j", [(3, 4)]) == 0


def test_a_layer_of_several_arguments_that_has_no_formula_is_built() -> None:
    """Attention along one of two axes: 5 maps of 4 x 4 scores."""
    net = CostNet()
    x = net.input((4, 5, 6))
    y = net(layers.MultiHeadAttention, [x, x], num_heads=2, key_dim=3, attention_axes=(1,), use_bias=False)
    assert net.cost(y).params == 4 * 6 * 6
    assert net.cost(y).flops == 4 * 20 * 6 * 6 + 2 * 6 * 5 * 16


def test_padding_is_read_in_any_case_as_keras_does() -> None:
    net, wide = CostNet(), {"filters": 2, "kernel_size": 3, "padding": "VALID"}
    for kind, side in ((layers.Conv2D, 6), (layers.Conv2DTranspose, 10)):
        assert net.shape(net(kind, net.input((8, 8, 3)), **wide)) == (side, side, 2)


def test_a_foreign_layer_of_a_stock_name_is_not_mistaken() -> None:
    class Dense(layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    net = CostNet()
    assert net.cost(net(Dense, net.input((3,)))).params == 0


def _branching(net: Any, x: Any) -> Any:
    a = net(layers.Conv2D, x, filters=8, kernel_size=3, padding="same")
    b = net(layers.Conv2D, x, filters=8, kernel_size=1, name="b")
    net(layers.Conv2D, b, filters=64, kernel_size=3)  # leads nowhere: no layer of the model
    y = net(layers.Add, [net(layers.Dropout, a, rate=0.5), b])
    y = net(layers.Flatten, net(layers.MaxPooling2D, y))
    return net(layers.Dense, y, units=10)


def test_memory_by_hand() -> None:
    """8x8x3 in: while b is computed the input, a and b exist; while they are added a, b and the sum do."""
    net = CostNet()
    cost = net.cost(_branching(net, net.input((8, 8, 3))))
    assert cost.memory_mb == 4 * max(64 * 3 + 2 * 64 * 8, 3 * 64 * 8) / 1e6
    params = (27 + 1) * 8 + (3 + 1) * 8 + (128 + 1) * 10
    assert (cost.params, cost.size_mb) == (params, 4 * params / 1e6)
    assert cost.flops == 64 * 28 * 8 + 64 * 4 * 8 + 129 * 10


class PlainNet:
    """The smallest net that builds Keras layers."""

    def __call__(self, layer: Any, x: Any, **config: Any) -> Any:
        return layer(**config)(x)

    def channels(self, x: Any) -> int:
        return int(x.shape[-1])


def test_a_built_model_costs_what_its_body_costs() -> None:
    x = keras.Input((8, 8, 3))
    net = CostNet()
    assert cost_of_model(keras.Model(x, _branching(PlainNet(), x))) == net.cost(_branching(net, net.input((8, 8, 3))))


def test_nested_shared_sequential_and_operations() -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4), layers.BatchNormalization()])
    x = keras.Input((4,))
    y = keras.ops.einsum("bi,bj->bij", inner(inner(x)), layers.Dense(4)(x) + 1.0)
    model = keras.Model(x, layers.Dense(2)(keras.ops.reshape(y, (-1, 16))))
    cost = cost_of_model(model)
    assert cost.params == model.count_params()
    assert cost.flops == 2 * 20 + 20 + 16 + 17 * 2
    assert cost_of_model(inner).flops == 20


def test_open_axes_need_a_shape() -> None:
    x = keras.Input((None, 3))
    model = keras.Model(x, layers.LSTM(7)(x), name="open")
    with pytest.raises(InvalidArgument, match=r"shape is \(None, 3\): give every axis a size"):
        cost_of_model(model)
    assert cost_of_model(model, input_shape=(5, 3)).flops == 5 * 4 * (3 * 7 + 7 * 7 + 7)


def test_a_subclassed_model_is_traced() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.dense = layers.Dense(5)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Own()
    with pytest.raises(InvalidArgument, match="'own' has no known input: build it, and give the input_shape"):
        cost_of_model(model)
    model(np.zeros((1, 3)))
    cost = cost_of_model(model, input_shape=(3,))
    assert (cost.params, cost.flops) == (20, 15)


def test_attention_mask_is_no_input() -> None:
    x, mask = keras.Input((5, 4)), keras.Input((5, 5), dtype="bool")
    y = layers.MultiHeadAttention(2, 3)(x, value=x, attention_mask=mask, key=x)
    assert cost_of_model(keras.Model([x, mask], y)).flops == 3 * 5 * (4 * 6 + 6) + 2 * 25 * 6 + 5 * (6 * 4 + 4)


def test_scores_are_objectives() -> None:
    assert Cost(3, 2, 5, 0.1, 0.2).scores() == {"params": 3, "flops": 5, "memory_mb": 0.1, "size_mb": 0.2}


@pytest.mark.parametrize(
    ("layer", "config", "text"),
    [
        (layers.Conv2D, {"filters": 4, "kernel_size": 9}, r"window of \(9, 9\) does not fit into \(8, 8\)"),
        (layers.Conv2D, {"filters": 4, "kernel_size": 1, "groups": 4}, "4 groups takes 3 channels to 4: both must be"),
    ],
)
def test_what_keras_would_not_build(layer: Any, config: dict[str, Any], text: str) -> None:
    net = CostNet()
    with pytest.raises(InvalidArgument, match=text):
        net(layer, net.input((8, 8, 3)), **config)


TABLE = Path(__file__).parents[3] / "shared" / "data" / "nas" / "nb201.npz"
STAGES = (16, 32, 64)


def _relu_conv(net: Any, x: Any, filters: int, kernel: int, strides: int = 1) -> Any:
    x = net(layers.ReLU, x)
    x = net(layers.Conv2D, x, filters=filters, kernel_size=kernel, strides=strides, padding="same", use_bias=False)
    return net(layers.BatchNormalization, x)


def _operation(net: Any, x: Any, name: str) -> Any:
    if name == "none":
        return net(layers.Rescaling, x, scale=0.0)
    if name == "skip_connect":
        return x
    if name == "avg_pool_3x3":
        return net(layers.AveragePooling2D, x, pool_size=3, strides=1, padding="same")
    return _relu_conv(net, x, net.channels(x), int(name[-1]))


def _cell(net: Any, x: Any, operations: dict[str, str]) -> Any:
    nodes = [x]
    for target in (1, 2, 3):
        nodes.append(net(layers.Add, [_operation(net, nodes[i], operations[f"{i}->{target}"]) for i in range(target)])
                     if target > 1 else _operation(net, x, operations["0->1"]))  # fmt: skip
    return nodes[-1]


def _network(net: Any, x: Any, operations: dict[str, str], classes: int) -> Any:
    """The skeleton of NAS-Bench-201: a stem, three stages of five cells with reductions between, a linear head."""
    x = net(layers.Conv2D, x, filters=16, kernel_size=3, padding="same", use_bias=False)
    x = net(layers.BatchNormalization, x)
    for filters in STAGES:
        if filters > 16:
            short = net(layers.AveragePooling2D, x, pool_size=2)
            short = net(layers.Conv2D, short, filters=filters, kernel_size=1, use_bias=False)
            x = net(layers.Add, [_relu_conv(net, _relu_conv(net, x, filters, 3, 2), filters, 3), short])
        for _ in range(5):
            x = _cell(net, x, operations)
    x = net(layers.ReLU, net(layers.BatchNormalization, x))
    return net(layers.Dense, net(layers.GlobalAveragePooling2D, x), units=classes)


@pytest.fixture(scope="module")
def nb201() -> Any:
    if not TABLE.exists():
        pytest.skip("the table of NAS-Bench-201 is not here")
    return np.load(TABLE)


DATA_SETS = {"c10": (32, 10), "c100": (32, 100), "in16": (16, 120)}


@pytest.mark.parametrize("data_set", DATA_SETS)
def test_published_costs_of_nas_bench_201(nb201: Any, data_set: str) -> None:
    """Trainable parameters and flops of sampled cells are the published ones, each within 20 ms."""
    size, classes = DATA_SETS[data_set]
    numbers = np.random.default_rng(0).choice(len(nb201["ops"]), 60, replace=False)
    seconds = []
    for number in numbers:
        operations = dict(zip(nb201["edges"].tolist(), nb201["op_names"][nb201["ops"][number]].tolist(), strict=True))
        net = CostNet()
        start = time.process_time()
        cost = net.cost(_network(net, net.input((size, size, 3)), operations, classes))
        seconds.append(time.process_time() - start)
        assert cost.trainable_params == round(1e6 * nb201[f"params_M_{data_set}"][number])
        assert cost.flops == round(1e6 * nb201[f"flops_M_{data_set}"][number])
    assert np.median(seconds) < 0.02


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("data_set", DATA_SETS)
def test_published_costs_of_all_of_nas_bench_201(nb201: Any, data_set: str) -> None:
    """All 15,625 cells of the space."""
    size, classes = DATA_SETS[data_set]
    for number, chosen in enumerate(nb201["op_names"][nb201["ops"]].tolist()):
        net = CostNet()
        operations = dict(zip(nb201["edges"].tolist(), chosen, strict=True))
        cost = net.cost(_network(net, net.input((size, size, 3)), operations, classes))
        assert cost.trainable_params == round(1e6 * nb201[f"params_M_{data_set}"][number])
        assert cost.flops == round(1e6 * nb201[f"flops_M_{data_set}"][number])


def test_a_built_cell_of_nas_bench_201_has_these_parameters() -> None:
    operations = {"0->1": "nor_conv_3x3", "0->2": "none", "1->2": "nor_conv_1x1", "0->3": "skip_connect",
                  "1->3": "avg_pool_3x3", "2->3": "nor_conv_3x3"}  # fmt: skip
    x, net = keras.Input((16, 16, 3)), CostNet()
    model = keras.Model(x, _network(PlainNet(), x, operations, 10))
    cost = net.cost(_network(net, net.input((16, 16, 3)), operations, 10))
    assert cost.params == model.count_params()
    assert cost == cost_of_model(model)
