"""A task of a user's own has the spaces of the ready task that it derives from."""

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.preparing.goal import Goal, goal_of
from keras_nas.tasks import family, get_task
from keras_nas.tasks.tabular import TabularRegression


class Own(TabularRegression):
    """Another name, and other scores."""

    name, objective, score_names = "own", "val_loss", ("loss",)


def goal(space: str | None = None) -> Goal:
    return goal_of(Own(), space, None, (None, None), None, None)


def test_spaces_are_those_of_the_family() -> None:
    assert family(Own()) == family(get_task("tabular_regression")) == "tabular_regression"
    assert goal().space.name == goal("tabular").space.name == "tabular"
    assert [objective.name for objective in goal().objectives] == ["val_loss"]
    with pytest.raises(InvalidArgument, match="Unknown space 'nasnet': expected one of 'tabular'"):
        goal("nasnet")
