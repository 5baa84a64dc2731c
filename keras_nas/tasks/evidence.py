"""What each token of some texts says of the target, by counting."""

from __future__ import annotations

import numpy as np

SIDES = 32
"""Numbers a token at most; of more classes the directions in which tokens differ most."""
SMOOTHING = 1.0
"""Texts that every token is taken to be in beside those it is in: of each class, or of the mean target."""
RESERVED = 2
"""Numbers of tokens that say nothing: 0 for the end, 1 for what is unknown."""


def evidence(numbers: np.ndarray, y: np.ndarray, size: int, classes: bool) -> np.ndarray:
    """What each token says: of classes the logarithm of its share among the class's tokens, else the mean target.

    Args:
        numbers: of the tokens of each text, `(texts, length)`.
        y: one-hot classes, or standardised targets, `(texts, outputs)`.
        size: how many numbers there are.
        classes: whether y are classes.

    Returns:
        float32 `(size, sides)`, 0 for numbers that are no token. A token counts once a text.

    Example:
        >>> numbers = np.array([[2, 3], [2, 2], [4, 3], [4, 0]])
        >>> evidence(numbers, np.eye(2)[[0, 0, 1, 1]], 5, True)[2:].round(2)
        array([[ 0.55, -0.55],
               [ 0.  ,  0.  ],
               [-0.55,  0.55]], dtype=float32)
    """
    texts, length = numbers.shape
    text, token = np.divmod(np.unique(np.repeat(np.arange(texts), length) * size + numbers.ravel()), size)
    sums = np.stack([np.bincount(token, side, size) for side in y[text].T], axis=1)
    if classes:
        smooth = sums[RESERVED:] + SMOOTHING
        said = np.log(smooth / smooth.sum(axis=0))
        said -= said.mean(axis=1, keepdims=True)
    else:
        said = sums[RESERVED:] / (np.bincount(token, minlength=size)[RESERVED:, None] + SMOOTHING)
    if said.shape[1] > SIDES:
        left, strength, _ = np.linalg.svd(said, full_matrices=False)
        said = (left * strength)[:, :SIDES]
    return np.concatenate([np.zeros((RESERVED, said.shape[1])), said]).astype(np.float32)
