"""Gates that a controller sets, which is rewarded while the weights are trained: ENAS.

A strategy's state is a fold over what it observed. So the controller is the strategy of that name, its rewards are
kept as a list, and a training that goes on replays them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.fitting import Lesson
from keras_nas.estimators.gates.courses import JUDGING, Data, Told, batches_of, halved
from keras_nas.estimators.gates.derived import as_scores
from keras_nas.estimators.gates.diary import Diary
from keras_nas.estimators.shared_judge import Judge
from keras_nas.estimators.shared_net import make_supernet
from keras_nas.objectives.objective import Objective, objectives_from
from keras_nas.strategy import Outcome, Problem, Proposal
from keras_nas.supernet import Supernet
from keras_nas.tuners.controller import Reinforce

WARMUP = 0.2
"""Share of the training before the first reward: until then all networks are as probable as the controller begins."""
PARTS = 10
"""Of the rewards, in order, whose means are told."""
FAR = 2**40
"""Number of the first proposal after the training; those of the training are below."""
DERIVED = 16
"""Networks that the controller writes at the end; the best under the shared weights is its choice."""
LOSS = Objective("loss", "min")


class Rewarded(keras.callbacks.Callback):
    """Before each step of the weights, one of the controller; then it writes the network that the weights train.

    Args:
        controller: not yet begun.
        batches: from the number of an epoch to batches that networks are rewarded on.
        folder: of the trial.
        seed: keys what is random.
    """

    def __init__(self, controller: Reinforce, batches: Callable[[int], Iterator[Any]], folder: Path, seed: int) -> None:
        super().__init__()
        self.controller = controller
        self.batches = batches
        self.folder = folder
        self.seed = seed
        self.rewards: list[dict[str, Any]] = []
        self.kept = 0

    def __deepcopy__(self, memo: Any) -> Rewarded:
        """Itself: it was made for one training."""
        return self

    @property
    def diary(self) -> Diary:
        """Where the rewards are kept."""
        return Diary(self.folder, "rewards")

    @property
    def step(self) -> int:
        """Steps of the weights so far."""
        return int(self.model.optimizer.iterations.numpy())

    def replay(self, decisions: Decisions, step: float = float("inf")) -> None:
        """Begin anew, with what was told before a step."""
        self.controller.begin(Problem(decisions, (LOSS,), seed=self.seed))
        self.rewards = self.diary.taken_up(step)
        self.kept = len(self.rewards)
        for told in self.rewards:
            self._observe(told)

    def on_train_begin(self, logs: Any = None) -> None:
        """Take up what an earlier attempt has told."""
        self.replay(self.model.network.decisions, self.step)
        self.loss = tf.function(self.model.mean_loss, autograph=False)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """The batches of an epoch are the same in every attempt."""
        self.source = self.batches(epoch)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Reward a network, then set the gates."""
        net, step = self.model.network, self.step
        if self.model.schedule.progress >= WARMUP:
            proposal = self.controller.propose(2 * step, ())
            net.select(proposal.architecture)
            loss = float(self.loss(next(self.source)))
            told = {"step": step, "architecture": dict(proposal.architecture), "note": dict(proposal.note)}
            if np.isfinite(loss):
                self.rewards.append({**told, "loss": loss})
                self._observe(self.rewards[-1])
        net.select(self.controller.propose(2 * step + 1, ()).architecture)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the epoch's rewards."""
        self.diary.add(self.step, self.rewards[self.kept :])
        self.kept = len(self.rewards)

    def _observe(self, told: Mapping[str, Any]) -> None:
        proposal = Proposal(Architecture(told["architecture"]), note=told["note"])
        self.controller.observe(proposal, Outcome({LOSS.name: told["loss"]}))


class Controlled:
    """The shared weights and a controller are trained in alternation.

    Args:
        training: of the search.
        folder: of the trial.

    Reference:
        Pham et al., "Efficient Neural Architecture Search via Parameter Sharing", arXiv 1802.03268, section 2.2.
    """

    def __init__(self, training: Training, folder: Path) -> None:
        self.training = training
        self.folder = folder

    def make(self) -> Supernet:
        """One path is computed."""
        return make_supernet(self.training)

    def begin(self, net: Supernet, architecture: Mapping[str, Label], lesson: Lesson) -> tuple[Any, Data]:
        """The weights have one half of the rows."""
        rows, learning, judging = halved(self.training)
        batches = batches_of(self.training, (rows, judging), architecture, lesson, JUDGING)
        self.callback = Rewarded(Reinforce(fresh=False), batches, self.folder, self.training.seed)
        return self.callback, (rows, learning)

    def end(self, judge: Judge) -> Told:
        """Of some networks that the controller writes the best one, as certain."""
        decisions, controller = judge.net.decisions, self.callback.controller
        if self.callback.model is None:  # an earlier attempt had trained to the end
            self.callback.replay(decisions)
        objective = objectives_from(self.training.task.objective)[0]
        written = [controller.propose(FAR + number, ()).architecture for number in range(DERIVED)]
        best = min(dict.fromkeys(written), key=lambda network: objective.loss(judge.scores(network)))
        losses = np.array_split([told["loss"] for told in self.callback.rewards], PARTS)
        means = [round(float(part.mean()), 5) for part in losses if len(part)]
        return as_scores(decisions, certain(decisions, best)), {"gates": {"method": "enas", "losses": means}}


def certain(decisions: Decisions, network: Mapping[str, Label]) -> dict[str, np.ndarray]:
    """Probabilities that leave one network; those of decisions that sleep in it are equal."""
    width = {decision.path: len(decision.domain.labels()) for decision in decisions}
    return {
        d.path: np.array([float(label == network[d.path]) for label in d.domain.labels()])
        if d.path in network
        else np.full(width[d.path], 1.0 / width[d.path])
        for d in decisions
    }
