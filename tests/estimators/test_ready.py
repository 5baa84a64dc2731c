"""Estimators by name."""

import pytest

from keras_nas import estimators
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.fidelity import Finalists, FullTraining
from keras_nas.estimators.ready import ESTIMATORS, get_estimator


def test_a_name_gives_an_estimator_and_an_object_itself() -> None:
    assert get_estimator("finalists") == Finalists()
    assert get_estimator("several_finalists") == Finalists(4, (30.0, 60.0))
    assert get_estimator(FullTraining(3)) == FullTraining(3)


@pytest.mark.parametrize("name", ESTIMATORS)
def test_every_name_makes_one_that_goes_around_a_strategy(name: str) -> None:
    made = get_estimator(name)
    assert callable(made.around)
    assert type(made).__name__ in dir(estimators)


def test_other_names_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="Unknown estimator 'full_trainin'.*Did you mean 'full_training'"):
        get_estimator("full_trainin")
    with pytest.raises(InvalidArgument, match="Unknown estimator 3"):
        get_estimator(3)  # type: ignore[arg-type]
