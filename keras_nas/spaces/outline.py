"""A space's decisions as text that people read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import takewhile

from keras_nas.decisions import Decision, Decisions


def outline(decisions: Decisions) -> Iterator[str]:
    """Lines of an indented list: each decision below its scope, with its answers and what it depends on.

    Args:
        decisions: parents first.

    Example:
        >>> from keras_nas.domains import Labels
        >>> print(*outline(Decisions((Decision("stem/op", Labels(("conv", "pool"))),
        ...     Decision("stem/kernel", Labels((3, 5)), (("stem/op", frozenset({"conv"})),))))), sep="\\n")
        stem
          op: ['conv', 'pool']
          kernel: [3, 5]  if stem/op is 'conv'
    """
    entered: tuple[str, ...] = ()
    for decision in decisions:
        *scopes, name = decision.path.split("/")
        same = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(scopes, entered, strict=False))))
        for depth in range(same, len(scopes)):
            yield f"{'  ' * depth}{scopes[depth]}"
        entered = tuple(scopes)
        yield f"{'  ' * len(scopes)}{name}: {decision.domain.shown()}{condition(decision)}"


def condition(decision: Decision) -> str:
    """The innermost condition in words, "" where the scope tells it.

    Args:
        decision: of a space.
    """
    if not decision.when or decision.path.startswith(f"{decision.when[-1][0]}/"):
        return ""
    path, labels = decision.when[-1]
    return f"  if {path} is {' or '.join(sorted(map(repr, labels)))}"


def shown_size(size: float) -> str:
    """A number of architectures: exact up to a milliard, then rounded.

    Example:
        >>> shown_size(15625), shown_size(7**30)
        ('15,625', '2.25e+25')
    """
    if math.isinf(size):
        return "infinitely many"
    return f"{size:,}" if size < 1e9 else f"{float(size):.2e}"
