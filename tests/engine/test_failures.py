"""Which kind of failure is which."""

from pathlib import Path

import pytest

from keras_nas.engine.failures import describe, describe_death, failing_as, kind_of, log_tail
from keras_nas.engine.job import Stop, TrialError


class ResourceExhaustedError(Exception):
    """Named as TensorFlow names it."""


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (ResourceExhaustedError("anything"), "out_of_memory"),
        (RuntimeError("OOM when allocating tensor with shape[1000000,1000000]"), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
        (FloatingPointError("overflow"), "not_finite"),
        (RuntimeError("loss : Tensor had NaN values"), "not_finite"),
        (TrialError("too_slow", "x"), "too_slow"),
        (Stop(), "stopped"),
        (KeyError("x"), "error"),
    ],
)
def test_kinds(error: Exception, kind: str) -> None:
    assert kind_of(error) == kind


def test_an_exception_in_a_build_is_a_build_error_with_its_traceback() -> None:
    with pytest.raises(TrialError, match="KeyError: 'units'") as caught, failing_as("build_error"):
        {}["units"]
    described = describe(caught.value)
    assert described["kind"] == "build_error"
    assert "KeyError: 'units'" in described["traceback"]


def test_memory_and_stops_keep_their_kind_in_a_build() -> None:
    with pytest.raises(TrialError) as caught, failing_as("build_error"):
        raise MemoryError
    assert caught.value.kind == "out_of_memory"
    with pytest.raises(Stop), failing_as("build_error"):
        raise Stop
    with pytest.raises(TrialError) as caught, failing_as("build_error"):
        raise TrialError("too_large", "x")
    assert caught.value.kind == "too_large"


def test_long_tracebacks_are_cut_in_the_middle() -> None:
    text = describe(ValueError("x" * 100_000))["traceback"]
    assert len(text) < 20_000
    assert text.startswith("ValueError: xx")


def test_the_death_of_a_worker(tmp_path: Path) -> None:
    log = tmp_path / "log"
    assert describe_death(-9, log, 0) == {"kind": "killed", "message": "the worker died (SIGKILL)", "traceback": ""}
    assert describe_death(-9, log, 1)["kind"] == "out_of_memory"
    assert describe_death(3, log, 1)["message"] == "the worker died (exit code 3)"
    log.write_bytes(b"line\n" * 5000 + b"what():  std::bad_alloc\n\xff\n")
    death = describe_death(-6, log, 0)
    assert (death["kind"], death["message"]) == (
        "out_of_memory",
        "the kernel ended the worker for lack of memory (SIGABRT)",
    )
    assert log_tail(log).splitlines()[-2:] == ["what():  std::bad_alloc", "\ufffd"]
    assert len(log_tail(log).splitlines()) == 12
