"""An objective of your own: what mistakes cost, beside the size of the network.

    python examples/custom_objective.py

A metric is a function of one-hot targets and probabilities, computed on the validation part; its name, with `val_` in
front, is a score, and any score is an objective or has a limit.
"""

from typing import Any

from keras import ops
from sklearn.datasets import load_breast_cancer

import keras_nas

MALIGNANT, BENIGN = 0, 1


def cost(truth: Any, probabilities: Any) -> Any:
    """Mean cost of a decision: a tumour that is missed costs 10, a false alarm 1."""
    is_benign, said_benign = ops.argmax(truth, axis=1) == BENIGN, ops.argmax(probabilities, axis=1) == BENIGN
    missed = ops.logical_and(said_benign, ops.logical_not(is_benign))
    alarm = ops.logical_and(is_benign, ops.logical_not(said_benign))
    return ops.mean(10.0 * ops.cast(missed, "float32") + ops.cast(alarm, "float32"))


def main(**options: Any) -> Any:
    """Search for cheap decisions by small networks."""
    frame = load_breast_cancer(as_frame=True).frame
    objectives = [keras_nas.Objective("val_cost", "min"), "params"]
    result = keras_nas.search(
        "tabular_classification", frame, target="target", metrics=[cost], objectives=objectives, **options
    )
    for candidate in result.pareto_front():
        scores = candidate.scores
        print(f"trial {candidate.number}: {scores['val_cost']:.3f} a decision, {scores['params']:,.0f} parameters")
    print(f"hold-out: {result.holdout['cost']:.3f} a decision")
    return result


if __name__ == "__main__":
    main(max_time=90)
