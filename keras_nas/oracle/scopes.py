"""Finding what stands in conditional scopes with few builds of the model.

Keras Tuner's tuners build the model again and again until each scope has been active once. They note a scope anew in
every build in which it is not active, and open one scope a build, so that five choices of four exclusive blocks take
121 builds. Told each scope once, and handed values that open one scope of every choice, they take four.
"""

from __future__ import annotations

import json
from typing import Any

from keras_nas.architecture import Label
from keras_nas.oracle.hyperparameters import ActiveHyperParameters

Scope = list[Any]
"""Keras Tuner's conditions, each with a `name` and `values`; all must hold."""


class ScopeDiscovery:
    """Which conditional scopes have been seen, and which of them have never been active."""

    def __init__(self) -> None:
        self._calls = 0
        self._active: set[str] = set()
        self._inactive: dict[str, Scope] = {}

    def note(self, hyperparameters: Any) -> None:
        """Record the scopes of one build, and take from its inactive ones those that the tuner knows already.

        The first call is passed over: a tuner makes it before any build, with what the hypermodel declared.
        """
        self._calls += 1
        if self._calls == 1:
            return
        self._active.update(map(_key, hyperparameters.active_scopes))
        inactive = {_key(scope): scope for scope in hyperparameters.inactive_scopes}
        fresh = {key: scope for key, scope in inactive.items() if key not in {*self._inactive, *self._active}}
        self._inactive.update(fresh)
        hyperparameters.inactive_scopes[:] = fresh.values()

    def opened(self, hyperparameters: ActiveHyperParameters) -> ActiveHyperParameters:
        """The same space, with values under which as many scopes are active as go together; else unchanged."""
        chosen: dict[str, Label] = {}
        for scope in (scope for key, scope in self._inactive.items() if key not in self._active):
            wanted = {condition.name: condition.values[0] for condition in scope}
            if all(chosen.get(name, value) == value for name, value in wanted.items()):
                chosen |= wanted
        if chosen:
            hyperparameters.values = chosen
            hyperparameters.ensure_active_values()
        return hyperparameters


def _key(scope: Scope) -> str:
    return json.dumps([[condition.name, condition.values] for condition in scope])
