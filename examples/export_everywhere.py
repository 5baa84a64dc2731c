"""Search scikit-learn's digits, then hand the winner over in every format, and as source; one line for each.

    python examples/export_everywhere.py [--seconds 60] [--directory exports] [--formats litert onnx ...]

A format whose packages are not installed, or that cannot hold the winner, says why.
"""

import argparse
from collections.abc import Sequence
from typing import Any

from sklearn.datasets import load_digits

import keras_nas
from keras_nas.artefact.formats import FORMATS
from keras_nas.errors import KerasNASError


def main(arguments: Sequence[str] | None = None) -> Any:
    """Search, export, and return the result of the search."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--directory", default="exports")
    parser.add_argument("--formats", nargs="+", default=[*FORMATS], choices=[*FORMATS])
    options = parser.parse_args(arguments)
    digits = load_digits()
    result = keras_nas.search(
        "image_classification",
        ((digits.images * 15).astype("uint8"), digits.target),
        max_time=options.seconds,
        directory=f"{options.directory}/search",
    )
    print(result.to_source(f"{options.directory}/winner.py", overwrite=True))
    for name in options.formats:
        try:
            print(result.export(f"{options.directory}/{name}", format=name, overwrite=True))
        except KerasNASError as error:
            print(f"{name}: {error}")
    return result


if __name__ == "__main__":
    main()
