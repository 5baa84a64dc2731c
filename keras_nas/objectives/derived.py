"""Objectives that follow from other scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras_nas.objectives.objective import Objective, SoftTarget


def completed(objectives: Sequence[Objective], metrics: Mapping[str, float]) -> dict[str, float]:
    """What a trial reported, and the objectives that follow from it.

    Args:
        objectives: those that are computed from several metrics are added where all of these are there.
        metrics: by name.
    """
    derived = [o for o in objectives if isinstance(o, SoftTarget) and set(o.sources) <= metrics.keys()]
    return {**metrics, **{objective.name: objective.value(metrics) for objective in derived}}
