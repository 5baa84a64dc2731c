"""A search on a cluster of two nodes, one of which is killed on the way."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine import events as told
from keras_nas.engine.driver import Driver
from keras_nas.engine.job import Job
from keras_nas.engine.plan import Plan
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.ray_cluster import RayCluster
from keras_nas.engine.store import Store
from tests.engine import fakes
from tests.engine.ray_nodes import NEEDS_RAY, cluster

pytestmark = [NEEDS_RAY, pytest.mark.slow, pytest.mark.timeout(900)]
EPOCHS = 20


def train(report: Any, architecture: Any, data: Path) -> dict[str, Any]:
    """A deterministic training that says which file its data is."""
    done = fakes.train(report, architecture, epochs=EPOCHS, seconds=0.25)
    return {**done, "measurements": {"file": (data / "x").stat().st_ino}}


class Killer:
    """A listener that kills a node as soon as a trial on it has come some way, and remembers what it ran then."""

    def __init__(self, nodes: Any, node: Any, pool: Any) -> None:
        self.nodes, self.node, self.pool = nodes, node, pool
        self.lost: dict[int, int] = {}
        self.retried: dict[int, str] = {}

    def __call__(self, notice: told.Notice) -> None:
        if isinstance(notice, told.TrialRetried):
            self.retried[notice.trial.number] = notice.failure.kind
        if isinstance(notice, told.EpochEnded) and not self.lost and notice.epoch == 5:
            there = [r for r in self.pool.running.values() if r.worker.share.node == self.node.node_id]
            if there:
                self.lost = {int(running.attempt.split("-")[0]): running.worker.number for running in there}
                self.nodes.remove_node(self.node, allow_graceful=False)


def records(directory: Path, kind: str) -> list[tuple[int, str, dict[str, Any]]]:
    """Trial, attempt and body of all records of a kind."""
    with sqlite3.connect(directory / "search.sqlite") as store:
        rows = store.execute("SELECT trial, attempt, body FROM records WHERE kind = ? ORDER BY 1", (kind,)).fetchall()
    store.close()
    return [(trial, attempt, json.loads(body)) for trial, attempt, body in rows]


def test_a_dead_node_s_trials_go_on_elsewhere_and_every_trial_ends_once(tmp_path: Path) -> None:
    search = tmp_path / "search"
    (search / "data").mkdir(parents=True)
    (search / "data" / "x").write_bytes(b"data")
    settings = WorkerSettings(preload=("tests.engine.fakes",))
    with cluster(0, 2, 2) as nodes:
        engine = RayCluster("auto", lambda parts: settings)
        parts = engine.shares()
        assert Counter(part.node for part in parts) == {node.node_id: 2 for node in nodes.nodes[1:]}
        ledger, pool = fakes.ledger(), engine.pool(parts, search)

        def make(trial: Any, changes: Any) -> Job:
            arguments = {"architecture": dict(trial.proposal.architecture), "data": search / "data"}
            return Job(train, {**arguments, **changes})

        killer = Killer(nodes.cluster, nodes.nodes[2], pool)
        with Store(search) as store:
            driver = Driver(ledger, make, pool, store, Plan(max_trials=10), [killer])
            assert driver.run() == "max_trials"
            pool.close()
        left = nodes.left()
    ran, ends = [trial for trial in ledger.trials if trial.source == "run"], records(search, "end")
    assert len(ran) == 10
    assert all(trial.outcome.scores == {"score": fakes.value(trial.proposal.architecture)} for trial in ran)
    assert killer.lost and killer.retried == dict.fromkeys(killer.lost, "killed")
    assert Counter(body["state"] for _, _, body in ends) == {"finished": 10, "failed": len(killer.lost)}
    assert Counter(trial for trial, _, body in ends if body["state"] == "finished") == {
        trial.number: 1 for trial in ran
    }
    for trial in ran:
        log = (search / "trials" / str(trial.number) / "epochs.log").read_text().split()
        assert log == [str(epoch) for epoch in range(1, EPOCHS + 1)], "an epoch that had come home was run again"
    files = {body["measurements"]["file"] for _, _, body in records(search, "observe") if body["source"] == "run"}
    assert len(files) == 1, "the data is written once on the node where all trials ended"
    assert left == []
