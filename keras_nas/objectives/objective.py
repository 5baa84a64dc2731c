"""Objectives: what is good, and in which direction.

The direction of a score is looked up by name and never guessed. Keras Tuner infers it from the metric class
and takes F1, R2, cosine similarity, intersection over union and Pearson's correlation for losses, so that a
search for the best F1 score silently finds the worst.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np

from keras_nas.errors import InvalidArgument, unknown

Direction: TypeAlias = Literal["max", "min"]

COSTS: tuple[str, ...] = (
    "latency_ms", "latency_p95_ms", "params", "flops", "memory_mb", "size_mb", "energy_mj",
)  # fmt: skip
"""The names of what a network costs, whatever it is trained on; each is minimised."""

_GAINS = (
    "accuracy", "acc", "balanced_accuracy", "binary_accuracy", "categorical_accuracy",
    "sparse_categorical_accuracy", "top_k_categorical_accuracy", "sparse_top_k_categorical_accuracy",
    "auc", "pr_auc", "roc_auc", "average_precision", "precision", "recall", "sensitivity", "specificity",
    "sensitivity_at_specificity", "specificity_at_sensitivity", "precision_at_recall", "recall_at_precision",
    "f1_score", "f1", "macro_f1", "fbeta_score", "r2_score", "r2", "cosine_similarity",
    "concordance_correlation", "pearson_correlation", "spearman_correlation", "kendall_correlation",
    "matthews_correlation", "cohen_kappa",
    "io_u", "iou", "binary_io_u", "mean_io_u", "mean_iou", "one_hot_io_u", "one_hot_mean_io_u", "dice",
    "pixel_accuracy", "micro_f1", "exact_match", "token_accuracy", "bleu",
    "true_positives", "true_negatives",
)  # fmt: skip
_LOSSES = (
    "loss", "mse", "mean_squared_error", "rmse", "root_mean_squared_error", "mae", "mean_absolute_error",
    "perplexity", "mape", "mean_absolute_percentage_error", "msle", "mean_squared_logarithmic_error", "smape", "mase",
    "logcosh", "log_cosh", "log_cosh_error", "huber", "huber_loss", "pinball_loss", "quantile_loss",
    "poisson", "kl_divergence", "kullback_leibler_divergence", "crps", "hinge", "squared_hinge",
    "categorical_hinge", "binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy",
    "crossentropy", "brier_score", "expected_calibration_error", "hamming_loss", "error_rate", "false_positives",
    "false_negatives",
)  # fmt: skip
_LEAST = 1e-9
_NUMBER = r"(-?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)"
_SOFT = re.compile(rf"(\w+)\*\((\w+)/{_NUMBER}\)\^{_NUMBER}")
_METRICS: Mapping[str, Direction] = {**{n: "max" for n in _GAINS}, **{n: "min" for n in _LOSSES}}


def known_objectives() -> tuple[str, ...]:
    """The names whose direction is known: validation metrics first, then the costs.

    Example:
        >>> "val_accuracy" in known_objectives(), "latency_ms" in known_objectives()
        (True, True)
    """
    return (*(f"val_{name}" for name in _METRICS), *COSTS)


def direction_of(name: str) -> Direction | None:
    """The direction in which a score improves, or None when it is not known.

    The prefixes `val_` and `test_`, and the number that Keras appends to a repeated metric, do not matter.

    Args:
        name: A cost ("latency_ms") or the name of a Keras metric ("val_f1_score", "auc_1").

    Example:
        >>> direction_of("val_f1_score"), direction_of("latency_ms"), direction_of("val_charm")
        ('max', 'min', None)
    """
    if name in COSTS:
        return "min"
    stem = re.sub(r"^(val|test)_", "", name)
    return _METRICS.get(stem) or _METRICS.get(re.sub(r"_\d+$", "", stem))


@dataclass(frozen=True)
class Objective:
    """A score to be optimised.

    Args:
        name: The score's key in the logs of a training, "val_accuracy" or "latency_ms" say.
        direction: "max" or "min". None looks the name up among the known ones.

    Raises:
        InvalidArgument: The direction is neither "max" nor "min", or the name is not known and no direction
            was given.

    Example:
        >>> Objective("val_f1_score").direction
        'max'
        >>> Objective("profit", "max").loss({"profit": 3.0})
        -3.0
    """

    name: str
    direction: Direction | None = None

    def __post_init__(self) -> None:
        if self.direction is None:
            object.__setattr__(self, "direction", _looked_up(self.name))
        if self.direction not in ("max", "min"):
            raise InvalidArgument(
                f"The direction of objective {self.name!r} is {self.direction!r}: expected 'max' or 'min'."
            )

    def loss(self, scores: Mapping[str, float]) -> float:
        """The score of one trial as a number to be minimised; a score that is not a number is the worst.

        Args:
            scores: All scores of the trial by name.

        Raises:
            InvalidArgument: The trial did not report this objective.
        """
        if self.name not in scores:
            raise InvalidArgument(
                f"The trial reported no {self.name!r}, only {', '.join(map(repr, scores)) or 'nothing'}. "
                "Add the metric or the callback that computes it, or choose another objective."
            )
        value = float(scores[self.name])
        if math.isnan(value):
            return math.inf
        return -value if self.direction == "max" else value

    def score(self, loss: float) -> float:
        """The score whose `loss` this is, in the metric's own direction."""
        return -loss if self.direction == "max" else loss

    @property
    def sources(self) -> tuple[str, ...]:
        """The scores that a trial has to report for it."""
        return (self.name,)


@dataclass(frozen=True)
class SoftTarget(Objective):
    """A gain times a power of a cost: one objective that trades the one for the other around a target.

    With the exponent -0.07 twice the cost is worth 5 % of the gain, wherever on the scale, so that a search moves along
    the front near the target instead of stopping at a limit. Its name says all of it, and serves in its place wherever
    an objective is named.

    Args:
        gain: A score to be maximised that is not negative, "val_accuracy" say.
        cost: A score to be minimised, "latency_ms" say.
        target: The cost at which the gain counts in full; above 0.
        exponent: Below 0; the nearer to 0, the less the cost counts.

    Raises:
        InvalidArgument: A score's known direction is the other one, or a number is out of its range.

    Example:
        >>> soft = SoftTarget("val_accuracy", "latency_ms", target=5)
        >>> soft.name
        'val_accuracy*(latency_ms/5)^-0.07'
        >>> round(soft.value({"val_accuracy": 0.9, "latency_ms": 10}), 4)
        0.8574

    Reference:
        Tan et al., "MnasNet: platform-aware neural architecture search for mobile", arXiv 1807.11626, equation 2.
    """

    name: str = field(init=False)
    direction: Direction | None = field(init=False, default="max")
    gain: str
    cost: str
    target: float
    exponent: float = -0.07

    def __post_init__(self) -> None:
        for score, wanted in ((self.gain, "max"), (self.cost, "min")):
            if direction_of(score) not in (None, wanted):
                raise InvalidArgument(f"A soft target {wanted}imises {score!r}, which is better the other way round.")
        if not (math.isfinite(self.target) and self.target > 0):
            raise InvalidArgument(f"The target of {self.cost!r} is {self.target!r}: expected a number above 0.")
        if not (math.isfinite(self.exponent) and self.exponent < 0):
            raise InvalidArgument(
                f"The exponent of {self.cost!r} is {self.exponent!r}: expected one below 0, -0.07 say."
            )
        name = f"{self.gain}*({self.cost}/{self.target:.12g})^{self.exponent:.12g}"
        object.__setattr__(self, "name", name)

    @property
    def sources(self) -> tuple[str, ...]:
        """The gain and the cost."""
        return (self.gain, self.cost)

    def value(self, scores: Mapping[str, float]) -> float:
        """The objective's score from those of its parts; not a number where one of them is not."""
        gain, cost = -Objective(self.gain, "max").loss(scores), Objective(self.cost, "min").loss(scores)
        if not (math.isfinite(gain) and math.isfinite(cost)):
            return math.nan
        return gain * math.pow(max(cost / self.target, _LEAST), self.exponent)

    def loss(self, scores: Mapping[str, float]) -> float:
        """The negative value, computed from the parts where it was not reported itself."""
        return super().loss(scores if self.name in scores else {**scores, self.name: self.value(scores)})

    @classmethod
    def named(cls, name: str) -> "SoftTarget | None":
        """The soft target of that name; None when it is another kind of name.

        Example:
            >>> SoftTarget.named("val_accuracy*(latency_ms/5)^-0.07")
            SoftTarget('val_accuracy', 'latency_ms', target=5, exponent=-0.07)
        """
        found = _SOFT.fullmatch(name.replace(" ", ""))
        return cls(found[1], found[2], float(found[3]), float(found[4])) if found else None

    def __repr__(self) -> str:
        return f"SoftTarget({self.gain!r}, {self.cost!r}, target={self.target:.12g}, exponent={self.exponent:.12g})"


ObjectiveSpec: TypeAlias = str | Objective | Sequence[str | Objective]


def objectives_from(spec: ObjectiveSpec) -> tuple[Objective, ...]:
    """The objectives that a user asked for by name, by `Objective`, or by a list of either.

    Args:
        spec: "val_accuracy", `Objective("profit", "max")` or ["val_accuracy", "latency_ms"]. Other objects
            with a `name` and a `direction` (Keras Tuner's objectives) are taken as well.

    Returns:
        At least one objective, in the order given.

    Raises:
        InvalidArgument: A name of unknown direction, a name twice, or an empty list.

    Example:
        >>> [(o.name, o.direction) for o in objectives_from(["val_accuracy", "latency_ms"])]
        [('val_accuracy', 'max'), ('latency_ms', 'min')]
    """
    entries: list[Any] = list(spec) if isinstance(spec, list | tuple) else [spec]
    if not entries:
        raise InvalidArgument("The list of objectives is empty: name at least one, 'val_accuracy' say.")
    objectives = tuple(map(_objective, entries))
    names = [objective.name for objective in objectives]
    repeated = [name for name in names if names.count(name) > 1]
    if repeated:
        raise InvalidArgument(f"Objective {repeated[0]!r} is given {names.count(repeated[0])} times: give it once.")
    return objectives


def losses(objectives: Sequence[Objective], trials: Sequence[Mapping[str, float]]) -> np.ndarray:
    """The scores of several trials as a matrix to be minimised.

    Args:
        objectives: The columns.
        trials: The scores of each trial by name, the rows.

    Returns:
        Shape (trials, objectives), float64.

    Example:
        >>> losses(objectives_from(["val_accuracy", "params"]), [{"val_accuracy": 0.9, "params": 10}])
        array([[-0.9, 10. ]])
    """
    rows = [[objective.loss(scores) for objective in objectives] for scores in trials]
    return np.array(rows, dtype=float).reshape(len(trials), len(objectives))


def spaced(objectives: Sequence[Objective], matrix: np.ndarray) -> np.ndarray:
    """Losses as distances count: a cost by its logarithm, for twice the cost is as far anywhere on its scale.

    Args:
        objectives: The columns.
        matrix: Losses, shape (trials, objectives).
    """
    pairs = zip(objectives, matrix.T, strict=True)
    columns = [np.log(np.maximum(x, 1e-300)) if one.name in COSTS and one.direction == "min" else x for one, x in pairs]
    return np.stack(columns, axis=1)


def _looked_up(name: str) -> Direction:
    direction = direction_of(name)
    if direction is None:
        raise InvalidArgument(
            f"{unknown('objective', name, known_objectives())} "
            f"For a score of your own say which way is better: Objective({name!r}, 'max')."
        )
    return direction


def _objective(entry: Any) -> Objective:
    if isinstance(entry, Objective):
        return entry
    if isinstance(entry, str):
        return SoftTarget.named(entry) or Objective(entry)
    if hasattr(entry, "name") and hasattr(entry, "direction"):
        return Objective(str(entry.name), entry.direction)
    raise InvalidArgument(
        f"An objective is {entry!r} ({type(entry).__name__}): expected a name such as 'val_accuracy' "
        "or an Objective(name, direction)."
    )
