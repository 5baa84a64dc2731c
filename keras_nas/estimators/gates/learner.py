"""Learns the gates of a supernet while its weights are trained: options are judged on rows that weights do not see."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from keras_nas.estimators.gates.methods import Method
from keras_nas.estimators.gates.price import Price
from keras_nas.estimators.gates.slopes import first_order, largest_eigenvalue, of_gates, second_order
from keras_nas.estimators.gates.story import Story
from keras_nas.supernet import Supernet
from keras_nas.supernet.relaxations import Draw, probabilities, spans_of

Batches = Callable[[int], Iterator[Any]]
"""From the number of an epoch to its batches."""
SETTLED = 0.5
"""Share of the training after which the sharpness at the gates is watched: before it grows as the weights learn."""


class Learner(keras.callbacks.Callback):
    """Before each step of the weights, one of the logits; then the gates are set for the weights.

    Args:
        method: how.
        batches: on which options are judged; for the second order also such as weights learn from.
        price: what costs add to the loss.
        story: of the gates.
        seed: keys what is random.
    """

    def __init__(self, method: Method, batches: Sequence[Batches], price: Price, story: Story, seed: int) -> None:
        super().__init__()
        self.method = method
        self.batches = batches
        self.price = price
        self.story = story
        self.seed = seed

    def __deepcopy__(self, memo: Any) -> Learner:
        """Itself: it was made for one training."""
        return self

    @property
    def net(self) -> Supernet:
        """The supernet in training."""
        network: Supernet = self.model.network
        return network

    @property
    def step(self) -> int:
        """Steps of the weights so far."""
        return int(self.model.optimizer.iterations.numpy())

    def on_train_begin(self, logs: Any = None) -> None:
        """Take up what an earlier attempt has told."""
        self.story.begin(self.step)
        self.plain = first_order(self.model)
        self.slope = second_order(self.model) if self.method.second_order else self.plain
        self.same = next(self.batches[0](0)) if self.watched else None

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """The batches of an epoch are the same in every attempt."""
        self.sources = [batches(epoch) for batches in self.batches]

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Judge, then set the gates."""
        progress, rng = self.model.schedule.progress, np.random.default_rng([self.seed, self.step, 1])
        if progress >= self.method.warmup:
            self._judge(self._draw(progress, rng))
        self.net.gates.assign(self._draw(progress, rng).taken)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Tell of the epoch; a collapse, or its sign, ends the training where no limit asks for it."""
        logits = self.net.logits.array()
        chances = probabilities(logits, self.net.encoder, self.method.relaxation.chances)
        entry = self.story.tell(self.step, chances, self.price.expected(logits), self._eigenvalue(logits))
        if self.watched and (entry["collapsed"] or entry["sharper"]):
            self.model.stop_training = True

    @property
    def watched(self) -> bool:
        """Whether many skips are a collapse: where costs count they may be what was asked for."""
        return self.method.watched and not self.price.costs

    def _eigenvalue(self, logits: np.ndarray) -> float | None:
        """How sharp the loss is at the logits, on the same rows in every epoch; None where that is not watched."""
        if not self.watched or self.model.schedule.progress < SETTLED:
            return None
        slope = of_gates(self.net, lambda: self.plain(self.same))
        return largest_eigenvalue(slope, logits, np.random.default_rng([self.seed, 2]))

    def _draw(self, progress: float, rng: np.random.Generator) -> Draw:
        return self.method.relaxation.draw(self.net.logits.array(), spans_of(self.net.encoder), progress, rng)

    def _judge(self, draw: Draw) -> None:
        """One step of the logits; none where the loss is no number, which would be theirs for good."""
        self.net.gates.assign(draw.judged)
        slope = np.asarray(self.slope(*(next(source) for source in self.sources)), dtype=float)
        pulled = draw.pull(slope) + self.price.slope(self.net.logits.array())
        if np.isfinite(pulled).all():
            self.net.logits.step(pulled)
