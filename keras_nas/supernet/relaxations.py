"""Relaxations: how logits that are learnt become the values of gates, and how gradients come back to them.

Each decision has a logit for each of its options, and its probabilities are their softmax. Methods differ in what a
step computes of that: a mixture, a noisy one, one path, or two. All of it is NumPy: there are few logits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from keras_nas.encoding import Encoder
from keras_nas.supernet.gates import RIVAL, Gate, Softmax, TwoPath, gumbel

Spans = Sequence[slice]
"""Where each decision's options stand among the logits."""


@dataclass(frozen=True)
class Draw:
    """The gates of one step.

    Args:
        judged: values while the options are judged, shape `(width,)`.
        taken: values while the weights are trained.
        pull: turns the gradient at `judged` into that at the logits.
    """

    judged: np.ndarray
    taken: np.ndarray
    pull: Callable[[np.ndarray], np.ndarray]


class Relaxation(Protocol):
    """One way from logits to gates."""

    @property
    def gate(self) -> Gate:
        """What the values are for."""

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """The gates of a step.

        Args:
            logits: shape `(width,)`.
            spans: of the decisions.
            progress: share of the training that is over.
            rng: draws what is random.
        """


@dataclass(frozen=True)
class Mixture:
    """All options, weighed by their probabilities; nothing is random.

    Reference:
        Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", arXiv 1806.09055.
    """

    gate: ClassVar[Gate] = Softmax()

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """The logits."""
        return Draw(logits, logits, lambda slope: slope)


@dataclass(frozen=True)
class GumbelSoftmax:
    """Logits with Gumbel noise, divided by a temperature that falls: options are mixed at first, at the end drawn.

    Args:
        start: temperature at the beginning.
        end: temperature at the end; between them its logarithm falls evenly.

    Reference:
        Wu et al., "FBNet", arXiv 1812.03443.
    """

    gate: ClassVar[Gate] = Softmax()
    start: float = 5.0
    end: float = 0.5

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """One draw, for both."""
        temperature = self.start * (self.end / self.start) ** progress
        values = gumbel(logits, temperature, rng)
        return Draw(values, values, lambda slope: slope / temperature)


@dataclass(frozen=True)
class TwoPaths:
    """One path of each decision, drawn by the probabilities; when options are judged, against a rival.

    The gradient moves the two logits against each other, and leaves those of all other options.

    Reference:
        Cai, Zhu and Han, "ProxylessNAS", arXiv 1812.00332, section 3.2.
    """

    gate: ClassVar[Gate] = TwoPath()

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """Two of each decision to be judged, and one to be trained."""
        judged, taken = np.zeros_like(logits), np.zeros_like(logits)
        pairs = []
        for span in spans:
            p, number = softmax(logits[span]), span.stop - span.start
            taken[span.start + rng.choice(number, p=p)] = 1.0
            pair = span.start + rng.choice(number, min(2, number), replace=False, p=p)
            judged[pair] = RIVAL
            judged[rng.choice(pair, p=softmax(logits[pair]))] = 1.0
            pairs.append(pair)
        return Draw(judged, taken, lambda slope: _between(slope, logits, pairs))


def _between(slope: np.ndarray, logits: np.ndarray, pairs: Sequence[np.ndarray]) -> np.ndarray:
    """The gradient at the logits of pairs, from that at their gates."""
    found = np.zeros_like(slope)
    for pair in pairs:
        p = softmax(logits[pair])
        found[pair] = p * (slope[pair] - p @ slope[pair])
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the options of one decision, shape `(options,)`."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def spans_of(encoder: Encoder) -> list[slice]:
    """Where each decision's options stand."""
    return [encoder.columns(decision.path) for decision in encoder.decisions]


def probabilities(logits: np.ndarray, encoder: Encoder) -> dict[str, np.ndarray]:
    """Those of each decision's options, in the order of its labels."""
    return {d.path: softmax(logits[encoder.columns(d.path)]) for d in encoder.decisions}
