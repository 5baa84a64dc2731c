"""What a search has found: `keras-nas leaderboard | report | export`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from keras_nas.commands.parsing import DONE, add_command

RUN = "keras_nas_runs/flowers"


def add(commands: Any) -> None:
    """Add the commands."""
    examples = [f"keras-nas leaderboard {RUN}", f"keras-nas leaderboard {RUN} --csv > networks.csv"]
    board = add_command(commands, "leaderboard", _leaderboard, "list what a search has found, best first", examples)
    _takes_directory(board)
    board.add_argument("--decisions", action="store_true", help="a column for each decision too")
    board.add_argument("--csv", action="store_true", help="print all columns of the table as CSV, and nothing else")

    examples = [f"keras-nas report {RUN}", f"keras-nas report {RUN} report.html"]
    report = add_command(commands, "report", _report, "write one HTML page of what a search has found", examples)
    _takes_directory(report)
    report.add_argument("output", nargs="?", help="the page's file (default: report.html in the search's folder)")

    examples = [f"keras-nas export {RUN} model", f"keras-nas export {RUN} phone --format litert_int8"]
    export = add_command(commands, "export", _export, "write the winner to a new folder, run and compare it", examples)
    _takes_directory(export)
    export.add_argument("path", help="the folder to make")
    export.add_argument(
        "--format",
        default="saved_model",
        help="saved_model (default), keras, litert, litert_float16, litert_int8, onnx, openvino, or source",
    )
    export.add_argument("--overwrite", action="store_true", help="replace an earlier export there")


def _takes_directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", help="the search's folder")


def _leaderboard(parsed: argparse.Namespace) -> int:
    from keras_nas.results.result import load

    result = load(parsed.directory)
    board = result.leaderboard()
    if parsed.csv:
        print(board.to_csv(index=False), end="")
        return DONE
    shown = board if parsed.decisions else board.loc[:, :"seconds"]
    print(shown.to_string(index=False))
    print(result.summary())
    return DONE


def _report(parsed: argparse.Namespace) -> int:
    from keras_nas.results.result import load

    result = load(parsed.directory)
    print(result.report(Path(parsed.output) if parsed.output else result.directory / "report.html"))
    return DONE


def _export(parsed: argparse.Namespace) -> int:
    from keras_nas.results.result import load

    export = load(parsed.directory).export(parsed.path, parsed.format, parsed.overwrite)
    print(export, f"It takes {export.takes}.", sep="\n")
    return DONE
