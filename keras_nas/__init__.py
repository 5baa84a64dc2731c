"""keras_nas: neural architecture search for Keras, as a plug-in to Keras Tuner.

A method is four words: a space (which networks exist), a strategy (which one next), an estimator (how good
is it, for how little work) and objectives (what is good). The public names below are imported when they are
first used, so that `import keras_nas` itself costs next to nothing.

Example:
    >>> import keras_nas
    >>> keras_nas.Architecture({"depth": 2}).key
    '{"depth":2}'
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_nas import blocks as blocks
    from keras_nas import callbacks as callbacks
    from keras_nas import errors as errors
    from keras_nas import estimators as estimators
    from keras_nas import objectives as objectives
    from keras_nas import oracle as oracle
    from keras_nas import sklearn as sklearn
    from keras_nas import tuners as tuners
    from keras_nas.architecture import Architecture as Architecture
    from keras_nas.backbone import Backbone as Backbone
    from keras_nas.decisions import Decision as Decision
    from keras_nas.decisions import Decisions as Decisions
    from keras_nas.graph import Graph as Graph
    from keras_nas.graph import Join as Join
    from keras_nas.graph import Shared as Shared
    from keras_nas.history import history as history
    from keras_nas.hypermodel import SpaceHyperModel as SpaceHyperModel
    from keras_nas.ledger import Ledger as Ledger
    from keras_nas.methods import methods as methods
    from keras_nas.net import Net as Net
    from keras_nas.objectives.objective import Objective as Objective
    from keras_nas.objectives.objective import SoftTarget as SoftTarget
    from keras_nas.oracle import StrategyOracle as StrategyOracle
    from keras_nas.results.result import SearchResult as SearchResult
    from keras_nas.results.result import load as load
    from keras_nas.resuming import resume as resume
    from keras_nas.search import search as search
    from keras_nas.space import Channels as Channels
    from keras_nas.space import Choice as Choice
    from keras_nas.space import Given as Given
    from keras_nas.space import Op as Op
    from keras_nas.space import Range as Range
    from keras_nas.space import Repeat as Repeat
    from keras_nas.space import Series as Series
    from keras_nas.space import Stride as Stride
    from keras_nas.space import block as block
    from keras_nas.spaces import Space as Space
    from keras_nas.spaces import spaces as spaces
    from keras_nas.strategy import DONE as DONE
    from keras_nas.strategy import WAIT as WAIT
    from keras_nas.strategy import Failure as Failure
    from keras_nas.strategy import Outcome as Outcome
    from keras_nas.strategy import Problem as Problem
    from keras_nas.strategy import Proposal as Proposal
    from keras_nas.strategy import Strategy as Strategy
    from keras_nas.tasks import Several as Several
    from keras_nas.tasks import Task as Task
    from keras_nas.tasks import TimeseriesForecasting as TimeseriesForecasting

__version__ = "0.1.0"

_SUBMODULES = ("blocks", "callbacks", "errors", "estimators", "objectives", "oracle", "sklearn", "tuners")

_NAMES = {
    "search": ("search",),
    "architecture": ("Architecture",),
    "backbone": ("Backbone",),
    "decisions": ("Decision", "Decisions"),
    "graph": ("Graph", "Join", "Shared"),
    "history": ("history",),
    "hypermodel": ("SpaceHyperModel",),
    "ledger": ("Ledger",),
    "net": ("Net",),
    "objectives.objective": ("Objective", "SoftTarget"),
    "oracle": ("StrategyOracle",),
    "methods": ("methods",),
    "results.result": ("SearchResult", "load"),
    "resuming": ("resume",),
    "space": ("Channels", "Choice", "Given", "Op", "Range", "Repeat", "Series", "Stride", "block"),
    "spaces": ("Space", "spaces"),
    "strategy": ("DONE", "WAIT", "Failure", "Outcome", "Problem", "Proposal", "Strategy"),
    "tasks": ("Several", "Task", "TimeseriesForecasting"),
}

_HOME = {name: f"keras_nas.{module}" for module, names in _NAMES.items() for name in names}

__all__ = [*_HOME, *_SUBMODULES]


def __getattr__(name: str) -> Any:
    """Imports a public name from its module when it is first asked for (PEP 562)."""
    if name in _SUBMODULES:
        return import_module(f"keras_nas.{name}")
    if name not in _HOME:
        raise AttributeError(f"module 'keras_nas' has no attribute {name!r}; the public names are {sorted(__all__)}")
    value = globals()[name] = getattr(import_module(_HOME[name]), name)
    return value


def __dir__() -> list[str]:
    """Lists the names that are loaded and those that can be."""
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """This package: `keras_nas.search` is the function, also once the module `keras_nas.search` is loaded.

    The import system binds a loaded module to its package by name; a public function of that name stays in front.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in _HOME or not isinstance(value, ModuleType):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, ...]:
        """By name, like any module: what a script defines takes the package along to the workers."""
        return import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Package
