"""The estimators."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from inspect import signature
from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, check_X_y, column_or_1d, validate_data

from keras_nas.data.checks import check_lengths, check_not_empty
from keras_nas.errors import DataError, InvalidArgument, unknown
from keras_nas.objectives.objective import Objective
from keras_nas.results.result import SearchResult, load
from keras_nas.search import search
from keras_nas.sklearn.winner import Folder, Images, Winner
from keras_nas.spaces import Space

SET = ("task", "data", "target", "sample_weight", "seed", "resume")
"""Arguments of `keras_nas.search` that follow from those of `fit` and of the constructor."""
DEFAULTS = {"holdout": 0.0, "history": False, "verbose": 0}
"""Where `options` does not say otherwise; no fold of a cross-validation begins with what others have found."""


class Searcher(BaseEstimator):
    """What both estimators share; see `NASClassifier`."""

    kind: str
    targets: Mapping[str, bool]

    def __init__(
        self,
        max_time: float | None = None,
        max_trials: int | None = None,
        space: str | Space | None = None,
        objectives: str | Objective | Sequence[str | Objective] | None = None,
        directory: str | os.PathLike[str] | None = None,
        random_state: Any = 0,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        self.max_time = max_time
        self.max_trials = max_trials
        self.space = space
        self.objectives = objectives
        self.directory = directory
        self.random_state = random_state
        self.options = options

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Search for the best network for these rows, within the limits.

        Args:
            X: `(rows, features)`, a DataFrame (numbers, text, dates, missing values) or an array of numbers; or images,
                `(rows, height, width)` or `(rows, height, width, channels)`.
            y: `(rows,)`; of a regression also `(rows, targets)`.
            sample_weight: of each row in training, `(rows,)`; a row of weight 0 is left out.

        Returns:
            The estimator.

        Raises:
            InvalidArgument: an option is unknown.
            DataError: the data cannot be used as given.
            SearchFailed: every trial failed.
        """
        options = self._arguments()
        rows = self._rows(X, reset=True)
        y = check_X_y(np.zeros((len(rows), 1)), y, ensure_min_samples=2, estimator=self, **self.targets)[1]
        rows, y, weight = _weighted(rows, y, sample_weight)
        self._take(y)
        task = f"{'tabular' if rows.ndim == 2 else 'image'}_{self.kind}"
        with Folder(self.directory, task) as folder:
            result = search(task, (rows, y), sample_weight=weight, directory=folder.path, **options)
            folder.keep(result)
        schema = result.rows.schema or Images(rows.shape[1:], rows.dtype)
        self._winner = Winner(result.winner.file.read_bytes(), schema)
        self._folder, self._result = folder.path.absolute(), result
        return self

    @property
    def result_(self) -> SearchResult:
        """The search: leaderboard, report, exports and more.

        Raises:
            NotFittedError: before `fit`.
            AttributeError: when the search's folder is gone, as a temporary one is in another process.
        """
        check_is_fitted(self)
        if "_result" in vars(self):
            return self._result
        if not self._folder.exists():
            raise AttributeError(
                f"The folder of this search, {self._folder}, is gone: without `directory` it lasts as long as the "
                "estimator that was fitted, and is no part of its copies. Fit with directory='runs' to keep it."
            )
        return load(self._folder)

    def __sklearn_is_fitted__(self) -> bool:
        return "_winner" in vars(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.three_d_array = True
        tags.non_deterministic = self.max_trials is None
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """All but the search, which is a folder."""
        return {name: value for name, value in vars(self).items() if name != "_result"}

    def _take(self, y: np.ndarray) -> None:
        """Note what predictions have to be like."""

    def _arguments(self) -> dict[str, Any]:
        """Arguments of the search; objects among them are copies, since a strategy keeps state."""
        own = dict(self.options or {})
        mine = {name: getattr(self, name) for name in ("max_time", "max_trials", "space", "objectives")}
        valid = [name for name in signature(search).parameters if name not in (*SET, *mine, "directory")]
        for name in own:
            if name not in valid:
                raise InvalidArgument(f"options: {unknown('argument', name, valid)}")
        state = self.random_state
        seed = int(state) if isinstance(state, int | np.integer) else int(check_random_state(state).randint(2**31 - 1))
        return {**DEFAULTS, "seed": seed, **copy.deepcopy({**mine, **own})}

    def _rows(self, x: Any, reset: bool) -> Any:
        """Checked rows: images, or a table as a DataFrame whose columns have the names they had in `fit`."""
        if isinstance(x, pd.DataFrame):
            validate_data(self, x, reset=reset, skip_check_array=True)
            check_not_empty("X", len(x))
        else:
            x = validate_data(self, x, reset=reset, dtype="numeric", ensure_all_finite="allow-nan", allow_nd=True)
        if x.ndim > 2:
            return x
        if reset:
            self._columns = list(x.columns) if hasattr(x, "columns") else [f"x{place}" for place in range(x.shape[1])]
        return pd.DataFrame(x).set_axis(self._columns, axis=1)

    def _outputs(self, x: Any) -> np.ndarray:
        """The model's outputs, `(rows, outputs)` float64."""
        check_is_fitted(self)
        return self._winner.outputs(self._rows(x, reset=False))


class NASClassifier(ClassifierMixin, Searcher):
    """A classifier whose `fit` is a search: `keras_nas.search` behind scikit-learn's interface.

    The task is that of a table where X has two axes, of images where it has more. Each `fit` is a whole search, so
    `cross_val_score` with five folds takes five times `max_time`. No row is held out unless `options` says so: the
    score on rows that nothing has seen is up to the caller, as is usual here.

    Args:
        max_time: of each `fit`, in seconds; default 600 where `max_trials` is not given.
        max_trials: trainings of each `fit` at most.
        space: name of a ready space, or a `Space`; the task's default.
        objectives: what to optimise; the task's default.
        directory: in which each `fit` keeps its search, in a folder of its own; default: a temporary one, which lasts
            as long as `result_`.
        random_state: a seed, a `RandomState`, or None for another search every time.
        options: further arguments of `keras_nas.search`, `{"constraints": {"latency_ms": 5}, "verbose": 1}` say.

    Attributes:
        classes_: the labels, sorted.
        n_features_in_: columns of X.
        feature_names_in_: their names, where X is a DataFrame.

    Example:
        >>> from sklearn.decomposition import PCA
        >>> from sklearn.pipeline import make_pipeline
        >>> model = make_pipeline(PCA(8), NASClassifier(max_time=120))
        >>> model.get_params()["nasclassifier__max_time"]
        120
        >>> model.fit(x, y).predict_proba(x)  # doctest: +SKIP
    """

    kind = "classification"
    targets: Mapping[str, bool] = {}

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class, `(rows, classes)`, in the order of `classes_`."""
        outputs = self._outputs(X)
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest label of each row, `(rows,)`."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def _take(self, y: np.ndarray) -> None:
        check_classification_targets(y)
        self.classes_ = np.unique(y)


class NASRegressor(RegressorMixin, Searcher):
    """A regressor whose `fit` is a search: `keras_nas.search` behind scikit-learn's interface; one target or several.

    Arguments are those of `NASClassifier`.

    Attributes:
        n_features_in_: columns of X.
        feature_names_in_: their names, where X is a DataFrame.

    Example:
        >>> NASRegressor(max_trials=20, random_state=7)
        NASRegressor(max_trials=20, random_state=7)
    """

    kind = "regression"
    targets: Mapping[str, bool] = {"multi_output": True, "y_numeric": True}

    def predict(self, X: Any) -> np.ndarray:
        """The targets of each row, `(rows,)` or `(rows, targets)` as in `fit`."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._single else outputs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _take(self, y: np.ndarray) -> None:
        self._single = y.ndim == 1


def _weighted(rows: Any, y: np.ndarray, weight: Any) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Rows, targets and weights without the rows of weight 0."""
    if weight is None:
        return rows, y, None
    weight = column_or_1d(weight, dtype=np.float64)
    check_lengths("fit", {"X": len(rows), "sample_weight": len(weight)})
    kept = weight != 0
    if not kept.any():
        raise DataError("sample_weight is zero in every row; expected some above 0. Give weights, or leave them out.")
    return rows[kept], y[kept], weight[kept]
