"""Run a stored model in a fresh process and bring its outputs back."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact import alone
from keras_nas.errors import ExportError


@dataclass(frozen=True)
class Answer:
    """What a stored model did in a process of its own.

    Args:
        outputs: One array an output.
        timing: What `alone.timed` returned, empty when nothing was timed.
    """

    outputs: dict[str, np.ndarray]
    timing: dict[str, Any]


def run_alone(
    format: str,
    path: Path,
    rows: dict[str, np.ndarray],
    *,
    seconds: float = 0.0,
    timed_rows: int | None = None,
    threads: int | None = None,
    core: int | None = None,
    preprocess: Path | None = None,
    timeout_s: float = 120.0,
) -> Answer:
    """Run a stored model on rows in a process without keras_nas.

    Args:
        format: A key of `keras_nas.artefact.formats.FORMATS`.
        path: The artefact.
        rows: One array an input, by the inputs' names.
        seconds: The longest time for measuring one call; 0 measures nothing.
        timed_rows: How many of the rows a measured call has, None for all.
        threads: How many the runtime may use, None for its own choice.
        core: The core to run on, None for any.
        preprocess: The folder whose `preprocess.py` makes the artefact's inputs of the rows; None where they are these.
        timeout_s: The process is killed after so many seconds.

    Raises:
        ExportError: The process failed or took too long; the message holds the end of what it wrote.
    """
    with tempfile.TemporaryDirectory(prefix="keras_nas_") as name:
        folder = Path(name)
        np.savez(folder / "rows.npz", allow_pickle=False, **rows)
        request: dict[str, Any] = {"format": format, "path": str(path), "threads": threads, "core": core}
        request |= {"seconds": seconds, "timed_rows": timed_rows}
        request["preprocess"] = None if preprocess is None else str(preprocess)
        (folder / "request.json").write_text(json.dumps(request))
        _started(format, folder, timeout_s)
        answer = json.loads((folder / "answer.json").read_text())
        if answer.pop("own_code"):
            raise ExportError(f"The {format} export needs keras_nas to run: a layer of it imports the package.")
        with np.load(folder / "outputs.npz") as stored:
            return Answer(dict(stored), answer)


def _started(format: str, folder: Path, timeout_s: float) -> None:
    command = [sys.executable, "-I", str(Path(alone.__file__).resolve()), str(folder)]
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", **os.environ}
    try:
        done = subprocess.run(  # noqa: S603 - our own program and interpreter, no shell
            command, env=environment, capture_output=True, text=True, timeout=timeout_s, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise ExportError(
            f"The {format} export gave no answer in a fresh process within {timeout_s:g} s: raise the limit or "
            "give fewer rows."
        ) from error
    if done.returncode:
        said = " | ".join(done.stderr.strip().splitlines()[-3:])
        raise ExportError(f"The {format} export does not run in a fresh process (exit code {done.returncode}): {said}")
