"""One text read, another written: encoder and decoder, in layers of the Transformer and of what evolved of it.

A text is the numbers of its words `(words,)`, 0 behind the end. The decoder takes the words to write, each one place
later, and hears at every place those up to it alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize
from keras_nas.blocks.text import sines
from keras_nas.net import Net
from keras_nas.nodes import Found, Node, Place, Value, Walk, open_decisions, resolve
from keras_nas.space import block

SOURCE, TARGET = "source", "target"
"""The two inputs: words to read, and words to write."""


class EncoderDecoder(Node):
    """An encoder of the words to read, whose answer the decoder of the words to write attends to.

    Inside of both `Given("seen")` is 1 for words to read and 0 behind their end, `(1, words)`, and `Given("dropout")` a
    number; in the encoder `Given("there")` is the former as `(words, 1)`, in the decoder `Given("memory")` its answer.

    Args:
        embedding: the vectors of both sides, `joint_embedding(...)`.
        encoder: vectors of words to vectors of words.
        decoder: the same, causal.
        dropout: for both, a number or a choice of it.

    Reference:
        Vaswani et al., "Attention Is All You Need", arXiv 1706.03762.
    """

    def __init__(self, embedding: Node, encoder: Node, decoder: Node, dropout: float | Value = 0.1) -> None:
        self.embedding = embedding
        self.encoder = encoder
        self.decoder = decoder
        self.dropout = dropout

    def decisions(self, place: Place) -> Found:
        """Those of the dropout, of the embedding, and of both sides in scopes of their own."""
        yield from open_decisions(self.dropout, place)
        yield from self.embedding.decisions(place)
        yield from self.encoder.decisions(place.inside("encoder"))
        yield from self.decoder.decisions(place.inside("decoder"))

    def apply(self, walk: Walk, x: Any) -> Any:
        """The decoder's vectors `(words, width)` for the inputs `source` and `target`."""
        walk = walk.giving(dropout=resolve(self.dropout, walk, x))
        net, words = walk.net, x[SOURCE]
        (length,) = walk.net.shape(words)
        known = net(layers.ReLU, net(layers.Rescaling, words, scale=1.0), max_value=1.0)
        seen = net(layers.Reshape, known, target_shape=(1, length))
        there = net(layers.Reshape, known, target_shape=(length, 1))
        source, target = walk.run(self.embedding, x)
        memory = walk.inside("encoder").giving(seen=seen, there=there).run(self.encoder, source)
        return walk.inside("decoder").giving(seen=seen, memory=memory).run(self.decoder, target)

    def __repr__(self) -> str:
        return f"EncoderDecoder({self.embedding!r}, {self.encoder!r}, {self.decoder!r})"


@block
def joint_embedding(net: Net, x: Mapping[str, Any], vocabulary: int, width: int = 64, *, dropout: float = 0.0) -> Any:
    """A learned vector for each word, one for both sides where a word is on both, with sines of its place.

    Args:
        net: builds the layers.
        x: `source` and `target`, each `(words,)`, numbers of one vocabulary.
        vocabulary: how many numbers there are; `Given("words")` in a space.
        width: of the vectors.
        dropout: share of the numbers dropped while training.

    Returns:
        The vectors of the source and those of the target, each `(words, width)`.

    Reference:
        Press and Wolf, "Using the Output Embedding to Improve Language Models", arXiv 1608.05859.
    """
    sides = [x[SOURCE], x[TARGET]]
    scale = {"class_name": "RandomNormal", "config": {"stddev": width**-0.5}}
    vectors = net.each(layers.Embedding, sides, input_dim=vocabulary, output_dim=width, embeddings_initializer=scale)
    placed = [
        net(layers.Rescaling, y, scale=math.sqrt(width), offset=sines(net.shape(y)[0] or 1, width)) for y in vectors
    ]
    return [net(layers.Dropout, y, rate=dropout) if dropout else y for y in placed]


@block
def evolved_layer(
    net: Net,
    x: Any,
    *,
    heads: int = 4,
    head_width: int = 32,
    feed_forward: int = 256,
    gated: bool = False,
    convolution: int = 0,
    activation: str = "relu",
    dropout: float = 0.0,
    seen: Any = None,
    there: Any = None,
    memory: Any = None,
) -> Any:
    """A layer of an encoder, or with a memory of a decoder; each part is residual and normalised first.

    A gated linear unit where asked, attention of the words to one another, beside it where asked a separable
    convolution, attention to the memory, and a wide layer on each word. Gate and convolution are what evolution added.

    Args:
        net: builds the layers.
        x: `(words, width)`.
        heads: of each attention.
        head_width: numbers of a head, whatever their number, so that more heads are more work.
        feed_forward: units of the wide layer.
        gated: whether a gated linear unit comes first.
        convolution: taps of the convolution beside the attention; 0 for none.
        activation: of the wide layer.
        dropout: share of what each part adds that is dropped while training; `Given("dropout")` in an `EncoderDecoder`.
        seen: which words attention may see, `(1, words)`, of the encoder; `Given("seen")`.
        there: the same `(words, 1)`; `Given("there")`.
        memory: the encoder's answer, `(words, width)`, which makes this a decoder's layer: a word hears none behind it;
            `Given("memory")`.

    Reference:
        So et al., "The Evolved Transformer", arXiv 1901.11117; Wu et al., "Pay Less Attention with Lightweight and
        Dynamic Convolutions", arXiv 1901.10430; Wu et al., "Lite Transformer with Long-Short Range Attention", arXiv
        2004.11886; Dauphin et al., "Language Modeling with Gated Convolutional Networks", arXiv 1612.08083.
    """
    width, size = net.channels(x), {"num_heads": heads, "key_dim": head_width}

    def residual(y: Any) -> Any:
        return net(layers.Add, [x, net(layers.Dropout, y, rate=dropout) if dropout else y])

    if gated:
        y = normalize(net, x, "layer")
        gates = net(layers.Dense, y, units=width, activation="sigmoid")
        x = residual(net(layers.Multiply, [net(layers.Dense, y, units=width), gates]))
    y = normalize(net, x, "layer")
    hearing = {"use_causal_mask": True} if memory is not None else {"attention_mask": seen}
    heard = net(layers.MultiHeadAttention, [y, y], hearing, **size)
    if convolution:
        heard = net(layers.Add, [heard, _convolved(net, y, convolution, there, memory is not None)])
    x = residual(heard)
    if memory is not None:
        y = normalize(net, x, "layer")
        x = residual(net(layers.MultiHeadAttention, [y, memory], {"attention_mask": seen}, **size))
    wide = activate(net, net(layers.Dense, normalize(net, x, "layer"), units=feed_forward), activation)
    return residual(net(layers.Dense, wide, units=width))


def _convolved(net: Net, x: Any, taps: int, there: Any, causal: bool) -> Any:
    """A separable convolution, of words alone."""
    x = x if there is None else net(layers.Multiply, [x, there])
    x = net(layers.ZeroPadding1D, x, padding=(taps - 1, 0)) if causal else x
    padding = "valid" if causal else "same"
    return net(layers.SeparableConv1D, x, filters=net.channels(x), kernel_size=taps, padding=padding)
