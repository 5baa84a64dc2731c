"""A strategy as Keras Tuner's oracle: what it proposes, learns, refuses and survives."""

import threading
from pathlib import Path
from typing import Any

import keras_tuner
import numpy as np
import pytest

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.objectives import SoftTarget
from keras_nas.oracle import StrategyOracle
from keras_nas.strategy import WAIT, Proposal
from tests.oracle.fakes import QUIET, Spy, finish, oracle_in, run, small

pytestmark = QUIET


def test_a_small_space_is_searched_whole_and_nothing_twice(tmp_path: Path) -> None:
    values = run(oracle_in(tmp_path))
    assert len(values) == 12 == len({tuple(sorted(v.items())) for v in values})


def test_values_are_plain_python(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    for values in run(oracle, trials=4):
        assert {type(value) for value in values.values()} <= {str, int, float, bool}
    assert {type(trial.score) for trial in oracle.trials.values()} == {float}


def test_the_seed_decides_and_zero_is_one(tmp_path: Path) -> None:
    runs = {seed: run(oracle_in(tmp_path / str(seed), seed=seed), trials=8) for seed in (0, 1, 2)}
    assert run(oracle_in(tmp_path / "again", seed=0), trials=8) == runs[0]
    for shift in range(3):
        assert runs[1][shift:4] != runs[2][: 4 - shift]
        assert runs[2][shift:4] != runs[1][: 4 - shift]


def test_a_direction_is_looked_up_not_guessed() -> None:
    assert StrategyOracle("random", "val_f1_score").objective.direction == "max"
    assert StrategyOracle("random", "val_r2_score").objective.direction == "max"
    with pytest.raises(InvalidArgument, match="Could not infer optimization direction .* for 'val_charm'"):
        StrategyOracle("random", "val_charm")


def test_parallel_tuners_get_different_trials_and_wait_for_the_last(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    run(oracle, trials=10)
    first, second = oracle.create_trial("a"), oracle.create_trial("b")
    assert first.hyperparameters.values != second.hyperparameters.values
    finish(oracle, first)
    assert oracle.create_trial("a").status == "IDLE"
    asked = len(oracle._feed.to_json(())["trials"])
    assert oracle.create_trial("a").status == "IDLE"
    assert len(oracle._feed.to_json(())["trials"]) == asked, "asked again though nothing had changed"
    finish(oracle, second)
    assert oracle.create_trial("a").status == "STOPPED"


def test_nobody_waits_where_nothing_runs(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path, Spy([WAIT]))
    assert oracle.create_trial("a").status == "STOPPED"


def test_found_hyperparameters_begin_the_strategy_anew_on_its_log(tmp_path: Path) -> None:
    def grows(hp: Any) -> dict[str, float]:
        for layer in range(hp.Int("layers", 1, 3)):
            hp.Int(f"units_{layer}", 4, 8, default=6)
        return {"score": 1.0}

    spy = Spy()
    oracle = oracle_in(tmp_path, spy)
    ran = run(oracle, grows, trials=12)
    paths = [decision.path for decision in spy.problem.decisions]
    assert paths == ["layers", "units_0", "units_1", "units_2"] and spy.begun > 1
    told = [dict(proposal.architecture) for proposal, _ in spy.seen]
    assert told == [{"units_1": 6, "units_2": 6, **values} for values in ran]
    for proposal, outcome in spy.seen:
        assert spy.problem.decisions.validate(proposal.architecture) and outcome.scores == {"score": 1.0}


def test_new_hyperparameters_keep_their_default_when_not_tuned(tmp_path: Path) -> None:
    hp = keras_tuner.HyperParameters()
    hp.Boolean("wide")
    oracle = oracle_in(tmp_path, hyperparameters=hp, tune_new_entries=False)
    assert len(run(oracle)) == 2
    assert [entry.name for entry in oracle.hyperparameters.space] == ["wide"]


def test_a_forbidden_hyperparameter_fails_its_trial_alone(tmp_path: Path) -> None:
    def asks(hp: Any) -> dict[str, float]:
        wide = hp.Boolean("wide")
        if wide:
            hp.Int("more", 1, 3)
        return {"score": 1.0}

    hp = keras_tuner.HyperParameters()
    hp.Boolean("wide")
    oracle = oracle_in(tmp_path, hyperparameters=hp, allow_new_entries=False)
    run(oracle, asks)
    assert {t.hyperparameters.values["wide"]: t.status for t in oracle.trials.values()} == {
        True: "FAILED",
        False: "COMPLETED",
    }
    failed = next(trial for trial in oracle.trials.values() if trial.status == "FAILED")
    assert "`allow_new_entries` is `False`" in failed.message and failed.hyperparameters.values == {"wide": True}


def test_what_a_subclass_chose_is_what_the_strategy_observes(tmp_path: Path) -> None:
    class Narrow(StrategyOracle):
        def populate_space(self, trial_id: str) -> Any:
            if not self.start_order:
                return {"status": "RUNNING", "values": {"kind": "mlp", "wide": True}}
            answer = super().populate_space(trial_id)
            return answer | {"values": {**answer["values"], "wide": False}}

    spy = Spy()
    oracle = Narrow(spy, keras_tuner.Objective("score", "max"), seed=0, max_trials=3)
    oracle._set_project_dir(tmp_path, "project")
    oracle.verbose = 0
    ran = run(oracle)
    assert [proposal.architecture for proposal, _ in spy.seen] == ran
    assert [values["wide"] for values in ran] == [True, False, False]


def test_fidelity_reaches_the_tuner_as_values(tmp_path: Path) -> None:
    proposal = Proposal(Architecture({"kind": "mlp", "wide": True}), {"epochs": 4.0})
    values = run(oracle_in(tmp_path, Spy([proposal])), trials=1)[0]
    assert values == {"kind": "mlp", "wide": True, "tuner/epochs": 4}


def test_the_lock_is_free_after_an_error(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    with pytest.raises(KeyError):
        oracle.update_trial("no such trial", {"score": 1.0})
    trial = oracle.create_trial("a")
    with pytest.raises(InvalidArgument, match="Objective value missing"):
        oracle.update_trial(trial.trial_id, {"loss": 1.0})
    other = threading.Thread(target=lambda: finish(oracle, trial), daemon=True)
    other.start()
    other.join(timeout=20)
    assert not other.is_alive() and oracle.trials[trial.trial_id].status == "COMPLETED"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_not_finite_fails_and_is_told(value: float, tmp_path: Path) -> None:
    spy = Spy()
    oracle = oracle_in(tmp_path, spy)
    run(oracle, lambda hp: {**small(hp), "score": value}, trials=1)
    (trial,) = oracle.trials.values()
    assert trial.status == "FAILED" and trial.score is None and "is not finite" in trial.message
    assert [outcome.failure.kind for _, outcome in spy.seen] == ["not_finite"]


def test_a_retry_after_a_nan_can_succeed(tmp_path: Path) -> None:
    scores = iter([np.nan, 3.0])
    oracle = oracle_in(tmp_path, max_retries_per_trial=1)
    run(oracle, lambda hp: {**small(hp), "score": next(scores)}, trials=2, declare=small)
    (trial,) = oracle.trials.values()
    assert (trial.status, trial.score) == ("COMPLETED", 3.0)


def fails(hp: Any) -> dict[str, float]:
    small(hp)
    raise ZeroDivisionError("no model")


def test_a_streak_of_failures_is_reported_once_all_is_saved(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path, max_consecutive_failed_trials=2)
    with pytest.raises(RuntimeError, match=r"limit of 2\.\nZeroDivisionError\('no model'\)"):
        run(oracle, fails, declare=small)
    assert not oracle.ongoing_trials and len(oracle.end_order) == 2
    again = oracle_in(tmp_path, max_consecutive_failed_trials=2)
    again.reload()
    assert len(run(again, trials=5)) == 5, "the search goes on, and after the streak is not ended by it"


def test_a_chief_ends_the_search_instead_of_raising(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    oracle = oracle_in(tmp_path, max_consecutive_failed_trials=2)
    assert len(run(oracle, fails, declare=small)) == 2
    assert oracle.create_trial("worker1").status == "STOPPED" and not oracle.tuner_ids - {"tuner0"}


def two(hp: Any) -> dict[str, float]:
    kernel = hp.Int("kernel", 1, 5)
    return {"profit": kernel % 4, "latency_ms": float(kernel)}


def test_several_objectives_are_compared_by_dominance(tmp_path: Path) -> None:
    spy = Spy()
    oracle = oracle_in(tmp_path, spy, [keras_tuner.Objective("profit", "max"), "latency_ms"])
    run(oracle, two)
    assert sorted(trial.hyperparameters.values["kernel"] for trial in oracle.get_pareto_front()) == [1, 2, 3]
    assert {trial.hyperparameters.values["kernel"] for trial in oracle.get_best_trials(3)} == {1, 2, 3}
    assert {trial.hyperparameters.values["kernel"] for trial in oracle.get_best_trials(5)[3:]} == {4, 5}
    assert all(set(outcome.scores) == {"profit", "latency_ms"} for _, outcome in spy.seen)
    assert oracle.trials["000"].metrics.get_direction("profit") == "max"
    with pytest.raises(InvalidArgument, match=r"without \['latency_ms'\]"):
        oracle.update_trial("000", {"profit": 1.0})


def test_the_best_step_counts_for_every_objective(tmp_path: Path) -> None:
    spy = Spy()
    oracle = oracle_in(tmp_path, spy, [keras_tuner.Objective("profit", "max"), "latency_ms"])
    trial = oracle.create_trial("a")
    for step, profit in enumerate([1.0, 4.0, 2.0]):
        oracle.update_trial(trial.trial_id, {"profit": profit, "latency_ms": 10.0 + step}, step)
    trial.status = "COMPLETED"
    oracle.end_trial(trial)
    assert spy.seen[0][1].scores == {"profit": 4.0, "latency_ms": 11.0}


@pytest.mark.parametrize("given", [SoftTarget("profit", "latency_ms", target=2), "profit*(latency_ms/2)^-0.07"])
def test_a_soft_target_follows_from_what_is_reported(given: Any, tmp_path: Path) -> None:
    """Profits are 1, 2, 3, 0 and 1, each at a latency of 1 to 5 ms."""
    oracle = oracle_in(tmp_path, objective=given)
    run(oracle, two)
    best = oracle.get_best_trials(1)[0]
    assert best.hyperparameters.values["kernel"] == 3
    assert best.score == pytest.approx(3 * 1.5**-0.07)
    with pytest.raises(InvalidArgument, match=r"without \['profit\*\(latency_ms/2\)\^-0.07'\]"):
        oracle.update_trial("000", {"profit": 1.0})


def test_constraints_come_first(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path, objective=keras_tuner.Objective("profit", "max"), constraints={"latency_ms": 2.0})
    run(oracle, two)
    assert [trial.hyperparameters.values["kernel"] for trial in oracle.get_best_trials(5)] == [2, 1, 3, 4, 5]


def test_best_trials_are_never_padded(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    run(oracle, trials=3)
    oracle.create_trial("a")
    scores = [trial.score for trial in oracle.get_best_trials(10)]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True)


def test_a_trial_may_be_ended_by_keyword_or_by_id(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    run(oracle, trials=1)
    for end in (lambda trial: oracle.end_trial(trial=trial), lambda trial: oracle.end_trial(trial.trial_id)):
        trial = oracle.create_trial("a")
        values = dict(trial.hyperparameters.values)
        oracle.update_trial(trial.trial_id, {"score": 1.0})
        trial.status = "COMPLETED"
        end(trial)
        assert oracle.trials[trial.trial_id].hyperparameters.values == values
        assert oracle.trials[trial.trial_id].score == 1.0


def test_trials_cross_to_workers_and_back(tmp_path: Path) -> None:
    from keras_tuner.src import protos
    from keras_tuner.src.distribute.oracle_chief import OracleServicer
    from keras_tuner.src.engine.trial import Trial

    spy = Spy()
    oracle = oracle_in(tmp_path, spy)
    hp = oracle.get_space()
    small(hp)
    hp.Float("rate", 1e-4, 1e-1, sampling="log", parent_name="wide", parent_values=[True])
    oracle.update_space(hp)
    chief, service = OracleServicer(oracle), protos.get_service()
    for _ in range(10):
        answer = chief.CreateTrial(service.CreateTrialRequest(tuner_id="worker0"), None)
        trial = Trial.from_proto(answer.trial)
        metrics = small(trial.hyperparameters)
        chief.UpdateTrial(service.UpdateTrialRequest(trial_id=trial.trial_id, metrics=metrics, step=0), None)
        trial.status = "COMPLETED"
        chief.EndTrial(service.EndTrialRequest(trial=trial.to_proto()), None)
    assert spy.begun == 1 and len(oracle.hyperparameters.space) == 4
    ran = {Architecture(trial.hyperparameters.values) for trial in oracle.trials.values()}
    assert ran == {proposal.architecture for proposal, _ in spy.seen} and len(ran) == 10
