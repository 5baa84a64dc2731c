"""Small spaces and a scored table that the conformance checks search."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping

from keras_nas.architecture import Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Failure, Outcome

LETTERS = Labels(("a", "b", "c", "d"))
FLAT = Decisions(tuple(Decision(f"d{index}", LETTERS) for index in range(6)))
"""Six decisions of four labels: 4,096 architectures."""
CONDITIONAL = Decisions(
    (
        Decision("op", Labels(("conv", "pool", "skip"))),
        Decision("op/conv/kernel", Labels((3, 5, 7), ordered=True), (("op", frozenset({"conv"})),)),
        Decision("op/conv/gate", Labels((False, True)), (("op", frozenset({"conv"})),)),
        Decision("op/conv/gate/ratio", Interval(1, 4, 1, integer=True), (("op/conv/gate", frozenset({True})),)),
        Decision("op/pool/size", Labels((2, 3)), (("op", frozenset({"pool"})),)),
        Decision("only", Labels(("one",))),
    )
)
"""Three levels of conditions, a number, and a decision without a choice: 18 architectures."""
MIXED = Decisions(
    (
        Decision("rate", Interval(1e-4, 1e-1, log=True)),
        Decision("units", Interval(8, 256, 8, integer=True)),
        Decision("drop", Labels((False, True))),
        Decision("drop/share", Interval(0.1, 0.5), (("drop", frozenset({True})),)),
        Decision("kind", LETTERS),
    )
)
"""Real, logarithmic and stepped numbers; infinitely many architectures."""
SINGLE = Decisions((Decision("only", Labels(("one",))),))
SPACES = (FLAT, CONDITIONAL, MIXED, SINGLE)

SCORE = Objective("score", "max")
COST = Objective("cost", "min")
FAILURES = (
    Outcome({"score": math.nan, "cost": 1.0}),
    Outcome({"score": math.inf, "cost": 1.0}),
    Outcome({"score": -math.inf, "cost": math.nan}),
    Outcome(failure=Failure("out_of_memory", "no memory left")),
    Outcome(failure=Failure("timeout", "took too long")),
)


def outcome(architecture: Mapping[str, Label]) -> Outcome:
    """The toy table: every answer has a worth of its own, and the best answers are worth more together."""
    worths = [zlib.crc32(f"{path}={_rounded(label)}".encode()) % 7 for path, label in architecture.items()]
    score = float(sum(worths)) + 3.0 * sum(worth >= 5 for worth in worths)
    return Outcome({"score": score, "cost": float(sum(len(str(label)) for label in architecture.values()))})


def _rounded(label: Label) -> Label:
    return f"{label:.1g}" if isinstance(label, float) else label
