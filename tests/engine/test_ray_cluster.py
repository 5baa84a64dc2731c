"""How a cluster is divided, and what is said where there is none."""

import os
import subprocess
import sys
import types
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine.ray_cluster import cluster_shares, connect
from keras_nas.engine.resources import Machine, Share
from keras_nas.errors import InvalidArgument, MissingDependency, WorkerError
from keras_nas.preparing.pools import get_engine, worker_settings

BIG, SMALL = Machine(cores=8, memory_mb=64_000), Machine(cores=2, memory_mb=16_000)
GPUS = Machine(cores=16, memory_mb=64_000, gpus=("0", "1"))


def divided(workers: Any, **nodes: Machine) -> list[tuple[str, int]]:
    return [(share.node, share.threads) for share in cluster_shares(workers, nodes)]


def test_auto_divides_every_node_as_a_machine_of_its_own() -> None:
    assert divided("auto", a=BIG, b=SMALL) == [("a", 1)] * 6 + [("b", 1)] * 2
    assert divided("auto", a=Machine(cores=8, memory_mb=3_000)) == [("a", 8)]


def test_a_number_of_workers_goes_where_there_is_most_room() -> None:
    assert divided(1, a=SMALL, b=BIG) == [("b", 8)]
    assert divided(3, a=SMALL, b=BIG) == [("b", 2)] * 3
    assert divided(5, a=SMALL, b=BIG) == [("a", 2), *[("b", 2)] * 4]
    assert divided(10, a=SMALL, b=BIG) == [("a", 1)] * 2 + [("b", 1)] * 8


def test_where_there_are_gpus_they_alone_carry_workers() -> None:
    assert divided("auto", head=BIG, node=GPUS) == [("node", 8)] * 2
    (share,) = cluster_shares(1, {"head": BIG, "node": GPUS})
    assert share == Share(16, ("0",), "node", 16)


@pytest.mark.parametrize("workers", [0, -1, 1.5, "all", None, True])
def test_other_numbers_are_refused(workers: Any) -> None:
    with pytest.raises(InvalidArgument, match="with engine='ray': expected 'auto' or a positive number; workers=0 is"):
        cluster_shares(workers, {"a": BIG})


def test_more_workers_than_the_cluster_carries_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="workers=11 .*the cluster's 2 nodes give 10 CPUs.*Ask for that many"):
        divided(11, a=BIG, b=SMALL)
    with pytest.raises(InvalidArgument, match="workers=3 .*the cluster's 1 nodes give 2 GPUs"):
        divided(3, a=BIG, b=GPUS)


def test_a_cluster_without_processors_is_refused() -> None:
    with pytest.raises(WorkerError, match=r"No node of the Ray cluster gives a CPU: add one with `ray start"):
        cluster_shares("auto", {})


def test_workers_of_a_node_spread_over_its_own_cores() -> None:
    environment = worker_settings(cluster_shares(2, {"a": BIG})).environment
    assert environment == {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "8"}
    assert worker_settings(cluster_shares(1, {"a": GPUS})).environment == {}


def test_unknown_engines_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="Unknown engine 'Ray': expected one of 'local', 'ray'. Did you mean"):
        get_engine("Ray", "auto")


def test_ray_that_is_not_installed_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=r"pip install 'keras_nas\[ray\]', here and on every node"):
        connect()


def test_an_old_ray_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)
    monkeypatch.setitem(sys.modules, "ray", types.SimpleNamespace(__version__="2.58.1"))
    with pytest.raises(MissingDependency, match=r"needs Ray 2\.59 or newer, 2\.58\.1 is installed"):
        connect()


def test_a_connection_of_the_user_s_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet(monkeypatch)
    ray = types.SimpleNamespace(__version__="3.0.0.dev0", is_initialized=lambda: True)
    monkeypatch.setitem(sys.modules, "ray", ray)
    assert not connect()


def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes back what connecting says in the environment."""
    for name in ("RAY_AUTH_MODE", "RAY_USAGE_STATS_ENABLED"):
        monkeypatch.setenv(name, os.environ.get(name, "to be removed"))
        if os.environ[name] == "to be removed":
            monkeypatch.delenv(name)


ALONE = """
import sys
from keras_nas.engine.ray_cluster import connect
from keras_nas.errors import WorkerError
try:
    connect()
except WorkerError as error:
    print(error)
"""


@pytest.mark.slow
@pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'keras_nas[ray]'")
@pytest.mark.parametrize(
    ("address", "token", "words"),
    [
        (None, "t" * 64, "found no Ray cluster on this machine (ConnectionError"),
        ("127.0.0.1:1", "t" * 64, "found no Ray cluster at RAY_ADDRESS=127.0.0.1:1 ("),
        ("127.0.0.1:1", None, "(AuthenticationError"),
    ],
)
def test_a_cluster_that_does_not_answer(address: str | None, token: str | None, words: str, tmp_path: Path) -> None:
    """In a process of its own: a home without a token, temporary files without an address."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RAY_")}
    environment |= {"HOME": str(tmp_path), "RAY_TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    environment |= {} if address is None else {"RAY_ADDRESS": address}
    environment |= {} if token is None else {"RAY_AUTH_TOKEN": token}
    found = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, env=environment, timeout=250)
    assert words in found.stdout, found.stderr
    assert "Start one with `ray start --head --include-dashboard=false`, set RAY_ADDRESS" in found.stdout


def test_ray_is_imported_when_it_is_asked_for() -> None:
    code = "import sys, keras_nas.preparing.pools, keras_nas.engine.ray_pool; sys.exit('ray' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(Path.cwd())})
