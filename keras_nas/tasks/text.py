"""Texts: raw strings in, class probabilities or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from keras_nas.artefact.portable import FRONT
from keras_nas.data.findings import twins
from keras_nas.data.sources import TEXTS
from keras_nas.data.split import evenly
from keras_nas.net import Net
from keras_nas.tasks.base import Task
from keras_nas.tasks.evidence import evidence
from keras_nas.tasks.signature import Input, Signature, target_facts
from keras_nas.tasks.specification import specification, text_column
from keras_nas.tasks.targets import Classification, Regression

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.data.glance import Glance

READ, CHARACTERS = 20_000, 5_000_000
"""Texts of the training part that vocabularies and evidence are learned from at most, evenly spaced, and their
characters."""
AT_ONCE = 1024
"""Texts that are cut at once."""
SHARE = 0.98
"""Texts that are read to their end."""


@dataclass(frozen=True)
class Tokens:
    """One way to cut texts, in lower case and without punctuation, and what the training part has of it.

    Args:
        split: at "whitespace", or between every "character".
        run: parts that make a token.
        most: different tokens that are told apart, the most frequent ones.
        longest: tokens of one text that are read at most.
        length: tokens that are read.
        vocabulary: what is told apart; its numbers begin behind 0 for the end and 1 for what is unknown.
    """

    split: Literal["whitespace", "character"]
    run: int
    most: int
    longest: int
    length: int = 1
    vocabulary: tuple[str, ...] = ()

    @property
    def numbers(self) -> int:
        """How many numbers there are."""
        return len(self.vocabulary) + 2

    def layer(self) -> Any:
        """Keras' layer from strings to numbers `(length,)`; one that is still to be adapted without a vocabulary."""
        from keras import layers

        known = {"vocabulary": [*self.vocabulary]} if self.vocabulary else {"max_tokens": self.most + 2}
        return layers.TextVectorization(
            split=self.split, ngrams=(self.run,), output_sequence_length=self.length, **known
        )

    def learned(self, texts: np.ndarray) -> tuple[Tokens, np.ndarray]:
        """The same with the vocabulary and the length of some texts, and these texts in numbers."""
        import tensorflow as tf

        counts = [len(text.split()) if self.split == "whitespace" else len(text) for text in texts]
        length = int(np.clip(np.quantile(counts, SHARE), 2, self.longest))
        layer, batches = replace(self, length=length).layer(), tf.data.Dataset.from_tensor_slices(texts).batch(AT_ONCE)
        layer.adapt(batches)
        vocabulary = tuple(map(str, layer.get_vocabulary(include_special_tokens=False)))
        numbers = np.concatenate([np.asarray(layer(batch), np.int32) for batch in batches])
        return replace(self, length=length, vocabulary=vocabulary or ("[none]",)), numbers


TOKENS = {"words": Tokens("whitespace", 1, 20_000, 256), "pieces": Tokens("character", 4, 20_000, 1024)}
"""A network's inputs. Pieces are runs of 4 characters, by which words of one stem are alike, known or not."""


@dataclass(frozen=True)
class TextSignature(Signature):
    """That of texts.

    Args:
        key: the name of the model's input.
        name: of the column of texts.
        tokens: by the name of the network's input.
        evidence: what each token says of the target, by the same names.
    """

    key: str = "text"
    name: str = "text"
    tokens: Mapping[str, Tokens] = field(default_factory=dict)
    evidence: Mapping[str, np.ndarray] = field(default_factory=dict, compare=False, repr=False)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Also how many numbers there are of words and of pieces, and the evidence."""
        numbers = {name: tokens.numbers for name, tokens in self.tokens.items()}
        return {**super().facts, **numbers, "evidence": self.evidence}


class TextTask(Task):
    """What all tasks on texts share: a front makes numbers of words and pieces, by what the training part has."""

    ranks = TEXTS
    default_space = "text"
    default_estimator = "brief_finalists"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Texts, or a table with one column of them and no other."""
        if seen.form == "text" and len(seen.shape) == 1:
            return "x holds texts"
        if seen.form == "table" and len(seen.texts) == 1 and seen.texts == seen.columns:
            return f"x is one column of texts, {seen.texts[0]!r}"
        return None

    def signature(self, rows: Rows, split: Split) -> TextSignature:
        """The words and pieces of the training part, and what they say of the target."""
        assert rows.schema is not None  # noqa: S101 - texts have one
        column = rows.schema.columns[0]
        chosen, texts = texts_to_learn(rows.x[column.key], split.train)
        targets = target_facts(rows, split)
        learned = {name: tokens.learned(texts) for name, tokens in TOKENS.items()}
        tokens = {name: told for name, (told, _) in learned.items()}
        y, classes = np.asarray(rows.y[chosen]), rows.target == "classification"
        y = np.eye(targets[0])[y] if classes else (y - targets[1]) / targets[2]
        said = {name: evidence(numbers, y, tokens[name].numbers, classes) for name, (_, numbers) in learned.items()}
        inputs = {name: Input((told.length,), "int32") for name, told in tokens.items()}
        return TextSignature(inputs, *targets, key=column.key, name=column.name, tokens=tokens, evidence=said)

    def front(self, signature: Signature) -> Any:
        """Raw strings to numbers; a text without any token is one unknown one."""
        import keras
        from keras import ops

        assert isinstance(signature, TextSignature)  # noqa: S101 - made by this task
        x = keras.Input((), dtype="string", name=signature.key)
        outputs = {}
        for name, tokens in signature.tokens.items():
            least = np.eye(1, tokens.length, dtype=np.int32)
            outputs[name] = ops.maximum(ops.cast(tokens.layer()(x), "int32"), least)
        return keras.Model({signature.key: x}, outputs, name=FRONT)

    def specification(self, signature: Signature) -> dict[str, Any]:
        """The steps from a text to words and to pieces."""
        assert isinstance(signature, TextSignature)  # noqa: S101 - made by this task
        return specification(signature, [text_column(signature.key, signature.name, signature.tokens)])

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """How long texts are, and texts on both sides of the split."""
        assert rows.schema is not None  # noqa: S101 - texts have one
        _, texts = texts_to_learn(rows.x[rows.schema.columns[0].key], split.train)
        counts = [len(text.split()) for text in texts]
        longest = min(TOKENS["words"].longest, int(np.quantile(counts, SHARE)))
        return [
            f"Texts have {np.median(counts):.0f} words; of longer ones the first {longest} count.",
            *twins(rows, split),
        ]

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """The inputs as they are: the front has prepared them."""
        return x


def texts_to_learn(texts: Any, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The training rows that are learned from, and their texts.

    Args:
        texts: of all rows.
        train: numbers of the training rows.
    """
    chosen = evenly(train, READ)
    share = CHARACTERS / max(1, sum(map(len, texts[chosen])))
    chosen = evenly(train, max(1, int(share * len(chosen)))) if share < 1 else chosen
    return chosen, texts[chosen]


class TextClassification(TextTask, Classification):
    """One class a text."""

    name = "text_classification"


class TextRegression(TextTask, Regression):
    """One or several numbers a text."""

    name = "text_regression"
    objective = "val_rmse"
