"""A trial that goes on from another, or begins with its weights: its folder begins with what that one left there."""

from __future__ import annotations

import shutil
from pathlib import Path

from keras_nas.engine.files import MODEL, PARENT
from keras_nas.files import sync


def inherit(trials: Path, parent: int, number: int, alike: bool = True) -> bool:
    """Lays what a trial left into the folder of the one that goes on from it, unless that has a folder already.

    Of a trial of the same architecture that is its checkpoint. The training then finds a checkpoint of its own, as
    after a crash: continuing is no other mechanism. Of another architecture it is the model, from which the training
    takes the weights that it can use. A copy, so that either trial can be run again, and because a trial's own folder
    is all that travels to another machine.

    Args:
        trials: The folder of the search that holds one folder a trial.
        parent: The number of the trial to go on from.
        number: That of the new one.
        alike: Whether both have the same architecture.

    Returns:
        Whether there is something to go on from; if not, the training begins at its beginning.

    Example:
        >>> import tempfile
        >>> trials = Path(tempfile.mkdtemp())
        >>> (trials / "0").mkdir()
        >>> _ = (trials / "0" / "checkpoint.json").write_text("{}")
        >>> inherit(trials, 0, 1), [path.name for path in (trials / "1").iterdir()], inherit(trials, 7, 8)
        (True, ['checkpoint.json'], False)
        >>> _ = (trials / "0" / "model.keras").write_text("a model")
        >>> inherit(trials, 0, 2, alike=False), [path.name for path in (trials / "2").iterdir()]
        (True, ['parent.keras'])
    """
    source, target = trials / str(parent), trials / str(number)
    if target.exists():
        return True
    if not (source if alike else source / MODEL).exists():
        return False
    unfinished = trials / f"inherited-{number}"
    shutil.rmtree(unfinished, ignore_errors=True)
    if alike:
        shutil.copytree(source, unfinished, ignore=shutil.ignore_patterns(f"*{Path(MODEL).suffix}"))
    else:
        unfinished.mkdir()
        shutil.copyfile(source / MODEL, unfinished / PARENT)
    for path in unfinished.rglob("*"):
        sync(path)
    unfinished.replace(target)
    sync(trials)
    return True
