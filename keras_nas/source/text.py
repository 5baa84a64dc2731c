"""Functions as lines of Python: variables that are used again when what they held is no longer needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from keras_nas.source.calls import Call, Value, identifier
from keras_nas.source.literals import SLOT, TENSOR, filled, literal

LOOP = 3
"""Lines that are the same from which on a loop stands for them."""
INDENT = "    "


@dataclass(frozen=True)
class Body:
    """What a function computes.

    Args:
        calls: Its lines by number, in order.
        names: What the tensors from outside are called.
        given: What it gives: text with `TENSOR` for each tensor, and the tensors.
        kept: Names that are not to be used for anything else.
        derived: Numbers that are no constants: their text, by line and by number within it.
        titled: Whether the outermost scopes are named above their lines.
    """

    calls: Mapping[int, Call]
    names: Mapping[Value, str]
    given: tuple[str, Sequence[Value]]
    kept: frozenset[str] = frozenset()
    derived: Mapping[tuple[int, int], str] = field(default_factory=dict)
    titled: bool = False


def lines_of(body: Body) -> tuple[list[str], str]:
    """The lines of a function without indentation, and the text of what it gives."""
    names, last = dict(body.names), _last_uses(body)
    lines, scope = [], ""
    for number, call in body.calls.items():
        if body.titled and (call.place or ("",))[0] != scope:
            scope = (call.place or ("",))[0]
            lines.append(f"# {identifier(scope)}" if scope else "")
        text = filled(_numbered(number, call, body.derived), TENSOR, [_named(value, names) for value in call.inputs])
        ending = [name for value, name in names.items() if last.get(value) == number and name not in body.kept]
        names = {value: name for value, name in names.items() if last.get(value) != number}
        names[Value(number)] = min(ending, key=_rank) if ending else _fresh({*names.values(), *body.kept})
        lines.append(f"{names[Value(number)]} = {text}")
    return lines, filled(body.given[0], TENSOR, [_named(value, names) for value in body.given[1]])


def _numbered(number: int, call: Call, derived: Mapping[tuple[int, int], str]) -> str:
    """A call with its numbers, and holes for its tensors."""
    values = [derived.get((number, slot), literal(value)) for slot, value in enumerate(call.text.values)]
    return filled(call.text.form, SLOT, values)


def _last_uses(body: Body) -> dict[Value, int]:
    """Which line is the last that needs a tensor; what the function gives is needed to the end."""
    uses = [(number, value) for number, call in body.calls.items() for value in call.inputs]
    uses += [(max(body.calls, default=0) + 1, value) for value in body.given[1]]
    last: dict[Value, int] = {}
    order = {number: at for at, number in enumerate(body.calls)}
    for number, value in sorted(uses, key=lambda use: order.get(use[0], len(order))):
        last[value if value in body.names else Value(value.maker)] = number
    return last


def _named(value: Value, names: Mapping[Value, str]) -> str:
    return names[value] if value in names else f"{names[Value(value.maker)]}{value.part}"


def _rank(name: str) -> tuple[int, str]:
    return len(name), name


def _fresh(taken: set[str]) -> str:
    """The first of x, y, z, h1, h2 and so on that is free."""
    names = ["x", "y", "z", *(f"h{n}" for n in range(1, len(taken) + 2))]
    return next(name for name in names if name not in taken)


def looped(lines: Sequence[str]) -> list[str]:
    """Lines in which a loop stands for runs of the same line.

    Example:
        >>> looped(["x = stem(x)", "x = cell(x)", "x = cell(x)", "x = cell(x)"])
        ['x = stem(x)', 'for _ in range(3):', '    x = cell(x)']
    """
    found: list[str] = []
    at = 0
    while at < len(lines):
        count = next((n for n in range(1, len(lines) - at) if lines[at + n] != lines[at]), len(lines) - at)
        again = count if count >= LOOP else 1
        found += [f"for _ in range({count}):", f"{INDENT}{lines[at]}"] if again > 1 else [lines[at]]
        at += again
    return found
