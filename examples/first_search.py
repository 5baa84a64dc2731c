"""A first search: scikit-learn's digits, from raw pixels to a SavedModel that runs without keras_nas.

    python examples/first_search.py [--seconds 60] [--directory first_search]

Nothing needs a `__main__` guard: workers never import this script.
"""

import argparse

import tensorflow as tf
from sklearn.datasets import load_digits

import keras_nas

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--seconds", type=float, default=60.0)
parser.add_argument("--directory", default="first_search")
arguments = parser.parse_args()

digits = load_digits()
x, y = (digits.images * 15).astype("uint8"), digits.target

result = keras_nas.search(
    "image_classification", (x, y), max_time=arguments.seconds, directory=f"{arguments.directory}/search"
)
print(result.leaderboard().iloc[:, :6])
print(result.summary())
print(result.export(f"{arguments.directory}/model"))

model = tf.saved_model.load(f"{arguments.directory}/model")
print("predicted", model.serve(x[:10]).numpy().argmax(axis=1), "true", y[:10])
