"""A trial that goes on from another: its folder begins with what that one left there."""

from __future__ import annotations

import shutil
from pathlib import Path

from keras_nas.engine.files import MODEL
from keras_nas.files import sync


def inherit(trials: Path, parent: int, number: int) -> bool:
    """Copies a trial's checkpoint into the folder of the one that goes on from it, unless that has a folder already.

    The training then finds a checkpoint of its own, as after a crash: continuing is no other mechanism. A copy, so that
    either trial can be run again, and because a trial's own folder is all that travels to another machine.

    Args:
        trials: The folder of the search that holds one folder a trial.
        parent: The number of the trial to go on from.
        number: That of the new one.

    Returns:
        Whether there is something to go on from; if not, the training begins at its beginning.

    Example:
        >>> import tempfile
        >>> trials = Path(tempfile.mkdtemp())
        >>> (trials / "0").mkdir()
        >>> _ = (trials / "0" / "checkpoint.json").write_text("{}")
        >>> inherit(trials, 0, 1), [path.name for path in (trials / "1").iterdir()], inherit(trials, 7, 8)
        (True, ['checkpoint.json'], False)
    """
    source, target = trials / str(parent), trials / str(number)
    if target.exists():
        return True
    if not source.is_dir():
        return False
    unfinished = trials / f"inherited-{number}"
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns(f"*{Path(MODEL).suffix}"))
    for path in unfinished.rglob("*"):
        sync(path)
    unfinished.replace(target)
    sync(trials)
    return True
