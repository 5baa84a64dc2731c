"""Conditional scopes are found with few builds, under Keras Tuner's own tuner."""

from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from keras_nas.oracle import StrategyOracle

pytestmark = pytest.mark.filterwarnings("ignore:currentThread:DeprecationWarning", "ignore:getName:DeprecationWarning")


class Blocks(keras_tuner.HyperModel):
    """Some cells, each of one of several exclusive kinds with a hyperparameter of its own, one nested deeper."""

    def __init__(self, cells: int, kinds: int) -> None:
        super().__init__()
        self.cells, self.kinds = cells, kinds
        self.builds = 0

    def build(self, hp: Any) -> None:
        self.builds += 1
        for cell in range(self.cells):
            kind = hp.Choice(f"kind_{cell}", list(range(self.kinds)))
            for option in range(self.kinds):
                with hp.conditional_scope(f"kind_{cell}", [option]):
                    if kind == option:
                        deep = hp.Boolean(f"deep_{cell}_{option}")
                        with hp.conditional_scope(f"deep_{cell}_{option}", [True]):
                            if deep:
                                hp.Int(f"size_{cell}_{option}", 1, 3)


class Tuner(keras_tuner.Tuner):
    """The stock tuner, with nothing to train."""

    def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> float:
        return 0.0


@pytest.mark.parametrize(("cells", "kinds"), [(1, 5), (4, 4), (6, 5)])
def test_builds_do_not_grow_with_the_number_of_cells(cells: int, kinds: int, tmp_path: Path) -> None:
    model = Blocks(cells, kinds)
    oracle = StrategyOracle("random", "val_loss", seed=0)
    Tuner(oracle, model, directory=tmp_path)
    assert model.builds <= 2 * kinds
    assert len(oracle.hyperparameters.space) == cells * (1 + 2 * kinds)


def test_the_space_has_its_defaults_once_all_is_found(tmp_path: Path) -> None:
    oracle = StrategyOracle("random", "val_loss", seed=0)
    Tuner(oracle, Blocks(2, 3), directory=tmp_path)
    assert oracle.get_space().values == {"kind_0": 0, "deep_0_0": False, "kind_1": 0, "deep_1_0": False}


def test_a_space_that_was_declared_as_well_is_found(tmp_path: Path) -> None:
    class Declaring(Blocks):
        def declare_hyperparameters(self, hp: Any) -> None:
            self.build(hp)

    model = Declaring(2, 4)
    oracle = StrategyOracle("random", "val_loss", seed=0)
    Tuner(oracle, model, directory=tmp_path)
    assert len(oracle.hyperparameters.space) == 2 * (1 + 2 * 4)
