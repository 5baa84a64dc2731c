"""The command line."""

import inspect
import json
import logging
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import keras_nas
from keras_nas.artefact.formats import FORMATS
from keras_nas.cli import main, parser
from keras_nas.commands import watching
from keras_nas.engine.store import Store
from keras_nas.errors import SearchInterrupted
from keras_nas.results.result import SearchResult
from tests.engine import fakes
from tests.engine.test_watch import CALL
from tests.looking.made import made_search
from tests.small import finished_search
from tests.source import ROOT

COMMANDS = ["search", "resume", "status", "leaderboard", "report", "export", "methods", "spaces", "demo"]
HEAVY = {"tensorflow", "keras", "keras_tuner", "numpy", "pandas", "sklearn", "scipy", "matplotlib", "rich"}
LOADED = """
import json, sys
from keras_nas.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})))
"""


def loaded(*words: str) -> set[str]:
    """The packages that a command has loaded when it ends."""
    command = [sys.executable, "-c", LOADED, *words]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(done.stdout.splitlines()[-1]))


def help_of(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"] if command else ["--help"])
    assert ended.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help_has_examples_that_parse(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of(command, capsys)
    lines = [line.strip() for line in shown.partition("examples:\n")[2].splitlines()]
    examples = [line.partition("  ")[0] for line in lines if line.startswith(f"keras-nas {command}")]
    assert examples
    for example in examples:
        words = shlex.split(example.partition(" > ")[0], comments=True)[1:]
        assert callable(parser().parse_args(words).command)


def test_help_lists_commands_and_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of("", capsys)
    assert all(f"    {command}" in shown for command in COMMANDS)
    assert "130  ended by Ctrl-C" in shown


def test_help_names_all_formats(capsys: pytest.CaptureFixture[str]) -> None:
    shown = help_of("export", capsys)
    assert all(name in shown for name in FORMATS)


def test_help_and_status_are_light(tmp_path: Path) -> None:
    fakes.search(tmp_path, 2, call=CALL)
    assert not loaded("--help") & HEAVY
    assert not loaded("search", "--help") & HEAVY
    assert not loaded("status", str(tmp_path)) & (HEAVY - {"numpy"})


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "keras_nas"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: keras-nas" in done.stderr


def test_methods_and_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["methods"]) == 0
    assert "amoebanet" in capsys.readouterr().out
    assert main(["spaces"]) == 0
    assert "small_images" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["serach"],
        ["demo", "--seconds", "soon"],
        ["search", "image_classification", "photos", "--constraint", "params"],
        ["search", "image_classification", "photos", "--constraint", "params=few"],
        ["search", "image_classification", "photos", "--workers", "some"],
    ],
)
def test_wrong_arguments(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: keras-nas" in capsys.readouterr().err


def test_an_unknown_name_is_a_wrong_argument(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["spaces", "image_clasification"]) == 2
    assert "keras-nas: Unknown task 'image_clasification'" in capsys.readouterr().err


class Asked:
    """Stands for `keras_nas.search` or `keras_nas.resume`: notes what it is given and returns a result."""

    def __init__(self, result: SearchResult) -> None:
        self.result = result
        self.given: dict[str, Any] = {}

    def __call__(self, **given: Any) -> SearchResult:
        self.given = given
        return self.result


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    found = Asked(made_search(tmp_path / "search"))
    monkeypatch.setattr(keras_nas, "search", found)
    monkeypatch.setattr(keras_nas, "resume", found)
    yield found
    logger = logging.getLogger("keras_nas")
    logger.handlers.clear()
    logger.setLevel(logging.NOTSET)


def test_a_search_is_given_what_was_typed_and_nothing_else(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    line = "search tabular_classification people.csv --target income --max-time 600 --directory d --workers 2"
    code = main(
        [*line.split(), "--constraint", "params=1e5", "--constraint", "latency_ms=5", "--objective", "val_loss"]
    )
    assert asked.given == {
        "task": "tabular_classification",
        "data": "people.csv",
        "target": "income",
        "max_time": 600.0,
        "directory": Path("d"),
        "workers": 2,
        "constraints": {"params": 1e5, "latency_ms": 5.0},
        "objectives": ["val_loss"],
        "verbose": 1,
    }
    out = capsys.readouterr().out
    assert out.startswith("The search is kept in d; from another terminal: keras-nas status d --follow\n")
    assert asked.result.summary() in out
    assert "  keras-nas report d\n  keras-nas export d model\n" in out
    assert code == 3  # the made winner does not meet its constraint


def test_a_search_may_have_several_targets_and_be_quiet(asked: Asked, capsys: pytest.CaptureFixture[str]) -> None:
    main("search tabular_regression flats.csv --target rent --target size --quiet --replace --baseline".split())
    assert asked.given["target"] == ["rent", "size"]
    assert asked.given["verbose"] == 0
    assert asked.given["resume"] is False
    assert asked.given["baseline"] is True
    assert asked.given["directory"].parts[0] == "keras_nas_runs"
    assert capsys.readouterr().out.startswith(asked.result.summary())


def test_options_are_arguments_of_search() -> None:
    known = set(inspect.signature(keras_nas.search).parameters)
    for command in ("search task data", "resume directory"):
        (actions,) = [a.choices for a in parser()._actions if a.dest == "command" or isinstance(a.choices, dict)]
        options = {action.dest for action in actions[command.split()[0]]._actions}
        assert options - {"help", "quiet"} <= known


@pytest.mark.parametrize(("reason", "limit", "code"), [("interrupted", 99.0, 130), ("max_time", 99.0, 0)])
def test_exit_codes_of_a_search(
    asked: Asked, reason: str, limit: float, code: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    limits = [["latency_ms", limit, "upper"]]
    asked.result = made_search(tmp_path / "other", reason=reason, constraints=limits)
    assert main(["resume", "d", "--max-trials", "9"]) == code
    assert asked.given == {"directory": "d", "max_trials": 9, "verbose": 1}
    assert ("keras-nas resume d\n" in capsys.readouterr().out) == (code == 130)


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SearchInterrupted])
@pytest.mark.parametrize("begun", [True, False])
def test_ctrl_c_before_there_is_a_result(
    stop: type[BaseException],
    begun: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupted(**given: Any) -> None:
        raise stop

    if begun:
        (tmp_path / "search.sqlite").touch()
    monkeypatch.setattr(keras_nas, "resume", interrupted)
    assert main(["resume", str(tmp_path), "--quiet"]) == 130
    left = f"`keras-nas resume {tmp_path}` goes on" if begun else "nothing had begun: give the command again"
    assert capsys.readouterr().err == f"keras-nas: interrupted before there was a result; {left}\n"


def test_ctrl_c_during_another_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(directory: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("keras_nas.results.result.load", interrupted)
    assert main(["leaderboard", "d"]) == 130
    assert capsys.readouterr().err == "keras-nas: interrupted\n"


def test_the_leaderboard_of_a_search(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = made_search(tmp_path / "search")
    assert main(["leaderboard", str(result.directory)]) == 0
    out = capsys.readouterr().out
    assert "val_plain" in out
    assert "cell/width" not in out
    assert result.summary() in out
    assert main(["leaderboard", str(result.directory), "--decisions"]) == 0
    assert "cell/width" in capsys.readouterr().out


def test_the_leaderboard_as_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = made_search(tmp_path / "search")
    assert main(["leaderboard", str(result.directory), "--csv"]) == 0
    (tmp_path / "board.csv").write_text(capsys.readouterr().out)
    board = pd.read_csv(tmp_path / "board.csv")
    assert list(board.columns) == list(result.leaderboard().columns)
    assert len(board) == len(result.trials)


def test_a_report_is_written_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = made_search(tmp_path / "search").directory
    assert main(["report", str(directory), str(tmp_path / "page.html")]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'page.html'}\n"
    assert (tmp_path / "page.html").read_text().startswith("<!DOCTYPE html>")
    assert main(["report", str(directory), str(tmp_path / "new" / "page.html")]) == 0
    assert main(["report", str(directory), str(tmp_path / "page.html" / "page.html")]) == 1
    assert f"File exists: '{tmp_path / 'page.html'}'" in capsys.readouterr().err


def test_an_export_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[Any] = []

    def export(self: SearchResult, *words: Any) -> Any:
        given.append(words)
        return SimpleNamespace(takes="rows uint8 (n, 8, 8)")

    monkeypatch.setattr(SearchResult, "export", export)
    directory = str(made_search(tmp_path / "search").directory)
    assert main(["export", directory, "model"]) == 0
    assert main(["export", directory, "phone", "--format", "litert_int8", "--overwrite"]) == 0
    assert given == [("model", "saved_model", False), ("phone", "litert_int8", True)]
    assert capsys.readouterr().out.splitlines()[-1] == "It takes rows uint8 (n, 8, 8)."


def test_an_unknown_format(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["export", str(finished_search().directory), str(tmp_path / "m"), "--format", "tflite"]) == 2
    assert "Unknown export format 'tflite'" in capsys.readouterr().err


def test_the_status_of_a_search(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["status", str(finished_search().directory)]) == 0
    heading, counts, best = capsys.readouterr().out.splitlines()
    assert heading == "ended by max_trials"
    assert counts.startswith("trials 4/4 | elapsed ")
    assert best.startswith("best   val_accuracy 0.")
    assert main(["status", str(tmp_path)]) == 1
    assert "There is no search in" in capsys.readouterr().err


@pytest.mark.parametrize("terminal", [True, False])
def test_status_follows_a_search_to_its_end(
    terminal: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watching, "EVERY", 0.01)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: terminal)
    begun = threading.Event()

    def search() -> None:
        with Store(tmp_path):
            begun.set()
            time.sleep(0.2)
        fakes.search(tmp_path, 3, call=CALL)

    running = threading.Thread(target=search)
    running.start()
    begun.wait()
    assert main(["status", str(tmp_path), "--follow"]) == 0
    running.join()
    out = capsys.readouterr().out
    assert "keras-nas resume" in out
    assert terminal or out.startswith("running, in this very process\n")


def test_a_folder_without_a_search(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["leaderboard", str(tmp_path)]) == 1
    assert f"keras-nas: {tmp_path} holds no finished search" in capsys.readouterr().err


def test_a_reader_who_has_enough_is_no_error(tmp_path: Path) -> None:
    fakes.search(tmp_path, 2, call=CALL)
    command = [sys.executable, "-m", "keras_nas", "status", str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as reader:
        assert reader.stdout is not None and reader.stderr is not None
        reader.stdout.close()
        assert reader.stderr.read() == b""


def table(file: Path) -> None:
    """Two numbers and a word that decide about a class, and some chance."""
    import numpy as np

    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(18, 80, 600), "hours": rng.normal(38, 9, 600).round(1)})
    frame["job"] = rng.choice(["clerk", "nurse", "baker"], 600)
    rich = frame["age"] + 2 * frame["hours"] + 20 * (frame["job"] == "nurse") + rng.normal(0, 5, 600) > 130
    frame.assign(income=rich.map({True: "high", False: "low"})).to_csv(file, index=False)


@pytest.mark.slow
def test_from_a_csv_file_over_ctrl_c_to_a_model(tmp_path: Path) -> None:
    """Search, stop, look, go on, report and export, all from the folder alone."""
    table(tmp_path / "people.csv")

    def run(*words: str, code: int = 0) -> str:
        command = [sys.executable, "-m", "keras_nas", *words]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout

    line = "search tabular_classification people.csv --target income --max-trials 30 --directory found --workers 1"
    command = [sys.executable, "-m", "keras_nas", *line.split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as search:
        while not (tmp_path / "found" / "search.sqlite").exists() or "(trial " not in run("status", "found"):
            assert search.poll() is None
            time.sleep(1)
        assert run("status", "found").startswith(f"running, process {search.pid} on ")
        search.send_signal(signal.SIGINT)
        out, _ = search.communicate()
    assert search.returncode == 130, out
    assert "keras-nas resume" in out
    assert run("status", "found").startswith("interrupted: `keras-nas resume found` goes on")
    (tmp_path / "people.csv").unlink()
    assert "Hold-out, " in run("resume", "found", "--max-trials", "2")
    assert run("status", "found").startswith("ended by ")
    assert run("report", "found", "page.html") == "page.html\n"
    assert "run in a fresh process" in run("export", "found", "model")
