"""The command line: `keras-nas demo | methods | spaces | status | leaderboard | report`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

from keras_nas.errors import KerasNASError

EXAMPLES = """examples:
  keras-nas demo                          search scikit-learn's digits for two minutes, export the winner
  keras-nas methods                       published methods by name
  keras-nas spaces                        ready search spaces of image classification
  keras-nas status keras_nas_runs/x       how far a search is, also while it runs
  keras-nas leaderboard keras_nas_runs/x  what a finished search found
  keras-nas report keras_nas_runs/x       the same as one HTML page, with charts and the winner's picture

exit codes: 0 done, 1 an error that the message explains, 2 wrong arguments"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: as typed, without the program's name; by default those of the process.

    Returns:
        0 when all went well, 1 after an error.
    """
    parsed = _parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    command: Callable[[argparse.Namespace], None] = parsed.command
    try:
        command(parsed)
    except KerasNASError as error:
        print(f"keras-nas: {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="keras-nas",
        description="Neural architecture search for Keras.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    demo = commands.add_parser("demo", help="search on scikit-learn's digits")
    demo.add_argument("--seconds", type=float, default=120.0, help="budget of the search (default 120)")
    demo.add_argument("--seed", type=int, default=0)
    demo.add_argument("--directory", help="new folder for search and model (default: below keras_nas_runs)")
    demo.set_defaults(command=_demo)
    methods = commands.add_parser("methods", help="published methods as rows of one table")
    methods.set_defaults(command=_methods)
    spaces = commands.add_parser("spaces", help="ready search spaces")
    spaces.add_argument("task", nargs="?", default="image_classification")
    spaces.set_defaults(command=_spaces)
    status = commands.add_parser("status", help="how far a search is, also while it runs")
    status.add_argument("directory")
    status.set_defaults(command=_status)
    leaderboard = commands.add_parser("leaderboard", help="what a finished search found")
    leaderboard.add_argument("directory")
    leaderboard.set_defaults(command=_leaderboard)
    report = commands.add_parser("report", help="one HTML page of what a finished search found")
    report.add_argument("directory")
    report.add_argument("--output", help="the page's file (default: report.html in the search's folder)")
    report.set_defaults(command=_report)
    return parser


def _demo(parsed: argparse.Namespace) -> None:
    from keras_nas.demo import demo

    demo(parsed.directory or f"keras_nas_runs/demo_{datetime.now():%Y%m%d_%H%M%S}", parsed.seconds, parsed.seed)


def _methods(parsed: argparse.Namespace) -> None:
    from keras_nas.methods import methods

    print(methods().to_string(index=False))


def _spaces(parsed: argparse.Namespace) -> None:
    from keras_nas.spaces import spaces
    from keras_nas.tasks import get_task

    print(spaces(get_task(parsed.task).name).to_string(index=False))


def _status(parsed: argparse.Namespace) -> None:
    from keras_nas.engine.store import read_only

    with closing(read_only(Path(parsed.directory))) as connection:
        query = "SELECT number, state, scores FROM trials WHERE source = 'run' ORDER BY ended"
        trials = connection.execute(query).fetchall()
    counts = Counter(state for _, state, _ in trials)
    print(", ".join(f"{count} {state}" for state, count in counts.items()) or "no trial yet")
    for number, _, scores in [trial for trial in trials if trial[1] == "finished"][-5:]:
        print(f"trial {number}: " + ", ".join(f"{name} {value:.4g}" for name, value in json.loads(scores).items()))


def _leaderboard(parsed: argparse.Namespace) -> None:
    from keras_nas.result import load

    result = load(parsed.directory)
    print(result.leaderboard().to_string(index=False))
    print(result.summary())


def _report(parsed: argparse.Namespace) -> None:
    from keras_nas.result import load

    result = load(parsed.directory)
    print(result.report(parsed.output or result.directory / "report.html"))
