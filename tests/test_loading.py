"""TensorFlow is loaded without its remarks; what is an error comes through, also before a crash."""

import os
import subprocess
import sys

import pytest

from keras_nas.loading import NO_GPU, NOISE, load_tensorflow, sieved
from tests.source import ROOT

REMARKS = """WARNING: All log messages before absl::InitializeLog() is called are written to STDERR
I0000 00:00:1795364398.988745   17263 port.cc:153] oneDNN custom operations are on.
I0000 00:00:1795364398.988745   17263 cpu_feature_guard.cc:227] This TensorFlow binary is optimized to use
To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow.
"""
NO_CUDA = "E0000 00:00:1795364398.988745   17263 cuda_platform.cc:52] failed call to cuInit: UNKNOWN ERROR (303)\n"
CRASH = """
import os
from keras_nas.loading import NOISE, sieved
with sieved(NOISE):
    os.write(2, b"I0000 a remark\\nF0000 these instructions are not available on your machine\\n")
    os.abort()
"""


@pytest.mark.parametrize(("noise", "left"), [(NOISE, NO_CUDA), (NOISE + NO_GPU, "")])
def test_remarks_are_left_out_and_errors_come_through(noise: str, left: str, capfd: pytest.CaptureFixture[str]) -> None:
    with sieved(noise):
        os.write(2, f"{REMARKS}{NO_CUDA}E0000 a real error\n".encode())
    print("afterwards", file=sys.stderr)
    assert capfd.readouterr().err == f"{left}E0000 a real error\nafterwards\n"


def test_what_comes_before_a_crash_comes_through() -> None:
    done = subprocess.run([sys.executable, "-c", CRASH], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -6
    assert done.stderr == "F0000 these instructions are not available on your machine\n"


def test_an_exception_passes_and_leaves_standard_error_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ImportError, match="no such package"), sieved(NOISE):
        raise ImportError("no such package")
    os.write(2, b"I0000 mine\n")
    assert capfd.readouterr().err == "I0000 mine\n"


@pytest.mark.slow
def test_nothing_is_said_where_nothing_is_wrong() -> None:
    code = "from keras_nas.loading import load_tensorflow; load_tensorflow(); import tensorflow as tf; tf.zeros(1)"
    without = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, env=without, capture_output=True, text=True, check=True, timeout=280)
    assert done.stderr == ""


def test_it_is_loaded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tensorflow", sys)
    monkeypatch.setattr("keras_nas.loading.sieved", None)
    load_tensorflow()
