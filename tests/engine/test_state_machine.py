"""Ask, tell, fail, crash and reopen in any order, against a plain model of what must be known."""

import shutil
import tempfile
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keras_nas import points
from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.journal import Journal
from keras_nas.engine.store import Store
from keras_nas.files import write_json
from keras_nas.ledger import Trial
from keras_nas.strategy import Failure, Outcome
from tests.engine import fakes


class Killed(BaseException):
    """Stands for the end of the process."""


class Searching(RuleBasedStateMachine):
    """The engine's record of a search; the model is two dictionaries and a list."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp())
        self.outcomes: dict[int, float | None] = {}
        self.proposed: list[str] = []
        self.running: dict[str, int] = {}
        self.results: dict[str, float] = {}
        self.open()

    def open(self) -> None:
        self.ledger = fakes.ledger()
        self.store = Store(self.directory)
        self.store.open()
        self.journal = Journal(self.store, self.ledger)
        self.journal.open({"arguments": {}, "versions": {}})
        self.running.clear()
        self.results = {attempt: score for attempt, score in self.results.items() if self.journal.found(attempt)}

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    @rule()
    def ask(self) -> None:
        if isinstance(self.ledger.ask(), Trial):
            self.journal.proposals()
            self.note()

    @precondition(lambda self: self.ledger.pending)
    @rule(data=st.data())
    def start(self, data: st.DataObject) -> None:
        trial = data.draw(st.sampled_from(self.ledger.pending))
        self.running[self.journal.start(trial)] = trial.number

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def epoch(self, data: st.DataObject) -> None:
        attempt = data.draw(st.sampled_from(sorted(self.running)))
        self.journal.epoch(self.ledger.trials[self.running[attempt]], Epoch(attempt, 1, {"score": 0.5}))

    @precondition(lambda self: self.running)
    @rule(data=st.data(), score=st.floats(-100, 100))
    def leave_result(self, data: st.DataObject, score: float) -> None:
        attempt = data.draw(st.sampled_from(sorted(self.running)))
        result = {"scores": {"score": score}}
        content = {"attempt": attempt, "result": result, "seconds": {}}
        write_json(self.directory / "results" / f"{attempt}.json", content)
        self.results[attempt] = score

    @precondition(lambda self: self.tellable())
    @rule(data=st.data(), good=st.booleans(), crash=st.sampled_from(["", "store.before_commit", "store.after_commit"]))
    def end(self, data: st.DataObject, good: bool, crash: str) -> None:
        attempt = data.draw(st.sampled_from(self.tellable()))
        number = self.running.pop(attempt)
        failure = None if good else Failure("error", "no good")
        scores = {"score": fakes.value(self.ledger.trials[number].proposal.architecture)} if good else {}
        ended = Ended(attempt, {"scores": scores} if good else None, None if good else {**vars(failure)})
        self.ledger.tell(number, Outcome(scores, failure))
        if self.at(
            crash, lambda: self.journal.end(self.ledger.trials[number], ended, "finished" if good else "failed")
        ):
            self.outcomes[number] = scores.get("score")
        elif crash == "store.after_commit":
            self.outcomes[number] = scores.get("score")
            self.crash()
        else:
            self.crash()

    @rule()
    def crash(self) -> None:
        self.store.close()
        self.open()
        for attempt, score in sorted(self.results.items()):
            ended = self.journal.found(attempt)
            assert ended is not None
            assert ended.result == {"scores": {"score": score}}

    def tellable(self) -> list[str]:
        pending = {trial.number for trial in self.ledger.pending}
        return sorted(attempt for attempt, number in self.running.items() if number in pending)

    def at(self, point: str, step: Any) -> bool:
        """Does a step, and dies at a point of it; False when it died."""

        def die(name: str) -> None:
            if name == point:
                raise Killed

        points.hook = die
        try:
            step()
        except Killed:
            return False
        finally:
            points.hook = None
        return True

    def note(self) -> None:
        keys = [trial.proposal.architecture.key for trial in self.ledger.trials]
        assert keys[: len(self.proposed)] == self.proposed
        self.proposed = keys

    @invariant()
    def nothing_is_lost_or_invented(self) -> None:
        known = {
            trial.number: trial.outcome.scores.get("score")
            for trial in self.ledger.trials
            if trial.outcome is not None and trial.source == "run"
        }
        assert known == self.outcomes
        assert [trial.proposal.architecture.key for trial in self.ledger.trials] == self.proposed


Searching.TestCase.settings = settings(max_examples=12, stateful_step_count=20)
TestSearching = Searching.TestCase
