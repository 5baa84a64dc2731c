"""Objectives of a search: their directions, Pareto dominance, constraints, costs and measurements.

The names below need neither Keras nor TensorFlow; `cost` and `latency` import them when used.
"""

from keras_nas.objectives.constraints import Constraint, constraints_from, margin_report, total_violation
from keras_nas.objectives.objective import (
    COSTS,
    Direction,
    Objective,
    SoftTarget,
    direction_of,
    known_objectives,
    losses,
    objectives_from,
    spaced,
)
from keras_nas.objectives.pareto import (
    crowding_distance,
    hypervolume,
    knee_point,
    non_dominated_sort,
    pareto_front,
)

__all__ = [
    "COSTS",
    "Constraint",
    "Direction",
    "Objective",
    "SoftTarget",
    "constraints_from",
    "crowding_distance",
    "direction_of",
    "hypervolume",
    "knee_point",
    "known_objectives",
    "losses",
    "margin_report",
    "non_dominated_sort",
    "objectives_from",
    "pareto_front",
    "spaced",
    "total_violation",
]
