"""Networks for any limit, from one elastic supernet that a search has trained.

A predictor learns scores from the networks that the search scored; evolution looks for the best that it expects within
the limits, which takes neither training nor building. The most promising leave the supernet with their part of its
weights, have their batch normalisation counted anew, are scored and measured, and the best of them is the answer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.data import Rows, Split
from keras_nas.engine.files import MODEL, SHARED_WEIGHTS, SPECIALISED
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.assignment import Costing, Training
from keras_nas.estimators.scoring import measure_costs, seen_by
from keras_nas.estimators.shared_judge import calibration
from keras_nas.estimators.shared_net import home, make_supernet
from keras_nas.estimators.shared_search import ELASTIC
from keras_nas.files import read_json, sync, write_json
from keras_nas.objectives.constraints import Constraint, limits_from, total_violation
from keras_nas.objectives.latency import TARGETS
from keras_nas.objectives.latency_table import LatencyTable
from keras_nas.objectives.objective import Objective
from keras_nas.operators import crossover, mutate, sample
from keras_nas.predictors.ranker import Ranker
from keras_nas.preparing.foresight import STATIC, Costs, Networks, prepare_predictor
from keras_nas.preparing.preflight import cost_function
from keras_nas.results.candidate import Candidate, scored

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

LATENCY = "latency_ms"
FORETOLD = (*STATIC, LATENCY)
"""The costs that are known of a network that is not built."""
POPULATION, GENERATIONS, PARENTS = 32, 6, 8
"""Of the evolution: networks, generations, and those of each that have children."""
TRIED = 3
"""Networks that leave the supernet for one answer."""
TABLE_SECONDS = 60.0
"""Longest that operations are measured before the first limit on latency."""
ROUNDS = 3
"""Times that a limit is tightened where measurements break it."""


@dataclass
class Specialist:
    """Answers for the limits of one search.

    Args:
        training: of the search.
        objective: what is best.
        known: networks and their scores under shared weights.
        folder: where answers are kept.
    """

    training: Training
    objective: Objective
    known: Mapping[Architecture, float]
    folder: Path
    costs: dict[bool, Costs] = field(default_factory=dict)

    @classmethod
    def of(cls, result: SearchResult) -> Specialist:
        """That of a search's result."""
        from keras_nas.results.refit import rebuilt

        training, objective = result.training or rebuilt(result), result.objectives[0]
        paths = {decision.path for decision in training.space.network_decisions}
        known = {
            Architecture({path: label for path, label in own.architecture.items() if path in paths}): -float(
                objective.loss(own.scores)
            )
            for own in scored(result.directory)
            if ELASTIC in own.fidelity and objective.name in own.scores
        }
        return cls(training, objective, known, result.directory / SPECIALISED)

    def found(self, limits: Sequence[Constraint]) -> list[Candidate]:
        """Networks that left the supernet for these limits, and may meet them: measured, some at least where any do."""
        predicted = [limit for limit in limits if limit.name in FORETOLD]
        left: list[Candidate] = []
        for _ in range(ROUNDS):
            fresh = [self.leave(network, limits) for network in self.promising(predicted)]
            left += fresh
            if any(not total_violation(limits, own.scores) for own in fresh):
                break
            tighter = [_tighter(limit, limits, fresh) for limit in predicted]
            if tighter == predicted:
                break
            predicted = tighter
        return left

    def promising(self, limits: Sequence[Constraint]) -> list[Architecture]:
        """The networks that are expected to be best within limits, or nearest to them where none is, best first."""
        decisions = self.training.space.network_decisions
        costs = self._costs(LATENCY in {limit.name for limit in limits})
        rng = np.random.default_rng([self.training.seed, 0, 11])
        pool = dict.fromkeys([*self.known, *(sample(decisions, rng) for _ in range(POPULATION))])
        merit: dict[Architecture, tuple[float, float]] = {}
        best: list[Architecture] = []
        for generation in range(GENERATIONS):
            if generation:
                pool = dict.fromkeys(_child(decisions, best[:PARENTS], rng) for _ in range(POPULATION))
            fresh = [network for network in pool if network not in merit]
            means = self._ranker.predict(fresh)[0] if fresh else ()
            for network, mean in zip(fresh, means, strict=True):
                merit[network] = (total_violation(limits, costs(network)), -float(mean))
            best = sorted(merit, key=merit.__getitem__)
        return best[:TRIED]

    def leave(self, network: Architecture, limits: Sequence[Constraint]) -> Candidate:
        """A network with its part of the weights, recalibrated, scored and measured; kept, so that it is made once."""
        names = [*self.training.options.costing.limits, *(limit.name for limit in limits)]
        folder = self.folder / hashlib.sha256(network.key.encode()).hexdigest()[:12]
        told = read_json(folder / "specialised.json")
        if told is not None and {name for name in names if name in FORETOLD} <= told["scores"].keys():
            return Candidate(file=folder / MODEL, **{**told, "architecture": network})
        costing = Costing({name: None for name in names}, self.training.options.costing.latency_target)
        scores, spoken = self._made(network, costing, folder)
        told = {
            "number": -1,
            "architecture": dict(network),
            "scores": scores,
            "fidelity": {"specialised": 1.0},
            "measurements": {"weights": "recalibrated, not trained further", "latency": spoken},
        }
        write_json(folder / "specialised.json", told)
        return Candidate(file=folder / MODEL, **{**told, "architecture": network})

    def _made(self, network: Architecture, costing: Costing, folder: Path) -> tuple[dict[str, float], str | None]:
        from keras_nas.supernet.calibration import calibrate
        from keras_nas.supernet.extraction import transfer

        training, (rows, split, batches) = self.training, self._data
        built = training.task.build(training.space, network, training.signature)
        transfer(self._supernet, network, built.raw)
        calibrate(built.raw, batches)
        found = seen_by(training, built.model, rows, split.validation).scores
        costs, spoken = measure_costs(built.model, costing.limits, costing.latency_target)
        folder.mkdir(parents=True, exist_ok=True)
        unfinished = folder / f"unfinished.{MODEL}"
        built.model.save(unfinished)
        sync(unfinished)
        unfinished.replace(folder / MODEL)
        return {**{f"val_{name}": value for name, value in found.items()}, **costs}, spoken

    @cached_property
    def _data(self) -> tuple[Rows, Split, Any]:
        """All rows, their parts, and the batches by which normalisation is counted anew."""
        rows, split = Rows.load(self.training.data), Split.load(self.training.data)
        return rows, split, calibration(rows, split.train)

    @cached_property
    def _supernet(self) -> Any:
        net = make_supernet(self.training, elastic=True)
        net.load_weights(home(self.training))
        return net

    @cached_property
    def _ranker(self) -> Ranker:
        ranker = Ranker(self.training.space.network_decisions, seed=self.training.seed)
        ranker.fit(list(self.known), list(self.known.values()))
        return ranker

    def _costs(self, latency: bool) -> Costs:
        """What is known of a network's costs without building it."""
        if latency not in self.costs:
            training = self.training
            target = training.options.costing.latency_target
            if latency and target not in TARGETS:
                raise InvalidArgument(
                    f"latency_target={target!r}: a limit on latency needs one of {', '.join(TARGETS)}, of which tables "
                    "can be made."
                )
            predictor = (
                prepare_predictor(Networks.of(training), LatencyTable(target), TABLE_SECONDS) if latency else None
            )
            self.costs[latency] = cost_function(training.task, training.space, training.signature, predictor)
        return self.costs[latency]


_OPEN: dict[tuple[Path, int, int], Specialist] = {}
"""The specialist of the result that was asked last: making its supernet takes longer than an answer."""


def best_within(result: SearchResult, limits: Mapping[str, float]) -> Candidate:
    """The best network within limits: one out of the elastic supernet, or one that was trained to the end.

    Args:
        result: of a search that has trained such a supernet.
        limits: `max_<score>` or `min_<score>`.

    Raises:
        InvalidArgument: for a limit of another form or an unknown score, or when no network was found that meets all.
    """
    asked = limits_from(limits, {*FORETOLD, *result.winner.scores})
    weights = (result.directory / SHARED_WEIGHTS).stat()
    key = result.directory, weights.st_mtime_ns, len(scored(result.directory))
    if key not in _OPEN:
        _OPEN.clear()
        _OPEN[key] = Specialist.of(result)
    ended = [own for own in result.trials if own.final and not own.baseline and own.file.exists()]
    known = [own for own in ended if all(limit.name in own.scores for limit in asked)]
    found = [*_OPEN[key].found(asked), *known]
    good = [own for own in found if not total_violation(asked, own.scores)]
    if good:
        return min(good, key=lambda own: result.objectives[0].loss(own.scores))
    closest = min(found, key=lambda own: total_violation(asked, own.scores)).scores
    raise InvalidArgument(
        f"No network was found within {', '.join(map(str, asked))}; the nearest has "
        f"{', '.join(f'{limit.name} {closest[limit.name]:,.4g}' for limit in asked)}."
    )


def _child(decisions: Any, parents: Sequence[Architecture], rng: np.random.Generator) -> Architecture:
    """A mutation, half of the times of a mixture."""
    mother, father = (parents[int(rng.integers(len(parents)))] for _ in range(2))
    return mutate(decisions, crossover(decisions, mother, father, rng) if rng.random() < 0.5 else mother, rng)


def _tighter(limit: Constraint, asked: Sequence[Constraint], found: Sequence[Candidate]) -> Constraint:
    """A limit for predictions, by as much stricter as measurements were beyond what was asked."""
    own = next(own for own in asked if own.name == limit.name and own.bound == limit.bound)
    beyond = 1 + min(own.violation(candidate.scores) for candidate in found)
    return Constraint(limit.name, limit.limit / beyond if limit.bound == "upper" else limit.limit * beyond, limit.bound)
