"""How well the end of a training is foretold from its beginning, on trainings of this machine.

    python benchmarks/cheap_estimates.py --only curve_error_ratio --json curve_error_ratio.json

Random networks of the default space are trained on rows of Fashion-MNIST for a few epochs, none of them stopped. Each
is then foretold, at every mark, by the others (each left out in turn): `curve_error_ratio` is the mean absolute error
of that over the error of the score at the time, over all marks, and `curve_error_ratio_power_law` the same of a power
law through the scores so far, where there are three. `curve_wrong_stops` is the share of forecasts that the end
exceeded although the risk allowed for was 5 %, and `curve_stopped` the share of trainings that would have been stopped
(of those that would not end among the best third), after `curve_stopped_after` of their length on average.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import numpy as np
from fashion_mnist import images
from scipy.optimize import curve_fit

NETWORKS, ROWS, EPOCHS = 24, 5_000, 8.0
RISK, BEST = 0.05, 1 / 3
Case = tuple[int, float, float, float]
"""A mark's place; and of one training its last score there, the forecast's mean, and its most."""


def trained(networks: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Curves `(networks, marks)` and ends `(networks,)` of a random search without stops."""
    import keras_nas
    from keras_nas.estimators import FullTraining, LearningCurves
    from keras_nas.estimators.curves import Known

    x, y = images("train")
    with tempfile.TemporaryDirectory() as folder:
        result = keras_nas.search(
            "image_classification",
            (x[:ROWS], y[:ROWS]),
            strategy="random",
            estimator=LearningCurves(FullTraining(EPOCHS), risk=1e-9),
            max_trials=networks,
            holdout=0.0,
            seed=seed,
            directory=f"{folder}/search",
        )
        known = Known.of("val_accuracy", "max", result.trials)
    return known.curves, known.ends


def cases(curves: np.ndarray, ends: np.ndarray) -> Iterator[tuple[int, list[Case]]]:
    """Each training with its forecasts by the others."""
    from keras_nas.estimators.curves import Known

    for one in range(len(ends)):
        others = Known("val_accuracy", "max", np.delete(curves, one, 0), np.delete(ends, one))
        found = [(place, others.forecast(curves[one, : place + 1], RISK)) for place in range(curves.shape[1])]
        yield one, [(place, told.last, told.mean, told.most) for place, told in found if told is not None]


def power_law(scores: np.ndarray) -> float:
    """Where a power law through the scores at the first marks ends; the last score where none can be fitted."""
    from keras_nas.estimators.curves import MARKS

    at, last = np.array(MARKS[: len(scores)]), float(scores[-1])
    try:
        (top, fall, pace), _ = curve_fit(
            lambda x, a, b, c: a - b * x**-c,
            at,
            scores,
            p0=(last, 0.1, 0.5),
            bounds=((0, 0, 0.01), (1.0, 2.0, 5.0)),
            max_nfev=2_000,
        )
    except RuntimeError:
        return last
    return float(top - fall)


def curve_error_ratio(networks: int = NETWORKS, seed: int = 0) -> dict[str, float]:
    """The figures."""
    from keras_nas.estimators.curves import MARKS

    curves, ends = trained(networks, seed)
    print(np.column_stack([curves, ends]).round(4).tolist(), flush=True)
    found = [(one, *case) for one, told in cases(curves, ends) for case in told]
    forecast, last = (np.mean([abs(ends[case[0]] - case[place]) for case in found]) for place in (3, 2))
    late = [(one, place) for one, place, *_ in found if place >= 2]
    fitted = np.mean([abs(ends[one] - power_law(curves[one, : place + 1])) for one, place in late])
    by_last = np.mean([abs(ends[one] - curves[one, place]) for one, place in late])
    limit = np.sort(ends)[::-1][int(np.ceil(BEST * len(ends))) - 1]
    stops: dict[int, float] = {}
    for one, place, _, _, most in found:
        if most < limit:
            stops.setdefault(one, MARKS[place])
    return {
        "curve_error_ratio": float(forecast / last),
        "curve_error_ratio_power_law": float(fitted / by_last),
        "curve_wrong_stops": float(np.mean([ends[case[0]] > case[4] for case in found])),
        "curve_stopped": len(stops) / max(1, int((ends < limit).sum())),
        "curve_stopped_wrongly": float(sum(ends[one] >= limit for one in stops)),
        "curve_stopped_after": float(np.mean(list(stops.values()) or [1.0])),
    }
