"""A strategy of your own in two verbs: hill climbing from the best so far, with a step back now and then.

    python examples/custom_strategy.py

It sees decisions and outcomes, never a layer; the same class drives `search` and, as an oracle, Keras Tuner.
"""

from typing import Any

from sklearn.datasets import load_digits

import keras_nas
from keras_nas.operators import mutable, mutate, sample
from keras_nas.testing import STRATEGY_CHECKS, Subject


class Climb(keras_nas.Strategy):
    """Change one decision of the best so far; one proposal in four is random, so that it never gets stuck."""

    def begin(self, problem: keras_nas.Problem) -> None:
        super().begin(problem)
        self.best: Any = (float("inf"), None)

    def propose(self, number: int, pending: Any) -> Any:
        rng, decisions, leader = self.problem.rng(number), self.problem.decisions, self.best[1]
        if leader and mutable(decisions, leader) and rng.random() > 0.25:
            return keras_nas.Proposal(mutate(decisions, leader, rng))
        return keras_nas.Proposal(sample(decisions, rng))

    def observe(self, proposal: Any, outcome: Any) -> None:
        self.best = min(self.best, (self.loss(outcome)[0], proposal.architecture), key=lambda pair: pair[0])


def main(**options: Any) -> Any:
    """Pass the suite that ready strategies pass, then search."""
    for check in STRATEGY_CHECKS:
        check(Subject(Climb, learns=False, trials=10))
    digits = load_digits()
    data = digits.images.astype("uint8"), digits.target
    result = keras_nas.search("image_classification", data, strategy=Climb(), **options)
    print(result.summary())
    return result


if __name__ == "__main__":
    main(max_time=60)
