"""How well shared weights had ranked networks that were also trained alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Scores = Sequence[float] | np.ndarray
POOR = 0.3
"""Kendall's tau below which a ranking says little."""


def kendall_tau(a: Scores, b: Scores) -> float:
    """Kendall's tau-b: pairs in the same order less pairs in opposite order; ties count for neither.

    Args:
        a: scores, two or more.
        b: of the same networks.

    Returns:
        From -1 to 1; NaN when either side is constant.

    Example:
        >>> round(kendall_tau([1, 2, 3, 4], [1, 2, 4, 3]), 4)
        0.6667
    """
    from scipy.stats import kendalltau

    return float(kendalltau(a, b).statistic)


def spearman(a: Scores, b: Scores) -> float:
    """Spearman's correlation: Pearson's of the ranks, ties having their mean rank.

    Returns:
        From -1 to 1; NaN when either side is constant.

    Example:
        >>> round(spearman([1, 2, 3, 4], [1, 2, 4, 3]), 4)
        0.8
    """
    from scipy.stats import spearmanr

    constant = not (np.ptp(a) and np.ptp(b))  # of which SciPy would warn
    return float("nan") if constant else float(spearmanr(a, b).statistic)


def check_lines(shared: Scores, alone: Scores) -> list[str]:
    """What the summary says of the check.

    Args:
        shared: scores under shared weights.
        alone: of the same networks, trained alone.

    Returns:
        A line, and a warning where the ranking says little, or what is missing for a check; nothing where none was
        trained alone.
    """
    if 0 < len(shared) < 3:
        return [
            f"Weight sharing not checked: {len(shared)} of the 3 networks that a check needs were trained alone, so "
            "nothing is known of how well shared weights rank. Give the search more time."
        ]
    if not len(shared):
        return []
    tau, rho = kendall_tau(shared, alone), spearman(shared, alone)
    line = (
        f"Weight sharing checked: {len(shared)} networks trained alone rank as under shared weights by Kendall's tau "
        f"{tau:.2f}, Spearman {rho:.2f}."
    )
    warning = (
        f"Warning: below {POOR} the shared weights hardly rank these networks; do not trust that the best was found. "
        "Train the supernet longer, or use estimator='finalists'."
    )
    return [line] if tau >= POOR else [line, warning]
