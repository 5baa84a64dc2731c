"""What the benchmark scripts share: the command line, the environment, and the figures as JSON."""

import argparse
import importlib.metadata
import json
import os
import platform
import tempfile
from collections.abc import Mapping
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "keras-tuner", "numpy", "scikit-learn")


def parser(description: str) -> argparse.ArgumentParser:
    """A command-line parser with the option `--json FILE` that every benchmark has."""
    arguments = argparse.ArgumentParser(description=description)
    arguments.add_argument("--json", metavar="FILE", type=Path, help="write the figures to this file")
    return arguments


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
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


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
