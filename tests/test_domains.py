"""Labels are distinct, and an architecture has one key however its labels were written."""

import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument


@pytest.mark.parametrize("values", [(1, True), (3, 3.0), ("a", "a")])
def test_labels_that_are_equal_are_refused(values: tuple[str | int | float, ...]) -> None:
    with pytest.raises(InvalidArgument, match="a decision needs distinct labels; got .*True equals 1"):
        Labels(values)


def test_a_checked_architecture_has_the_labels_as_declared() -> None:
    decisions = Decisions(
        (
            Decision("kernel", Labels((3, 5))),
            Decision("gate", Labels((False, True))),
            Decision("depth", Interval(1, 4, 1, integer=True)),
            Decision("rate", Interval(0.5, 2.0)),
        )
    )
    loose = decisions.validate({"kernel": 3.0, "gate": 1, "depth": 2.0, "rate": 1})
    assert loose.key == decisions.validate({"kernel": 3, "gate": True, "depth": 2, "rate": 1.0}).key
    assert [type(label) for label in loose.values()] == [int, bool, int, float]
