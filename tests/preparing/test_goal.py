"""What is searched for, from names."""

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.estimators import LearningCurves
from keras_nas.preparing.goal import goal_of


def test_what_an_estimator_cannot_read_is_refused_inside_another_one_too() -> None:
    for estimator in ("naswot", LearningCurves("naswot")):
        with pytest.raises(InvalidArgument, match="ZeroCost scores networks of one array of numbers, not yet those of"):
            goal_of("sequence_to_sequence", None, None, (None, estimator), None, None)
