"""Let Keras Tuner's `HyperParameters` answer our decisions."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions, Domain, Interval, Labels

if TYPE_CHECKING:
    from keras_tuner import HyperParameters


def tune(decisions: Decisions, hp: HyperParameters) -> Architecture:
    """Declare every decision on `hp`, under its conditions, and return what `hp` answers to the live ones.

    All decisions are declared each time, live or not, so that Keras Tuner discovers a conditional space at once.

    Args:
        decisions: what is to be decided; paths become the names of hyperparameters.
        hp: Keras Tuner's container.
    """
    live: dict[str, Label] = {}
    for decision in decisions:
        with ExitStack() as scopes:
            for path, labels in decision.when:
                parent = decisions.named(path).domain
                scopes.enter_context(hp.conditional_scope(path, [_spoken(parent, label) for label in labels]))
            spoken = _ask(decision, hp)
        if decision.live_in(live):
            live[decision.path] = _heard(decision.domain, spoken)
    return Architecture(live)


def _ask(decision: Decision, hp: HyperParameters) -> Any:
    """Declare one decision; Keras Tuner's answer is None where its scope is not active."""
    domain = decision.domain
    if isinstance(domain, Labels):
        return hp.Choice(decision.path, [_spoken(domain, label) for label in domain.values])
    ask = hp.Int if domain.integer else hp.Float
    sampling = "log" if domain.log else "linear"
    return ask(decision.path, domain.low, domain.high, step=None if domain.log else domain.step, sampling=sampling)


def _heard(domain: Domain, spoken: Any) -> Label:
    """The label that Keras Tuner's value stands for; the first one where a scope of the user's own is not active."""
    if spoken is None:
        return domain.at(0.0) if isinstance(domain, Interval) else domain.values[0]
    if isinstance(domain, Interval):
        return domain.at(domain.unit(spoken))
    return next(label for label in domain.values if _spoken(domain, label) == spoken)


def _spoken(domain: Domain, label: Label) -> Label:
    """The label as Keras Tuner takes it: its choices hold values of one type only."""
    if isinstance(domain, Labels) and len({type(value) for value in domain.values}) > 1:
        return str(label)
    return label
