"""All networks of a search as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keras_nas.looking.choosing import ordered

if TYPE_CHECKING:
    import pandas as pd

    from keras_nas.results.candidate import Candidate
    from keras_nas.results.result import SearchResult


MB_A_NUMBER = 4e-6
"""Megabytes of a parameter in float32."""


def leaderboard(result: SearchResult) -> pd.DataFrame:
    """A row for each trained network, best first; decisions come after all that was measured.

    Args:
        result: of the search.
    """
    import pandas as pd

    first = [objective.name for objective in result.objectives]
    rows = [_row(c, first, result.timeline.trials.get(c.number)) for c in ordered(result, result.trials)]
    measured = list(dict.fromkeys(name for row, _ in rows for name in row))
    asked = dict.fromkeys(path for _, decisions in rows for path in decisions)
    columns = {path: path if path not in measured else f"decision {path}" for path in asked}
    made = pd.DataFrame(
        [{**row, **{columns[path]: label for path, label in decisions.items()}} for row, decisions in rows],
        columns=[*measured, *columns.values()],
    )
    for name in made.columns.intersection(["params", *columns.values()]):
        if made[name].dtype == float and not (made[name].dropna() % 1).any():
            made[name] = made[name].astype("Int64")
    return made


def _row(candidate: Candidate, first: list[str], seconds: float | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was measured, the objectives before all, and what was decided."""
    stage = "baseline" if candidate.baseline else "final" if candidate.final else "explored"
    params = candidate.scores.get("params")
    measured = {
        "trial": candidate.number,
        "stage": stage,
        **{name: candidate.scores[name] for name in first},
        **({} if params is None else {"size_mb": params * MB_A_NUMBER}),
        **candidate.scores,
        "epochs": round(candidate.measurements["epochs"], 1),
        "seconds": None if seconds is None else round(seconds, 1),
    }
    return measured, dict(candidate.architecture)


def cells(board: pd.DataFrame) -> list[list[object]]:
    """The rows of a table for people: plain Python values, nothing where nothing was measured."""
    import pandas as pd

    return [[None if pd.isna(value) else value for value in row] for row in board.astype(object).to_numpy().tolist()]
