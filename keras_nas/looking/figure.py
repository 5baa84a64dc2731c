"""A figure that a notebook shows: elsewhere it is pyplot that tells notebooks how, which is not involved here."""

from __future__ import annotations

import io

from matplotlib.figure import Figure


class Chart(Figure):
    """A Matplotlib figure that is its own picture where a notebook's cell ends with it."""

    def _repr_png_(self) -> bytes:
        held = io.BytesIO()
        self.savefig(held, format="png")
        return held.getvalue()
