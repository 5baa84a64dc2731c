"""What all commands have in common: a parser with examples, and values of options."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from typing import Any

Run = Callable[[argparse.Namespace], int]
"""Runs a command; returns the exit code."""

DONE, ERROR, WRONG_ARGUMENTS, CONSTRAINTS_NOT_MET, INTERRUPTED = 0, 1, 2, 3, 130
EXIT_CODES = f"""exit codes:
  {DONE:>3}  done
  {ERROR:>3}  an error that the message explains
  {WRONG_ARGUMENTS:>3}  wrong arguments
  {CONSTRAINTS_NOT_MET:>3}  the search has ended, but no network meets all constraints: the winner is the nearest one
  {INTERRUPTED:>3}  ended by Ctrl-C; a search goes on with `keras-nas resume`"""


class Form(argparse.RawDescriptionHelpFormatter):
    """Help whose examples keep their lines."""


def add_command(commands: Any, name: str, run: Run, does: str, examples: Sequence[str]) -> argparse.ArgumentParser:
    """Add a command.

    Args:
        commands: what `ArgumentParser.add_subparsers` returned.
        name: of the command.
        run: runs it.
        does: what it does, in a few words.
        examples: command lines.

    Returns:
        Its parser, which takes the arguments.
    """
    lines = "\n".join(f"  {example}" for example in examples)
    parser: argparse.ArgumentParser = commands.add_parser(
        name, help=does, description=f"{does[0].upper()}{does[1:]}.", epilog=f"examples:\n{lines}", formatter_class=Form
    )
    parser.set_defaults(command=run)
    return parser


def limit(text: str) -> tuple[str, float]:
    """A limit on a score.

    Example:
        >>> limit("latency_ms=5")
        ('latency_ms', 5.0)
    """
    name, sign, value = text.partition("=")
    try:
        return name.strip(), float(value if sign else "")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected NAME=NUMBER, as in latency_ms=5") from None


def worker_count(text: str) -> int | str:
    """A number of workers, or "auto"."""
    if text == "auto":
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: expected a whole number, or auto") from None
