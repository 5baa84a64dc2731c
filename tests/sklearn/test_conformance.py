"""Scikit-learn's own checks of estimators, each a search or several: minutes in all."""

from typing import Any

import pytest
from sklearn.base import is_regressor
from sklearn.utils.estimator_checks import parametrize_with_checks

from keras_nas.sklearn import NASClassifier, NASRegressor
from tests.sklearn.cheap import cheap

EXCEPTIONS = {
    "check_sample_weight_equivalence_on_dense_data": "batches are drawn from rows: one of weight 2 is not drawn twice; "
    "and without those of weight 0 its rows are too few to split",
}
"""Checks that do not hold, and why."""
OF_REGRESSORS = {"check_fit2d_1feature": "of its ten rows two are left to choose by, which happen to have one target"}


def exceptions(estimator: Any) -> dict[str, str]:
    """Those of an estimator."""
    return {**EXCEPTIONS, **(OF_REGRESSORS if is_regressor(estimator) else {})}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([NASClassifier(**cheap()), NASRegressor(**cheap())], expected_failed_checks=exceptions)
def test_it_is_a_scikit_learn_estimator(estimator: Any, check: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keras_nas.session.take_gauge", lambda *_: None)
    check(estimator)
