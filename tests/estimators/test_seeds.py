"""Finalists with other seeds."""

from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.fidelity import Finalists
from keras_nas.estimators.halving import SuccessiveHalving
from keras_nas.estimators.seeds import SEED
from keras_nas.estimators.stages import BASELINE
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives import Objective
from keras_nas.strategy import Failure, Outcome, Problem, Proposal, Signal
from keras_nas.testing.toys import FLAT
from keras_nas.tuners import make


class Search:
    """Runs a search on a clock of its own: each training takes `each` seconds, or the seconds that it is given."""

    def __init__(
        self,
        estimator: Any,
        max_time: float | None = None,
        max_trials: int | None = None,
        each: float = 5.0,
        baseline: bool = False,
    ) -> None:
        self.now, self.each = 0.0, each
        budgeting = Budgeting(Bounds(max_time, max_trials), lambda: self.now, baseline=baseline)
        problem = Problem(FLAT, (Objective("val_accuracy", "max"),), seed=1, budget=max_trials)
        self.ledger = Ledger(estimator.around(make("random"), budgeting), problem)
        self.max_trials = max_trials

    def seconds(self, trial: Trial) -> float:
        """Of a training that may be as long as it likes."""
        return self.each

    def run(self, fails: Any = lambda trial: False) -> list[Trial]:
        """All trials."""
        while self.max_trials is None or sum(trial.source == "run" for trial in self.ledger.trials) < self.max_trials:
            trial = self.ledger.ask()
            if isinstance(trial, Signal):
                break
            self.now += min(self.seconds(trial), trial.proposal.fidelity.get("seconds", self.each))
            score = 0.5 + 0.001 * (trial.number % 7)
            ended = Outcome(failure=Failure("error", "no")) if fails(trial) else Outcome({"val_accuracy": score})
            self.ledger.tell(trial.number, ended)
        return self.ledger.trials


def finals(trials: list[Trial]) -> list[Proposal]:
    return [trial.proposal for trial in trials if "final" in trial.proposal.fidelity]


def test_where_time_is_left_the_finalist_is_trained_again_from_its_beginning() -> None:
    search = Search(Finalists(), max_time=600)
    first, second = finals(search.run())
    assert second.architecture == first.architecture
    assert SEED not in first.fidelity
    assert second.fidelity[SEED] == 1.0
    assert second.fidelity["epochs"] == first.fidelity["epochs"]
    assert second.fidelity["seconds"] < first.fidelity["seconds"]
    assert search.now < 600


def test_where_none_is_left_it_is_not() -> None:
    assert len(finals(Search(Finalists(), max_time=600, each=1e9).run())) == 1
    assert len(finals(Search(Finalists(seeds=1), max_time=600).run())) == 1


def test_of_many_trials_some_are_kept_for_it_and_of_few_none() -> None:
    many, few = (Search(Finalists(), max_trials=number).run() for number in (20, 12))
    assert (len(many), len(finals(many))) == (20, 2)
    assert (len(few), len(finals(few))) == (12, 1)


def test_several_finalists_are_trained_again_the_best_first() -> None:
    search = Search(Finalists(3, seeds=3), max_time=600)
    found = finals(search.run())
    assert [proposal.fidelity.get(SEED, 0.0) for proposal in found] == [0.0] * 3 + [1.0] * 3 + [2.0] * 3
    scores = {
        t.proposal.architecture: t.outcome.scores["val_accuracy"] for t in search.ledger.trials[-9:-6] if t.outcome
    }
    assert [scores[proposal.architecture] for proposal in found[3:6]] == sorted(scores.values(), reverse=True)


class OwnIsQuick(Search):
    """A search whose finalists take 300 seconds, and the user's own model ten."""

    def seconds(self, trial: Trial) -> float:
        if "final" not in trial.proposal.fidelity:
            return self.each
        return 10.0 if trial.proposal.note.get(BASELINE) else 300.0


def test_what_a_finalist_took_is_its_own_time_and_not_that_of_what_came_after_it() -> None:
    """280 seconds are left, which the user's own model would fit in, and the finalist would not."""
    own = OwnIsQuick(Finalists(), max_time=740, baseline=True)
    assert len(finals(own.run())) == 2
    assert own.now == pytest.approx(740 - 280, abs=20)
    assert len(finals(OwnIsQuick(Finalists(), max_time=1000, baseline=True).run())) == 3


class FirstIsSlow(Search):
    """A search whose first finalist takes all of its time, and whose others end at once."""

    def seconds(self, trial: Trial) -> float:
        ended = [t for t in self.ledger.trials if "final" in t.proposal.fidelity and t.outcome is not None]
        return 1e9 if "final" in trial.proposal.fidelity and not ended else 1.0


def test_another_seed_is_trained_as_long_as_the_first_or_not_at_all() -> None:
    first, _, *again = finals(FirstIsSlow(Finalists(2), max_time=600).run())
    assert first.architecture not in {proposal.architecture for proposal in again}
    first, _, _, *again = finals(FirstIsSlow(Finalists(3), max_time=600).run())
    (another,) = [proposal for proposal in again if proposal.architecture == first.architecture]
    assert another.fidelity["seconds"] == first.fidelity["seconds"]


def test_a_finalist_that_failed_is_not_trained_again() -> None:
    """Others take its place."""
    found = finals(Search(Finalists(2), max_time=600).run(lambda trial: "final" in trial.proposal.fidelity))
    assert len({proposal.architecture for proposal in found}) == len(found) > 2
    assert not any(SEED in proposal.fidelity for proposal in found)


def test_it_begins_anew_where_the_finalist_had_gone_on() -> None:
    found = finals(Search(SuccessiveHalving(seeds=2), max_time=600).run())
    assert "past_epochs" in found[0].fidelity
    assert found[0].parent is not None
    assert "past_epochs" not in found[1].fidelity
    assert found[1].parent is None
    assert found[1].architecture == found[0].architecture


def test_a_resumed_search_goes_on_with_it() -> None:
    search = Search(Finalists(), max_time=600)
    search.run()
    again = Search(Finalists(), max_time=600)
    again.now = search.now
    last = len(search.ledger.trials) - 1
    again.ledger.restore(search.ledger.trials[:last], [entry for entry in search.ledger.log if entry[1] < last])
    trial = again.ledger.ask()
    assert isinstance(trial, Trial)
    assert trial.proposal.fidelity[SEED] == 1.0
    assert trial.proposal.architecture != Architecture({})


@pytest.mark.parametrize("seeds", [0, 1.5, True])
def test_a_number_of_seeds_is_a_number(seeds: Any) -> None:
    for estimator in (Finalists, SuccessiveHalving):
        with pytest.raises(InvalidArgument, match="seeds=.*: expected a whole number, 1 or more"):
            estimator(seeds=seeds)
