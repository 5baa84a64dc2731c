"""Text: short reviews, made up, to a SavedModel that takes raw strings.

    python examples/text.py [--seconds 60] [--directory text]

What is learned of the words is learned of the training part alone, and stands inside the model: it takes any string.
"""

import argparse
from typing import Any

import numpy as np
import tensorflow as tf
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline

import keras_nas
from keras_nas.data import Split

PRAISE = ("a delight", "moving and funny", "the best of the year", "never dull", "not bad at all", "worth every minute")
BLAME = ("a bore", "flat and dull", "the worst of the year", "never funny", "not good at all", "a waste of time")
FRAMES = (
    "The film is {}.",
    "Honestly: {}!",
    "My friends called it {}, and I agree.",
    "{} - that says it all",
    "I left it {}",
)


def reviews(count: int = 1200) -> tuple[list[str], np.ndarray]:
    """Different sentences with one or two opinions, some of the words misheard, and whether they praise."""
    random = np.random.default_rng(0)
    found: dict[str, str] = {}
    while len(found) < count:
        good = random.random() < 0.5
        said = " and ".join(random.choice(PRAISE if good else BLAME, random.integers(1, 3), replace=False))
        words = random.choice(FRAMES).format(said).split()
        heard = " ".join(word if random.random() < 0.85 else "..." for word in words)
        found.setdefault(heard, "praise" if good else "blame")
    return [*found], np.array([*found.values()])


def main(argv: list[str] | None = None) -> Any:
    """Search, compare, export, predict; returns the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--trials", type=int, help="instead of seconds")
    parser.add_argument("--directory", default="text")
    arguments = parser.parse_args(argv)
    texts, labels = reviews()
    result = keras_nas.search(
        "text_classification",
        (texts, labels),
        max_time=None if arguments.trials else arguments.seconds,
        max_trials=arguments.trials,
        directory=f"{arguments.directory}/search",
    )
    print(result.summary())
    split, array = Split.load(result.rows.directory), np.array(texts)
    learn = np.concatenate([split.train, split.validation])
    bayes = make_pipeline(CountVectorizer(ngram_range=(1, 2)), MultinomialNB()).fit(array[learn], labels[learn])
    print(f"  hold-out accuracy  {bayes.score(array[split.holdout], labels[split.holdout]):.4f}  naive Bayes")
    print(result.export(f"{arguments.directory}/model"))

    rows = result.rows.schema.rows({"text": ["Worth every minute, and never dull", "what a waste of time"]})
    model = tf.saved_model.load(f"{arguments.directory}/model")
    outputs = model.serve(rows).numpy()
    print("predicted", [result.classes[number] for number in outputs.argmax(axis=1)])
    return result


if __name__ == "__main__":
    main()
