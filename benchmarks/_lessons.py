"""What earlier searches are worth to a predictor, on NAS-Bench-201.

    python benchmarks/cheap_estimates.py --only lessons_tau --json lessons_tau.json

Two earlier searches have seen 50 random cells each, on CIFAR-10 and on CIFAR-100; a search on ImageNet16-120 has seen
0 to 100. `lessons_tau_<n>` is Kendall's tau of the predictor on 800 cells (validation after 12 epochs), the mean
over the seeds, with the earlier searches; `lessons_tau_<n>_alone` without them, and `lessons_tau_<n>_shuffled` where
the scores of the earlier ones are shuffled among their cells, which a search stops to learn from after eight trials.
"""

from collections.abc import Sequence

import numpy as np
from _nb201 import Table
from _predictor import Cells
from scipy.stats import kendalltau

from keras_nas.predictors.ranker import Ranker, standardised_ranks
from keras_nas.predictors.screened import Lesson, joined

OWN = (0, 5, 10, 20, 50, 100)
EARLIER, EACH = ("c10", "c100"), 50
OTHERS = 800


def lessons_tau(seeds: int) -> dict[str, float]:
    """All figures."""
    cells, table = Cells("in16"), Table.load()
    ranker = Ranker(cells.decisions, cells.structured)
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        for name, tau in _taus(cells, table, ranker, seed):
            found.setdefault(name, []).append(tau)
    return {name: float(np.mean(values)) for name, values in found.items()}


def _taus(cells: Cells, table: Table, ranker: Ranker, seed: int) -> Sequence[tuple[str, float]]:
    """The figures of one draw of cells."""
    rng, size = np.random.default_rng(seed), len(cells.architectures)
    drawn = {name: rng.choice(size, EACH, replace=False) for name in EARLIER}
    orders = [rng.permutation(EACH) for _ in EARLIER]
    own, others = (
        rng.choice(size, max(OWN), replace=False),
        np.random.default_rng(7).choice(size, OTHERS, replace=False),
    )
    earlier = [_lesson(cells, ranker, places, table.columns[f"valid12_{name}"]) for name, places in drawn.items()]
    shuffled = [Lesson(lesson.rows, lesson.ranks[order]) for lesson, order in zip(earlier, orders, strict=True)]
    truth, rows = table.columns["valid12_in16"], _rows(cells, ranker, others)
    told = []
    for count in OWN:
        seen = [_lesson(cells, ranker, own[:count], truth)] if count else []
        for suffix, more in (("", earlier), ("_alone", []), ("_shuffled", shuffled)):
            if not seen and not more:
                continue
            mean, _ = ranker.fit_rows(*joined([*more, *seen])).predict_rows(rows)
            told.append((f"lessons_tau_{count}{suffix}", float(kendalltau(mean, truth[others]).statistic)))
    return told


def _lesson(cells: Cells, ranker: Ranker, places: np.ndarray, accuracy: np.ndarray) -> Lesson:
    return Lesson(_rows(cells, ranker, places), standardised_ranks(accuracy[places]))


def _rows(cells: Cells, ranker: Ranker, places: np.ndarray) -> np.ndarray:
    return ranker.features.transform([cells.architectures[place] for place in places])
