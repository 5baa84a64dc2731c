"""What is learned of pairs of texts: the words of both sides, and the front that numbers them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.artefact.portable import FRONT
from keras_nas.data.pairs import EDGE
from keras_nas.data.split import evenly
from keras_nas.errors import DataError
from keras_nas.tasks.signature import Input, Signature
from keras_nas.tasks.text import READ, SHARE, Tokens, texts_to_learn

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split

TWICE = 2
"""Places that a word is in at least, to be told apart: so that something is learned of unknown ones too."""
MOST = 10_000
"""Words that are told apart on either side."""
KNOWN = 0.5
"""Share of the words to write that are such, at least: of texts without spaces hardly any is."""
SOURCES = Tokens("whitespace", 1, MOST, 256)
RESERVED = 2
"""Numbers that are no word: 0 behind the end, 1 for what is unknown."""
WORDS = "words"
"""The layer of the front that numbers the words to write."""


@dataclass(frozen=True)
class PairSignature(Signature):
    """That of pairs of texts.

    Args:
        key: the name of the texts to read.
        told: the name of the tokens to write.
        held: how many of these are stored of a text.
        tokens: how texts to read are cut.
        numbers: of the words to read, by their own numbers; a word of both sides has one number.
        words: that are written, their numbers beginning at 2; the first is the edge.
    """

    key: str = "text"
    told: str = "target"
    held: int = 1
    tokens: Tokens = SOURCES
    numbers: tuple[int, ...] = (0, 1)
    words: tuple[str, ...] = (EDGE,)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Also how many numbers there are of both sides' words."""
        return {**super().facts, "words": max(self.outputs, 1 + max(self.numbers))}

    @property
    def length(self) -> int:
        """Tokens that a network writes."""
        inputs: Any = self.inputs
        return int(inputs["target"].shape[0])

    @property
    def spelled(self) -> np.ndarray:
        """The words to write by their numbers; those that are no word are empty."""
        return np.array([*[""] * RESERVED, *self.words], object)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """The probability of each word at each place."""
        return (self.length, self.outputs)


def pair_signature(rows: Rows, split: Split) -> PairSignature:
    """The words of the training part, on both sides, and how many are read and written.

    Args:
        rows: as `open_pairs` reads them.
        split: whose training part is learned from.

    Raises:
        DataError: hardly a word comes again.
    """
    assert rows.schema is not None  # noqa: S101 - texts have one
    key = rows.schema.columns[0].key
    (told,) = (name for name in rows.x if name != key)
    tokens = _read(texts_to_learn(rows.x[key], split.train)[1])
    words, length = _written(rows.y, evenly(split.train, READ))
    inputs = {"source": Input((tokens.length,), "int32"), "target": Input((length,), "int32")}
    numbers = _joined(tokens.vocabulary, words)
    return PairSignature(inputs, RESERVED + len(words), (), (), key, told, rows.y.shape[1], tokens, numbers, words)


def front(signature: PairSignature) -> Any:
    """The Keras model of raw strings, and of tokens to write, to numbers; the latter one place later, behind an edge.

    Args:
        signature: of the pairs.
    """
    import keras
    from keras import layers, ops

    texts = keras.Input((), dtype="string", name=signature.key)
    tokens = keras.Input((signature.held,), dtype="string", name=signature.told)
    own = ops.cast(signature.tokens.layer()(texts), "int32")
    shared = ops.take(np.array(signature.numbers, np.int32), own)
    read = ops.maximum(shared, np.eye(1, own.shape[1], dtype=np.int32))
    look_up = layers.StringLookup(vocabulary=[*signature.words], mask_token="", name=WORDS)
    before = ops.cast(look_up(tokens), "int32")[:, : signature.length - 1]
    given = ops.pad(before, ((0, 0), (1, 0)), constant_values=RESERVED)
    inputs = {signature.key: texts, signature.told: tokens}
    return keras.Model(inputs, {"source": read, "target": given}, name=FRONT)


def _read(texts: np.ndarray) -> Tokens:
    """The words to read that are often enough, most frequent first."""
    tokens, numbers = SOURCES.learned(texts)
    counts = np.bincount(numbers.ravel(), minlength=tokens.numbers)[RESERVED:]
    often = tuple(word for word, count in zip(tokens.vocabulary, counts, strict=True) if count >= TWICE)
    return replace(tokens, vocabulary=often or tokens.vocabulary)


def _written(y: Any, train: np.ndarray) -> tuple[tuple[str, ...], int]:
    """The words to write that are often enough, behind the edge; and the length of texts."""
    codes, values = y.codes[train], y.values
    counts = np.bincount(codes.ravel(), minlength=len(values))
    lengths = (codes != list(values).index("")).sum(axis=1) if "" in values else np.full(len(codes), codes.shape[1])
    order = sorted(range(len(values)), key=lambda code: (-counts[code], values[code]))
    tokens = [code for code in order if values[code] not in ("", EDGE)]
    words = [code for code in tokens if values[code].strip()[:1].isalnum()]
    known = sum(counts[code] for code in words if counts[code] >= TWICE)
    if known < KNOWN * counts[words].sum():
        raise DataError(
            f"data: of the words to write {known / counts[words].sum():.0%} are in two places of the rows to train on, "
            f"{values[words[-1]].strip()!r} is not; expected {KNOWN:.0%} at least, as nothing is learned of others. "
            "Give more texts; of a language without spaces, put one between its characters or words."
        )
    often = [str(values[code]) for code in tokens if counts[code] >= TWICE]
    length = int(np.clip(np.quantile(lengths, SHARE), 2, codes.shape[1]))
    return (EDGE, *often[:MOST]), length


def _joined(read: Sequence[str], written: Sequence[str]) -> tuple[int, ...]:
    """Numbers of the words to read: that of the same word to write, however it is spelled there, or one of its own."""
    known: dict[str, int] = {}
    for number, word in enumerate(written, start=RESERVED):
        known.setdefault(word.strip().lower(), number)
    free = iter(range(RESERVED + len(written), RESERVED + len(written) + len(read)))
    return (0, 1, *(known[word] if word in known else next(free) for word in read))
