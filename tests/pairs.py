"""Pairs of texts that a tiny network learns to translate: numbers in words, said the other way round."""

import numpy as np

ENGLISH = ("one", "two", "three", "four", "five", "six")
GERMAN = ("eins", "zwei", "drei", "vier", "fünf", "sechs")


def pairs(count: int, seed: int = 0) -> tuple[list[str], list[str]]:
    """Texts to read, and texts to write."""
    random = np.random.default_rng(seed)
    drawn = [random.integers(6, size=random.integers(1, 5)) for _ in range(count)]
    sources = [f"Say {' '.join(ENGLISH[number] for number in numbers)}!" for numbers in drawn]
    targets = [f"Sag {', '.join(GERMAN[number] for number in reversed(numbers))}." for numbers in drawn]
    return sources, targets
