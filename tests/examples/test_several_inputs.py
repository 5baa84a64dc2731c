"""The example of several inputs runs."""

import runpy
from pathlib import Path

import pytest

from keras_nas.estimators.fidelity import FullTraining

EXAMPLE = Path(__file__).parents[2] / "examples" / "several_inputs.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_predicts_raw_inputs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = {"workers": 0, "estimator": FullTraining(10)}
    result = runpy.run_path(str(EXAMPLE))["main"](["--trials", "1", "--directory", str(tmp_path)], **small)
    assert result.holdout["digit_accuracy"] > 0.5
    assert result.holdout["ink_r2_score"] > 0.3
    printed = capsys.readouterr().out
    for words in ("max abs difference", "digits [", "ink ["):
        assert words in printed
