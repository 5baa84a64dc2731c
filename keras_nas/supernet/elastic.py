"""Numbers that an open decision decides: a block's body computes with all their values at once.

A body is written for plain numbers: `round(channels * expansion)`, `max(1, channels // 4)`, `if stride == 1 and
channels == filters`. In a supernet some of these numbers have as many values as decisions have answers. Arithmetic
gives another such number; a comparison gives a boolean where all values agree, and `Mixed` where they do not: the part
is then held once for each group of answers that agree. So a body is right whatever it computes and asks.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import partialmethod
from typing import Any

from keras_nas.architecture import Label
from keras_nas.errors import SpaceError
from keras_nas.nodes import Undecided

Case = tuple[tuple[str, Label], ...]
"""Answers by path; those of a number's cases exclude one another."""
Branch = tuple[tuple[str, frozenset[Label]], ...]
MOST = 4096
"""Cases of one number."""


class Mixed(Undecided):
    """A number was asked for something on which its values differ.

    Args:
        path: of a decision that tells the values apart.
        groups: of its labels, those of one group being alike.
    """

    def __init__(self, path: str, groups: Sequence[frozenset[Label]]) -> None:
        super().__init__(path)
        self.groups = tuple(groups)


class Elastic:
    """A number with a value for each case.

    Args:
        cases: two or more, of different values.

    Example:
        >>> width = Elastic.of("width", {8: 8, 16: 16})
        >>> width * 6, width.largest, width > 4
        (Elastic({8: 48, 16: 96}), 16, True)
        >>> width.given((("width", frozenset({8})),))
        8
    """

    def __init__(self, cases: Mapping[Case, Any]) -> None:
        self.cases = dict(cases)

    @staticmethod
    def of(path: str, values: Mapping[Label, Any]) -> Any:
        """The number that a decision's label stands for; a plain one where all are equal."""
        return number({((path, label),): value for label, value in values.items()})

    @property
    def largest(self) -> Any:
        """The largest value."""
        return max(self.cases.values())

    @property
    def least(self) -> Any:
        """The least value."""
        return min(self.cases.values())

    @property
    def paths(self) -> list[str]:
        """Of the decisions on which it depends."""
        return list(dict.fromkeys(path for case in self.cases for path, _ in case))

    def given(self, branch: Branch) -> Any:
        """The number where some answers are known; a plain one where it has one value left."""
        return number({case: value for case, value in self.cases.items() if _within(case, branch)})

    def mixed(self) -> Mixed:
        """What to raise where the values ask for different things.

        Of the decisions that are asked in all cases the one that was met last is split: it is nearest to the part.
        """
        for path in reversed([path for path in self.paths if all(path in dict(case) for case in self.cases)]):
            columns: dict[Label, set[Any]] = {}
            for case, value in self.cases.items():
                rest = tuple(answer for answer in case if answer[0] != path)
                columns.setdefault(dict(case)[path], set()).add((rest, value))
            groups: dict[frozenset[Any], set[Label]] = {}
            for label, column in columns.items():
                groups.setdefault(frozenset(column), set()).add(label)
            if len(groups) > 1:
                break
        return Mixed(path, [frozenset(labels) for labels in groups.values()])

    def _each(self, function: Callable[[Any], Any]) -> Any:
        return number({case: function(value) for case, value in self.cases.items()})

    def _with(self, other: Any, function: Callable[[Any, Any], Any], *, swapped: bool = False) -> Any:
        """`function` of both, case by case."""
        joined: dict[Case, Any] = {}
        for case, value in self.cases.items():
            for beside, second in other.cases.items() if isinstance(other, Elastic) else [((), other)]:
                both = {**dict(case), **dict(beside)}
                if {**dict(beside), **dict(case)} == both:
                    joined[tuple(both.items())] = function(second, value) if swapped else function(value, second)
        return number(joined)

    def _test(self, other: Any, function: Callable[[Any, Any], bool]) -> bool:
        """Whether a comparison holds in all cases."""
        held = self._with(other, function)
        return held.agreed() if isinstance(held, Elastic) else bool(held)

    def agreed(self) -> Any:
        """The value on which all cases agree; a number of several values has none."""
        raise self.mixed()

    def __eq__(self, other: object) -> bool:
        return self._test(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return self._test(other, operator.ne)

    def __round__(self, digits: int | None = None) -> Any:
        return self._each(lambda value: round(value, digits))

    def __ceil__(self) -> Any:
        return self._each(math.ceil)

    def __floor__(self) -> Any:
        return self._each(math.floor)

    def __bool__(self) -> bool:
        return self._test(0, operator.ne)

    def __format__(self, spec: str) -> str:
        raise self.mixed()

    def __repr__(self) -> str:
        shown = {case[0][1] if len(case) == 1 else case: value for case, value in self.cases.items()}
        return f"Elastic({shown})"

    __hash__ = agreed
    __index__ = __int__ = __float__ = agreed
    __lt__ = partialmethod(_test, function=operator.lt)
    __le__ = partialmethod(_test, function=operator.le)
    __gt__ = partialmethod(_test, function=operator.gt)
    __ge__ = partialmethod(_test, function=operator.ge)
    __add__ = partialmethod(_with, function=operator.add)
    __radd__ = partialmethod(_with, function=operator.add, swapped=True)
    __sub__ = partialmethod(_with, function=operator.sub)
    __rsub__ = partialmethod(_with, function=operator.sub, swapped=True)
    __mul__ = partialmethod(_with, function=operator.mul)
    __rmul__ = partialmethod(_with, function=operator.mul, swapped=True)
    __truediv__ = partialmethod(_with, function=operator.truediv)
    __rtruediv__ = partialmethod(_with, function=operator.truediv, swapped=True)
    __floordiv__ = partialmethod(_with, function=operator.floordiv)
    __rfloordiv__ = partialmethod(_with, function=operator.floordiv, swapped=True)
    __mod__ = partialmethod(_with, function=operator.mod)
    __pow__ = partialmethod(_with, function=operator.pow)


def number(cases: Mapping[Case, Any]) -> Any:
    """The number of these cases: a plain one where all values are equal.

    Raises:
        SpaceError: for more cases than can be held.
    """
    values = list(cases.values())
    if all(value == values[0] for value in values):
        return values[0]
    if len(cases) > MOST:
        paths = list(dict.fromkeys(path for case in cases for path, _ in case))
        raise SpaceError(
            f"{', '.join(map(repr, paths))} together give a size {len(cases):,} values, and a supernet holds {MOST:,} "
            "at most. Give a range a step, or a choice fewer answers."
        )
    return Elastic(cases)


def merged(path: str, sizes: Sequence[tuple[frozenset[Label], Any]]) -> Any:
    """The number that a choice gives, of the numbers that its options give.

    Args:
        path: of the decision.
        sizes: of each option, with the labels that choose it.
    """
    first = sizes[0][1]
    if all(_same(first, size) for _, size in sizes[1:]):
        return first
    cases: dict[Case, Any] = {}
    for labels, size in sizes:
        for label in sorted(labels, key=repr):
            own = size.given(((path, frozenset({label})),)) if isinstance(size, Elastic) else size
            for case, value in own.cases.items() if isinstance(own, Elastic) else [((), own)]:
                cases[tuple({**dict(case), path: label}.items())] = value
    return number(cases)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Elastic) and isinstance(other, Elastic):
        return one.cases == other.cases
    return not isinstance(one, Elastic) and not isinstance(other, Elastic) and bool(one == other)


def _within(case: Case, branch: Branch) -> bool:
    answers = dict(case)
    return all(answers[path] in labels for path, labels in branch if path in answers)
