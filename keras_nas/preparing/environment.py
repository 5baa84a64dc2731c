"""The machine and the packages that a search ran on."""

from __future__ import annotations

import platform
from importlib.metadata import version

from keras_nas.engine.resources import this_machine

PACKAGES = ("keras-nas", "keras", "tensorflow", "keras-tuner", "numpy", "scikit-learn")
"""What scores depend on."""


def versions() -> dict[str, str]:
    """Of the packages that scores depend on."""
    return {name: version(name) for name in PACKAGES}


def environment() -> dict[str, str]:
    """What there is to know of this machine, in words.

    Example:
        >>> environment()["Python"].count(".")
        2
    """
    machine = this_machine()
    return {
        "Python": platform.python_version(),
        **versions(),
        "system": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "processor cores": str(machine.cores),
        "GPUs": str(len(machine.gpus)),
    }
