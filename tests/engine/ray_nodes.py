"""A Ray cluster of one machine: no dashboard, a token of its own, no telemetry, and time to start on a busy machine."""

import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

NEEDS_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="needs Ray: pip install 'keras_nas[ray]'")
ENVIRONMENT = {
    "RAY_AUTH_MODE": "token",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_agent_register_timeout_ms": "250000",
    "RAY_raylet_start_wait_time_s": "250",
    "RAY_worker_niceness": "0",
}


@dataclass
class Nodes:
    """A running cluster.

    Args:
        cluster: Of `ray.cluster_utils`.
        nodes: Its nodes, the head first.
        folder: The temporary files of all nodes.
    """

    cluster: Any
    nodes: list[Any]
    folder: Path

    def left(self) -> list[str]:
        """What keras_nas has in the temporary files."""
        return [str(path) for path in self.folder.glob("keras_nas-*/*")]


@contextmanager
def cluster(*cpus: int) -> Iterator[Nodes]:
    """A cluster to which RAY_ADDRESS leads.

    Args:
        cpus: What each node gives, the head first.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True))
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        for name, value in {**ENVIRONMENT, "RAY_AUTH_TOKEN": secrets.token_hex(32), "TMPDIR": folder}.items():
            patch.setenv(name, value)
        if "ray" in sys.modules:
            from ray._private.authentication_test_utils import reset_auth_token_state

            reset_auth_token_state()
        import ray
        from ray.cluster_utils import Cluster

        nodes = Cluster()
        stack.callback(nodes.shutdown)
        stack.callback(ray.shutdown)
        started = [nodes.add_node(num_cpus=count, include_dashboard=False) for count in cpus]
        patch.setenv("RAY_ADDRESS", nodes.address)
        yield Nodes(nodes, started, Path(folder))
