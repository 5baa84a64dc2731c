"""Searches of the examples at smoke size: one short training of a tiny network, in this process."""

import runpy
import sys
from typing import Any

import pytest

import keras_nas
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.search import search
from tests.small import tiny_space
from tests.source import ROOT

SMALL: dict[str, Any] = {
    **{"max_time": None, "max_trials": 1, "workers": 0, "engine": "local"},
    **{"precision": "float32", "verbose": 0, "history": False},
}


def run_script(name: str, arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Run an example as `python examples/NAME.py ARGUMENTS` would; returns what its names stand for at the end."""

    def small(*given: Any, **options: Any) -> Any:
        return search(*given, **{**options, **SMALL, "space": tiny_space(), "estimator": FullTraining(2)})

    monkeypatch.setattr(keras_nas, "search", small)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", *arguments])
    return runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
