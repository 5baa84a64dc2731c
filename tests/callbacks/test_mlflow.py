"""What is recorded with MLflow: with the package where it is installed, else with a fake of its client."""

import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from keras_nas.callbacks import MLflow
from keras_nas.errors import MissingDependency
from tests.callbacks.made import watched


class Client:
    """Keeps what it is given, as MLflow's client takes it."""

    def __init__(self, uri: str | None) -> None:
        assert uri == "sqlite:///runs.db"
        self.runs: dict[str, dict[str, Any]] = defaultdict(dict)
        made.append(self)

    def get_experiment_by_name(self, name: str) -> None:
        self.name = name

    def create_experiment(self, name: str) -> str:
        return f"id of {name}"

    def create_run(self, experiment: str, run_name: str, tags: dict[str, str]) -> Any:
        self.runs[run_name] = {"experiment": experiment, "tags": tags, "params": {}, "metrics": []}
        return SimpleNamespace(info=SimpleNamespace(run_id=run_name))

    def log_batch(self, run: str, params: list[Any], metrics: list[Any]) -> None:
        self.runs[run]["params"].update({param.key: param.value for param in params})
        self.runs[run]["metrics"] += [(metric.key, metric.value, metric.step) for metric in metrics]

    def set_tag(self, run: str, key: str, value: str) -> None:
        self.runs[run]["tags"][key] = value

    def set_terminated(self, run: str, status: str) -> None:
        self.runs[run]["status"] = status


made: list[Client] = []


@pytest.fixture
def mlflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A package of that name, whose entities are plain."""
    made.clear()
    package, entities = ModuleType("mlflow"), ModuleType("mlflow.entities")
    vars(package).update(MlflowClient=Client)
    vars(entities).update(
        Param=lambda key, value: SimpleNamespace(key=key, value=value),
        Metric=lambda key, value, timestamp, step: SimpleNamespace(key=key, value=value, step=step),
    )
    monkeypatch.setitem(sys.modules, "mlflow", package)
    monkeypatch.setitem(sys.modules, "mlflow.entities", entities)


def test_a_run_a_trial_below_that_of_the_search(mlflow: None, tmp_path: Path) -> None:
    watched(MLflow("digits", "sqlite:///runs.db"), tmp_path / "first", "interrupted")
    runs = made[0].runs
    assert list(runs) == ["first", "trial 0", "trial 1", "trial 2", "trial 3"]
    assert [run["status"] for run in runs.values()] == ["KILLED", "FINISHED", "FINISHED", "FAILED", "KILLED"]
    assert runs["first"]["params"] == {"task": "image_classification", "seed": "3"}
    assert runs["first"]["tags"]["keras_nas.reason"] == "interrupted"
    second = runs["trial 1"]
    assert second["tags"] == {"mlflow.parentRunId": "first"} and second["experiment"] == "id of digits"
    assert second["params"]["kind"] == "deep" and second["params"]["fidelity.epochs"] == "2.0"
    assert second["metrics"] == [("loss", 1.0, 1), ("loss", 0.5, 2), ("val_accuracy", 0.75, 2), ("params", 10.0, 2)]
    assert runs["trial 2"]["tags"]["keras_nas.failure"] == "not_finite: the loss became nan"


def test_without_the_package_it_refuses_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingDependency, match=r"MLflow needs mlflow: pip install 'keras_nas\[mlflow\]'"):
        MLflow().check()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_package_itself_in_a_local_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = pytest.importorskip("mlflow")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/runs.db"
    watched(MLflow("digits", uri), tmp_path / "first")
    client = package.MlflowClient(uri)
    experiment = client.get_experiment_by_name("digits")
    runs = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert {name: run.info.status for name, run in runs.items()} == {
        **{"first": "FINISHED", "trial 0": "FINISHED", "trial 1": "FINISHED"},
        **{"trial 2": "FAILED", "trial 3": "KILLED"},
    }
    assert runs["trial 1"].data.metrics == {"loss": 0.5, "val_accuracy": 0.75, "params": 10.0}
    assert runs["trial 1"].data.params["recipe/learning_rate"] == "0.02"
    assert runs["trial 1"].data.tags["mlflow.parentRunId"] == runs["first"].info.run_id
    assert [m.step for m in client.get_metric_history(runs["trial 1"].info.run_id, "loss")] == [1, 2]
