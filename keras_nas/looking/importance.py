"""What each decision mattered: how much worse the scores are foretold when its answers are shuffled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.architecture import Label
from keras_nas.results.candidate import Candidate

if TYPE_CHECKING:
    import pandas as pd

    from keras_nas.results.result import SearchResult

LEAST = 10
"""Scored networks below which nothing is said."""
FORESTS, TREES, SHUFFLES, MOST = 20, 40, 3, 500
ASLEEP = -1.0
"""The code of a decision that an architecture does not ask."""


def comparable(result: SearchResult) -> list[Candidate]:
    """The networks whose scores compare: those trained alike, explored or to the end, whichever are more."""
    own = [trial for trial in result.trials if not trial.baseline]
    final = [trial for trial in own if trial.final]
    explored = [trial for trial in own if not trial.final]
    return final if len(final) > len(explored) else explored


def varied(candidates: Sequence[Candidate]) -> dict[str, list[Label]]:
    """The decisions that differ among networks, with their answers in order.

    Numbers are ordered by value, names as they first appear.
    """
    paths = dict.fromkeys(path for candidate in candidates for path in candidate.architecture)
    answers = {path: _answers([candidate.architecture.get(path) for candidate in candidates]) for path in paths}
    asleep = {path for path in paths if any(path not in candidate.architecture for candidate in candidates)}
    return {path: found for path, found in answers.items() if len(found) + (path in asleep) > 1}


def _answers(labels: Sequence[Label | None]) -> list[Label]:
    found = list(dict.fromkeys(label for label in labels if label is not None))
    numbers = [label for label in found if isinstance(label, int | float)]
    return [*sorted(numbers)] if len(numbers) == len(found) else found


def coded(candidates: Sequence[Candidate], decisions: Mapping[str, Sequence[Label]]) -> np.ndarray:
    """A column a decision: the place of its answer among those in `decisions`, or `ASLEEP`.

    Args:
        candidates: the rows.
        decisions: the columns, with their answers in order.
    """
    codes = {path: {label: float(place) for place, label in enumerate(found)} for path, found in decisions.items()}
    answered = [
        {path: codes[path][label] for path, label in c.architecture.items() if path in codes} for c in candidates
    ]
    rows = [[answers.get(path, ASLEEP) for path in decisions] for answers in answered]
    return np.array(rows).reshape(len(candidates), len(decisions))


def importance(result: SearchResult, seed: int = 0) -> pd.DataFrame:
    """Each decision's share in what can be foretold of the first objective, most important first.

    A random forest learns the scores of networks from their decisions, on a bootstrap sample; the networks outside the
    sample are scored by it as they are, and with one decision's answers shuffled among them. Half the growth of the
    squared error is the decision's share of the scores' variance, by itself and with others (Sobol's total effect): 0
    where it says nothing, and below that by chance. It is repeated on many samples, since few networks tell little; the
    spread says how far to trust the mean.

    Args:
        result: of the search.
        seed: of samples, forests and shuffles.

    Returns:
        Columns decision, share, spread (standard deviation over the samples) and explained (the forests' R2 on
        networks they have not seen, the same in all rows). Empty with fewer than 10 scored networks, or where all
        score the same.

    Reference:
        Breiman, "Random forests", Machine Learning 45, 2001.
        Jansen, "Analysis of variance designs for model output", Computer Physics Communications 117, 1999.
    """
    import pandas as pd

    candidates = comparable(result)[:MOST]
    decisions = varied(candidates)
    name = result.objectives[0].name
    y = np.array([candidate.scores[name] for candidate in candidates])
    columns = ["decision", "share", "spread", "explained"]
    if len(candidates) < LEAST or not decisions or not y.std() > 0:
        return pd.DataFrame(columns=columns)
    x, rng = coded(candidates, decisions), np.random.default_rng(seed)
    drawn = [_shares(x, (y - y.mean()) / y.std(), rng) for _ in range(FORESTS)]
    shares = np.array([found for found, _ in drawn])
    table = pd.DataFrame({"decision": list(decisions), "share": shares.mean(axis=0), "spread": shares.std(axis=0)})
    table["explained"] = float(np.mean([explained for _, explained in drawn]))
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


def _shares(x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """Half the growth of the error by each column, and R2, on rows outside one bootstrap sample; `y` has variance 1."""
    sample = rng.integers(len(y), size=len(y))
    unseen = np.setdiff1d(np.arange(len(y)), sample)
    forest = _forest(int(rng.integers(2**31))).fit(x[sample], y[sample])
    copies = np.tile(x[unseen], (x.shape[1] * SHUFFLES + 1, 1, 1))
    for number in range(x.shape[1] * SHUFFLES):
        column = number // SHUFFLES
        copies[number, :, column] = rng.permutation(copies[number, :, column])
    guesses = forest.predict(copies.reshape(-1, x.shape[1])).reshape(copies.shape[:2])
    errors = ((guesses - y[unseen]) ** 2).mean(axis=1)
    shuffled = errors[:-1].reshape(-1, SHUFFLES).mean(axis=1)
    return (shuffled - errors[-1]) / 2, float(1 - errors[-1])


def _forest(seed: int) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    return RandomForestRegressor(TREES, min_samples_leaf=2, random_state=seed, n_jobs=1)
