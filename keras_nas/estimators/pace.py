"""How long trials take: first by what a network costs on this machine, then by what trials have taken."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from keras_nas.engine import events as told
from keras_nas.estimators.gauge import Gauge
from keras_nas.estimators.ladder import grown
from keras_nas.ledger import Trial, is_training
from keras_nas.objectives.cost import CostedLayer
from keras_nas.objectives.layer_costs.shapes import size_of
from keras_nas.strategy import UNTRAINED, Proposal

FIXED, EACH = 0.5, 0.8
"""What the start of a trial costs whatever the network, and by its layers, in starts of the gauge's network."""
SCORING = 0.15
"""Seconds of tracing and saving at the end of a trial, as a share of those at its start."""
SLOW = 100.0
"""Multiply-adds of a dense convolution in the time of one of a depthwise one, on a CPU."""
MB = 4 / 1e6
"""Megabytes of one number in float32."""
TRACED_MB = 90.0
"""Memory of a traced training beside its numbers."""


@dataclass(frozen=True)
class Pace:
    """The seconds of a trial.

    Args:
        before: seconds until it trains: building and tracing.
        epoch: seconds of an epoch.
        after: seconds of scoring.
    """

    before: float
    epoch: float
    after: float

    def seconds(self, fidelity: Mapping[str, float]) -> float:
        """Of a trial that trains for `epochs`, for `seconds`, or until the first of both is over.

        Example:
            >>> pace = Pace(before=4.0, epoch=2.0, after=1.0)
            >>> pace.seconds({"epochs": 10.0, "seconds": 30.0}), pace.seconds({"seconds": 30.0})
            (25.0, 31.0)
        """
        if UNTRAINED in fidelity:
            return self.before
        ends = [max(fidelity["seconds"], self.before)] if "seconds" in fidelity else []
        ends += [self.before + grown(fidelity) * self.epoch] if "epochs" in fidelity else []
        return min(ends, default=self.before) + self.after


@dataclass(frozen=True)
class Work:
    """What a training of one architecture has to do.

    Args:
        network: its `params`, and for one row what `effort` tells and the multiply-adds, `flops`.
        batch: rows of a batch.
        rows: to train on.
        scored: rows to score on.
    """

    network: Mapping[str, float]
    batch: int
    rows: int
    scored: int


def effort(layers: Sequence[CostedLayer]) -> dict[str, float]:
    """What a network's layers have to do for one row, beside their costs: `layers`, `depthwise`, `activations`."""
    outputs = sum(size_of(shape) for layer in layers if not layer.cost.view for shape in layer.cost.outputs)
    depthwise = [layer for layer in layers if layer.name in ("DepthwiseConv2D", "SeparableConv2D")]
    return {
        "layers": float(len(layers)),
        "depthwise": float(sum(map(_depthwise_flops, depthwise))),
        "activations": float(outputs),
    }


def _depthwise_flops(layer: CostedLayer) -> float:
    """Pixels times channels times the kernel."""
    *pixels, _ = layer.cost.outputs[0]
    kernel = layer.config["kernel_size"]
    taps = math.prod(kernel) if isinstance(kernel, list | tuple) else kernel**2
    return math.prod(pixels) * layer.inputs[0].shape[-1] * taps


def expected_pace(gauge: Gauge, work: Work) -> Pace:
    """About how long a training takes: layers cost tracing and steps; what they compute and what they give cost rows.

    Args:
        gauge: of the machine.
        work: of the training.
    """
    network, measured = work.network, gauge.network
    size = network["layers"] / measured["layers"]
    flops = (network["flops"] + SLOW * network["depthwise"]) / measured["flops"]
    row = gauge.row_s * max(flops, network["activations"] / measured["activations"])
    step = gauge.step_s * (FIXED + size) + row * work.batch
    before = gauge.start_s * (FIXED + EACH * size)
    return Pace(before, step * max(1, work.rows // work.batch), SCORING * before + row / 3 * work.scored)


def expected_mb(gauge: Gauge, work: Work) -> float:
    """About how much memory a training takes: the process, a batch's activations and gradients, four of each weight."""
    return gauge.idle_mb + TRACED_MB + MB * (2 * work.batch * work.network["activations"] + 4 * work.network["params"])


@dataclass
class Story:
    """What is known of a trial that runs.

    Args:
        began: when it was handed out, in seconds of the search.
        epochs: when each epoch ended, by its number.
    """

    began: float
    epochs: dict[int, float] = field(default_factory=dict)

    @property
    def epoch(self) -> float | None:
        """Seconds of an epoch; None before two have ended."""
        if len(self.epochs) < 2:
            return None
        first, last = min(self.epochs), max(self.epochs)
        return (self.epochs[last] - self.epochs[first]) / (last - first)

    def pace(self, fidelity: Mapping[str, float], ended: float, expected: Pace) -> Pace:
        """The pace of a trial that has ended; what its epochs did not tell is as expected.

        Args:
            fidelity: of the trial.
            ended: when it ended, in seconds of the search.
            expected: what it was taken for.
        """
        whole = ended - self.began
        if self.epoch is not None:
            before = max(0.0, min(self.epochs.values()) - self.epoch - self.began)
            learnt = Pace(before, self.epoch, 0.0)
            return replace(learnt, after=max(0.0, whole - learnt.seconds(fidelity)))
        if "seconds" in fidelity:
            return replace(expected, after=max(0.0, whole - fidelity["seconds"]) or expected.after)
        times = whole / max(1e-9, expected.seconds(fidelity))
        return Pace(expected.before * times, expected.epoch * times, expected.after * times)

    def left(self, fidelity: Mapping[str, float], now: float, expected: Pace) -> float:
        """Seconds until it ends; one that takes longer than expected takes a tenth longer still.

        Args:
            fidelity: of the trial.
            now: in seconds of the search.
            expected: what it is taken for.
        """
        passed = now - self.began
        left = expected.seconds(fidelity) - passed
        if self.epoch is not None:
            last = max(self.epochs)
            ends = [self.began + fidelity["seconds"]] if "seconds" in fidelity else []
            ends += [self.epochs[last] + (fidelity["epochs"] - last) * self.epoch] if "epochs" in fidelity else []
            left = min(ends, default=now) - now + expected.after
        return left if left > 0 else 0.1 * passed


class Paces:
    """How long trials take, learnt while they run.

    Args:
        expected: of a typical trial, before any has ended.
        alone: how many times quicker an epoch is when a trial has the machine for itself, as finalists have.
    """

    def __init__(self, expected: Pace, alone: float = 1.0) -> None:
        self.expected = expected
        self.alone = alone
        self._running: dict[int, Story] = {}
        self._known: dict[str, Pace] = {}
        self._recent: list[Pace] = []
        self._untrained: list[float] = []

    def take(self, notice: told.Notice, now: float) -> None:
        """Learn from what a driver tells.

        Args:
            notice: what happened.
            now: seconds that the search has used.
        """
        match notice:
            case told.TrialStarted(trial):
                self._running[trial.number] = Story(now)
            case told.EpochEnded(trial, epoch) if trial.number in self._running:
                self._running[trial.number].epochs[epoch] = now
            case told.TrialFinished(trial) | told.TrialFailed(trial) if trial.number in self._running:
                self._close(trial, self._running.pop(trial.number), now)

    def _close(self, trial: Trial, story: Story, now: float) -> None:
        if not is_training(trial):
            self._untrained.append(now - story.began)
        elif trial.outcome is not None and trial.outcome.ok:
            pace = story.pace(trial.proposal.fidelity, now, self._of(trial.proposal))
            common = replace(pace, epoch=pace.epoch * self._gain(trial.proposal))
            self._known[trial.proposal.architecture.key] = common
            self._recent.append(common)

    def _gain(self, proposal: Proposal) -> float:
        return self.alone if "final" in proposal.fidelity else 1.0

    def _of(self, proposal: Proposal) -> Pace:
        """The pace of that architecture, of the last ten trials, or what was expected."""
        recent = self._recent[-10:] or [self.expected]
        parts = zip(*((pace.before, pace.epoch, pace.after) for pace in recent), strict=True)
        pace = self._known.get(proposal.architecture.key) or Pace(*map(median, parts))
        return replace(pace, epoch=pace.epoch / self._gain(proposal))

    def seconds(self, trial: Trial) -> float:
        """Of a trial that has not begun."""
        if not is_training(trial) and self._untrained:
            return median(self._untrained[-10:])
        return self._of(trial.proposal).seconds(trial.proposal.fidelity)

    def left(self, trial: Trial, now: float) -> float:
        """Seconds until a pending trial ends.

        Args:
            trial: running, or waiting to be handed out.
            now: in seconds of the search.
        """
        story = self._running.get(trial.number)
        if story is None:
            return self.seconds(trial)
        return story.left(trial.proposal.fidelity, now, self._of(trial.proposal))
