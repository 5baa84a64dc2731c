"""`keras_nas.resume`: a search goes on from its folder alone."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from keras_nas.backbone import Backbone
from keras_nas.data import Rows
from keras_nas.engine.files import BACKBONE
from keras_nas.engine.store import read_only
from keras_nas.errors import ResumeError
from keras_nas.results.result import SearchResult
from keras_nas.search import search


def resume(directory: str | os.PathLike[str], **changes: Any) -> SearchResult:
    """Go on with a search that was interrupted or killed, or give one that has ended a larger budget.

    The folder holds the data, and how the search was called last; so nothing has to be said again but objects of your
    own (a space, a function, a model), which a folder cannot hold.

    Args:
        directory: of the search.
        **changes: arguments of `keras_nas.search` that are to be others than last time: limits (`max_time`, of all runs
            together, `max_trials`), `workers`, `verbose`; and your own objects, as they were.

    Returns:
        The result, as `keras_nas.search` returns it.

    Raises:
        StoreError: when the directory holds no search.
        ResumeError: when nothing in it says how to go on, when your own objects are missing, or when what is changed
            makes it another search.

    Example:
        >>> result = keras_nas.resume("keras_nas_runs/flowers", max_time=1200)  # doctest: +SKIP
        >>> resume("no_such_folder")
        Traceback (most recent call last):
        keras_nas.errors.StoreError: There is no search in no_such_folder: expected a folder that holds search.sqlite.
    """
    folder = Path(directory).expanduser()
    asked, arguments = _last_call(folder)
    if "backbone" in asked["own"] and "backbone" not in changes:
        changes["backbone"] = Backbone.stored(folder / BACKBONE, arguments["backbone"]["training"])
    missing = [name for name in asked["own"] if name not in changes]
    if missing:
        again = ", ".join(f"{name}=..." for name in missing)
        raise ResumeError(
            f"The search in {folder} was given objects of your own, which a folder cannot hold: {', '.join(missing)}. "
            f"Give them again, as they were: keras_nas.resume({str(directory)!r}, {again})."
        )
    return search(**{"data": Rows.load(folder / "data"), **asked["given"], **changes, "directory": folder})


def _last_call(folder: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """How the search was called last, as `identity.recorded` told it, and what decides that it is the same."""
    with closing(read_only(folder)) as connection:
        query = "SELECT body FROM records WHERE kind = 'call' ORDER BY position DESC LIMIT 1"
        row = connection.execute(query).fetchone()
    call: Mapping[str, Any] = json.loads(row[0]) if row else {}
    if call.get("asked") is None:
        raise ResumeError(
            f"{folder} does not say how its search was called: it ended before the first training, or an earlier "
            "keras_nas recorded it. Call keras_nas.search again with the same arguments and that directory."
        )
    return call["asked"], call["arguments"]
