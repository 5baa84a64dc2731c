"""Texts: words as vectors, bags of words and of pieces of them, phrases found by convolution, encoder layers.

A text is the numbers of its words `(words,)`, and of its pieces, runs of characters; 0 stands behind the end, and
nothing depends on how often. Recurrent layers and `pooled_head` take the vectors `(words, width)` as they take series.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from keras import layers

from keras_nas.blocks.convolution import activate, normalize
from keras_nas.net import Net
from keras_nas.space import block

Function = Callable[[Any], Any]


@block
def naive_bayes(net: Net, x: Mapping[str, Any], evidence: Mapping[str, np.ndarray]) -> Any:
    """What the words and pieces of a text say of the target on average, as counted before any training.

    With a dense layer behind it this is the multinomial naive Bayes classifier, each kind of token weighed alike,
    however many there are. Nothing of it is trained.

    Args:
        net: builds the layers.
        x: numbers of tokens `(length,)` by kind.
        evidence: what each token of a kind says, `(vocabulary, sides)`; `Given("evidence")` in a space.

    Reference:
        Wang and Manning, "Baselines and Bigrams: Simple, Good Sentiment and Topic Classification", ACL 2012.
    """
    said = []
    for kind, table in evidence.items():
        size, sides = table.shape
        fixed = {"input_dim": size, "output_dim": sides, "weights": [table], "trainable": False}
        said.append(_mean(net, net(layers.Embedding, x[kind], mask_zero=True, **fixed)))
    return net(layers.Add, said) if len(said) > 1 else said[0]


@block
def beside_naive_bayes(
    net: Net,
    x: Mapping[str, Any],
    body: Function,
    evidence: Mapping[str, np.ndarray],
    *,
    beside: bool = True,
    dropout: float = 0.5,
) -> Any:
    """The features of a network beside those of `naive_bayes`, which are often hidden while the network learns.

    Of texts that were counted naive Bayes knows almost all, so that nothing would be left to learn.

    Args:
        net: builds the layers.
        x: numbers of tokens `(length,)` by kind.
        body: a node that takes the same and gives `(features,)`.
        evidence: see `naive_bayes`.
        beside: False for the network alone.
        dropout: share of texts for which naive Bayes says nothing while training.

    Reference:
        Mesnil et al., "Ensemble of Generative and Discriminative Techniques for Sentiment Analysis of Movie Reviews",
        arXiv 1412.5335.
    """
    if not beside:
        return body(x)
    said = net(layers.Dropout, naive_bayes.body(net, x, evidence), rate=dropout, noise_shape=(None, 1))
    return net(layers.Concatenate, [said, body(x)])


@block
def bag_of_words(
    net: Net, x: Mapping[str, Any], words: int, pieces: int, width: int = 16, *, dropout: float = 0.0
) -> Any:
    """The mean of the vectors of all words, beside that of all pieces.

    Args:
        net: builds the layers.
        x: `words` and `pieces`, each `(length,)`.
        words: how many words there are; `Given("words")` in a space.
        pieces: how many pieces there are; `Given("pieces")` in a space.
        width: of the vectors.
        dropout: share of words and pieces dropped while training.

    Reference:
        Joulin et al., "Bag of Tricks for Efficient Text Classification", arXiv 1607.01759; Bojanowski et al.,
        "Enriching Word Vectors with Subword Information", arXiv 1607.04606.
    """
    means = []
    for kind, size in (("words", words), ("pieces", pieces)):
        y = net(layers.Embedding, x[kind], input_dim=size, output_dim=width, mask_zero=True)
        means.append(_mean(net, _without_some(net, y, dropout)))
    return net(layers.Concatenate, means)


@block
def word_embedding(
    net: Net,
    x: Mapping[str, Any],
    vocabulary: int,
    width: int = 64,
    *,
    dropout: float = 0.0,
    padding: str = "masked",
    positions: bool = False,
) -> Any:
    """A learned vector for each word, in order.

    Args:
        net: builds the layers.
        x: `words` `(length,)`.
        vocabulary: how many words there are; `Given("words")` in a space.
        width: of the vectors.
        dropout: share of words dropped while training.
        padding: "masked" for layers that know Keras' masks (recurrent, attention, pooling by the mean), "zero" for
            convolutions: the vectors behind the end are 0.
        positions: whether sines of the place are added, for layers that do not see the order.
    """
    words = x["words"]
    scale = "uniform" if not positions else {"class_name": "RandomNormal", "config": {"stddev": width**-0.5}}
    y = net(
        layers.Embedding,
        words,
        input_dim=vocabulary,
        output_dim=width,
        mask_zero=padding == "masked",
        embeddings_initializer=scale,
    )
    if padding == "zero":
        y = net(layers.Multiply, [y, net(there, words)])
    y = _without_some(net, y, dropout)
    if not positions:
        return y
    return net(layers.Rescaling, y, scale=math.sqrt(width), offset=sines(net.shape(words)[0] or 1, width))


@block
def phrase_convolution(
    net: Net, x: Any, filters: int = 64, kernels: Sequence[int] = (3, 4, 5), *, dropout: float = 0.0
) -> Any:
    """Convolutions of several lengths side by side, each filter's strongest answer anywhere in the text.

    Without biases, so that where all vectors are 0 the answer is 0, less than any.

    Args:
        net: builds the layers.
        x: `(words, width)`, vectors of 0 behind the end.
        filters: of each length.
        kernels: lengths, in words.
        dropout: share of the answers dropped while training.

    Reference:
        Kim, "Convolutional Neural Networks for Sentence Classification", arXiv 1408.5882.
    """
    found = []
    for kernel in kernels:
        y = net(layers.Conv1D, x, filters=filters, kernel_size=kernel, padding="same", use_bias=False)
        found.append(net(layers.GlobalMaxPooling1D, activate(net, y, "relu")))
    y = net(layers.Concatenate, found) if len(found) > 1 else found[0]
    return net(layers.Dropout, y, rate=dropout) if dropout else y


@block
def encoder_layer(
    net: Net, x: Any, *, heads: int = 4, head_width: int = 16, feed_forward: int = 128, dropout: float = 0.0
) -> Any:
    """Attention of all words to all, then a wide layer on each, both residual and normalised first; masks are kept.

    Args:
        net: builds the layers.
        x: `(words, width)`.
        heads: of the attention.
        head_width: numbers of a head, whatever their number, so that more heads are more work.
        feed_forward: units of the wide layer; 0 for attention alone.
        dropout: share of attention weights, and of what either part adds, dropped while training.

    Reference:
        Wang et al., "HAT: Hardware-Aware Transformers for Efficient Natural Language Processing", arXiv 2005.14187;
        Yin et al., "AutoTinyBERT: Automatic Hyper-parameter Optimization for Efficient Pre-trained Language Models",
        arXiv 2107.13686.
    """
    width = net.channels(x)
    y = normalize(net, x, "layer")
    y = net(layers.MultiHeadAttention, [y, y], num_heads=heads, key_dim=head_width, dropout=dropout)
    x = net(layers.Add, [x, net(layers.Dropout, y, rate=dropout) if dropout else y])
    if not feed_forward:
        return x
    y = net(layers.Dense, normalize(net, x, "layer"), units=feed_forward)
    y = net(layers.Dense, activate(net, y, "gelu"), units=width)
    return net(layers.Add, [x, net(layers.Dropout, y, rate=dropout) if dropout else y])


def _mean(net: Net, x: Any) -> Any:
    """The mean of the vectors up to the end of the text."""
    return net(layers.GlobalAveragePooling1D, x)


def _without_some(net: Net, x: Any, dropout: float) -> Any:
    """Whole vectors dropped while training."""
    return net(layers.Dropout, x, rate=dropout, noise_shape=(None, net.shape(x)[0], 1)) if dropout else x


def there(**_: Any) -> Function:
    """Keras' operations, in the place of a layer: 1 where a number is no padding, `(length, 1)`."""
    from keras import ops

    return lambda numbers: ops.cast(ops.expand_dims(ops.not_equal(numbers, 0), -1), "float32")


def sines(length: int, width: int) -> list[list[float]]:
    """Sines and cosines of each place, of wavelengths from 2 pi to 10,000 times that."""
    rates = 10_000.0 ** (-np.arange(width // 2) * 2 / width)
    angles = np.arange(length)[:, None] * rates
    waves = np.concatenate([np.sin(angles), np.cos(angles), np.zeros((length, width % 2))], axis=1)
    table: list[list[float]] = waves.round(6).tolist()
    return table
