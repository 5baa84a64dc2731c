"""Ends of trainings, foretold from their beginnings."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_nas.estimators.curves import CURVE, FORETOLD, MARKS, STOPPED, Forecast, Known, account_lines, foretell


def made(count: int, seed: int = 0, noise: float = 0.005) -> tuple[np.ndarray, np.ndarray]:
    """Curves of networks that learn at their own pace, annealed at the end: what is missing shrinks in proportion."""
    rng = np.random.default_rng(seed)
    ends, pace = rng.uniform(0.7, 0.95, count), rng.uniform(0.5, 1.0, count)
    missing = (1.05 - ends)[:, None] * pace[:, None] * np.array([1.5, 0.9, 0.6, 0.3])
    return ends[:, None] - missing + rng.normal(0, noise, (count, len(MARKS))), ends


def known(count: int, **changes: Any) -> Known:
    curves, ends = made(count)
    return Known(**{"score": "val_accuracy", "direction": "max", "curves": curves, "ends": ends, **changes})


@pytest.mark.parametrize("place", range(len(MARKS)))
def test_the_end_is_foretold_better_than_by_the_last_score(place: int) -> None:
    curves, ends = made(25)
    others, truth = made(200, seed=1)
    seen = slice(max(0, place - 1), place + 1)
    found = np.array([foretell(curves[:, seen], ends, own[seen]) for own in others])
    error, last = np.abs(found[:, 0] - truth), np.abs(others[:, place] - truth)
    assert error.mean() < 0.5 * last.mean()
    inside = np.abs(found[:, 0] - truth) < 2 * found[:, 1]
    assert 0.85 < inside.mean() <= 1.0, "the deviation is that of the error"


def test_nothing_is_foretold_from_few_curves_nor_across_gaps() -> None:
    assert known(5).forecast([0.5], 0.05) is None
    assert known(8).forecast([0.5, float("nan")], 0.05) is None
    curves, ends = made(8)
    curves[:3, 0] = np.nan
    assert known(8, curves=curves).forecast([0.5], 0.05) is None
    assert known(8, curves=curves).forecast([0.5, 0.6], 0.05) is None, "the rise is told by both"
    assert known(8, curves=curves).forecast([0.5, 0.6, 0.7], 0.05) is not None


@pytest.mark.parametrize("direction", ["max", "min"])
def test_hopeless_is_who_will_hardly_be_among_the_best(direction: Any) -> None:
    sign = 1.0 if direction == "max" else -1.0
    curves, ends = made(30)
    found = known(30, direction=direction, curves=sign * curves, ends=sign * ends)
    poor, fine = (found.forecast([sign * value for value in curve], 0.05) for curve in ([0.3, 0.45], [0.75, 0.85]))
    assert poor is not None and fine is not None
    assert sign * poor.most > sign * poor.mean > sign * poor.last
    assert found.hopeless(poor, share=1 / 3)
    assert not found.hopeless(fine, share=1 / 3)
    middle = Forecast(0.4, 0.0, 0.0, sign * float(np.median(ends)))
    assert found.hopeless(middle, share=0.3)
    assert not found.hopeless(middle, share=0.6)
    crowd = Known("val_accuracy", direction, found.curves, found.ends, stopped=60)
    assert not crowd.hopeless(middle, share=1 / 3), "those that were stopped are among all, and not among the best"


def training(score: float, curve: list[float | None] | None = None, **told: Any) -> Any:
    measurements = told if curve is None else {CURVE: curve, **told}
    return SimpleNamespace(scores={"val_accuracy": score}, measurements=measurements)


def test_curves_are_those_of_trainings_that_went_on() -> None:
    whole = [training(0.9, [0.1, 0.2, 0.3, 0.4]), training(0.8, [None, 0.2, 0.3, 0.4]), training(0.7)]
    found = Known.of("val_accuracy", "max", [*whole, training(0.3, [0.1, None, None, None], **{STOPPED: 0.2})])
    assert found.ends.tolist() == [0.9, 0.8]
    assert found.curves[0].tolist() == [0.1, 0.2, 0.3, 0.4]
    assert np.isnan(found.curves[1, 0])
    assert found.stopped == 1
    assert Known.of("val_loss", "min", whole).curves.shape == (0, len(MARKS))


def test_the_account_tells_how_often_stopping_will_have_been_wrong() -> None:
    forecast = {"mark": 0.4, "last": 0.6, "mean": 0.8, "most": 0.85}
    went_on = [training(0.82, **{FORETOLD: [forecast]}), training(0.88, **{FORETOLD: [forecast]}), training(0.9)]
    stopped = training(0.5, **{FORETOLD: [forecast], STOPPED: 0.4})
    (line,) = account_lines([*went_on, stopped], "val_accuracy")
    assert line.startswith(
        "Learning curves: 1 of 3 trainings that were foretold were stopped, after 40 % of their length"
    )
    assert "of 2 forecasts of the others 1 (50 %) ended better than was thought possible" in line
    assert "0.0500 off on average, where the score at the time was 0.2500 off." in line
    assert account_lines([stopped], "val_accuracy")[0].endswith("on average.")
    assert account_lines([training(0.9)], "val_accuracy") == []
    less = {"mark": 0.4, "last": 1.6, "mean": 0.8, "most": 0.7}
    assert "0 (0 %) ended better" in account_lines([training(0.75, **{FORETOLD: [less]})], "val_accuracy")[0]
