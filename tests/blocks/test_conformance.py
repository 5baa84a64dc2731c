"""Every block keeps what all blocks promise."""

from typing import Any

import keras
import pytest

from keras_nas import blocks
from keras_nas.backbone import Backbone
from keras_nas.blocks.cell import nas_bench_201_reduction
from keras_nas.blocks.fusion import Branch
from keras_nas.space import Channels, Choice, Series, block
from keras_nas.testing.blocks import check_block

ACTIVATIONS = ["relu", "swish", "gelu", "hard_swish", "none"]
NORMALIZATIONS = ["batch", "layer", "group", "none"]


def conv(**options: Any) -> Any:
    return blocks.convolution(Channels(), activation="none", **options)


def of_two(cell: Any) -> Any:
    """A cell of two inputs as a part that takes one tensor and gives one."""
    return Series(blocks.cell_step(cell, 4), blocks.last_cell(activation=True))


def of_vectors(fusion: Any) -> Any:
    """A fusion of two vectors as a part that takes one tensor."""
    parts = {"a": blocks.dense(3), "b": blocks.dense(4)}
    return Series(twice(), blocks.branches([Branch(name, part) for name, part in parts.items()]), fusion)


@block
def twice(net: Any, x: Any) -> Any:
    """One tensor as two inputs."""
    return {"a": x, "b": x}


def known_model() -> Any:
    """A network of four channels, as one that was trained before."""
    x = keras.Input((8, 8, 4))
    return keras.Model(x, keras.layers.BatchNormalization()(keras.layers.Conv2D(3, 3)(x)) + 1.0)


BLOCKS: dict[str, Any] = {
    "convolution_kind": blocks.convolution(
        8,
        Choice("kernel", [1, 3]),
        stride=Choice("stride", [1, 2]),
        kind=Choice("kind", ["plain", "separable", "depthwise", "dilated", "grouped"]),
    ),
    "convolution_style": blocks.convolution(
        Choice("filters", [4, 6]),
        activation=Choice("activation", ACTIVATIONS),
        normalization=Choice("normalization", NORMALIZATIONS),
    ),
    "inverted_residual": blocks.inverted_residual(
        Choice("filters", [4, 6]),
        Choice("kernel", [3, 5]),
        expansion=Choice("expansion", [1, 2]),
        stride=Choice("stride", [1, 2]),
        squeeze=Choice("squeeze", [0, 4]),
        activation=Choice("activation", ["relu6", "hard_swish"]),
    ),
    "convnext": blocks.convnext(
        Choice("kernel", [3, 7]),
        normalization=Choice("normalization", ["layer", "batch"]),
        scale=Choice("scale", [0, 0.1]),
    ),
    "patches": blocks.patches(6, Choice("size", [2, 3])),
    "pretrained": blocks.pretrained(Backbone(known_model())),
    "pooling": blocks.pooling(
        Choice("kind", ["max", "average", "both", "convolution", "none"]),
        stride=Choice("stride", [1, 2]),
    ),
    "residual": blocks.residual(conv(), activation=Choice("activation", ["relu", "none"])),
    "residual_stride": blocks.residual(blocks.convolution(6, 3, stride=2, activation="none")),
    "dense_skip": blocks.dense_skip(conv(stride=Choice("stride", [1, 2]))),
    "plain": blocks.plain(conv()),
    "searched_skips_concat": blocks.searched_skips("skips", [conv(), conv(), conv()], filters=4),
    "searched_skips_add": blocks.searched_skips("skips", [conv(), conv(), conv()], merge="add"),
    "squeeze_excitation": blocks.squeeze_excitation(
        ratio=Choice("ratio", [2, 8]), gate=Choice("gate", ["sigmoid", "hard_sigmoid"])
    ),
    "cbam": blocks.cbam(ratio=2, kernel=Choice("kernel", [3, 7])),
    "self_attention": blocks.self_attention(
        heads=Choice("heads", [1, 2]),
        positions=Choice("positions", ["convolution", "none"]),
        reduction=Choice("reduction", [1, 2]),
    ),
    "transformer": blocks.transformer(heads=2, normalization=Choice("normalization", ["layer", "batch"])),
    "conv_attention": blocks.conv_attention(6, share=Choice("share", [0.25, 0.5]), heads=2),
    "stem": blocks.convolution_stem(6, depth=Choice("depth", [1, 3]), stride=2, pool=Choice("pool", [False, True])),
    "pooled_head": blocks.pooled_head(
        pooling=Choice("pooling", ["average", "max", "both", "flatten"]),
        dropout=Choice("dropout", [0.0, 0.5]),
        normalization=Choice("normalization", ["none", "batch"]),
    ),
    "dense_head": blocks.dense_head(5, normalization=Choice("normalization", ["none", "batch", "layer"])),
    "relu_convolution": blocks.relu_convolution(5, Choice("kernel", [1, 3]), stride=Choice("stride", [1, 2])),
    "crossed_convolution": blocks.crossed_convolution(3, stride=Choice("stride", [1, 2])),
    "dilated_separable": blocks.dilated_separable(3, stride=Choice("stride", [1, 2])),
    "separable_twice": blocks.separable_twice(3, stride=Choice("stride", [1, 2])),
    "factorized_reduction": blocks.factorized_reduction(Choice("filters", [1, 5])),
    "identity": blocks.identity(
        stride=Choice("stride", [1, 2]), reduction=Choice("reduction", ["factorized", "convolution"])
    ),
    "zero": blocks.zero(stride=Choice("stride", [1, 2])),
    "nas_bench_201_cell": blocks.nas_bench_201_cell(),
    "nas_bench_201_reduction": nas_bench_201_reduction(6),
    "darts_cell": of_two(blocks.darts_cell("normal", nodes=1)),
    "darts_reduction": of_two(blocks.darts_cell("reduction", nodes=1, stride=2)),
    "nasnet_reduction": of_two(blocks.nasnet_cell("reduction", nodes=1, stride=2)),
    "hierarchical_cell": blocks.hierarchical_cell(nodes=(3, 3), motifs=2),
    "upsampling": blocks.upsampling(6, Choice("factor", [1, 2]), kind=Choice("kind", ["transposed", "nearest"])),
    "u_level": blocks.u_level(
        conv(),
        conv(),
        conv(),
        growth=Choice("growth", [2, 1.5]),
        reduction=Choice("reduction", ["convolution", "max", "average"]),
        upsampling=Choice("upsampling", ["transposed", "nearest", "bilinear"]),
        skip=Choice("skip", ["concat", "add", "attention"]),
    ),
    "dilated_pyramid": blocks.dilated_pyramid(5, (1, 2), separable=Choice("separable", [False, True])),
    "padded": blocks.padded(blocks.convolution(5, stride=2), 6),
    "trellis_step": Series(
        blocks.trellis_step(
            blocks.darts_cell("cell", nodes=2), 4, 2, direction=Choice("direction", ["coarser", "same", "finer"])
        ),
        blocks.last_cell(),
    ),
}

VECTORS: dict[str, Any] = {
    "side_by_side": of_vectors(blocks.side_by_side()),
    "gated_sum": of_vectors(blocks.gated_sum(Choice("width", [4, 6]))),
    "attending": of_vectors(blocks.attending(8, heads=Choice("heads", [1, 2]), tokens=Choice("tokens", [1, 2]))),
    "number_linear": blocks.number_linear(),
    "number_piecewise": blocks.number_piecewise(Choice("bins", [4, 8])),
    "number_periodic": blocks.number_periodic(Choice("frequencies", [4, 8]), scale=Choice("scale", [0.1, 1.0])),
    "dense": blocks.dense(
        8, normalization=Choice("normalization", ["none", "batch", "layer"]), dropout=Choice("dropout", [0.0, 0.2])
    ),
    "dense_residual": blocks.dense_residual(dropout=Choice("dropout", [0.0, 0.2])),
}
"""Blocks of vectors `(features,)`."""

TOKENS: dict[str, Any] = {
    "column_attention": blocks.column_attention(heads=Choice("heads", [1, 2]), dropout=0.1),
    "column_dense": blocks.column_dense(Choice("width", [2, 3]), activation=Choice("activation", ["linear", "relu"])),
    "pooled_columns": blocks.pooled_columns(),
}
"""Blocks of rows of vectors `(columns, width)`."""

LINEAR = blocks.linear_forecast(3, 2)
SEQUENCES: dict[str, Any] = {
    "temporal_convolution": blocks.temporal_convolution(
        4, 2, levels=2, causal=Choice("causal", [True, False]), dropout=Choice("dropout", [0.0, 0.1])
    ),
    "inception": blocks.inception(2, kernel=4, bottleneck=3),
    "recurrent": blocks.recurrent(
        3, cell=Choice("cell", ["gru", "lstm"]), bidirectional=Choice("bidirectional", [False, True]), dropout=0.1
    ),
    "recent": blocks.recent(Choice("share", [0.0, 0.5, 1.0])),
    "naive_forecast": blocks.naive_forecast(3, 2, Choice("season", [1, 2, 20])),
    "linear_forecast": blocks.linear_forecast(
        3, 2, decomposition=Choice("decomposition", [0, 5]), individual=Choice("individual", [False, True])
    ),
    "n_beats": blocks.n_beats(3, 2, blocks=Choice("blocks", [1, 2]), depth=1, width=4),
    "reversible": blocks.reversible(LINEAR, kind=Choice("kind", ["instance", "last", "none"])),
    "beside_linear": blocks.beside_linear(blocks.pooled_head(), 3, 2),
    "residual": Series(blocks.residual(conv(stride=Choice("stride", [1, 2]))), blocks.residual(blocks.convolution(6))),
    "kinds": blocks.convolution(4, kind=Choice("kind", ["separable", "depthwise", "dilated", "grouped"])),
    "transformer": Series(blocks.patches(4, 2), blocks.transformer(heads=2, reduction=2)),
    "head": blocks.pooled_head(pooling=Choice("pooling", ["average", "max", "both"])),
    "phrase_convolution": blocks.phrase_convolution(3, Choice("kernels", [[2], [1, 3]]), dropout=0.1),
    "evolved_layer": blocks.evolved_layer(
        heads=2, head_width=2, feed_forward=6, gated=Choice("gated", [False, True]), convolution=Choice("taps", [0, 3])
    ),
    "encoder_layer": blocks.encoder_layer(
        heads=2, head_width=2, feed_forward=Choice("feed_forward", [0, 6]), dropout=0.1
    ),
}
"""Blocks of sequences `(steps, channels)`."""

SEVERAL_INPUTS = (
    *("code_embedding", "columns", "wide_and_deep"),
    *("bag_of_words", "beside_naive_bayes", "joint_embedding", "naive_bayes", "word_embedding"),
)
"""Checked in test_columns.py, test_text.py and test_encoder_decoder.py: they take codes, or several tensors by name."""


@pytest.mark.parametrize("name", BLOCKS)
def test_block(name: str) -> None:
    check_block(BLOCKS[name])


@pytest.mark.parametrize("name", VECTORS)
def test_block_of_vectors(name: str) -> None:
    check_block(VECTORS[name], (5,))


@pytest.mark.parametrize("name", TOKENS)
def test_block_of_tokens(name: str) -> None:
    check_block(TOKENS[name], (5, 4))


@pytest.mark.parametrize("name", SEQUENCES)
def test_block_of_sequences(name: str) -> None:
    check_block(SEQUENCES[name], (10, 4))


def test_every_block_is_checked() -> None:
    parts = ("row_of_cells", "branches", *SEVERAL_INPUTS)
    tested = " ".join([*BLOCKS, *VECTORS, *TOKENS, *SEQUENCES]) + " convolution_stem cell_step last_cell nasnet_cell"
    assert [name for name in blocks.__all__ if name not in tested and name not in parts] == []
