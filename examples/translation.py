"""Texts to texts: numbers in words, made up, to a SavedModel that takes raw strings and gives strings.

    python examples/translation.py [--seconds 60] [--directory translation]

Pairs of your own are a table: keras_nas.search("sequence_to_sequence", "pairs.csv", target="de").
"""

import argparse
from itertools import product
from typing import Any

import tensorflow as tf

import keras_nas

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
EINER = ("null", "ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")
TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ZEHNER = ("zwanzig", "dreißig", "vierzig", "fünfzig", "sechzig", "siebzig", "achtzig", "neunzig")
THINGS = (("apple", "Äpfel"), ("egg", "Eier"), ("ticket", "Karten"))
FRAMES = (("Give me {}, please.", "Gib mir bitte {}."), ("There are {}!", "Es sind {}!"), ("Only {}?", "Nur {}?"))


def pairs() -> tuple[list[str], list[str]]:
    """All sentences with numbers of things, in English and in German, where ones come before tens."""
    sources, targets = [], []
    for one, ten, (thing, ding), (english, german) in product(range(1, 10), range(8), THINGS, FRAMES):
        sources.append(english.format(f"{TENS[ten]} {ONES[one]} {thing}s"))
        targets.append(german.format(f"{EINER[one]}und{ZEHNER[ten]} {ding}"))
    return sources, targets


def main(argv: list[str] | None = None, **options: Any) -> Any:
    """Search, export, translate; returns the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--trials", type=int, help="instead of seconds")
    parser.add_argument("--directory", default="translation")
    arguments = parser.parse_args(argv)
    result = keras_nas.search(
        "sequence_to_sequence",
        pairs(),
        max_time=None if arguments.trials else arguments.seconds,
        max_trials=arguments.trials,
        directory=f"{arguments.directory}/search",
        **options,
    )
    print(result.summary())
    print(result.export(f"{arguments.directory}/model"))
    rows = result.rows.schema.rows({"text": ["Give me sixty four eggs, please.", "Only thirty two tickets?"]})
    model = tf.saved_model.load(f"{arguments.directory}/model")
    print("written", [text.decode() for text in model.serve(rows).numpy()])
    return result


if __name__ == "__main__":
    main()
