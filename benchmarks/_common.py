"""What the benchmark scripts share: the command line, the environment, and the figures as JSON."""

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_nas.files import write_atomically

os.environ.setdefault("KERAS_NAS_HISTORY", "off")  # no search of a benchmark begins with what another one found

PACKAGES = ("tensorflow", "keras", "keras-tuner", "numpy", "scikit-learn")


def parser(description: str) -> argparse.ArgumentParser:
    """A command-line parser with the option `--json FILE` that every benchmark has."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write the figures to this file")
    return arguments


def data_file(name: str) -> Path:
    """A file of the shared data: below the folder that KERAS_NAS_DATA names, else beside the repository."""
    named = os.environ.get("KERAS_NAS_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parents[2] / "shared" / "data"
    path = folder / name
    if not path.is_file():
        raise SystemExit(f"needs the data file {name}: absent in {folder} (set KERAS_NAS_DATA)")
    return path


def alone(*arguments: object) -> Any:
    """What this script prints last, as JSON, when it is called with `--run` and these arguments; the rest is shown.

    In a process of its own, so that no run inherits another's memory or threads.
    """
    command = [sys.executable, sys.argv[0], "--run", *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    *shown, last = done.stdout.splitlines()
    print("  " + "\n  ".join(shown), flush=True)
    return json.loads(last)


def environment() -> dict[str, object]:
    """The machine and the versions that a figure was measured with, JSON types only."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def figures_to_json(path: str | Path, figures: Mapping[str, float]) -> None:
    """Write `{"figures": ..., "environment": ...}` to `path`, whole or not at all."""
    path = Path(path).resolve()
    path.parent.mkdir(parents=True, exist_ok=True)
    numbers = {name: float(value) for name, value in figures.items()}
    content = {"figures": numbers, "environment": environment()}
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())


def report(figures: Mapping[str, float], json_path: str | Path | None = None) -> None:
    """Print the figures as a table and, when a path is given, write them there as JSON."""
    width = max(map(len, figures), default=0)
    for name, value in figures.items():
        print(f"{name:<{width}}  {value:.4g}")
    if json_path is not None:
        figures_to_json(json_path, figures)
        print(f"written: {json_path}")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
