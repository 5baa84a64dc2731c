"""All networks of a search as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_nas.looking.choosing import ordered

if TYPE_CHECKING:
    import pandas as pd

    from keras_nas.result import SearchResult


def leaderboard(result: SearchResult) -> pd.DataFrame:
    """A row for each trained network, best first."""
    import pandas as pd

    rows = [
        {
            "trial": c.number,
            "stage": "baseline" if c.baseline else "final" if c.final else "explored",
            **c.scores,
            "epochs": round(c.measurements["epochs"], 1),
            **c.architecture,
        }
        for c in ordered(result, result.trials)
    ]
    return pd.DataFrame(rows)
