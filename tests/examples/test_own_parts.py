"""The examples of custom parts, and of keras_nas inside what people have, run; custom parts are short."""

import ast
import runpy
from pathlib import Path
from typing import Any

import pytest

import keras_nas
from keras_nas.estimators.fidelity import FullTraining
from tests.sklearn.cheap import cheap
from tests.small import tiny_space
from tests.source import ROOT

CUSTOM = sorted(path.stem for path in (ROOT / "examples").glob("custom_*.py"))
LIMIT = 30
"""Lines that the code of a custom part is below, its imports and its search included."""

pytestmark = pytest.mark.filterwarnings("ignore")


def run(name: str, **options: Any) -> Any:
    """What the example's `main` returns, for one short training in this process."""
    main = runpy.run_path(str(ROOT / "examples" / f"{name}.py"))["main"]
    small = {"max_trials": 1, "workers": 0, "precision": "float32", "verbose": 0, "estimator": FullTraining(2)}
    return main(**{**small, **options})


@pytest.mark.parametrize("name", CUSTOM)
def test_custom_parts_are_short(name: str) -> None:
    text = (ROOT / "examples" / f"{name}.py").read_text()
    documented = [
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module)
    ]
    strings = [node.body[0] for node in documented if ast.get_docstring(node)]
    left_out = {line for node in strings for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    lines = [line for number, line in enumerate(text.splitlines(), 1) if line.strip() and number not in left_out]
    assert len(lines) < LIMIT, f"{name}.py has {len(lines)} lines of code"


@pytest.mark.slow
@pytest.mark.parametrize("name", CUSTOM)
def test_custom_parts_run(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = run(name, directory=tmp_path / "search")
    assert len(result.trials) == 1
    assert result.holdout and capsys.readouterr().out
    assert keras_nas.load(tmp_path / "search").report(tmp_path / "report.html").stat().st_size > 10_000


@pytest.mark.slow
def test_inside_an_existing_pipeline(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = run("existing_pipeline", epochs=2, max_trials=2, directory=tmp_path / "search", space=tiny_space())
    assert min(before, after) > 0.2
    assert "baseline" in capsys.readouterr().out


@pytest.mark.slow
def test_methods_are_compared(tmp_path: Path) -> None:
    table = run("compare_methods", methods=("random_search", "nas_rl"), directory=str(tmp_path), space=tiny_space())
    assert list(table.index) == ["random_search", "nas_rl"] and (table["trained"] == 1).all()


@pytest.mark.slow
def test_a_search_is_watched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("watch_search", directory=str(tmp_path), space=tiny_space())
    assert "trial 0: " in capsys.readouterr().out
    assert list((tmp_path / "logs" / "tensorboard" / "trial_0000").glob("events.*"))


@pytest.mark.slow
def test_cross_validation_and_joblib(tmp_path: Path) -> None:
    main = runpy.run_path(str(ROOT / "examples" / "scikit_learn.py"))["main"]
    scores = main(folds=2, file=str(tmp_path / "wine.joblib"), **cheap())
    assert scores["keras_nas"] > 0.8
