"""The command line: `keras-nas search | resume | status | leaderboard | report | export | methods | spaces | demo`.

Whatever a command needs is imported when it runs, so that help and status are there at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from keras_nas.commands import finding, listing, searching, watching
from keras_nas.commands.parsing import ERROR, EXIT_CODES, INTERRUPTED, WRONG_ARGUMENTS, Form, Run
from keras_nas.errors import InvalidArgument, KerasNASError

EXAMPLES = """examples:
  keras-nas demo                              search scikit-learn's digits for two minutes, export the winner
  keras-nas search tabular_classification people.csv --target income --max-time 600 --directory people
  keras-nas search image_classification photos/ --directory photos_search
  keras-nas status people --follow            how far it is, from another terminal
  keras-nas resume people                     go on after Ctrl-C, a crash or a power cut
  keras-nas leaderboard people                what it has found
  keras-nas report people people.html         the same as one page, with charts and the winner's picture
  keras-nas export people model --format saved_model

`keras-nas COMMAND --help` tells more of each."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: as typed, without the program's name; by default those of the process.

    Returns:
        The exit code: 0 done, 1 an error, 2 wrong arguments, 3 constraints that no network meets, 130 Ctrl-C.
    """
    parsed = parser().parse_args(arguments)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    run: Run = parsed.command
    try:
        code = run(parsed)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("keras-nas: interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the output has closed it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ERROR
    except (KerasNASError, OSError) as error:
        print(f"keras-nas: {error}", file=sys.stderr)
        return WRONG_ARGUMENTS if isinstance(error, InvalidArgument) else ERROR
    return code


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; what it parses holds the one to run as `command`."""
    made = argparse.ArgumentParser(
        prog="keras-nas",
        description="Neural architecture search for Keras: the best model for your data within time, size and latency.",
        epilog=f"{EXAMPLES}\n\n{EXIT_CODES}",
        formatter_class=Form,
    )
    commands = made.add_subparsers(required=True, metavar="command")
    for group in (searching, watching, finding, listing):
        group.add(commands)
    return made
