"""The example of a user's own `build(hp)` runs."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "keras_tuner_build_hp.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("objectives", [["val_accuracy"], ["val_accuracy", "params"]])
def test_searches_and_prints_the_best(
    objectives: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main = runpy.run_path(str(EXAMPLE))["main"]
    tuner = main(["--smoke", "--directory", str(tmp_path), "--objectives", *objectives])
    assert [trial.status for trial in tuner.oracle.trials.values()] == ["COMPLETED"] * 2
    assert capsys.readouterr().out.count(f"{objectives[-1]} ") == 2
