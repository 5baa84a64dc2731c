"""How far a search is: `keras-nas status`."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.commands.parsing import DONE, add_command

if TYPE_CHECKING:
    from keras_nas.engine.watch import Watch

EVERY = 1.0
"""Seconds between two looks at a running search."""


def add(commands: Any) -> None:
    """Add the command."""
    examples = ["keras-nas status keras_nas_runs/flowers", "keras-nas status keras_nas_runs/flowers --follow"]
    status = add_command(commands, "status", _status, "tell how far a search is, also while it runs", examples)
    status.add_argument("directory", help="the search's folder")
    status.add_argument("--follow", action="store_true", help="go on until the search ends")


def _status(parsed: argparse.Namespace) -> int:
    from keras_nas.engine.watch import Watch

    with Watch(Path(parsed.directory)) as watch:
        if parsed.follow and sys.stdout.isatty():
            _redraw(watch)
        elif parsed.follow:
            _print_changes(watch)
        else:
            print("\n".join(watch.lines()))
    return DONE


def _redraw(watch: Watch) -> None:
    """In a terminal the display is drawn in its place."""
    from rich.live import Live
    from rich.text import Text

    with Live(Text("\n".join(watch.lines())), auto_refresh=False) as live:
        while watch.running:
            time.sleep(EVERY)
            live.update(Text("\n".join(watch.lines())), refresh=True)


def _print_changes(watch: Watch) -> None:
    """Elsewhere the heading is printed, a line for each trial that ended, and the whole at the end."""
    lines, ended = watch.lines(), watch.ended
    if watch.running:
        print(lines[0], flush=True)
    while watch.running:
        time.sleep(EVERY)
        lines = watch.lines()
        if watch.ended != ended:
            print(" | ".join(lines[1:3]), flush=True)
            ended = watch.ended
    print("\n".join(lines))
