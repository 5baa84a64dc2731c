"""Workers on the nodes of a cluster: the same behaviour as at home, and what a node's death means."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine import ray_pool
from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.job import Job, Limits
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.ray_cluster import RayCluster, connect
from tests.engine import fakes
from tests.engine.ray_nodes import NEEDS_RAY, Nodes, cluster

pytestmark = NEEDS_RAY
SETTINGS = WorkerSettings(preload=("tests.engine.fakes",), grace_seconds=3.0)


@pytest.fixture(scope="module")
def node() -> Iterator[Nodes]:
    """A cluster of one node with two CPUs."""
    with cluster(2) as nodes:
        yield nodes


def engine(workers: Any) -> RayCluster:
    return RayCluster(workers, lambda parts: SETTINGS)


def until_free(pool: Any, count: int = 1) -> list[Epoch | Ended]:
    found: list[Epoch | Ended] = []
    while pool.running or pool.free < count:
        found += pool.events(60)
    return found


def run(pool: Any, job: Job, attempt: str) -> tuple[Ended, list[Epoch]]:
    until_free(pool)
    pool.submit(job, attempt, pool.directory / "trials" / attempt.split("-")[0])
    events: list[Epoch | Ended] = []
    while pool.running:
        events += pool.events(60)
    (ended,) = [event for event in events if isinstance(event, Ended)]
    return ended, [event for event in events if isinstance(event, Epoch)]


def look(report: Any, data: Path) -> dict[str, Any]:
    """Says where it is and what it finds."""
    import tempfile

    (report.folder / "weights").write_bytes(b"w" * 1000)
    report(1, {"a": 1})
    return {
        "scores": {"y": len((data / "x").read_bytes())},
        "measurements": {"folder": str(report.folder), "temporary": tempfile.gettempdir()},
    }


def test_a_worker_on_a_node_is_like_one_at_home(node: Nodes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results, files, data, a crash with its reason, a trial that goes on elsewhere, a time limit, and nothing left."""
    monkeypatch.setattr(ray_pool, "CLEANING_SECONDS", 120.0)  # a node of a busy machine answers late
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_bytes(b"d" * 100)
    here = engine(1)
    pool = here.pool(here.shares(), tmp_path)
    pool.start()
    ended, epochs = run(pool, Job(look, {"data": tmp_path / "data"}), "0-0")
    assert ended.failure is None
    assert ended.result is not None and ended.result["scores"] == {"y": 100}
    assert ended.result["measurements"]["folder"].startswith(str(node.folder))
    assert epochs == [Epoch("0-0", 1, {"a": 1})]
    assert (tmp_path / "trials" / "0" / "weights").read_bytes() == b"w" * 1000

    ended, _ = run(pool, Job(train_and_crash, {"data": tmp_path / "data"}), "1-0")
    assert ended.failure is not None
    assert ended.failure["message"] == "the worker died (SIGSEGV)"
    assert "in crash" in ended.failure["traceback"]
    ended, epochs = run(pool, Job(fakes.train, {"architecture": {"a": 1, "b": 1, "c": 1}, "epochs": 4}), "1-1")
    assert [epoch.epoch for epoch in epochs] == [3, 4]
    assert (ended.worker, (tmp_path / "trials" / "1" / "epochs.log").read_text()) == (1, "1\n2\n3\n4\n")

    pool.submit(Job(fakes.hang, limits=Limits(seconds=0.2)), "2-0", tmp_path / "trials" / "2")
    (ended,) = pool.events(60)
    assert ended.failure is not None and ended.failure["kind"] == "timeout"
    pool.close()
    assert node.left() == []
    assert connect(), "the pool has ended the connection that it made"


def train_and_crash(report: Any, data: Path) -> dict[str, Any]:
    fakes.train(report, {"a": 1, "b": 1, "c": 1})
    return fakes.crash(report)
