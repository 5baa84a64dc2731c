"""The best network within limits: a latency that was only predicted is measured before it counts."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.scoring import PREDICTED
from keras_nas.looking import choosing
from keras_nas.objectives import objectives_from
from keras_nas.results.candidate import Candidate


def explored(folder: Path, number: int, accuracy: float, latency: float, spoken: str = PREDICTED) -> Candidate:
    """A network after a short training, with a model on disk."""
    file = folder / f"{number}.keras"
    file.touch()
    scores = {"val_accuracy": accuracy, "latency_ms": latency}
    return Candidate(number, Architecture({"number": number}), scores, {}, file, {"latency": spoken})


def made(*trials: Candidate) -> Any:
    told = {"winner": -1, "costing": {"latency_target": "litert"}}
    return SimpleNamespace(trials=trials, objectives=objectives_from("val_accuracy"), constraints=(), told=told)


def test_a_prediction_is_measured_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def slower(model: Any, limits: Any, target: Any) -> Any:
        asked.append((model, target))
        return {"latency_ms": 1.5 * model, "latency_p95_ms": 2.0 * model}, "by a clock"

    monkeypatch.setattr("keras_nas.results.candidate.measure_costs", slower)
    monkeypatch.setattr(Candidate, "model", property(lambda own: own.scores["latency_ms"]))
    result = made(
        explored(tmp_path, 0, 0.9, 4.0), explored(tmp_path, 1, 0.8, 3.0), explored(tmp_path, 2, 0.7, 4.9, "by a clock")
    )
    best = choosing.best(result, {"max_latency_ms": 5.0})
    assert (best.number, best.scores["latency_ms"], best.predicted) == (1, 4.5, False)
    assert asked == [(4.0, "litert"), (3.0, "litert")]
    assert choosing.best(result, {"min_val_accuracy": 0.85}).predicted
    assert choosing.best(result, {"max_latency_ms": 4.9, "max_val_accuracy": 0.75}).number == 2
    assert len(asked) == 2
    with pytest.raises(InvalidArgument, match="No trained network meets {'max_latency_ms': 4.0}"):
        choosing.best(result, {"max_latency_ms": 4.0})


def test_a_prediction_is_called_one(tmp_path: Path) -> None:
    assert "latency_ms 4 predicted>" in repr(explored(tmp_path, 0, 0.9, 4.0))
    assert "latency_ms 4>" in repr(explored(tmp_path, 0, 0.9, 4.0, "by a clock"))
