"""What all tests share: a quiet TensorFlow, fixed seeds, and the data that some of them read."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]

os.environ["KERAS_NAS_HISTORY"] = "off"

hypothesis.settings.register_profile("project", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("project")


@pytest.fixture(scope="session", autouse=True)
def own_folder() -> Iterator[None]:
    """Temporary files of tests and examples lie in one folder, which goes when a process of pytest's ends."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as tempfile.tempdir:
        os.environ["KERAS_NAS_CACHE"] = tempfile.mkdtemp()
        yield
    tempfile.tempdir = None


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Starts every test from the same global random states (library code uses none of them).

    Keras draws its default seeds from Python's generator; TensorFlow's own seed is set where Keras is loaded
    already, so that tests which need neither do not pay for importing them.
    """
    random.seed(0)
    np.random.seed(0)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(scope="session")
def reference_data() -> Callable[[str], Path]:
    """Finds a file of the shared data by its name below that folder, `reference_data("nas/nb201.npz")`.

    The folder is the one that the environment variable KERAS_NAS_DATA names, else `shared/data` beside the
    repository. A test that asks for an absent file is skipped, and says where it was looked for.
    """
    named = os.environ.get("KERAS_NAS_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"

    def find(name: str) -> Path:
        path = folder / name
        if not path.is_file():
            pytest.skip(f"needs the data file {name}, absent in {named or '../shared/data'} (KERAS_NAS_DATA)")
        return path

    return find


@pytest.fixture(scope="session")
def digits() -> tuple[np.ndarray, np.ndarray]:
    """Scikit-learn's digits: x (1797, 8, 8, 1) uint8 from 0 to 16, y (1797,) int64 from 0 to 9; read-only."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    x, y = bunch.images.astype("uint8")[..., None], bunch.target.astype("int64")
    x.setflags(write=False)
    y.setflags(write=False)
    return x, y


@pytest.fixture(autouse=True)
def _gpu_or_skip(request: pytest.FixtureRequest) -> None:
    """Skips tests marked `gpu` where TensorFlow sees none, with the reason."""
    if request.node.get_closest_marker("gpu") is None:
        return
    import tensorflow as tf

    if not tf.config.list_physical_devices("GPU"):
        pytest.skip("needs a GPU: TensorFlow sees none on this machine")
