"""A result as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras_nas.looking.board import cells
from keras_nas.looking.page import items
from keras_nas.markup import Markup, table, tag

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

ROWS = 5
HINT = "result.plot(), result.plot_architecture(), result.leaderboard(), result.report('report.html')"


def card(result: SearchResult) -> Markup:
    """The account, the best networks, and where to look next, as HTML.

    Args:
        result: of the search.
    """
    board = result.leaderboard().loc[:, :"seconds"].head(ROWS)
    told = result.told
    return tag(
        "div",
        tag("b", f"{told['task']} on {told['space']}: trial {result.winner.number} of {len(result.trials)}"),
        items(result.summary().splitlines()),
        table(list(board.columns), cells(board), "The best"),
        tag("p", tag("code", HINT)),
    )
