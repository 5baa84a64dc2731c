"""Jobs as bytes for the pipe to a worker, which may stand on another machine; never written to disk.

A job names the search's files by path. Such a path is sent as a name inside the search's folder, and read as a path
inside the folder that the worker has: the same one, or its copy on another machine.
"""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import cloudpickle

from keras_nas.engine.job import Job
from keras_nas.errors import WorkerError


class _Writer(cloudpickle.Pickler):
    """Notes the paths inside `root` that it meets, and sends their names."""

    def __init__(self, file: io.BytesIO, root: Path) -> None:
        super().__init__(file)
        self.root = root
        self.names: set[str] = set()

    def persistent_id(self, thing: Any) -> str | None:
        """The name of a path inside the root; None for whatever else is pickled."""
        if not isinstance(thing, Path) or self.root not in thing.parents:
            return None
        name = thing.relative_to(self.root).as_posix()
        self.names.add(name)
        return name


class _Reader(pickle.Unpickler):
    """Reads names as paths inside `root`."""

    def __init__(self, file: io.BytesIO, root: Path) -> None:
        super().__init__(file)
        self.root = root

    def persistent_load(self, name: str) -> Path:
        """The path of that name."""
        return self.root / name


def pickled(job: Job, root: Path) -> tuple[bytes, list[str]]:
    """A job as bytes.

    Args:
        job: What to send.
        root: The absolute folder of the search.

    Returns:
        The bytes, and the names inside the folder that the job's arguments mention.

    Raises:
        WorkerError: When something in it cannot be sent to another process.

    Example:
        >>> payload, names = pickled(Job(print, {"data": Path("/search/data")}), Path("/search"))
        >>> names, unpickled(payload, Path("/elsewhere")).arguments["data"].as_posix()
        (['data'], '/elsewhere/data')
    """
    file = io.BytesIO()
    try:
        writer = _Writer(file, root)
        writer.dump(job)
    except Exception as error:
        raise WorkerError(
            f"The trial's function or arguments cannot be sent to a worker ({type(error).__name__}: {error}). Pass "
            "plain data, functions and file names, open files and locks inside the function, or use workers=0."
        ) from error
    return file.getvalue(), sorted(writer.names)


def unpickled(payload: bytes, root: Path) -> Job:
    """The job that `pickled` made bytes of.

    Args:
        payload: The bytes.
        root: Where the search's files are found here.
    """
    job: Job = _Reader(io.BytesIO(payload), root).load()
    return job
