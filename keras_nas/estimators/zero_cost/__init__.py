"""Zero-cost scores: how promising a network looks at initialisation, on one batch or none.

Every score is a function `score(network, batch)` that reads like its paper's formula; larger is better.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import TYPE_CHECKING

import numpy as np

from keras_nas.errors import InvalidArgument, unknown

if TYPE_CHECKING:
    from keras_nas.estimators.zero_cost.network import Batch, Network

    Score = Callable[[Network, Batch], float]

SCORES = {
    "synflow": "synflow",
    "logsynflow": "synflow",
    "naswot": "naswot",
    "jacob_cov": "jacob_cov",
    "snip": "saliency",
    "grasp": "saliency",
    "fisher": "saliency",
    "grad_norm": "saliency",
    "ntk": "te_nas",
    "linear_regions": "te_nas",
    "zen": "zen",
    "params": "costs",
    "flops": "costs",
}
"""Score -> module, whose function of the score's name computes it."""
ENSEMBLE = ("logsynflow", "jacob_cov", "params")
"""The scores whose ranks are averaged where none is named: what flows, whether rows are told apart, and size."""


def get_score(name: str) -> Score:
    """A score by its name.

    Raises:
        InvalidArgument: for an unknown name; lists the valid ones and suggests the nearest.
    """
    if name not in SCORES:
        raise InvalidArgument(unknown("zero-cost score", name, SCORES))
    score: Score = getattr(import_module(f"{__name__}.{SCORES[name]}"), name)
    return score


def rank_average(scores: Mapping[str, Sequence[float]]) -> np.ndarray:
    """The ensemble of several scores: each network's rank in each, averaged; from 0 for the worst to 1 for the best.

    Ranks are all that scores of other units have in common. Equal values share the mean of their ranks.

    Args:
        scores: values of the same networks by the score's name.

    Returns:
        Shape `(networks,)`.

    Example:
        >>> rank_average({"params": [10, 20, 30], "naswot": [5.0, 5.0, 7.0]})
        array([0.125, 0.375, 1.   ])
    """
    from scipy.stats import rankdata

    ranks = np.array([rankdata(values) for values in scores.values()]) - 1.0
    return np.asarray(ranks.mean(axis=0) / max(1, ranks.shape[1] - 1))
