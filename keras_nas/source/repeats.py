"""What a network repeats: scopes of its calls that differ in a few numbers only, each kind of them once, as a function.

A space builds its networks of cells and blocks whose layers carry the names of their places. So whatever is alike
stands in scopes of its own, and comparing scopes finds it, the innermost first.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from os.path import commonprefix
from typing import Any

from keras_nas.source.calls import Call, Network, Value
from keras_nas.source.literals import SLOT, TENSOR, Text
from keras_nas.source.scopes import Scope, arrange, scopes, tree_of

LEAST = 3
"""Lines that are worth a function."""
MOST = 4
"""Numbers that a function takes at most."""


@dataclass(frozen=True)
class Helper:
    """A function of the source.

    Args:
        name: Of the function.
        place: The first scope that it stands for.
        calls: Its lines, by number.
        inputs: The tensors that it takes.
        output: The tensor that it gives.
        numbers: The numbers that it takes, by name: their values where its lines come from.
        derived: Numbers of its lines as text: by line and by number within it.
    """

    name: str
    place: tuple[str, ...]
    calls: dict[int, Call]
    inputs: tuple[Value, ...]
    output: Value
    numbers: tuple[str, ...]
    derived: dict[tuple[int, int], str]


@dataclass(frozen=True)
class Cut:
    """A scope seen as a function: what goes in, what comes out, and what it shares with others of its kind.

    Args:
        scope: Of the calls.
        lines: Their numbers, in order.
        inputs: Tensors from outside.
        output: The only tensor that is heard outside.
        kind: The texts and how they are wired; scopes of one kind differ in their numbers only.
        values: These numbers, in order.
    """

    scope: Scope
    lines: list[int]
    inputs: tuple[Value, ...]
    output: Value
    kind: tuple[Any, ...]
    values: tuple[Any, ...]


def outlined(network: Network, taken: set[str]) -> tuple[dict[int, Call], list[Helper]]:
    """A network's lines, with functions for what it repeats.

    What only one function uses stays a part of that one, as blocks of a cell that stands nowhere else.

    Args:
        network: The calls.
        taken: Names that other functions have; those of the new ones are added.

    Returns:
        The remaining calls by their numbers, in order, and the functions, each after those it uses.
    """
    idle: set[tuple[str, ...]] = set()
    while True:
        calls, helpers = _outlined(network, set(taken), idle)
        uses = Counter(call.helper for body in (calls, *(h.calls for h in helpers)) for call in body.values())
        single = {helper.place for helper in helpers if uses[helper.name] < 2}
        if not single:
            taken.update(helper.name for helper in helpers)
            return calls, helpers
        idle |= single


def _outlined(network: Network, names: set[str], idle: set[tuple[str, ...]]) -> tuple[dict[int, Call], list[Helper]]:
    """The same, where scopes at some places and their like are no functions."""
    calls = dict(enumerate(network.calls))
    root = tree_of(network.calls)
    arrange(root, network.calls)
    heard: dict[Value, set[int]] = defaultdict(set)
    for number, call in calls.items():
        for value in call.inputs:
            heard[value].add(number)
    for value in network.given[1]:
        heard[value].add(-1)
    helpers: list[Helper] = []
    for height in range(root.height):
        cuts = [cut for scope in scopes(root, height) if (cut := _cut(scope, calls, heard))]
        for group in _groups(cuts):
            if group[0].scope.place not in idle:
                helpers.append(_helper(group, calls, names))
                names.add(helpers[-1].name)
    return {number: calls[number] for number in root.lines}, helpers


def _cut(scope: Scope, calls: dict[int, Call], heard: dict[Value, set[int]]) -> Cut | None:
    """The scope as a function, None where it cannot be one: short, several results, or bound to its place."""
    lines, members = scope.lines, scope.members
    leaving = [value for value, by in heard.items() if value.maker in members and by - members]
    if len(lines) < LEAST or len(leaving) != 1 or leaving[0].part or any(calls[n].alone for n in lines):
        return None
    position = {number: at for at, number in enumerate(lines)}
    inputs: dict[Value, int] = {}
    rows: list[tuple[Any, ...]] = []
    values: list[Any] = []
    for number in lines:
        call = calls[number]
        wires = [
            (position[value.maker], value.part) if value.maker in position else inputs.setdefault(value, len(inputs))
            for value in call.inputs
        ]
        rows.append((call.text.form, call.text.names, tuple(wires)))
        values += call.text.values
    kind = (tuple(rows), position[leaving[0].maker])
    return Cut(scope, lines, tuple(inputs), leaving[0], kind, tuple(values))


def _groups(cuts: Sequence[Cut]) -> list[list[Cut]]:
    """Scopes of one kind, two or more; where they would need many numbers, those that are the same altogether."""
    kinds: dict[Any, list[Cut]] = defaultdict(list)
    for cut in cuts:
        kinds[cut.kind].append(cut)
    groups: list[list[Cut]] = []
    for group in kinds.values():
        if len(_numbers(group)[0]) <= MOST:
            groups.append(group)
            continue
        same: dict[Any, list[Cut]] = defaultdict(list)
        for cut in group:
            same[cut.values].append(cut)
        groups += same.values()
    return [group for group in groups if len(group) > 1]


def _numbers(group: Sequence[Cut]) -> tuple[dict[str, tuple[Any, ...]], list[str | None]]:
    """What a function for these scopes takes: name and value in each; and all its numbers, as text where they vary."""
    names = [name for _, names, _ in group[0].kind[0] for name in names]
    taken: dict[str, tuple[Any, ...]] = {}
    texts: list[str | None] = []
    for name, *values in zip(names, *(cut.values for cut in group), strict=True):
        column = tuple(values)
        if all(value == column[0] and type(value) is type(column[0]) for value in column):
            texts.append(None)
            continue
        text = next((text for other, known in taken.items() if (text := _derived(other, known, column))), None)
        if text is None:
            count = sum(re.fullmatch(rf"{name}(_\d+)?", other) is not None for other in taken)
            text = f"{name}_{count + 1}" if count else name
            taken[text] = column
        texts.append(text)
    return taken, texts


def _derived(name: str, known: tuple[Any, ...], column: tuple[Any, ...]) -> str | None:
    """A column of numbers by another one: the same, a multiple or a part of it."""
    if known == column:
        return name
    if not all(type(value) is int and value > 0 for value in (*known, *column)):
        return None
    times = column[0] // known[0]
    if all(value == times * other for value, other in zip(column, known, strict=True)):
        return f"{times} * {name}"
    part = known[0] // column[0]
    whole = part > 1 and all(other // part == value for value, other in zip(column, known, strict=True))
    return f"{name} // {part}" if whole else None


def _helper(group: Sequence[Cut], calls: dict[int, Call], names: set[str]) -> Helper:
    """The function for scopes of one kind; calls of it take their places."""
    first = group[0]
    taken, texts = _numbers(group)
    name = _name([cut.scope.place for cut in group], names)
    slots = [(line, slot) for line in first.lines for slot in range(len(calls[line].text.values))]
    derived = {slot: text for slot, text in zip(slots, texts, strict=True) if text is not None}
    body = {line: calls[line] for line in first.lines}
    given = [TENSOR] * len(first.inputs) + [f"{number}={SLOT}" for number in taken]
    for position, cut in enumerate(group):
        values = tuple(column[position] for column in taken.values())
        text = Text(f"{name}({', '.join(given)})", tuple(taken), values)
        cut.scope.use = cut.output.maker
        calls[cut.output.maker] = Call(text, cut.inputs, cut.scope.place, helper=name)
    return Helper(name, first.scope.place, body, first.inputs, first.output, tuple(taken), derived)


def _name(places: Sequence[tuple[str, ...]], taken: set[str]) -> str:
    """A name for a function from the scopes that it stands for: the innermost word that all share."""
    words = [next((word for word in reversed(place) if not word.isdigit()), "") for place in places]
    stem = words[0] if len(set(words)) == 1 else re.sub(r"[\d_]+$", "", commonprefix(words))
    stem = re.sub(r"\W+", "_", stem).strip("_").lower()
    stem = stem if "_" in stem else re.sub(r"\d+$", "", stem).removesuffix("s")
    base = stem if re.search(r"block|cell|_", stem) else f"{stem}_block".strip("_")
    base = base if base.isidentifier() else f"block_{base}"
    number = next(n for n in range(1, len(taken) + 2) if (base if n == 1 else f"{base}_{n}") not in taken)
    return base if number == 1 else f"{base}_{number}"
