"""The most accurate network below a latency: measured on this device after each training, weighed by Pareto dominance.

python examples/latency_bounded.py [--seconds 90] [--latency-ms 4] [--directory latency_bounded]
"""

import argparse

from sklearn.datasets import load_digits

import keras_nas

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seconds", type=float, default=90.0)
parser.add_argument("--latency-ms", type=float, default=4.0)
parser.add_argument("--directory", default="latency_bounded")
arguments = parser.parse_args()

digits = load_digits()
result = keras_nas.search(
    "image_classification",
    ((digits.images * 15).astype("uint8"), digits.target),
    objectives=["val_accuracy", "latency_ms"],
    constraints={"latency_ms": arguments.latency_ms},
    max_time=arguments.seconds,
    directory=arguments.directory,
)
print(result.summary())
for candidate in result.pareto_front():
    print(f"trial {candidate.number}: {candidate.scores['val_accuracy']:.4f}, {candidate.scores['latency_ms']:.2f} ms")
