"""Shared weights: one supernet is trained, networks are scored by its gates alone, and the best are fine-tuned."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from keras_nas.engine.job import Report
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.estimators.gates import LEARNT
from keras_nas.estimators.shared_search import SHARED, SIZED, SUPERNET, SharedSearch, Sharing
from keras_nas.estimators.survey import SURVEY, Surveyed
from keras_nas.strategy import Strategy

if TYPE_CHECKING:
    from keras_nas.estimators.budgeting import Budgeting

DRAWN = ("uniform", "fair", *SIZED)
"""The ways to draw the network of a step."""
NETWORKS = 1_000
"""Scored at most where networks are drawn."""
TEACH, SCORE, CHECK = 0.45, 0.15, 0.15
"""Shares of the time for the supernet, for scoring, and for networks trained alone; finalists have the rest."""


@dataclass(frozen=True)
class SharedWeights:
    """Train one supernet, score networks with its weights, fine-tune the best.

    Weight sharing is known to rank badly, so that each search checks itself: some networks are trained alone, and the
    summary tells how well the shared weights had ranked them.

    Args:
        sampling: the network of each training step: "uniform", or "fair", every option as often as its rivals; of a
            supernet of elastic sizes, whose networks learn from the largest one too, "sandwich" (the largest, the
            smallest, random ones in turn) or "progressive" (smaller ones step by step); or how its gates are learnt,
            which choose the first finalist: by gradients, "darts", "darts_second_order", "pc_darts", "gdas", "fbnet",
            "proxylessnas" or "single_path_nas", or by the rewards of a controller, "enas".
        networks: how many are scored at most; they do not count as trials. None for 1,000, or where gates are learnt
            their choice and as many as are checked.
        finalists: how many are trained to the end: with the shared weights to begin with where networks are drawn, from
            new ones where gates are learnt.
        checks: networks that are trained alone to check the ranking; 0 for none.
        epochs: of the supernet's training where the search has no time limit.

    Raises:
        InvalidArgument: for an unknown sampling, or a number out of bounds.

    Example:
        >>> SharedWeights(checks=0).sampling
        'uniform'

    Reference:
        Guo et al., arXiv 1904.00420; Chu, Zhang and Xu, arXiv 1907.01845; Yu et al., "Evaluating the Search Phase of
        Neural Architecture Search", arXiv 1902.08142; Cai et al., "Once-for-All", arXiv 1908.09791.
    """

    sampling: str = "uniform"
    networks: int | None = None
    finalists: int = 1
    checks: int = 8
    epochs: float = 30.0
    one_array: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.sampling not in (*DRAWN, *LEARNT):
            raise InvalidArgument(unknown("sampling", self.sampling, (*DRAWN, *LEARNT)))
        for option, least in (("networks", 1), ("finalists", 1), ("checks", 0)):
            if getattr(self, option) is not None and getattr(self, option) < least:
                raise InvalidArgument(f"{option}={getattr(self, option)!r}: expected {least} or more.")
        if not self.epochs > 0:
            raise InvalidArgument(f"epochs={self.epochs!r}: expected a number above 0.")

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """See `SharedSearch`; of a supernet of elastic sizes networks of all costs are scored first."""
        if self.sampling in SIZED:
            strategy = Surveyed(strategy, budgeting.work, min(SURVEY, (self.networks or NETWORKS) // 2))
        return SharedSearch(strategy, self._sharing(budgeting), budgeting.clock, budgeting.first, budgeting.baseline)

    def _sharing(self, budgeting: Budgeting) -> Sharing:
        """The budget divided."""
        checks = self.checks
        if budgeting.max_trials is not None:
            checks = max(0, min(checks, budgeting.max_trials - self.finalists - budgeting.baseline))
        learnt, total = self.sampling in LEARNT, budgeting.max_time
        setting = {} if self.sampling == "uniform" else {self.sampling: 1.0}
        length = {"epochs": self.epochs} if total is None else {"seconds": round(TEACH * total, 1)}
        networks = self.networks or (self.finalists + checks if learnt else NETWORKS)
        sharing = Sharing({**length, **setting}, networks, checks, self.finalists)
        if total is None:
            return sharing
        each = round(CHECK * total * min(budgeting.workers, checks or 1) / max(1, checks), 1)
        return replace(
            sharing,
            alone={"seconds": each},
            score_until=(TEACH + SCORE) * total,
            total_seconds=budgeting.bounds.last_training,
        )


def shared_trial(report: Report, **arguments: Any) -> dict[str, Any]:
    """One trial with shared weights, see `shared_trial.run`; what it needs is loaded in the worker alone."""
    from keras_nas.estimators.shared_trial import run

    return run(report, **arguments)


__all__ = ["SHARED", "SUPERNET", "SharedWeights", "shared_trial"]
