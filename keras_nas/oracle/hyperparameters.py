"""Keras Tuner's hyperparameters as decisions: one flat list, each with the conditions under which it is live.

Keras Tuner tells hyperparameters apart by name *and* conditions but keeps one value a name; decisions have unique
paths. `HyperSpace` holds both sides and turns architectures into values by name and back.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from keras_tuner import HyperParameters

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Condition, Decision, Decisions, Domain, Interval, Labels


class ActiveHyperParameters(HyperParameters):
    """Keras Tuner's container, holding the values of exactly the active hyperparameters.

    Keras Tuner's own fills gaps at random without a seed, loses a value whose name stands under two conditions, and
    overlooks children that stand before their parents, as they do after the way through its chief.
    """

    def ensure_active_values(self) -> None:
        """Drop the values of what is not active; give what is active and has none its default."""
        known: dict[str, Label] = self.values
        names = {entry.name for entry in self.space}
        self.values: dict[str, Label] = {name: value for name, value in known.items() if name not in names}
        grown = True
        while grown:
            grown = False
            for entry in self.space:
                if entry.name not in self.values and self.is_active(entry):
                    self.values[entry.name] = known.get(entry.name, entry.default)
                    grown = True

    @classmethod
    def of(cls, hyperparameters: HyperParameters) -> ActiveHyperParameters:
        """A copy of Keras Tuner's container."""
        copied: ActiveHyperParameters = cls.from_config(hyperparameters.get_config())
        return copied


@dataclass(frozen=True)
class ReverseLog(Interval):
    """A number spread evenly in the logarithm of its distance from the top, so that most values are large."""

    def unit(self, label: Label) -> float:
        """The label's place in [0, 1]."""
        return 1.0 - super().unit(self.low + self.high - float(label))

    def at(self, unit: float) -> float | int:
        """The label nearest to a place in [0, 1]."""
        return self._snap(self.low + self.high - super().at(1.0 - unit))


@dataclass(frozen=True)
class HyperSpace:
    """The decisions of a Keras Tuner space, and what ties them to its hyperparameters.

    Args:
        decisions: parents first. A path is the hyperparameter's name; where one name stands under several
            conditions, the later paths tell theirs, `units[kind=cnn]`.
        names: the hyperparameter's name for each path.
        defaults: the hyperparameter's default for each path.

    Example:
        >>> import keras_tuner
        >>> hp = keras_tuner.HyperParameters()
        >>> _ = hp.Choice("kind", ["mlp", "cnn"])
        >>> _ = hp.Int("units", 8, 16, parent_name="kind", parent_values=["mlp"])
        >>> space = hyper_space(hp)
        >>> space.decisions.size
        10
        >>> space.values(space.architecture({"kind": "cnn", "units": 9}))
        {'kind': 'cnn'}
    """

    decisions: Decisions
    names: Mapping[str, str]
    defaults: Mapping[str, Label]

    def values(self, architecture: Mapping[str, Label]) -> dict[str, Label]:
        """The answers by name of hyperparameter, plain Python values; of two live ones of a name, the first."""
        return {self.names.get(path, path): label for path, label in [*architecture.items()][::-1]}

    def architecture(self, values: Mapping[str, Any]) -> Architecture:
        """The architecture of some values by name: defaults where there is none or it is not one of the options."""

        def pick(decision: Decision) -> Label:
            value: Label | None = values.get(self.names[decision.path])
            return self.defaults[decision.path] if value is None or value not in decision.domain else value

        return self.decisions.walk(pick)


@dataclass(frozen=True)
class _Entry:
    """One hyperparameter as Keras Tuner writes it down."""

    name: str
    kind: str
    config: Mapping[str, Any]
    first: bool

    @property
    def conditions(self) -> list[tuple[str, list[Label]]]:
        return [(c["config"]["name"], c["config"]["values"]) for c in self.config["conditions"]]


def hyper_space(hyperparameters: HyperParameters) -> HyperSpace:
    """Read Keras Tuner's container.

    A condition names a parent, and several hyperparameters may have that name; a child then becomes one decision for
    each of them, live where that parent is. What can never be live is left out.

    Args:
        hyperparameters: Int, Float, Choice, Boolean and Fixed entries, conditional or not, in any order.
    """
    placed: defaultdict[str, list[Decision]] = defaultdict(list)
    owners: dict[str, tuple[Decision, _Entry]] = {}
    for entry in _parents_first(_entries(hyperparameters)):
        for decision in _decisions(entry, placed):
            placed[entry.name].append(decision)
            owners[decision.path] = (decision, entry)
    return HyperSpace(
        Decisions(tuple(decision for decision, _ in owners.values())),
        {path: entry.name for path, (_, entry) in owners.items()},
        {path: _default(decision.domain, entry.config) for path, (decision, entry) in owners.items()},
    )


def _entries(hyperparameters: HyperParameters) -> list[_Entry]:
    written = hyperparameters.get_config()["space"]
    firsts: dict[str, int] = {}
    for place, entry in enumerate(written):
        firsts.setdefault(entry["config"]["name"], place)
    return [
        _Entry(e["config"]["name"], e["class_name"], e["config"], firsts[e["config"]["name"]] == place)
        for place, e in enumerate(written)
    ]


def _parents_first(entries: Sequence[_Entry]) -> Iterator[_Entry]:
    """Each entry behind all that carry the names of its conditions; of a circle, the first."""
    left = Counter(entry.name for entry in entries)
    waiting, circular = list(entries), False
    while waiting:
        later: list[_Entry] = []
        for entry in waiting:
            if any(left[name] for name, _ in entry.conditions) and not circular:
                later.append(entry)
                continue
            left[entry.name] -= 1
            circular = False
            yield entry
        waiting, circular = later, len(later) == len(waiting)


def _decisions(entry: _Entry, placed: Mapping[str, list[Decision]]) -> Iterator[Decision]:
    """The decisions of one entry, one for each way in which its conditions can hold."""
    domain = _domain(entry.kind, entry.config)
    plain = entry.first
    for parents in product(*(placed.get(name, []) for name, _ in entry.conditions)):
        pairs = zip(parents, entry.conditions, strict=True)
        when = tuple(
            (parent.path, frozenset(value for value in values if value in parent.domain))
            for parent, (_, values) in pairs
        )
        if _possible([*when, *(condition for parent in parents for condition in parent.when)]):
            yield Decision(entry.name if plain else _spelled(entry.name, when), domain, when)
            plain = False


def _possible(conditions: Sequence[Condition]) -> bool:
    """Whether no decision would have to have two answers at once."""
    allowed: dict[str, frozenset[Label]] = {}
    for path, values in conditions:
        allowed[path] = allowed.get(path, values) & values
    return all(allowed.values())


def _spelled(name: str, when: Sequence[Condition]) -> str:
    told = (f"{path}={'|'.join(sorted(map(str, values)))}" for path, values in when)
    return f"{name}[{', '.join(told)}]"


def _default(domain: Domain, config: Mapping[str, Any]) -> Label:
    default: Label | None = config.get("default", config.get("value"))
    if default is not None and default in domain:
        return default
    return domain.values[0] if isinstance(domain, Labels) else domain.at(0.0)


def _domain(kind: str, config: Mapping[str, Any]) -> Domain:
    """The options of one hyperparameter."""
    if kind == "Boolean":
        return Labels((False, True))
    if kind == "Fixed":
        return Labels((config["value"],))
    if kind == "Choice":
        values = tuple(dict.fromkeys(config["values"]))
        return Labels(values, bool(config["ordered"]) and list(values) in (sorted(values), sorted(values)[::-1]))
    return _number(kind == "Int", config)


def _number(integer: bool, config: Mapping[str, Any]) -> Domain:
    """Int and Float: an interval, or a list where values are multiples of one another."""
    low, high, step, sampling = (config[key] for key in ("min_value", "max_value", "step", "sampling"))
    if low == high:
        return Labels((low,))
    if sampling == "linear":
        return Interval(low, high, step, integer=integer)
    if step is None:
        kind = Interval if sampling == "log" else ReverseLog
        return kind(low, high, 1 if integer else None, log=True, integer=integer)
    powers = [low * math.pow(step, power) for power in range(int(math.log(high / low, step) + 1e-8) + 1)]
    values = powers if sampling == "log" else [low + high - value for value in reversed(powers)]
    return Labels(tuple(int(value) for value in values) if integer else tuple(values), ordered=len(values) > 1)
