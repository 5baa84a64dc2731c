"""What there is to choose from: `keras-nas methods | spaces`."""

from __future__ import annotations

import argparse
from typing import Any

from keras_nas.commands.parsing import DONE, add_command


def add(commands: Any) -> None:
    """Add the commands."""
    add_command(commands, "methods", _methods, "list published methods by name", ["keras-nas methods"])
    examples = ["keras-nas spaces", "keras-nas spaces tabular_classification"]
    spaces = add_command(commands, "spaces", _spaces, "list the ready search spaces of a task", examples)
    spaces.add_argument("task", nargs="?", default="image_classification", help="default: %(default)s")


def _methods(parsed: argparse.Namespace) -> int:
    from keras_nas.methods import methods

    print(methods().to_string(index=False))
    return DONE


def _spaces(parsed: argparse.Namespace) -> int:
    from keras_nas.spaces import spaces
    from keras_nas.tasks import get_task

    print(spaces(get_task(parsed.task).name).to_string(index=False))
    return DONE
