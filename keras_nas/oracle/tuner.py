"""Keras Tuner's tuner with a strategy of keras_nas, for those who would write `keras_tuner.RandomSearch(...)`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras_tuner

from keras_nas.oracle.strategy_oracle import StrategyOracle
from keras_nas.strategy import Strategy

_ORACLE_OPTIONS = (
    *("hyperparameters", "tune_new_entries", "allow_new_entries"),
    *("max_retries_per_trial", "max_consecutive_failed_trials"),
)


class Tuner(keras_tuner.Tuner):
    """Tunes a user's own `build(hp)`, or a `HyperModel`, with any strategy of keras_nas.

    Beyond the stock tuner under a `StrategyOracle`: a hypermodel that declares its hyperparameters is not built at
    construction, a search killed in its first trial can be resumed, `seed` seeds the weights of every trial, and the
    epochs that a strategy asks for are those that are trained.

    Args:
        hypermodel: a function `build(hp)` or a Keras Tuner `HyperModel`.
        strategy: see `StrategyOracle`, as for `objective`, `max_trials`, `seed` and `constraints`.
        objective: what to optimise.
        max_trials: how many trials at most.
        seed: keys proposals and weights.
        constraints: limits on reported metrics.
        **options: further ones of `StrategyOracle` and of `keras_tuner.Tuner` (`directory`, `project_name`,
            `executions_per_trial`, ...).

    Example:
        >>> import tempfile
        >>> def build(hp):
        ...     import keras
        ...     model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(hp.Int("units", 1, 8))])
        ...     model.compile(loss="mse")
        ...     return model
        >>> tuner = Tuner(build, "random", "val_loss", max_trials=3, seed=0, directory=tempfile.mkdtemp())
        >>> len(tuner.oracle.get_space().space)
        1
    """

    def __init__(
        self,
        hypermodel: Any = None,
        strategy: str | Strategy = "auto",
        objective: Any = None,
        max_trials: int | None = 10,
        seed: int | None = None,
        constraints: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.seed = seed
        own = {name: options[name] for name in _ORACLE_OPTIONS if name in options}
        rest = {name: value for name, value in options.items() if name not in own}
        super().__init__(StrategyOracle(strategy, objective, max_trials, seed, constraints, **own), hypermodel, **rest)

    def _populate_initial_space(self) -> None:
        declares = getattr(type(self.hypermodel), "declare_hyperparameters", None)
        if declares in (None, keras_tuner.HyperModel.declare_hyperparameters):
            super()._populate_initial_space()
            return
        hp = self.oracle.get_space()
        self.hypermodel.declare_hyperparameters(hp)
        self.oracle.update_space(hp)

    def on_search_begin(self) -> None:
        """Save, so that a search that ends in its first trial is found again."""
        super().on_search_begin()
        self.save()

    def run_trial(self, trial: Any, *fit_args: Any, **fit_kwargs: Any) -> Any:
        """Train the trial's model under its own seed, for as many epochs as the strategy asks for."""
        if self.seed is not None:
            import keras

            keras.utils.set_random_seed((self.seed + 1) * 100_003 + int(trial.trial_id))
        epochs = trial.hyperparameters.values.get("tuner/epochs")
        return super().run_trial(trial, *fit_args, **fit_kwargs | ({"epochs": epochs} if epochs else {}))
