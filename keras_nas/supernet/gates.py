"""Gates: how the options of a decision become one result. Methods of weight sharing differ in the gate alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import tensorflow as tf


class Gate(Protocol):
    """Turns a decision's values into weights, and weighed options into one result."""

    def weights(self, values: Any) -> Any:
        """Weights `(options,)` of a decision with the values `(options,)`; what weighs nothing sleeps."""

    def mix(self, weights: Any, options: Sequence[Callable[[], Any]]) -> Any:
        """One result of options that are computed when called; their weights, of shape `(options,)`, sum to 1 or less.

        Weights that sum to less belong to a decision that was met before and answered in part.
        """


class OneHot:
    """A single path: only the chosen option is computed, in one traced graph for all architectures.

    The values are 0 and 1.

    Reference:
        Guo et al., "Single Path One-Shot Neural Architecture Search with Uniform Sampling", arXiv 1904.00420.
    """

    def weights(self, values: Any) -> Any:
        """The values themselves."""
        return values

    def mix(self, weights: Any, options: Sequence[Callable[[], Any]]) -> Any:
        """The option that weighs most."""
        return tf.switch_case(tf.argmax(weights, output_type=tf.int32), list(options))


class Softmax:
    """All options, weighed by the softmax of their values.

    Reference:
        Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", arXiv 1806.09055.
    """

    def weights(self, values: Any) -> Any:
        """The softmax."""
        return tf.nn.softmax(values)

    def mix(self, weights: Any, options: Sequence[Callable[[], Any]]) -> Any:
        """The weighed sum."""
        shares = tf.unstack(weights / tf.reduce_sum(weights))
        results = [option() for option in options]
        return tf.nest.map_structure(
            lambda *own: tf.add_n([tf.cast(share, y.dtype) * y for share, y in zip(shares, own, strict=True)]), *results
        )
