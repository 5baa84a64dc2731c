"""The learned predictor: which architectures are better than which, from those that were trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.errors import InvalidArgument
from keras_nas.strategy import Problem
from keras_nas.tuners._features import Describe, Features
from keras_nas.tuners._forest import Forest, grow
from keras_nas.tuners._gaussian import GaussianProcess, Kernel
from keras_nas.tuners.auto import MEMBERS, blended, share_of

MOST = 500
"""Architectures that are learnt from; of more, as many are evenly drawn."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was learnt.

    Args:
        process: the Gaussian process.
        forest: the trees.
        share: of the trees in a prediction.
    """

    process: GaussianProcess
    forest: Forest
    share: float


class Ranker:
    """Foretells the ranks of architectures from the ranks of some, with its uncertainty.

    The model is that of the strategy "auto", a Gaussian process and trees, each believed as far as it is right about
    what it has not seen. It learns ranks and not scores: a few networks that failed to learn would otherwise matter
    more than all differences between the rest.

    Args:
        decisions: of the space.
        describe: tells of an architecture what is known without training it, see `Problem.describe`; what
            `structure` tells is worth most. None for the decisions alone.
        seed: of all draws.

    Example:
        >>> from keras_nas.decisions import Decision
        >>> from keras_nas.domains import Labels
        >>> decisions = Decisions(tuple(Decision(name, Labels(("conv", "pool", "none"))) for name in "abcd"))
        >>> rng = np.random.default_rng(0)
        >>> known = [decisions.walk(lambda decision: decision.domain.sample(rng)) for _ in range(20)]
        >>> ranker = Ranker(decisions).fit(known, [list(a.values()).count("conv") for a in known])
        >>> mean, deviation = ranker.predict([dict.fromkeys("abcd", "conv"), dict.fromkeys("abcd", "pool")])
        >>> bool(mean[0] > mean[1])
        True

    Reference:
        White et al., "How powerful are performance predictors in neural architecture search?", arXiv 2104.01177;
        Dudziak et al., "BRP-NAS", arXiv 2007.08668, for ranks.
    """

    def __init__(self, decisions: Decisions, describe: Describe | None = None, seed: int = 0) -> None:
        self.decisions = decisions
        self.describe = describe
        self.seed = seed
        self._features: Features | None = None
        self._fitted: Fitted | None = None

    @property
    def features(self) -> Features:
        """Architectures as rows of numbers."""
        if self._features is None:
            self._features = Features(Problem(self.decisions, (), seed=self.seed, describe=self.describe))
        return self._features

    def fit(self, architectures: Sequence[Mapping[str, Label]], merits: Sequence[float] | np.ndarray) -> Ranker:
        """Learn from architectures that were trained.

        Args:
            architectures: two or more; of more than 500, as many are evenly drawn.
            merits: one for each, finite, the higher the better.

        Returns:
            Itself.

        Raises:
            InvalidArgument: when there are too few, or one merit is missing or not finite.
        """
        return self.fit_rows(self._rows(architectures), merits)

    def fit_rows(self, rows: np.ndarray, merits: Sequence[float] | np.ndarray) -> Ranker:
        """The same from rows of `features.transform`, which can be kept where architectures are ranked repeatedly."""
        values = np.asarray(merits, dtype=float)
        if len(values) != len(rows) or len(values) < 2 or not np.isfinite(values).all():
            raise InvalidArgument(
                f"{len(rows)} architectures and {int(np.isfinite(values).sum())} finite merits: expected two "
                "architectures or more, and a finite merit for each. Leave out those that failed."
            )
        chosen = np.unique(np.linspace(0, len(values) - 1, MOST).astype(int))
        self._fitted = self._learnt(rows[chosen], standardised_ranks(values[chosen]))
        return self

    def predict(self, architectures: Sequence[Mapping[str, Label]]) -> tuple[np.ndarray, np.ndarray]:
        """The expected standardised rank of each, the higher the better, and its standard deviation.

        Returns:
            Two arrays of shape `(len(architectures),)`.

        Raises:
            InvalidArgument: before `fit`.
        """
        return self.predict_rows(self._rows(architectures))

    def predict_rows(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same of rows of `features.transform`."""
        if self._fitted is None:
            raise InvalidArgument("this ranker has learnt nothing yet: call fit(architectures, merits) first.")
        found, share = self._fitted.process.predict(rows), self._fitted.share
        return blended(share, found, self._fitted.forest.predict(rows)) if share else found

    def _rows(self, architectures: Sequence[Mapping[str, Label]]) -> np.ndarray:
        return self.features.transform([Architecture(architecture) for architecture in architectures])

    def _learnt(self, rows: np.ndarray, ranks: np.ndarray) -> Fitted:
        features = self.features
        kernel = Kernel.prior(features.groups, features.numeric, features.told).fitted(rows, ranks)
        process = GaussianProcess(kernel, rows, ranks, rows[:0])
        forest = grow(rows, ranks, MEMBERS, np.random.default_rng([self.seed, len(rows)]))
        return Fitted(process, forest, share_of(ranks, process.left_out(), forest.left_out))


def standardised_ranks(values: np.ndarray) -> np.ndarray:
    """Ranks with mean 0 and deviation 1; equal values share theirs.

    Example:
        >>> standardised_ranks(np.array([0.1, 0.9, 0.1])).round(2)
        array([-0.71,  1.41, -0.71])
    """
    from scipy.stats import rankdata

    ranks = rankdata(values)
    return np.asarray((ranks - ranks.mean()) / (ranks.std() or 1.0))
