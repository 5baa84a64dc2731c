"""Gates: how the options of a decision become one result. Methods of weight sharing differ in the gate alone."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

Compute = Callable[[], Any]
RIVAL = 1e-30
"""The value of an option that is computed for its gradient alone: it is above zero and adds nothing."""


class Gate(Protocol):
    """Turns a decision's values into weights, and weighed options into one result."""

    def weights(self, values: Any) -> Any:
        """Weights `(options,)` of a decision with the values `(options,)`; what weighs nothing sleeps."""

    def mix(self, weights: Any, options: Sequence[Compute], silent: Compute) -> Any:
        """One result of options that are computed when called; their weights, of shape `(options,)`, sum to 1 or less.

        Weights that sum to less belong to a decision that was met before and answered in part. `silent` gives zeros in
        the form of an option's result.
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

    def mix(self, weights: Any, options: Sequence[Compute], silent: Compute) -> Any:
        """The option that weighs most."""
        return tf.switch_case(tf.argmax(weights, output_type=tf.int32), list(options))


class StraightThrough:
    """A single path with gradients for all values: the largest value's option is computed, by the softmax it is judged.

    Forward it is `OneHot`; backward the option's weight is that of the softmax: what its gradient tells is whether more
    of this option would help. With values `gumbel(logits, ...)` that is a hard Gumbel-softmax.

    Reference:
        Dong and Yang, "Searching for a Robust Neural Architecture in Four GPU Hours", arXiv 1910.04465; Jang, Gu and
        Poole, "Categorical Reparameterization with Gumbel-Softmax", arXiv 1611.01144.
    """

    def weights(self, values: Any) -> Any:
        """1 for the largest value and 0 for the others, with the softmax's gradient."""
        soft = tf.nn.softmax(values)
        hard = tf.one_hot(tf.argmax(values), tf.shape(values)[0], dtype=soft.dtype)
        return hard + (soft - tf.stop_gradient(soft))

    def mix(self, weights: Any, options: Sequence[Compute], silent: Compute) -> Any:
        """The chosen option times its weight, which is 1."""
        chosen = tf.argmax(weights, output_type=tf.int32)
        y = tf.switch_case(chosen, list(options))
        return tf.nest.map_structure(lambda own: own * tf.cast(weights[chosen], own.dtype), y)


class Superkernel(StraightThrough):
    """Options in order, each of which holds the one before: one goes on to the next where its value is above zero.

    The values are margins: by how much what an option adds is above its threshold. The first one's plays no part, it is
    always held. Forward that is one path; backward whether one goes on is a sigmoid. In layers of elastic size options
    are masks, so that there is one kernel for all sizes of a layer.

    Example:
        >>> import numpy as np
        >>> np.asarray(Superkernel().weights(np.array([0.0, 0.5, -0.5], "float32"))).tolist()
        [0.0, 1.0, 0.0]

    Reference:
        Stamoulis et al., "Single-Path NAS: Designing Hardware-Efficient ConvNets in less than 4 Hours", arXiv
        1904.02877, section 3.
    """

    def weights(self, values: Any) -> Any:
        """1 for the last option that is reached and 0 for the others, with the sigmoids' gradients."""
        margins = tf.convert_to_tensor(values)
        soft = tf.sigmoid(margins)
        steps = tf.unstack(tf.cast(margins > 0, soft.dtype) + (soft - tf.stop_gradient(soft)))
        reached = list(accumulate(steps[1:], operator.mul, initial=tf.ones_like(steps[0])))
        return tf.stack([own - further for own, further in zip(reached, [*reached[1:], tf.zeros_like(steps[0])])])


class Softmax:
    """All options, weighed by the softmax of their values.

    With logits for values that is the relaxation of DARTS, with `gumbel(logits, ...)` that of SNAS and FBNet.

    Reference:
        Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", arXiv 1806.09055; Wu et al., "FBNet", arXiv
        1812.03443.
    """

    def weights(self, values: Any) -> Any:
        """The softmax."""
        return tf.nn.softmax(values)

    def mix(self, weights: Any, options: Sequence[Compute], silent: Compute) -> Any:
        """The weighed sum."""
        return _weighed(weights, [option() for option in options])


class TwoPath:
    """Two paths with gradients for both: one counts, a rival is computed beside it only to be judged.

    The values are 1 for the option that counts, `RIVAL` for its rival, or for several, and 0 for all others, which are
    not computed; without a rival it is `OneHot`.

    Reference:
        Cai, Zhu and Han, "ProxylessNAS: Direct Neural Architecture Search on Target Task and Hardware", arXiv
        1812.00332, section 3.2; with all others for rivals Dong and Yang, "Searching for a Robust Neural Architecture
        in Four GPU Hours", arXiv 1910.04465.
    """

    def weights(self, values: Any) -> Any:
        """The values themselves."""
        return values

    def mix(self, weights: Any, options: Sequence[Compute], silent: Compute) -> Any:
        """The weighed sum of what weighs anything."""
        weighing = zip(tf.unstack(weights), options, strict=True)
        return _weighed(weights, [tf.cond(weight > 0, option, silent) for weight, option in weighing])


def _weighed(weights: Any, results: Sequence[Any]) -> Any:
    """The mean of results, weighed."""
    shares = tf.unstack(tf.math.divide_no_nan(weights, tf.reduce_sum(weights)))
    return tf.nest.map_structure(
        lambda *own: tf.add_n([tf.cast(share, y.dtype) * y for share, y in zip(shares, own, strict=True)]), *results
    )


def gumbel(logits: np.ndarray, temperature: float, rng: np.random.Generator) -> np.ndarray:
    """Values whose softmax is a draw from the Gumbel-softmax distribution, and whose largest is one from the softmax.

    Args:
        logits: any shape.
        temperature: the lower, the nearer the softmax of the values is to one-hot.
        rng: draws the noise.

    Example:
        >>> import numpy as np
        >>> gumbel(np.zeros(3), 1.0, np.random.default_rng(0)).shape
        (3,)
    """
    return np.asarray((logits + rng.gumbel(size=np.shape(logits))) / temperature)
