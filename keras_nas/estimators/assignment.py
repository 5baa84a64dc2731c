"""What a search tells its workers once: the task, the space, the data, and how networks are trained and judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_nas.spaces import Space
from keras_nas.tasks import Signature, Task


@dataclass(frozen=True)
class Costing:
    """What is measured of a trained network, beside its scores.

    Args:
        limits: costs to measure: name -> limit or None; `params` or `latency_ms` above its limit ends a trial early.
        latency_target: where latency is measured; see `keras_nas.objectives.latency.measure_latency`.
        derived: names of objectives that are computed from other scores.
    """

    limits: Mapping[str, float | None] = field(default_factory=dict)
    latency_target: Any = "keras"
    derived: Sequence[str] = ()


@dataclass(frozen=True)
class Options:
    """What few searches change.

    Args:
        scores: further scores of the task to compute, without the prefix `val_`.
        loss: a Keras loss on the model's outputs, instead of the task's.
        metrics: Keras metrics on the model's outputs, by name or as objects, and functions; each is scored. Where there
            are several targets, those of each by its name.
        callbacks: Keras callbacks for every training.
        class_weight: "balanced", or None.
        baseline: makes the user's own model, which is trained like any other where the architecture is None.
        costing: what is measured beside the scores.
    """

    scores: Sequence[str] = ()
    loss: Any = None
    metrics: Sequence[Any] | Mapping[str, Sequence[Any]] = ()
    callbacks: Sequence[Any] = ()
    class_weight: str | None = None
    baseline: Any = None
    costing: Costing = field(default_factory=Costing)

    @property
    def own_metrics(self) -> list[tuple[str, Any]]:
        """Each metric with the target that it is of; "" where there is only one."""
        return [(target, metric) for target, own in per_target(self.metrics).items() for metric in own]


def per_target(metrics: Sequence[Any] | Mapping[str, Sequence[Any]]) -> Mapping[str, Sequence[Any]]:
    """Metrics by the target that they are of; "" where there is only one."""
    return metrics if isinstance(metrics, Mapping) else {"": metrics}


def called(target: str, metric: Any) -> Any:
    """The name of a score: of one of several targets it begins with the target's; what is no name stays as it is."""
    return f"{target}_{metric}" if target and isinstance(metric, str) else metric


@dataclass(frozen=True)
class Training:
    """All that a worker needs to train any architecture of a search.

    Args:
        task: what stands around the networks.
        space: where architectures come from.
        signature: of the data.
        data: folder of the rows and the split.
        seed: keys weights, batches and augmentation, together with the trial's number.
        precision: Keras dtype policy of training.
        options: what few searches change.
    """

    task: Task
    space: Space
    signature: Signature
    data: Path
    seed: int = 0
    precision: str = "float32"
    options: Options = field(default_factory=Options)
