"""The ways to learn gates, by name: what a step computes, and how its gradient is taken."""

from __future__ import annotations

from dataclasses import dataclass

from keras_nas.supernet.relaxations import GumbelSoftmax, Mixture, Relaxation, TwoPaths


@dataclass(frozen=True)
class Method:
    """One way.

    Args:
        relaxation: from logits to the gates of a step.
        second_order: whether options are judged by the weights that a step of training would give.
        watched: whether a collapse onto skips ends the training.
        rate: learning rate of the logits.
        warmup: share of the training before the first step of the logits: options are judged by weights that have
            learnt something.
    """

    relaxation: Relaxation
    second_order: bool = False
    watched: bool = False
    rate: float = 0.02
    warmup: float = 0.2


METHODS: dict[str, Method] = {
    "darts": Method(Mixture(), watched=True),
    "darts_second_order": Method(Mixture(), second_order=True, watched=True),
    "fbnet": Method(GumbelSoftmax()),
    "proxylessnas": Method(TwoPaths()),
}
