"""The ways to learn gates, by name: what a step computes, and how its gradient is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from keras_nas.supernet import Supernet
from keras_nas.supernet.relaxations import GumbelSoftmax, HardGumbel, Mixture, Relaxation, Thresholds, TwoPaths
from keras_nas.supernet.strength import margins_of


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
        above: makes, of a supernet, what is added to the logits that are learnt; nothing by default.
    """

    relaxation: Relaxation
    second_order: bool = False
    watched: bool = False
    rate: float = 0.02
    warmup: float = 0.2
    above: Callable[[Supernet], Callable[[], np.ndarray]] | None = None


METHODS: dict[str, Method] = {
    "darts": Method(Mixture(), watched=True),
    "darts_second_order": Method(Mixture(), second_order=True, watched=True),
    "pc_darts": Method(Mixture(), watched=True, warmup=0.3),
    "gdas": Method(HardGumbel()),
    "fbnet": Method(GumbelSoftmax()),
    "proxylessnas": Method(TwoPaths()),
    "single_path_nas": Method(Thresholds(), above=margins_of),
}
