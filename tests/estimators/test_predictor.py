from dataclasses import replace

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting, Untrained
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.estimators.predictor import Predictor
from keras_nas.estimators.ready import get_estimator
from keras_nas.estimators.stages import Stages
from keras_nas.predictors.screened import Screened
from keras_nas.tuners import make

BUDGETING = Budgeting(Bounds(None, 30), lambda: 0.0, untrained=Untrained(describe=lambda architecture: {}))


def test_what_the_strategy_proposes_is_screened_and_then_trained_as_ever():
    around = Predictor(candidates=7, initial=3).around(make("evolution"), BUDGETING).inner
    assert isinstance(around, Stages) and isinstance(around.explorer, Screened)
    assert (around.explorer.candidates, around.explorer.initial) == (7, 3)


def test_any_estimator_may_follow():
    around = Predictor(then=FullTraining(5)).around(make("random"), BUDGETING)
    assert isinstance(around.inner, Screened)


def test_a_forecast_goes_without():
    around = Predictor().around(make("random"), replace(BUDGETING, untrained=Untrained())).inner
    assert not isinstance(around.explorer, Screened)


def test_it_is_known_by_its_name_and_refuses_numbers_out_of_bounds():
    assert get_estimator("predictor") == Predictor()
    with pytest.raises(InvalidArgument, match="candidates=1: expected 2 or more"):
        Predictor(candidates=1)
    with pytest.raises(InvalidArgument, match="initial=0: expected 2 or more"):
        Predictor(initial=0)
