"""The example of texts that become other texts runs."""

import runpy
from pathlib import Path

import pytest

from keras_nas.estimators.fidelity import FullTraining
from keras_nas.spaces.encoder_decoder import encoder_decoder

EXAMPLE = Path(__file__).parents[2] / "examples" / "translation.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_writes_raw_strings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    space = encoder_decoder()
    shallow = min((space.sample([0, number]) for number in range(40)), key=len)  # one layer on either side
    small = {"workers": 0, "estimator": FullTraining(8), "warm_start": [shallow], "history": False}
    result = runpy.run_path(str(EXAMPLE))["main"](["--trials", "1", "--directory", str(tmp_path)], **small)
    assert result.holdout["token_accuracy"] > 0.5
    printed = capsys.readouterr().out
    for words in ("bleu", "max abs difference", "written ["):
        assert words in printed
