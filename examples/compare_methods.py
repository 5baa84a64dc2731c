"""Methods on the same data and budget, beside each other: change one word, keep the rest.

    python examples/compare_methods.py

One seed each, so that small differences say little; `keras_nas.methods()` lists all methods with their papers.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.datasets import load_digits

import keras_nas

METHODS = ("random_search", "nas_rl", "nasbot", "nsga_net")


def main(methods: Sequence[str] = METHODS, directory: str = "compare_methods", **options: Any) -> pd.DataFrame:
    """A row a method: the winner's scores, and what was tried."""
    digits = load_digits()
    data = digits.images.astype("uint8"), digits.target
    found = {}
    for method in methods:
        result = keras_nas.search(
            "image_classification", data, method=method, history=False, directory=Path(directory) / method, **options
        )
        low, high = result.told["holdout"]["intervals"]["accuracy"]
        found[method] = {
            "val_accuracy": result.winner.scores["val_accuracy"],
            "holdout_accuracy": result.holdout["accuracy"],
            "interval": f"{low:.3f} to {high:.3f}",
            "params": result.winner.scores["params"],
            "trained": len(result.trials),
            "failed": len(result.failures),
        }
    table = pd.DataFrame.from_dict(found, orient="index")
    print(table.to_string())
    return table


if __name__ == "__main__":
    main(max_time=60)
