"""Who sets the gates of a supernet while it is trained: draws, or gradients."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np

from keras_nas.architecture import Label
from keras_nas.data import Rows, Split
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.fitting import Lesson, feed_of, settled
from keras_nas.estimators.gates import FORMS
from keras_nas.estimators.gates.derived import as_scores
from keras_nas.estimators.gates.learner import Learner
from keras_nas.estimators.gates.methods import METHODS
from keras_nas.estimators.gates.price import price_of
from keras_nas.estimators.gates.story import Story
from keras_nas.estimators.shared_judge import Judge
from keras_nas.estimators.shared_net import make_supernet
from keras_nas.supernet import OneHot, Sampling, Supernet, teacher_of
from keras_nas.supernet.logits import Logits
from keras_nas.supernet.relaxations import probabilities
from keras_nas.supernet.sampling import Dimensions

Data = tuple[Rows, Split]
Told = tuple[dict[str, float], dict[str, Any]]
"""Scores and measurements."""
JUDGING, LEARNING = 1, 2
"""What the seeds of batches differ by: those on which options are judged, and more of those that weights learn from."""


class Course(Protocol):
    """Makes the supernet, joins its training, and says what came of it."""

    def make(self) -> Supernet:
        """The supernet, untrained."""

    def begin(self, net: Supernet, architecture: Mapping[str, Label], lesson: Lesson) -> tuple[Any, Data]:
        """The callback that sets the gates, and the rows whose training part the weights learn from."""

    def end(self, judge: Judge) -> Told:
        """What came of the gates; afterwards the supernet computes one path."""


class Sampled:
    """Every step trains a network that is drawn.

    Args:
        training: of the search.
        sampling: makes what draws it, of the supernet's dimensions.
        elastic: whether layers have elastic sizes.
    """

    def __init__(self, training: Training, sampling: Callable[[Dimensions], Sampling], elastic: bool = False) -> None:
        self.training = training
        self.sampling = sampling
        self.elastic = elastic

    def make(self) -> Supernet:
        """One path is computed."""
        return make_supernet(self.training, elastic=self.elastic)

    def begin(self, net: Supernet, architecture: Mapping[str, Label], lesson: Lesson) -> tuple[Any, Data]:
        """All rows are learnt from."""
        data = Rows.load(self.training.data), Split.load(self.training.data)
        return Sampler(self.sampling(net.dimensions()), self.training.seed), data

    def end(self, judge: Judge) -> Told:
        """Nothing: the gates have learnt nothing."""
        return {}, {}


class Sampler(keras.callbacks.Callback):
    """Selects the network of every training step, by the optimizer's count of steps, and its teacher if it has one.

    Args:
        sampling: draws it.
        seed: keys the draws.
    """

    def __init__(self, sampling: Sampling, seed: int) -> None:
        super().__init__()
        self.sampling = sampling
        self.seed = seed

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Set the gates."""
        net: Supernet = self.model.network
        step, progress = int(self.model.optimizer.iterations.numpy()), self.model.schedule.progress
        student = self.sampling(net.decisions, self.seed, step, progress)
        net.select(student)
        if net.teacher is not None:
            net.teach(teacher_of(net.decisions, net.dimensions(), student))


class Learnt:
    """Gates are learnt by gradients on one half of the rows, while the weights learn from the other.

    Args:
        training: of the search.
        folder: of the trial.
        name: of the method.
    """

    def __init__(self, training: Training, folder: Path, name: str) -> None:
        self.training = training
        self.folder = folder
        self.name = name
        self.method = METHODS[name]

    def make(self) -> Supernet:
        """The method's gate, and logits."""
        method = self.method
        net = make_supernet(self.training, method.relaxation.gate, **FORMS.get(self.name, {}))
        net.logits = Logits(net.encoder.width, method.above and method.above(net)).ready(method.rate)
        return net

    def begin(self, net: Supernet, architecture: Mapping[str, Label], lesson: Lesson) -> tuple[Any, Data]:
        """The weights have one half of the rows."""
        rows, learning, judging = halved(self.training)
        sources = [(judging, JUDGING), (learning, LEARNING)][: 1 + self.method.second_order]
        batches = [batches_of(self.training, (rows, split), architecture, lesson, own) for split, own in sources]
        story = Story(self.folder, net.decisions, net.skips())
        price = price_of(self.training, net.encoder, self.method.relaxation.chances)
        self.learner = Learner(self.method, batches, price, story, self.training.seed)
        return self.learner, (rows, learning)

    def end(self, judge: Judge) -> Told:
        """The probabilities of all answers, and what became of them epoch by epoch."""
        judge.net.gate = OneHot()
        story, price = self.learner.story, self.learner.price
        if self.learner.model is None:  # an earlier attempt had trained to the end
            story.begin(sys.maxsize)
        now = probabilities(judge.net.logits.array(), judge.net.encoder, self.method.relaxation.chances)
        errors = {name: cost.error_pct for name, cost in price.costs.items()}
        watched = self.learner.watched
        told = {"method": self.name, "watched": watched, "epochs": story.entries, "error_pct": errors}
        return as_scores(judge.net.decisions, story.chosen(watched) or now), {"gates": told}


def halved(training: Training) -> tuple[Rows, Split, Split]:
    """All rows, those to train weights on and those to judge options on, never the smaller half."""
    rows, split = Rows.load(training.data), Split.load(training.data)
    order = np.random.default_rng([training.seed, 0, 2]).permutation(split.train)
    middle = len(order) // 2
    learning, judging = np.sort(order[:middle]), np.sort(order[middle:])
    return rows, replace(split, train=learning), replace(split, train=judging)


def batches_of(
    training: Training, data: Data, architecture: Mapping[str, Label], lesson: Lesson, own: int
) -> Callable[[int], Iterator[Any]]:
    """A function from the number of an epoch to its batches, as they are trained on.

    Args:
        training: of the search.
        data: whose training part they come from.
        architecture: names the recipe.
        lesson: says how large they may be.
        own: what their seed differs by.
    """
    settings, keyed = settled(training, architecture, data[1], lesson), replace(training, seed=training.seed + own)
    finished = training.options.loss is not None
    return lambda epoch: iter(feed_of(keyed, data, settings, epoch, (finished, False)).dataset)
