"""The account of a search: costs as they were predicted and as they are."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from keras_nas.architecture import Architecture
from keras_nas.estimators.scoring import PREDICTED
from keras_nas.objectives.constraints import constraints_from
from keras_nas.results.candidate import Candidate
from keras_nas.results.summary import _constraint_lines, latency_lines, prediction_lines


def candidate(number: int, measured: float, predicted: float | None, final: bool = True) -> Candidate:
    told = {} if predicted is None else {"predicted": {"latency_ms": predicted}}
    fidelity = {"final": 1.0} if final else {}
    return Candidate(number, Architecture({}), {"latency_ms": measured}, fidelity, Path("none"), told)


def test_predicted_against_measured_is_a_table() -> None:
    lines = prediction_lines([candidate(3, 2.0, 2.2), candidate(4, 1.0, 1.0, False), candidate(12, 0.5, 0.45)])
    assert lines == [
        "Costs predicted before training and measured after it differ by 10.0 % on average:",
        "  trial  cost          predicted  measured    error",
        "      3  latency_ms          2.2         2  +10.0 %",
        "     12  latency_ms         0.45       0.5  -10.0 %",
    ]


def test_without_predictions_there_is_no_table() -> None:
    assert prediction_lines([candidate(3, 2.0, None), candidate(4, 1.0, 1.0, False)]) == []


def test_a_limit_is_not_said_to_be_measured_where_it_was_predicted() -> None:
    short = replace(candidate(3, 4.0, 4.0, False), measurements={"latency": PREDICTED})
    result: Any = SimpleNamespace(winner=short, constraints=constraints_from({"latency_ms": 5}))
    assert _constraint_lines(result) == [
        "Constraint latency_ms: 4 predicted, not measured, limit 5, met (+20 %).",
    ]


def test_a_latency_comes_with_what_it_is_the_latency_of() -> None:
    spoken = "1.2 ms by litert without the preprocessing on a processor, batch of 1, 1 thread"
    told = {"latency": spoken}
    assert latency_lines(Candidate(0, Architecture({}), {}, {}, Path("none"), told)) == [f"Latency: {spoken}."]
    assert latency_lines(candidate(3, 2.0, None)) == []
