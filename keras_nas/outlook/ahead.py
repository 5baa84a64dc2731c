"""A search made ready: its ledger, with a budget divided by what the machine was measured to need, and its forecast."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from keras_nas.estimators.assignment import Training
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.forecast import Clock, Forecast
from keras_nas.estimators.gauge import Gauge
from keras_nas.estimators.pace import Pace, Paces, expected_mb, expected_pace
from keras_nas.estimators.xla import Timing
from keras_nas.ledger import Ledger
from keras_nas.outlook.account import Outlook
from keras_nas.outlook.machine import check_time
from keras_nas.outlook.survey import survey, typical_work
from keras_nas.preparing.goal import Goal
from keras_nas.preparing.preflight import Costs, screen
from keras_nas.strategy import Problem
from keras_nas.tuners.random import RandomSearch

UNKNOWN = Pace(before=5.0, epoch=5.0, after=2.0)
"""What a trial is taken for before any has ended where nothing could be measured."""
ALONE = 0.5
"""A trial that has the cores of all workers is as many times quicker as this power of their number."""


@dataclass(frozen=True)
class Conditions:
    """What a search begins under.

    Args:
        gauge: of the machine; None where it could not be measured.
        on_cpu: whether workers share the cores of a CPU.
        resumed: whether it goes on with trials of an earlier run.
        notes: what else the user should know.
    """

    gauge: Gauge | None
    on_cpu: bool = True
    resumed: bool = False
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Ahead:
    """A search that can begin.

    Args:
        ledger: of the search, which nothing has been asked yet.
        forecast: of its end.
        outlook: what to tell of it.
        timing: of a training step with XLA and without; None without a GPU.
    """

    ledger: Ledger
    forecast: Forecast
    outlook: Outlook
    timing: Timing | None = None


def look_ahead(
    goal: Goal,
    training: Training,
    problem: Problem,
    budgeting: Budgeting,
    costs: Costs,
    conditions: Conditions,
) -> Ahead:
    """Sample the space, estimate a trial and the number of trials, and divide the budget.

    Args:
        goal: what is searched for.
        training: what trials share.
        problem: what the strategy is told.
        budgeting: what the estimator is told, but for what was measured.
        costs: of an architecture.
        conditions: that it begins under.

    Raises:
        InvalidArgument: when the time does not suffice for one trial.
    """
    sample = survey(goal.space, costs, goal.constraints, training.seed)
    work, gauge = typical_work(sample, training), conditions.gauge
    pace = None if gauge is None else expected_pace(gauge, work)
    if pace is not None and not conditions.resumed:
        check_time(budgeting.max_time, budgeting.clock(), pace)
    if pace is not None:
        untrained = replace(budgeting.untrained, epoch=pace.epoch)
        budgeting = replace(budgeting, overhead=pace.before, untrained=untrained)

    def fresh(clock: Clock) -> Ledger:
        stand_in = RandomSearch()
        stand_in.starts_warm = goal.strategy.starts_warm
        blind = replace(budgeting, clock=clock, untrained=replace(budgeting.untrained, describe=None))
        return Ledger(goal.estimator.around(stand_in, blind), problem)

    ledger = Ledger(goal.estimator.around(goal.strategy, budgeting), problem, screen(goal.constraints, costs))
    paces = Paces(pace or UNKNOWN, budgeting.workers**ALONE if conditions.on_cpu else 1.0)
    forecast = Forecast(ledger, fresh, budgeting.clock, budgeting.bounds, paces)
    memory = None if gauge is None else expected_mb(gauge, work)
    rest = None if pace is None or conditions.resumed else forecast.rest()
    outlook = Outlook(goal.space, sample, budgeting.bounds, pace, memory, rest, conditions.notes)
    return Ahead(ledger, forecast, outlook, None if gauge is None else gauge.xla)
