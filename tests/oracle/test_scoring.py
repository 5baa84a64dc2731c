"""What a trial tells, and the order of trials."""

from types import SimpleNamespace
from typing import Any

import pytest
from keras_tuner.src.engine.metrics_tracking import MetricsTracker

from keras_nas.objectives import Objective
from keras_nas.objectives.constraints import constraints_from
from keras_nas.oracle.scoring import ending, failures_in_a_row, objectives_of, ranked, scores_of


def trial(score: float | None = 0.5, **metrics: float) -> Any:
    tracker = MetricsTracker()
    for name, value in metrics.items():
        tracker.update(name, value, step=1)
    hp = SimpleNamespace(values={"units": 3})
    return SimpleNamespace(
        status="COMPLETED", score=score, best_step=1, metrics=tracker, message=None, hyperparameters=hp
    )


def test_scores_are_those_of_the_best_step_and_finite() -> None:
    done = trial(0.9, val_accuracy=0.9, params=10.0, other=float("inf"))
    done.metrics.update("params", 20.0, step=2)
    done.metrics.update("late", 3.0, step=2)
    assert scores_of(done, "val_accuracy") == {"val_accuracy": 0.9, "params": 10.0, "late": 3.0}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Traceback ...\nResourceExhaustedError: OOM when allocating", "out_of_memory"),
        ("FailedTrialError: Oversized model: 9 parameters", "too_large"),
        ("keras_tuner.errors.FailedTrialError: no", "infeasible"),
        ("The objective {'val_loss': nan} is not finite.", "not_finite"),
        ("ValueError: no", "error"),
        (None, "error"),
    ],
)
def test_failures_have_a_kind(message: str | None, kind: str) -> None:
    failed = trial(None)
    failed.status, failed.message = "FAILED", message
    values, outcome = ending(failed, "val_loss")
    failure = outcome.failure if outcome else None
    assert values == {"units": 3} and failure is not None and failure.kind == kind and "\n" not in failure.message


def test_a_running_trial_has_not_ended() -> None:
    running = trial(None)
    running.status = "RUNNING"
    assert ending(running, "val_loss") == ({"units": 3}, None)


def test_one_objective_ranks_by_score_and_constraints_before() -> None:
    trials = [trial(0.9, latency_ms=9.0), trial(0.5, latency_ms=1.0), trial(0.7, latency_ms=1.0)]
    objective = (Objective("val_accuracy", "max"),)
    assert [t.score for _, t in ranked(trials, objective)] == [0.9, 0.7, 0.5]
    assert [t.score for _, t in ranked(trials, objective, constraints_from({"latency_ms": 5.0}))] == [0.7, 0.5, 0.9]


def test_several_objectives_rank_by_front_then_by_how_alone() -> None:
    points = [(0.9, 9.0), (0.5, 1.0), (0.51, 1.1), (0.4, 2.0)]
    trials = [trial(a, val_accuracy=a, latency_ms=b) for a, b in points]
    order = ranked(trials, (Objective("val_accuracy"), Objective("latency_ms")))
    assert [front for front, _ in order] == [0, 0, 0, 1]
    assert [t.score for _, t in order][2:] == [0.51, 0.4]


def test_nothing_has_no_order() -> None:
    assert ranked([], (Objective("val_loss"),)) == []


def test_no_objective_is_a_minimised_number() -> None:
    assert objectives_of(None) == (Objective("default_objective", "min"),)


def test_a_streak_ends_at_the_first_that_did_not_fail() -> None:
    assert failures_in_a_row(["FAILED", "FAILED", "COMPLETED", "FAILED"]) == 2
