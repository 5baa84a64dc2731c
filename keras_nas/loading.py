"""TensorFlow, loaded without what it tells of the machine meanwhile."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator

from keras_nas.engine.resources import this_machine

NOISE = r"WARNING: All log messages before absl|I0000 |To enable the following instructions"
"""How lines begin that TensorFlow writes while it is loaded, and that ask nothing of anybody."""
NO_GPU = r"|E0000 .*cuInit"
"""That CUDA cannot be started; an error only where there is a GPU."""
SIEVE = """
import re, sys
for line in sys.stdin.buffer:
    if not re.match(sys.argv[1].encode(), line):
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
"""
LAST_LINES_SECONDS = 5.0
"""How long the sieve may take for the last lines; a process that another thread starts meanwhile keeps it open."""


def load_tensorflow() -> None:
    """Import TensorFlow where that has not been done, without its remarks in the terminal or the notebook's cell.

    Its C++ code writes them before it heeds any setting of its own (`TF_CPP_MIN_LOG_LEVEL`). Real errors come through.
    """
    if "tensorflow" in sys.modules or sys.stderr is None:
        return
    gpus = this_machine().gpus
    with sieved(NOISE if gpus else NOISE + NO_GPU):
        import tensorflow as tf

        if not gpus:  # looked for now, as it would be in the first computation; where there are some, it takes memory
            tf.config.list_physical_devices()


@contextlib.contextmanager
def sieved(noise: str) -> Iterator[None]:
    """While entered, lines that C or Python code writes to standard error are left out where they begin with `noise`.

    The sieve is a process of its own: what comes before a crash comes through.

    Args:
        noise: a regular expression.
    """
    sys.stderr.flush()
    before = os.dup(2)
    reads, writes = os.pipe()
    command = [sys.executable, "-I", "-S", "-c", SIEVE, noise]
    sieve = subprocess.Popen(  # noqa: S603 - our own program and interpreter, no shell
        command, stdin=reads, stdout=before, stderr=subprocess.DEVNULL, start_new_session=True
    )
    os.dup2(writes, 2)
    os.close(reads)
    os.close(writes)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(before, 2)
        os.close(before)
        with contextlib.suppress(subprocess.TimeoutExpired):
            sieve.wait(LAST_LINES_SECONDS)
