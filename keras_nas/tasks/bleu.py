"""How near texts that were written are to those that were wanted: what the runs of their tokens have in common."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

RUNS = 4
"""Longest run of tokens that is compared."""
COUNTS = 2 * RUNS + 2
"""Numbers that `overlap` gives."""


def overlap(written: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """What BLEU has to know of one pair, which adds up over pairs.

    Args:
        written: tokens.
        wanted: tokens.

    Returns:
        `(10,)`: of the runs of 1 to 4 tokens that were written how many are wanted, each at most as often as it is; how
        many were written; and the lengths of both texts.

    Example:
        >>> overlap("the the the".split(), "the cat".split())
        array([1., 0., 0., 0., 3., 2., 1., 0., 3., 2.])
    """
    said, asked = ([_runs(tokens, length) for length in range(1, RUNS + 1)] for tokens in (written, wanted))
    common = [(own & other).total() for own, other in zip(said, asked, strict=True)]
    return np.array([*common, *(runs.total() for runs in said), len(written), len(wanted)], dtype=np.float64)


def bleu(counts: np.ndarray) -> float:
    """BLEU of a set of texts, from 0 to 100: shares of runs of up to 4 tokens, and a penalty for what is too short.

    Args:
        counts: the sum of `overlap` over all pairs, `(10,)`.

    Example:
        >>> bleu(overlap("a b c d e".split(), "a b c d e".split()))
        100.0
        >>> round(bleu(overlap("a b c d".split(), "a b c d e".split())), 2)  # 100 exp(1 - 5 / 4)
        77.88

    Reference:
        Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002.
    """
    common, runs, (written, wanted) = np.split(counts, [RUNS, 2 * RUNS])
    if not common.all():
        return 0.0
    shares = float(np.log(common / runs).mean())
    return 100.0 * math.exp(shares + min(0.0, 1.0 - wanted / written))


def _runs(tokens: Sequence[str], length: int) -> Counter[tuple[str, ...]]:
    """All runs of so many tokens."""
    return Counter(tuple(tokens[start : start + length]) for start in range(len(tokens) - length + 1))
