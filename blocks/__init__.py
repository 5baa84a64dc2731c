"""Building blocks: families of layers, one per file, written as functions against a Net.

Each is used in three ways: as a part of a `Space`, with `.tune(hp, name)` in anybody's Keras Tuner `build(hp)`,
and, with everything fixed, as plain Keras by calling it on a tensor or by `.layer(shape)`.

Example:
    >>> import keras
    >>> from keras_nas import Choice, blocks
    >>> blocks.convolution(16, kernel=Choice("kernel", [3, 5]))
    convolution(filters=16, kernel=Choice('kernel', [3, 5]))
    >>> blocks.convolution(16)(keras.Input((8, 8, 3))).shape
    (None, 8, 8, 16)
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_nas.blocks.attention import cbam as cbam
    from keras_nas.blocks.attention import conv_attention as conv_attention
    from keras_nas.blocks.attention import self_attention as self_attention
    from keras_nas.blocks.attention import squeeze_excitation as squeeze_excitation
    from keras_nas.blocks.attention import transformer as transformer
    from keras_nas.blocks.cell import cell_step as cell_step
    from keras_nas.blocks.cell import darts_cell as darts_cell
    from keras_nas.blocks.cell import hierarchical_cell as hierarchical_cell
    from keras_nas.blocks.cell import last_cell as last_cell
    from keras_nas.blocks.cell import nas_bench_201_cell as nas_bench_201_cell
    from keras_nas.blocks.cell import nasnet_cell as nasnet_cell
    from keras_nas.blocks.cell import row_of_cells as row_of_cells
    from keras_nas.blocks.cell_operations import crossed_convolution as crossed_convolution
    from keras_nas.blocks.cell_operations import dilated_separable as dilated_separable
    from keras_nas.blocks.cell_operations import factorized_reduction as factorized_reduction
    from keras_nas.blocks.cell_operations import identity as identity
    from keras_nas.blocks.cell_operations import relu_convolution as relu_convolution
    from keras_nas.blocks.cell_operations import separable_twice as separable_twice
    from keras_nas.blocks.cell_operations import zero as zero
    from keras_nas.blocks.columns import code_embedding as code_embedding
    from keras_nas.blocks.columns import column_dense as column_dense
    from keras_nas.blocks.columns import columns as columns
    from keras_nas.blocks.columns import number_linear as number_linear
    from keras_nas.blocks.columns import number_periodic as number_periodic
    from keras_nas.blocks.columns import number_piecewise as number_piecewise
    from keras_nas.blocks.convnext import convnext as convnext
    from keras_nas.blocks.convnext import patches as patches
    from keras_nas.blocks.convolution import convolution as convolution
    from keras_nas.blocks.encoder_decoder import evolved_layer as evolved_layer
    from keras_nas.blocks.encoder_decoder import joint_embedding as joint_embedding
    from keras_nas.blocks.forecasting import beside_linear as beside_linear
    from keras_nas.blocks.forecasting import linear_forecast as linear_forecast
    from keras_nas.blocks.forecasting import n_beats as n_beats
    from keras_nas.blocks.forecasting import naive_forecast as naive_forecast
    from keras_nas.blocks.forecasting import recent as recent
    from keras_nas.blocks.forecasting import reversible as reversible
    from keras_nas.blocks.fusion import attending as attending
    from keras_nas.blocks.fusion import branches as branches
    from keras_nas.blocks.fusion import gated_sum as gated_sum
    from keras_nas.blocks.fusion import side_by_side as side_by_side
    from keras_nas.blocks.head import dense_head as dense_head
    from keras_nas.blocks.head import pooled_head as pooled_head
    from keras_nas.blocks.inverted_residual import inverted_residual as inverted_residual
    from keras_nas.blocks.pooling import pooling as pooling
    from keras_nas.blocks.pretrained import pretrained as pretrained
    from keras_nas.blocks.segmentation import dilated_pyramid as dilated_pyramid
    from keras_nas.blocks.segmentation import padded as padded
    from keras_nas.blocks.segmentation import trellis_step as trellis_step
    from keras_nas.blocks.segmentation import u_level as u_level
    from keras_nas.blocks.sequence import inception as inception
    from keras_nas.blocks.sequence import recurrent as recurrent
    from keras_nas.blocks.sequence import temporal_convolution as temporal_convolution
    from keras_nas.blocks.skip import dense_skip as dense_skip
    from keras_nas.blocks.skip import plain as plain
    from keras_nas.blocks.skip import residual as residual
    from keras_nas.blocks.skip import searched_skips as searched_skips
    from keras_nas.blocks.stem import convolution_stem as convolution_stem
    from keras_nas.blocks.tabular import column_attention as column_attention
    from keras_nas.blocks.tabular import dense as dense
    from keras_nas.blocks.tabular import dense_residual as dense_residual
    from keras_nas.blocks.tabular import pooled_columns as pooled_columns
    from keras_nas.blocks.tabular import wide_and_deep as wide_and_deep
    from keras_nas.blocks.text import bag_of_words as bag_of_words
    from keras_nas.blocks.text import beside_naive_bayes as beside_naive_bayes
    from keras_nas.blocks.text import encoder_layer as encoder_layer
    from keras_nas.blocks.text import naive_bayes as naive_bayes
    from keras_nas.blocks.text import phrase_convolution as phrase_convolution
    from keras_nas.blocks.text import word_embedding as word_embedding
    from keras_nas.blocks.upsampling import upsampling as upsampling

_NAMES = {
    "attention": ("cbam", "conv_attention", "self_attention", "squeeze_excitation", "transformer"),
    "cell": (
        *("cell_step", "darts_cell", "hierarchical_cell", "last_cell"),
        *("nas_bench_201_cell", "nasnet_cell", "row_of_cells"),
    ),
    "cell_operations": (
        *("crossed_convolution", "dilated_separable", "factorized_reduction", "identity"),
        *("relu_convolution", "separable_twice", "zero"),
    ),
    "columns": (
        *("code_embedding", "column_dense", "columns"),
        *("number_linear", "number_periodic", "number_piecewise"),
    ),
    "convnext": ("convnext", "patches"),
    "convolution": ("convolution",),
    "encoder_decoder": ("evolved_layer", "joint_embedding"),
    "forecasting": ("beside_linear", "linear_forecast", "n_beats", "naive_forecast", "recent", "reversible"),
    "fusion": ("attending", "branches", "gated_sum", "side_by_side"),
    "head": ("dense_head", "pooled_head"),
    "inverted_residual": ("inverted_residual",),
    "pooling": ("pooling",),
    "pretrained": ("pretrained",),
    "segmentation": ("dilated_pyramid", "padded", "trellis_step", "u_level"),
    "sequence": ("inception", "recurrent", "temporal_convolution"),
    "skip": ("dense_skip", "plain", "residual", "searched_skips"),
    "stem": ("convolution_stem",),
    "tabular": ("column_attention", "dense", "dense_residual", "pooled_columns", "wide_and_deep"),
    "text": (
        *("bag_of_words", "beside_naive_bayes", "encoder_layer"),
        *("naive_bayes", "phrase_convolution", "word_embedding"),
    ),
    "upsampling": ("upsampling",),
}

_HOME = {name: f"keras_nas.blocks.{module}" for module, names in _NAMES.items() for name in names}

__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    """Imports a block from its module when it is first asked for (PEP 562), since that loads Keras."""
    if name not in _HOME:
        raise AttributeError(f"module 'keras_nas.blocks' has no attribute {name!r}; the blocks are {sorted(_HOME)}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    """Lists the blocks too that are not loaded."""
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """This package: `keras_nas.blocks.convolution` is the block, also once the module of that name is loaded."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOME or not isinstance(value, ModuleType):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
