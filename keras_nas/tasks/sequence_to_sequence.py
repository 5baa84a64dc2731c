"""Texts to texts: raw strings in, and from the export raw strings out, written word by word."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.data.findings import twins
from keras_nas.data.pairs import EDGE, PAIRS
from keras_nas.errors import ExportError
from keras_nas.net import Net
from keras_nas.tasks.base import Task
from keras_nas.tasks.bleu import COUNTS, bleu, overlap
from keras_nas.tasks.pairs import RESERVED, PairSignature, front, pair_signature
from keras_nas.tasks.signature import Signature
from keras_nas.tasks.text import SHARE, TextTask

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.data.answers import Answer
    from keras_nas.data.glance import Glance

SCORES = ("perplexity", "loss", "token_accuracy", "bleu")
SMOOTHING = 0.1
"""Share of the target that is spread over all words while a network learns."""


class SequenceToSequence(Task):
    """A text for a text: a translation, a correction, a summary.

    A network learns to tell each next word, given the text to read and the words before, and is scored by that. On the
    hold-out, and where "bleu" is asked for, the texts that it writes by itself are compared with those wanted.

    Reference:
        Sutskever et al., "Sequence to Sequence Learning with Neural Networks", arXiv 1409.3215.
    """

    name = "sequence_to_sequence"
    target = "texts"
    ranks = PAIRS
    objective = "val_perplexity"
    score_names = SCORES
    holdout_scores = ("bleu",)
    takes_own = False
    default_space = "encoder_decoder"
    default_estimator = "several_finalists"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Texts, or a table with one column of them and no other."""
        return TextTask.takes(seen)

    @classmethod
    def predicts(cls, answer: Answer) -> str | None:
        """Sentences."""
        return f"the targets are texts too ({answer.reason})" if answer.kind == "texts" else None

    def signature(self, rows: Rows, split: Split) -> PairSignature:
        """The words of the training part, on both sides, and how many are read and written."""
        return pair_signature(rows, split)

    def front(self, signature: Signature) -> Any:
        """Raw strings, and tokens to write, to numbers."""
        assert isinstance(signature, PairSignature)  # noqa: S101 - made by this task
        return front(signature)

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """How long texts are, how many words are told apart, and texts on both sides of the split."""
        signature = self.signature(rows, split)
        own = {signature.key: rows.x[signature.key]}
        y: Any = rows.y
        values, apart = y.values, np.setdiff1d(np.arange(len(rows)), split.train)
        counts = np.bincount(y.codes[apart].ravel(), minlength=len(values))
        counts[values == ""] = 0
        unknown = counts[~np.isin(values, signature.words)].sum() / max(1, counts.sum())
        return [
            f"Of texts the first {signature.tokens.length} words are read, and {signature.length} words and marks "
            f"written, the end included: {SHARE:.0%} have no more.",
            f"{len(signature.words) - 1:,} words and marks are told apart to be written; of those in rows that are not "
            f"trained on {unknown:.1%} are others.",
            *twins(replace(rows, x=own), split),
        ]

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """The inputs as they are: the front has prepared them."""
        return x

    def outputs(self, net: Net, x: Any, signature: Signature) -> Any:
        """A logit of each word at each place: one dense layer, always float32."""
        from keras import layers

        return net(layers.Dense, x, units=signature.outputs, dtype="float32")

    def finish(self, net: Net, x: Any, signature: Signature) -> Any:
        """Probabilities."""
        from keras import layers

        return net(layers.Softmax, x, dtype="float32")

    def loss(self, finished: bool = False) -> Any:
        """Cross-entropy of each word, with smoothed targets; texts count by their length."""
        return token_loss

    def encode(self, y: Any, signature: Signature, finished: bool = False) -> Any:
        """The numbers of the words to write, `(rows, words)`, 0 behind the edge."""
        assert isinstance(signature, PairSignature)  # noqa: S101 - made by this task
        return _look_up(signature.words)(y)[:, : signature.length]

    def asked(self, model: Any, names: Sequence[str]) -> Any:
        """Told words are scored by their probabilities; texts are written where "bleu" is among the names."""
        from keras_nas.tasks.greedy import Greedy, Judge

        return Judge(model, Greedy.of(model), "bleu" in names)

    def served(self, model: Any, file_format: str) -> Any:
        """The model with the loop that writes, which only a SavedModel holds."""
        from keras_nas.tasks.greedy import Translator

        if file_format != "saved_model":
            raise ExportError(
                f"Texts are written word by word in a loop of TensorFlow, which {file_format} does not hold: export as "
                "saved_model. The network of next words alone, result.best_model, is a Keras model of stock layers."
            )
        return Translator(model)

    def evidence(self, y: np.ndarray, predictions: np.ndarray, signature: Signature) -> np.ndarray:
        """Of each row the log likelihood, how many words there are and are right, and the counts of BLEU."""
        assert isinstance(signature, PairSignature)  # noqa: S101 - made by this task
        likely, right, written = np.split(predictions, 3, axis=1)
        there = (y[:, : signature.length] != "").sum(axis=1)
        said = signature.spelled[written.astype(int)]
        pairs = zip(said, y, strict=True)
        counts = [overlap(_plain(own), _plain(wanted)) if own[0] else np.zeros(COUNTS) for own, wanted in pairs]
        return np.column_stack([likely.sum(axis=1), there, right.sum(axis=1), np.array(counts)])

    def scores(
        self, y: np.ndarray, evidence: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """Of all words of all rows together; "bleu" where it is named."""
        likely, words, right, *counts = evidence.sum(axis=0)
        loss = float(-likely / words)
        found = {"perplexity": math.exp(loss), "loss": loss, "token_accuracy": float(right / words)}
        return {**found, "bleu": bleu(np.array(counts))} if "bleu" in names else found

    def made_up(self, signature: Signature) -> tuple[np.ndarray, np.ndarray]:
        """Some texts of the first words, written as they are wanted."""
        assert isinstance(signature, PairSignature)  # noqa: S101 - made by this task
        numbers = RESERVED + np.arange(4 * signature.length).reshape(4, -1) % len(signature.words)
        likely, right = np.full(numbers.shape, -1.0), np.ones(numbers.shape)
        return signature.spelled[numbers], np.concatenate([likely, right, numbers], axis=1)


def token_loss(truth: Any, logits: Any) -> Any:
    """Cross-entropy of each row's words with smoothed targets, as a share of the words that a row has on average.

    Args:
        truth: numbers of words, `(rows, words)`, 0 for none.
        logits: `(rows, words, vocabulary)`.

    Returns:
        `(rows,)`, whose mean is that of all words.

    Reference:
        Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (label smoothing), arXiv 1512.00567.
    """
    from keras import ops

    numbers = ops.cast(truth, "int32")
    there = ops.cast(numbers > 0, logits.dtype)
    total = ops.logsumexp(logits, axis=-1)
    own = ops.squeeze(ops.take_along_axis(logits, ops.expand_dims(numbers, -1), axis=-1), -1)
    entropy = total - (1 - SMOOTHING) * own - SMOOTHING * ops.mean(logits, axis=-1)
    return ops.sum(entropy * there, axis=1) / ops.maximum(ops.mean(ops.sum(there, axis=1)), 1e-6)


@lru_cache(maxsize=8)
def _look_up(words: tuple[str, ...]) -> Any:
    """The layer from words to numbers, kept as long as graphs may ask it."""
    import tensorflow as tf
    from keras import layers

    with tf.init_scope():
        return layers.StringLookup(vocabulary=[*words], mask_token="")


def _plain(tokens: Sequence[str]) -> list[str]:
    """Tokens up to the end, without the spaces before them."""
    return [token.strip() for token in tokens if token not in ("", EDGE)]
