"""Search strategies: one per file, each reading like its paper's paragraph.

`STRATEGIES` maps the names that `keras_nas.search(strategy=...)` takes to their classes, which are
imported when first asked for: `make("evolution", population=50)`, or `from keras_nas.tuners import
RegularizedEvolution`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.strategy import Strategy

STRATEGIES: dict[str, tuple[str, str]] = {
    "auto": ("auto", "Auto"),
    "random": ("random", "RandomSearch"),
    "quasi_random": ("random", "QuasiRandomSearch"),
    "exhaustive": ("exhaustive", "ExhaustiveSearch"),
    "local_search": ("local_search", "LocalSearch"),
    "evolution": ("evolution", "RegularizedEvolution"),
    "inheriting_evolution": ("evolution", "InheritingEvolution"),
    "hierarchical_evolution": ("evolution", "HierarchicalEvolution"),
    "nsga2": ("nsga2", "NSGA2"),
    "reinforce": ("controller", "Reinforce"),
    "ppo": ("controller", "PPO"),
    "bayesian": ("bayesian", "BayesianOptimization"),
    "bananas": ("bananas", "Bananas"),
    "tpe": ("tpe", "TPE"),
    "progressive": ("progressive", "ProgressiveSearch"),
}
"""Name: (module of this package, class)."""

_MODULE_OF = {class_name: module for module, class_name in STRATEGIES.values()}


def strategy_class(name: str) -> type[Strategy]:
    """The class of the strategy called `name`.

    Raises:
        InvalidArgument: no strategy has that name; the message offers the nearest.

    Example:
        >>> strategy_class("evolution").__name__
        'RegularizedEvolution'
    """
    if name not in STRATEGIES:
        raise InvalidArgument(unknown("strategy", name, STRATEGIES))
    module, class_name = STRATEGIES[name]
    found: type[Strategy] = getattr(import_module(f"{__name__}.{module}"), class_name)
    return found


def make(strategy: str | Strategy, **options: Any) -> Strategy:
    """A strategy from its name and options; a `Strategy` is returned as it is.

    Args:
        strategy: one of `STRATEGIES`, or a strategy of your own.
        options: arguments of the named strategy's constructor.

    Example:
        >>> make("evolution", population=50).population
        50
    """
    if isinstance(strategy, Strategy):
        return strategy
    return strategy_class(strategy)(**options)


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE_OF])
