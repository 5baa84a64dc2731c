"""What is told before a search begins: sampled constraints, estimates, and budgets that are too short."""

from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine.gpus import Memory
from keras_nas.engine.inline import Inline
from keras_nas.errors import InvalidArgument, WorkerError
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.fidelity import Finalists
from keras_nas.estimators.gauge import Gauge
from keras_nas.estimators.pace import Pace, expected_mb, expected_pace
from keras_nas.objectives.constraints import constraints_from
from keras_nas.outlook import Conditions, look_ahead, machine, memory_notes, take_gauge
from keras_nas.outlook.account import Outlook
from keras_nas.outlook.machine import check_time
from keras_nas.outlook.survey import FEWEST, Survey, survey, typical_work
from keras_nas.preparing.goal import goal_of
from keras_nas.preparing.preflight import cost_function
from keras_nas.spaces import get_space
from keras_nas.strategy import Problem
from tests.small import tiny_training

NETWORK = {"layers": 15, "flops": 5e6, "activations": 1e5}
GAUGE = Gauge(start_s=2.0, step_s=0.01, row_s=1e-4, network=NETWORK, idle_mb=500.0)


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    return tiny_training(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Training:
    return tiny_training(tmp_path_factory.mktemp("data"), space=get_space("small_images"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sample is whole, however busy the machine is."""
    monkeypatch.setattr("keras_nas.outlook.survey.LONGEST", 1e8)


def sampled(training: Training, constraints: Any = (), **how: Any) -> Survey:
    costs = cost_function(training.task, training.space, training.signature)
    return survey(training.space, costs, constraints, 0, **how)


def test_the_tightest_constraint_is_the_one_that_the_fewest_meet(large: Training) -> None:
    sample = sampled(large, constraints_from({"params": 2e5, "flops": 1e9, "latency_ms": 1}))
    assert len(sample.costs) == 200
    assert [constraint.name for constraint in sample.constraints] == ["params", "flops"]
    assert 0 < len(sample.meeting(*sample.constraints)) < 200
    assert str(sample.tightest) == "params <= 200000"
    assert sampled(large, constraints_from({"flops": 1e15})).tightest is None


def test_of_a_small_space_all_architectures_are_looked_at(training: Training) -> None:
    assert len(sampled(training).costs) == training.space.size == 4


def test_sampling_ends_when_its_time_is_over(large: Training) -> None:
    ticks = iter(range(0, 10_000_000_000, 1_000_000_000))
    assert len(sampled(large, clock=lambda: float(next(ticks))).costs) == FEWEST


def test_a_typical_network_is_one_that_meets_the_constraints(large: Training) -> None:
    every, few = (typical_work(sampled(large, limits), large) for limits in ((), constraints_from({"params": 1e5})))
    assert few.network["params"] < every.network["params"]
    assert few.batch == every.batch == 128
    assert (few.rows, few.scored) == (280, 60)


def test_estimates_grow_with_what_there_is_to_do(large: Training) -> None:
    every, few = (typical_work(sampled(large, limits), large) for limits in ((), constraints_from({"params": 1e5})))
    assert expected_pace(GAUGE, few).epoch < expected_pace(GAUGE, every).epoch
    assert expected_mb(GAUGE, few) < expected_mb(GAUGE, every) < 2000


def test_the_words_are_honest_and_the_numbers_are_recorded(large: Training) -> None:
    sample = sampled(large, constraints_from({"params": 2e5}))
    outlook = ahead(large, sample.constraints).outlook
    lines = outlook.lines()
    assert lines[0] == "The space small_images has 373,248 networks x infinitely many recipes."
    meeting = len(sample.meeting(*sample.constraints))
    assert lines[1] == (
        f"Of 200 sampled architectures {meeting} meet the constraints; the tightest is params <= 200000, which "
        f"{meeting} meet."
    )
    assert lines[2].startswith("A trial takes about ")
    assert lines[2].endswith(" MB.")
    assert lines[3].startswith("Until the time is over there is room for about ")
    facts = outlook.facts()
    assert facts["meeting"] == meeting
    assert facts["architectures"] is None
    assert facts["trials"] > 1
    assert 0 < facts["search_s"] <= 600
    assert facts["seconds"]["before"] > 1


def test_without_a_measurement_nothing_is_estimated(large: Training) -> None:
    found = ahead(large, gauge=None)
    assert found.outlook.lines() == ["The space small_images has 373,248 networks x infinitely many recipes."]
    assert found.outlook.facts()["seconds"] is None
    assert found.ledger.ask() is not None


def test_notes_come_last(training: Training) -> None:
    lines = Outlook(training.space, sampled(training), Bounds(None, 3), notes=["Mind the gap."]).lines()
    assert lines == ["The space tiny has 4 networks.", "Mind the gap."]


def ahead(
    training: Training, constraints: Any = (), gauge: Gauge | None = GAUGE, used: float = 10.0, **conditions: Any
) -> Any:
    """A search of ten minutes made ready."""
    goal = goal_of("image_classification", training.space, None, ("random", Finalists()), None, None)
    costs = cost_function(training.task, training.space, training.signature)
    problem = Problem(training.space.decisions, goal.objectives, tuple(constraints))
    object.__setattr__(goal, "constraints", tuple(constraints))
    budgeting = Budgeting(Bounds(600.0, None, 2), lambda: used)
    return look_ahead(goal, training, problem, budgeting, costs, Conditions(gauge, **conditions))


def test_the_budget_is_divided_by_what_was_measured(large: Training) -> None:
    quick, busy = (ahead(large, gauge=gauge).ledger.ask() for gauge in (GAUGE, slower(10.0)))
    assert quick.proposal.fidelity["seconds"] == 30.6
    assert busy.proposal.fidelity["seconds"] > 90


def slower(times: float) -> Gauge:
    return Gauge(times * GAUGE.start_s, GAUGE.step_s, GAUGE.row_s, NETWORK, 500.0)


def test_a_budget_in_which_nothing_is_learnt_is_refused_by_what_was_measured(large: Training) -> None:
    with pytest.raises(InvalidArgument, match="max_time=600 is too short .* 560 s have gone into starting"):
        ahead(large, gauge=slower(10.0), used=560.0)
    ahead(large, gauge=slower(10.0), used=560.0, resumed=True)


def test_the_refusal_says_what_would_do() -> None:
    words = (
        r"max_time=30 is too short for one trial on this machine as it is now: 20 s have gone into starting, and a "
        r"trial needs about 21 s, 10 of them before it learns anything. Give at least 50 \(seconds\), or free"
    )
    with pytest.raises(InvalidArgument, match=words):
        check_time(30.0, 20.0, Pace(10.0, 1.0, 1.0))
    check_time(30.0, 8.0, Pace(4.0, 100.0, 1.0))
    check_time(None, 1e6, Pace(1e6, 1.0, 1.0))


def test_memory_that_this_process_holds_is_noticed() -> None:
    (note,) = memory_notes([Memory("0", 16000, 9000, 8800), Memory("1", 16000, 300, 200)])
    assert note.startswith("This process holds 8,800 of 16,000 MB of GPU 0, which trials cannot have. TensorFlow takes")
    assert "restart the kernel" in note
    assert memory_notes([]) == []


def test_a_gpu_without_room_is_refused() -> None:
    words = "GPU 0 has 460 of 15,360 MB free, and a worker needs 500 at least; this process holds 14,600 MB"
    with pytest.raises(WorkerError, match=words):
        memory_notes([Memory("0", 15360, 14900, 14600)])


def test_a_worker_measures(tmp_path: Path) -> None:
    found = take_gauge(Inline(), tmp_path, "float32")
    assert found is not None
    assert found.start_s > 0 < found.row_s
    assert (found.network["layers"], found.xla) == (15, None)
    assert found.idle_mb > 100
    assert not (tmp_path / "logs" / "gauge").exists()


def test_what_cannot_be_measured_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(report: Any, precision: str) -> Any:
        raise RuntimeError("no luck")

    monkeypatch.setattr(machine, "gauge", broken)
    assert take_gauge(Inline(), tmp_path, "float32") is None
    assert "how fast the machine trains could not be measured: RuntimeError: no luck" in caplog.text


def test_the_space_is_told_exactly(training: Training) -> None:
    assert ahead(training).outlook.facts()["architectures"] == 4
