"""The division of a budget, on a clock of our own: explore, then finalists, within the time."""

from collections.abc import Sequence
from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting, Untrained
from keras_nas.estimators.division import divide
from keras_nas.estimators.fidelity import Finalists, FullTraining
from keras_nas.estimators.stages import BASELINE, Stages
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives import objectives_from
from keras_nas.strategy import DONE, Failure, Outcome, Problem, Proposal, Signal
from keras_nas.tuners import make

DECISIONS = Decisions(tuple(Decision(name, Labels(tuple(range(5)))) for name in "abc"))


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def quality(architecture: Architecture) -> float:
    return sum(float(value) for value in architecture.values()) / 12


def searched(
    estimator: Any = None,
    max_time: float | None = None,
    max_trials: int | None = None,
    objectives: Sequence[str] = ("val_accuracy",),
    screen: Any = None,
    fails: Any = lambda trial: False,
    error: float | None = None,
    seen: float | None = None,
    start: float = 0.0,
    record: list[Trial] | None = None,
    **budgeting: Any,
) -> tuple[list[Trial], float]:
    """The trials of a whole search that runs one at a time and takes just the time that it is given.

    With the record of an earlier one it is resumed, and adds to the record; repeats stand there too.
    """
    clock = Clock()
    clock.now = start
    budget = Budgeting(Bounds(max_time, max_trials), clock, objectives=len(objectives), **budgeting)
    strategy = (estimator or Finalists()).around(make("random"), budget)
    ledger = Ledger(strategy, Problem(DECISIONS, objectives_from(list(objectives))), screen)
    before = [] if record is None else record
    ledger.restore(before, [(verb, trial.number) for trial in before for verb in ("propose", "observe")])
    run = [trial for trial in before if trial.source == "run"]
    while max_trials is None or len(run) < max_trials:
        trial = ledger.ask()
        if isinstance(trial, Signal):
            break
        run.append(trial)
        size = quality(trial.proposal.architecture)
        failed = fails(trial)
        clock.now += 1.0 if failed in ("too_slow", "out_of_memory") else trial.proposal.fidelity.get("seconds", 1.0)
        kind = failed if isinstance(failed, str) else "error"
        scores = {"val_accuracy": size, "params": size}
        errors = {} if error is None else {"val_accuracy": error}
        good = Outcome(scores, None, errors, seen)
        ledger.tell(trial.number, Outcome(failure=Failure(kind, "no")) if failed else good)
    before[:] = ledger.trials
    return run, clock.now


def final(trials: list[Trial]) -> list[Trial]:
    return [trial for trial in trials if "final" in trial.proposal.fidelity]


def explores_after(trial: Trial, number: int) -> bool:
    return trial.number > number and not final([trial])


@pytest.mark.parametrize("max_time", [60.0, 600.0, 3600.0])
def test_the_parts_of_the_time_sum_to_the_whole(max_time: float) -> None:
    trials, used = searched(max_time=max_time)
    explored = sum(trial.proposal.fidelity["seconds"] for trial in trials if trial not in final(trials))
    assert 0.9 * max_time < used <= max_time
    assert 0.1 * max_time < explored < 0.5 * max_time
    assert len(final(trials)) == 1


def test_the_finalist_is_the_best_explored() -> None:
    trials, _ = searched(max_time=600)
    (last,) = final(trials)
    explored = [trial for trial in trials if trial is not last]
    assert len(explored) > 3
    assert quality(last.proposal.architecture) == max(quality(t.proposal.architecture) for t in explored)


@pytest.mark.parametrize("error", [0.02, 0.2, 0.8])
def test_of_networks_that_short_scores_cannot_tell_apart_the_one_with_most_work_is_trained(error: float) -> None:
    def work(architecture: Architecture) -> float:
        return 2.0 ** architecture["a"]

    trials, _ = searched(max_time=2400, error=error, untrained=Untrained(work))
    (last,) = final(trials)
    scores = {t.proposal.architecture: quality(t.proposal.architecture) for t in trials if t is not last}
    alike = [one for one, score in scores.items() if score >= max(scores.values()) - 2**0.5 * error]
    most = [one for one in alike if work(one) == max(map(work, alike))]
    chosen = last.proposal.architecture
    assert chosen in most
    assert scores[chosen] == max(scores[one] for one in most)


@pytest.mark.parametrize(("error", "wins"), [(0.2, True), (0.1, False)])
def test_a_known_network_gives_way_only_to_one_that_is_surely_better(error: float, wins: bool) -> None:
    """By two standard errors of the difference of scores."""
    known = Architecture({"a": 1, "b": 2, "c": 2})
    trials, _ = searched(max_time=2400, error=error, first=[known])
    explored = [trial.proposal.architecture for trial in trials if "final" not in trial.proposal.fidelity]
    behind = max(map(quality, explored)) - quality(known)
    assert 2**0.5 * 0.2 < behind
    assert (behind <= 2 * 2**0.5 * error) == wins
    assert (final(trials)[0].proposal.architecture == known) == wins


@pytest.mark.parametrize(("epochs", "wins"), [(0.8, True), (1.0, False)])
def test_a_known_network_gives_way_to_none_that_has_not_seen_all_rows(epochs: float, wins: bool) -> None:
    known = Architecture({"a": 1, "b": 2, "c": 2})
    trials, _ = searched(max_time=2400, error=0.1, first=[known], seen=epochs)
    assert (final(trials)[0].proposal.architecture == known) == wins


def test_explorers_of_a_single_finalist_last_an_epoch_where_there_is_time_for_three() -> None:
    def slot(epoch: float, finalists: int = 1, max_time: float = 600.0) -> float:
        trials, _ = searched(Finalists(finalists), max_time=max_time, untrained=Untrained(epoch=epoch), overhead=5.0)
        return trials[0].proposal.fidelity["seconds"]

    usual = slot(0.0)
    assert slot(20.0) == usual == slot(40.0, finalists=3)
    assert slot(40.0) == 45.0
    assert slot(1000.0) == 50.0  # three of them
    assert slot(1000.0, max_time=7200.0) == pytest.approx(2 * slot(0.0, max_time=7200.0), abs=0.1)


def test_where_all_finalists_are_too_slow_others_are_explored() -> None:
    """Only small networks keep the limit, and they have the worst scores."""

    def fails(trial: Trial) -> str | bool:
        large = quality(trial.proposal.architecture) > 0.45
        return "too_slow" if "final" in trial.proposal.fidelity and large else False

    known = Architecture({"a": 4, "b": 4, "c": 4})
    trials, used = searched(max_time=60, fails=fails, first=[known])
    *slow, last = final(trials)
    assert slow and all(trial.outcome.failure for trial in slow if trial.outcome)
    assert last.outcome is not None and last.outcome.ok
    assert "final" not in trials[trials.index(last) - 1].proposal.fidelity
    assert used <= 60


@pytest.mark.parametrize("baseline", [False, True])
def test_a_search_that_has_ended_goes_on_with_more_time(baseline: bool) -> None:
    record: list[Trial] = []
    before, used = searched(max_time=100, baseline=baseline, record=record)
    trials, later = searched(max_time=1000, baseline=baseline, record=record, start=used)
    explored = [trial for trial in trials[len(before) :] if trial not in final(trials)]
    assert trials[: len(before)] == before
    assert len(explored) >= 3
    assert [t.proposal.fidelity["seconds"] > 300 for t in final(trials)] == [False] * (1 + baseline) + [True] * (
        1 + baseline
    )
    assert 900 < later <= 1000
    assert searched(max_time=1000, baseline=baseline, record=record, start=later)[0] == trials


def test_a_search_that_has_ended_goes_on_with_more_trials() -> None:
    record: list[Trial] = []
    before, _ = searched(max_trials=5, record=record)
    trials, _ = searched(max_trials=9, record=record)
    assert trials[:5] == before
    assert len(final(before)) == 1
    assert len([trial for trial in trials[5:] if trial not in final(trials)]) >= 3
    best = max(trials, key=lambda trial: quality(trial.proposal.architecture))
    assert best.proposal.architecture in [trial.proposal.architecture for trial in final(trials)]


def test_the_next_takes_the_place_of_a_finalist_that_failed() -> None:
    broken = {"out_of_memory": 0}

    def fails(trial: Trial) -> str | bool:
        if "final" in trial.proposal.fidelity and not broken["out_of_memory"]:
            broken["out_of_memory"] += 1
            return "out_of_memory"
        return False

    trials, used = searched(max_time=600, fails=fails)
    first, second = final(trials)
    assert first.proposal.architecture != second.proposal.architecture
    assert second.outcome is not None and second.outcome.ok
    assert used <= 600


def test_what_is_refused_untrained_is_no_exploring() -> None:
    """The first two are known not to fit: the time for exploring is over, and nothing was trained yet."""
    refused = [Architecture({"a": 4, "b": 4, "c": 4}), Architecture({"a": 4, "b": 4, "c": 3})]

    def screen(architecture: Architecture) -> Outcome | None:
        return Outcome(failure=Failure("infeasible", "no")) if architecture in refused else None

    trials, _ = searched(max_time=60, screen=screen, first=refused, start=30.0)
    assert len(trials) == 2
    assert final(trials)[0].proposal.architecture == trials[0].proposal.architecture


def test_of_several_finalists_the_best_is_one_however_little_work_it_is() -> None:
    def work(architecture: Architecture) -> float:
        return 2.0 ** -quality(architecture) * 2.0**12

    trials, _ = searched(Finalists(3), max_time=2400, error=0.5, untrained=Untrained(work))
    finalists = [trial.proposal.architecture for trial in final(trials)][:3]
    explored = [trial.proposal.architecture for trial in trials if "final" not in trial.proposal.fidelity]
    assert len(finalists) == 3
    assert quality(finalists[-1]) == max(map(quality, explored)) > quality(finalists[0])


def test_networks_of_about_the_same_work_are_ranked_by_their_scores() -> None:
    def work(architecture: Architecture) -> float:
        return 1000.0 + architecture["a"]

    trials, _ = searched(max_time=600, error=0.5, untrained=Untrained(work))
    (last,) = final(trials)
    assert quality(last.proposal.architecture) == max(quality(t.proposal.architecture) for t in trials)


def test_the_users_model_is_trained_as_long_as_the_finalist() -> None:
    trials, used = searched(max_time=600, baseline=True)
    finalist, own = final(trials)
    assert own.proposal.note[BASELINE] is True
    assert own.proposal.fidelity["seconds"] == pytest.approx(finalist.proposal.fidelity["seconds"], rel=0.01)
    assert used <= 600


@pytest.mark.parametrize("baseline", [False, True])
def test_max_trials_counts_finalists_and_the_users_model(baseline: bool) -> None:
    trials, _ = searched(max_trials=6, baseline=baseline)
    assert len(trials) == 6
    assert len(final(trials)) == 1 + baseline
    assert [trial.proposal.fidelity["epochs"] for trial in trials[:3]] == [3.0] * 3
    assert final(trials)[0].proposal.fidelity["epochs"] == 20.0


def test_known_architectures_come_first() -> None:
    first = (Architecture({"a": 4, "b": 4, "c": 4}), Architecture({"a": 0, "b": 0, "c": 0}))
    for estimator in (Finalists(), FullTraining()):
        trials, _ = searched(estimator, max_trials=6, first=first)
        assert [trial.proposal.architecture for trial in trials[:2]] == list(first)


def test_several_objectives_have_several_different_finalists() -> None:
    trials, used = searched(max_time=600, objectives=("val_accuracy", "params"))
    finalists = [trial.proposal.architecture for trial in final(trials)]
    assert len(finalists) == len(set(finalists)) == 6
    assert used <= 600
    assert len(final(searched(max_time=180, objectives=("val_accuracy", "params"))[0])) == 3
    alike, _ = searched(Finalists(2), max_trials=30)
    assert len({trial.proposal.architecture for trial in final(alike)}) == 2


def test_a_short_search_for_a_front_trains_known_architectures_to_the_end_at_once() -> None:
    known = tuple(Architecture({"a": size, "b": size, "c": 0}) for size in range(5))
    several = {"objectives": ("val_accuracy", "params"), "first": known, "overhead": 5.0}
    run, spent = searched(max_time=300, **several)
    assert [trial.proposal.architecture for trial in run] == list(known)
    assert all("final" in trial.proposal.fidelity for trial in run)
    assert 280 < spent <= 300
    fewer, _ = searched(max_time=300, **{**several, "first": known[:3]})
    assert sum("final" in trial.proposal.fidelity for trial in fewer) < len(fewer)
    alone, _ = searched(Finalists(4), max_time=300, **{**several, "objectives": ("val_accuracy",)})
    assert sum("final" not in trial.proposal.fidelity for trial in alone) > 1
    longer, _ = searched(max_time=7200, **several)
    assert sum("final" not in trial.proposal.fidelity for trial in longer) >= 12


def test_epochs_can_be_given_where_they_are_quick() -> None:
    for limits in ({"max_time": 600}, {"max_trials": 12}):
        trials, used = searched(Finalists(3, (30, 60)), **limits)
        finalists = final(trials)
        assert len(finalists) == 3 and used <= 600
        assert {trial.proposal.fidelity["epochs"] for trial in trials if trial not in finalists} == {30}
        assert {trial.proposal.fidelity["epochs"] for trial in finalists} == {60}


def test_refused_architectures_cost_no_trial() -> None:
    def screen(architecture: Architecture) -> Outcome | None:
        return Outcome(failure=Failure("infeasible", "too large")) if quality(architecture) > 0.3 else None

    trials, _ = searched(max_trials=8, screen=screen)
    assert len(trials) == 8
    assert len(final(trials)) == 1
    assert all(quality(trial.proposal.architecture) <= 0.3 for trial in trials)


def test_when_all_explored_fail_nothing_is_trained_to_the_end() -> None:
    trials, _ = searched(max_time=120, fails=lambda trial: True)
    assert trials
    assert not final(trials)


def test_a_failed_finalist_ends_the_search_without_another() -> None:
    trials, _ = searched(max_trials=5, fails=lambda trial: "final" in trial.proposal.fidelity)
    assert len(final(trials)) == 1


def test_the_next_takes_the_place_of_a_finalist_that_is_too_slow() -> None:
    """It was refused before it was trained, and its time is still there."""

    def fails(trial: Trial) -> Any:
        return "final" in trial.proposal.fidelity and quality(trial.proposal.architecture) > 0.5 and "too_slow"

    trials, _ = searched(max_time=600, fails=fails)
    finalists = final(trials)
    sizes = [quality(trial.proposal.architecture) for trial in finalists]
    assert len(finalists) > 1
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes[:-1]) > 0.5 >= sizes[-1]


def test_finalists_share_the_time_by_their_work() -> None:
    def work(architecture: Architecture) -> float:
        return 1.0 + 15.0 * (architecture["a"] == 4)

    first = [Architecture({"a": number, "b": 0, "c": number % 2}) for number in (4, 1, 0)]
    trials, used = searched(
        Finalists(2),
        max_time=600,
        first=first,
        untrained=Untrained(work),
        fails=lambda t: t.number > 2 and t not in final([t]),
    )
    seconds = {trial.proposal.architecture["a"]: trial.proposal.fidelity["seconds"] for trial in final(trials)}
    assert seconds[4] / seconds[1] == pytest.approx(16.0, rel=0.01)
    assert used <= 600


def test_full_training_gives_all_the_same() -> None:
    trials, _ = searched(FullTraining(7), max_trials=5, baseline=True)
    assert len(trials) == 5
    assert {trial.proposal.fidelity["epochs"] for trial in trials} == {7.0}
    assert [bool(trial.proposal.note.get(BASELINE)) for trial in trials] == [True] + [False] * 4


def test_what_makes_no_division_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="finalists=0: expected 1 or more"):
        Finalists(0)
    with pytest.raises(InvalidArgument, match=r"epochs=\(9, 3\): expected two numbers above 0, the larger one last"):
        Finalists(epochs=(9, 3))
    with pytest.raises(InvalidArgument, match="epochs=0: expected a number above 0"):
        FullTraining(0)


def test_on_a_busy_machine_trials_are_longer() -> None:
    """What a trial spends before it trains is measured: two thirds of an exploring trial are for learning at least."""
    quick, _ = searched(max_time=120)
    busy, used = searched(max_time=600, overhead=20.0)
    assert quick[0].proposal.fidelity["seconds"] == 13.7
    assert busy[0].proposal.fidelity["seconds"] == 60.0
    assert len(final(busy)) == 1
    assert used <= 600


def test_where_there_is_no_time_for_two_trials_one_has_it_all() -> None:
    trials, _ = searched(max_time=60, overhead=10.0)
    (only,) = trials
    assert only.proposal.fidelity == {"final": 1.0, "seconds": 57.4, "epochs": 200.0}


def test_a_finalist_that_could_learn_nothing_is_not_trained() -> None:
    trials, _ = searched(max_time=100, overhead=14.0)
    assert [trial.proposal.fidelity["seconds"] for trial in trials] == [42.0, 55.0]
    slow = divide(Bounds(100.0, None), 1, 14.0)
    assert slow.least_seconds == 28.0
    clock = Clock()
    stages = Stages(make("random"), slow, clock)
    stages.begin(Problem(DECISIONS, objectives_from(["val_accuracy"])))
    first = stages.propose(0, [])
    assert isinstance(first, Proposal)
    stages.observe(first, Outcome({"val_accuracy": 0.5}))
    clock.now = 75.0
    assert stages.propose(1, []) is DONE


def test_every_finalist_has_the_least_that_makes_sense() -> None:
    """Small networks are not given so little that they are left out, nor the others with them."""

    def work(architecture: Architecture) -> float:
        return 10.0 ** float(architecture["a"])

    first = [Architecture({"a": number, "b": number % 2, "c": 0}) for number in range(5)]
    trials, used = searched(
        Finalists(3),
        max_time=600,
        first=first,
        untrained=Untrained(work),
        fails=lambda t: t.number > 4 and t not in final([t]),
        overhead=5.0,
    )
    seconds = sorted(trial.proposal.fidelity["seconds"] for trial in final(trials))
    assert len(seconds) == 3
    assert seconds[0] >= 10.0
    assert seconds[-1] > 300
    assert used <= 600
    trials, used = searched(
        Finalists(5), max_time=120, first=first, untrained=Untrained(work), fails=lambda t: t.number > 4, overhead=12.0
    )
    assert 1 <= len(final(trials)) < 5
    assert min(trial.proposal.fidelity["seconds"] for trial in final(trials)) >= 24.0
