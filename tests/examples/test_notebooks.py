"""The notebooks run from their first cell to the last, and are stored without what they print."""

from pathlib import Path

import nbformat
import pytest

from tests.source import ROOT

NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
BUDGET, SMOKE = "max_time=seconds", "max_trials=1, workers=0, estimator=keras_nas.estimators.FullTraining(5)"
"""What a search is bounded by, and what it is bounded by here: one short training, however busy the machine is."""


def read(path: Path) -> nbformat.NotebookNode:
    return nbformat.read(path, as_version=4)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_sound_and_stored_without_outputs(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert [cell.source for cell in code].count("seconds = 60") == 1
    assert sum(cell.source.count(BUDGET) for cell in code) == 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nbclient import NotebookClient
    from traitlets.config import Config

    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.chdir(tmp_path)  # where the kernel's sockets lie: no port is opened
    notebook = read(path)
    for cell in notebook.cells:
        cell.source = cell.source.replace(BUDGET, SMOKE)
    pipes = Config({"ConnectionFileMixin": {"transport": "ipc"}})
    place = {"metadata": {"path": tmp_path}}
    NotebookClient(notebook, config=pipes, timeout=240, kernel_name="python3", resources=place).execute()
    shown = "".join(
        output.data.get("text/html", "") + output.data.get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    )
    assert "Hold-out, " in shown
    assert "run in a fresh process" in shown
    assert list(tmp_path.rglob("saved_model.pb"))
