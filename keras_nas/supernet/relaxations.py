"""Relaxations: how logits that are learnt become the values of gates, and how gradients come back to them.

Each decision has a logit for each of its options, and its probabilities are their softmax. Methods differ in what a
step computes of that: a mixture, a noisy one, one path, or two. It is NumPy: there are few logits. Only `chances` is
TensorFlow, since what networks cost has a gradient through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import tensorflow as tf

from keras_nas.encoding import Encoder
from keras_nas.supernet.gates import RIVAL, Gate, Softmax, Superkernel, TwoPath, gumbel

Spans = Sequence[slice]
"""Where each decision's options stand among the logits."""
Chances = Callable[[Any], Any]
"""From the logits of a decision, shape `(options,)`, to the probabilities of its options."""
LEFT = 0.02
"""Probability that is left to all options of a decision where one is settled, so that others are drawn beside it."""


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

    def chances(self, logits: Any) -> Any:
        """The probabilities of a decision's options, from its logits `(options,)`."""
        return tf.nn.softmax(logits)

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """The gates of a step.

        Args:
            logits: shape `(width,)`.
            spans: of the decisions.
            progress: share of the training that is over.
            rng: draws what is random.
        """


@dataclass(frozen=True)
class Mixture(Relaxation):
    """All options, weighed by their probabilities; nothing is random.

    Reference:
        Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", arXiv 1806.09055.
    """

    gate: ClassVar[Gate] = Softmax()

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """The logits."""
        return Draw(logits, logits, lambda slope: slope)


class Thresholds(Mixture):
    """Margins above thresholds in place of logits: they settle one option of each decision, and nothing is random.

    Reference:
        Stamoulis et al., "Single-Path NAS: Designing Hardware-Efficient ConvNets in less than 4 Hours", arXiv
        1904.02877.
    """

    gate: ClassVar[Gate] = Superkernel()

    def chances(self, logits: Any) -> Any:
        """What margins settle, but for a little that is left to all options."""
        return (1.0 - LEFT) * self.gate.weights(logits) + LEFT / logits.shape[0]


@dataclass(frozen=True)
class GumbelSoftmax(Relaxation):
    """Logits with Gumbel noise, divided by a temperature whose logarithm falls: options are mixed, ever less evenly.

    Args:
        start: temperature at the beginning.
        end: temperature at the end.

    Reference:
        Wu et al., "FBNet", arXiv 1812.03443, section 3.3.
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
class HardGumbel(Relaxation):
    """One option of each decision, drawn by Gumbel-softmax; when options are judged, beside all others.

    Forward the drawn option counts alone, backward each counts as the softmax says. As published only the drawn option
    has a gradient, which saves the others' computation. It says whether more of that option would help: nothing where
    normalisation comes next, which takes the amount away, and nothing where the option gives zeros. So options are
    compared here, while the weights' steps compute one path.

    Args:
        start: temperature at the beginning.
        end: temperature at the end; it falls evenly.

    Reference:
        Dong and Yang, "Searching for a Robust Neural Architecture in Four GPU Hours", arXiv 1910.04465, equations 4 to
        6; Jang, Gu and Poole, arXiv 1611.01144, for the gradient straight through.
    """

    gate: ClassVar[Gate] = TwoPath()
    start: float = 10.0
    end: float = 0.1

    def draw(self, logits: np.ndarray, spans: Spans, progress: float, rng: np.random.Generator) -> Draw:
        """All of each decision to be judged by the one that counts, and that one to be trained."""
        temperature = self.start + (self.end - self.start) * progress
        values, taken = gumbel(logits, temperature, rng), np.zeros_like(logits)
        taken[[span.start + int(np.argmax(values[span])) for span in spans]] = 1.0
        return Draw(np.maximum(taken, RIVAL), taken, lambda slope: _between(slope, values, spans) / temperature)


@dataclass(frozen=True)
class TwoPaths(Relaxation):
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


def _between(slope: np.ndarray, logits: np.ndarray, groups: Sequence[np.ndarray | slice]) -> np.ndarray:
    """The gradient at the logits of options that were judged together, from that at their gates."""
    found = np.zeros_like(slope)
    for group in groups:
        p = softmax(logits[group])
        found[group] = p * (slope[group] - p @ slope[group])
    return found


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the options of one decision, shape `(options,)`."""
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


def spans_of(encoder: Encoder) -> list[slice]:
    """Where each decision's options stand."""
    return [encoder.columns(decision.path) for decision in encoder.decisions]


def probabilities(logits: np.ndarray, encoder: Encoder, chances: Chances = tf.nn.softmax) -> dict[str, np.ndarray]:
    """Those of each decision's options, in the order of its labels."""
    return {d.path: np.asarray(chances(logits[encoder.columns(d.path)])) for d in encoder.decisions}
