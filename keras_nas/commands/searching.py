"""What searches: `keras-nas search | resume | demo`.

Options have the names of the arguments of `keras_nas.search`, and only what was typed is handed to it.
"""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.commands.parsing import CONSTRAINTS_NOT_MET, DONE, INTERRUPTED, add_command, limit, worker_count
from keras_nas.errors import SearchInterrupted

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

OTHERS = ("command", "quiet")
"""What a command line says that is no argument of `keras_nas.search`."""


def add(commands: Any) -> None:
    """Add the commands."""
    _add_search(commands)
    examples = [
        "keras-nas resume keras_nas_runs/flowers",
        "keras-nas resume keras_nas_runs/flowers --max-time 1200    # 20 minutes in all",
    ]
    does = "go on with a search that was interrupted or killed, or give one that has ended a larger budget"
    resume = add_command(commands, "resume", _resume, does, examples)
    resume.add_argument("directory", help="the search's folder; it holds the data and how the search was called")
    _takes_limits(resume)

    examples = ["keras-nas demo", "keras-nas demo --seconds 60 --directory digits"]
    demo = add_command(commands, "demo", _demo, "search on scikit-learn's digits, and export the winner", examples)
    demo.add_argument("--seconds", type=float, default=120.0, help="budget of the search (default 120)")
    demo.add_argument("--seed", type=int, default=0)
    demo.add_argument("--directory", help="new folder for search and model (default: below keras_nas_runs)")


def _add_search(commands: Any) -> None:
    examples = [
        "keras-nas search auto people.csv --target income",
        "keras-nas search tabular_classification people.csv --target income --max-time 600",
        "keras-nas search image_classification photos/    # photos/cat/1.jpg, photos/dog/2.jpg, ...",
        "keras-nas search image_classification photos/ --constraint latency_ms=5 --constraint params=1e6",
        "keras-nas search tabular_regression flats.parquet --target rent --directory keras_nas_runs/flats",
    ]
    does = "find the best model for a table or a folder of images"
    search = add_command(commands, "search", _search, does, examples)
    search.argument_default = argparse.SUPPRESS
    search.add_argument("task", help="auto, image_classification, tabular_regression, ...; an unknown one lists all")
    search.add_argument("data", help="a CSV or Parquet file, or a folder with one folder of images for each class")
    search.add_argument("--target", action="append", metavar="COLUMN", help="what to predict, in a table; repeatable")
    search.add_argument("--validation-data", metavar="PATH", help="rows to choose by, in the form of the data")
    search.add_argument(
        "--holdout", type=float, metavar="SHARE", help="share of the rows for the last test; default 0.15"
    )
    for axis, listed in (("method", "`keras-nas methods`"), ("space", "`keras-nas spaces`")):
        search.add_argument(f"--{axis}", metavar="NAME", help=f"one of {listed}")
    search.add_argument("--strategy", metavar="NAME", help="what to try next; default auto")
    search.add_argument("--estimator", metavar="NAME", help="how much work a trial is given; default the task's")
    search.add_argument(
        "--objective", dest="objectives", action="append", metavar="NAME", help="what to optimise; repeatable"
    )
    search.add_argument(
        "--constraint", dest="constraints", action="append", type=limit, metavar="NAME=LIMIT", help="repeatable"
    )
    search.add_argument("--latency-target", metavar="NAME", help="where latency is measured: keras, litert, ...")
    search.add_argument("--metric", dest="metrics", action="append", metavar="NAME", help="a Keras metric; repeatable")
    search.add_argument("--loss", metavar="NAME", help="a Keras loss")
    search.add_argument("--class-weight", choices=["balanced"], help="weigh classes by their rarity")
    does = "search at random too, as long again, and show both winners"
    search.add_argument("--baseline", action="store_true", help=does)
    search.add_argument("--seed", type=int, help="keys all randomness; default 0")
    search.add_argument("--directory", help="where the search is kept; default: a new folder below keras_nas_runs")
    search.add_argument("--replace", dest="resume", action="store_false", help="delete an earlier search there first")
    search.add_argument("--precision", metavar="NAME", help="of training: auto, float32, mixed_float16, mixed_bfloat16")
    search.add_argument("--engine", choices=["local", "ray"], help="this machine's processes, or a Ray cluster's")
    _takes_limits(search)


def _takes_limits(parser: argparse.ArgumentParser) -> None:
    """Options that may differ between the runs of a search."""
    parser.argument_default = argparse.SUPPRESS
    parser.add_argument("--max-time", type=float, metavar="SECONDS", help="of the whole search; default 600")
    parser.add_argument("--max-trials", type=int, metavar="NUMBER", help="trainings at most")
    parser.add_argument(
        "--workers", type=worker_count, metavar="NUMBER", help="trainings at the same time; default auto"
    )
    parser.add_argument("--devices-per-trial", type=int, metavar="NUMBER", help="GPUs that a training is spread over")
    parser.add_argument("--quiet", action="store_true", default=False, help="show nothing but the result")


def _search(parsed: argparse.Namespace) -> int:
    import keras_nas
    from keras_nas.preparing.arguments import search_directory
    from keras_nas.tasks import AUTO, get_task

    given = _given(parsed)
    directory = search_directory(given.get("directory"), AUTO if parsed.task == AUTO else get_task(parsed.task).name)
    targets = given.get("target", [])
    given |= {"target": targets[0]} if len(targets) == 1 else {}
    given |= {"constraints": dict(given["constraints"])} if "constraints" in given else {}
    return _run(keras_nas.search, {**given, "directory": directory}, parsed.quiet)


def _resume(parsed: argparse.Namespace) -> int:
    import keras_nas

    return _run(keras_nas.resume, _given(parsed), parsed.quiet)


def _demo(parsed: argparse.Namespace) -> int:
    from keras_nas.demo import demo

    demo(parsed.directory or f"keras_nas_runs/demo_{datetime.now():%Y%m%d_%H%M%S}", parsed.seconds, parsed.seed)
    return DONE


def _given(parsed: argparse.Namespace) -> dict[str, Any]:
    """What was typed, as arguments of `keras_nas.search`."""
    given = {name: value for name, value in vars(parsed).items() if name not in OTHERS}
    return {**given, "verbose": int(not parsed.quiet)}


def _run(search: Callable[..., SearchResult], given: dict[str, Any], quiet: bool) -> int:
    """Search; returns the exit code, also where Ctrl-C leaves no result."""
    from keras_nas.engine.files import STORE_NAME

    directory = Path(given["directory"])
    _announce(directory, quiet)
    try:
        return _told(search(**given), directory)
    except (KeyboardInterrupt, SearchInterrupted):
        begun = (directory / STORE_NAME).exists()
        what = f"`{_command('resume', directory)}` goes on" if begun else "nothing had begun: give the command again"
        print(f"keras-nas: interrupted before there was a result; {what}", file=sys.stderr)
        return INTERRUPTED


def _announce(directory: Path, quiet: bool) -> None:
    """Say where the search is kept; where no terminal shows its progress, a log does."""
    if quiet:
        return
    print(f"The search is kept in {directory}; from another terminal: {_command('status', directory, '--follow')}")
    if not sys.stdout.isatty():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        logger = logging.getLogger("keras_nas")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


def _told(result: SearchResult, directory: Path) -> int:
    """Print what was found and what to do next; returns the exit code."""
    from keras_nas.objectives.constraints import margin_report

    print(result.summary())
    nexts = [("report", directory), ("export", directory, "model")]
    interrupted = result.told["reason"] == "interrupted"
    print("Next:", *(_command(*words) for words in ([("resume", directory)] if interrupted else nexts)), sep="\n  ")
    if interrupted:
        return INTERRUPTED
    met = all(row["met"] for row in margin_report(result.constraints, result.winner.scores))
    return DONE if met else CONSTRAINTS_NOT_MET


def _command(*words: object) -> str:
    """A command line to be typed."""
    return shlex.join(["keras-nas", *map(str, words)])
