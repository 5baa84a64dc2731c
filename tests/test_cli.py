"""The command line."""

from pathlib import Path

import pytest

from keras_nas.cli import main
from tests.small import finished_search


def test_methods_and_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    assert "amoebanet" in capsys.readouterr().out
    assert main(["spaces"]) == 0
    assert "small_images" in capsys.readouterr().out


def test_an_unknown_task_is_an_error_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces", "image_clasification"]) == 1
    assert "keras-nas: Unknown task 'image_clasification'" in capsys.readouterr().err


def test_the_leaderboard_of_a_search(capsys: pytest.CaptureFixture[str]) -> None:
    result = finished_search()
    assert main(["leaderboard", str(result.directory)]) == 0
    out = capsys.readouterr().out
    assert "val_accuracy" in out
    assert result.summary() in out


def test_the_status_of_a_search(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["status", str(finished_search().directory)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("4 finished\ntrial 0: ")
    assert "val_accuracy 0." in out
    assert main(["status", str(tmp_path)]) == 1
    assert "There is no search in" in capsys.readouterr().err


def test_a_folder_without_a_search(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["leaderboard", str(tmp_path)]) == 1
    assert f"keras-nas: {tmp_path} holds no finished search" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["serach"], ["demo", "--seconds", "soon"]])
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: keras-nas" in capsys.readouterr().err


def test_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    out = capsys.readouterr().out
    assert "keras-nas demo" in out
    assert "exit codes: 0 done, 1 an error" in out
