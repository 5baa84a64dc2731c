"""How a machine is divided."""

from typing import Any

import pytest

from keras_nas.engine.resources import Machine, Share, shares, this_machine, whole
from keras_nas.errors import InvalidArgument

LAPTOP = Machine(cores=2, memory_mb=16_000)
SERVER = Machine(cores=32, memory_mb=256_000)
GPUS = Machine(cores=16, memory_mb=128_000, gpus=("0", "1", "2", "3"))


@pytest.mark.parametrize(
    ("workers", "machine", "threads"),
    [
        (0, LAPTOP, []),
        (1, LAPTOP, [2]),
        (2, LAPTOP, [1, 1]),
        (4, LAPTOP, [1] * 4),
        ("auto", LAPTOP, [1, 1]),
        ("auto", Machine(cores=8, memory_mb=3_000), [8]),
        ("auto", SERVER, [1] * 18),
        (4, SERVER, [8] * 4),
    ],
)
def test_threads_are_divided(workers: Any, machine: Machine, threads: list[int]) -> None:
    assert [share.threads for share in shares(workers, machine)] == threads


def test_one_worker_a_device() -> None:
    assert shares("auto", GPUS) == tuple(Share(4, (str(index),), cores=16) for index in range(4))
    assert [share.devices for share in shares("auto", GPUS, devices_per_trial=2)] == [("0", "1"), ("2", "3")]
    with pytest.raises(InvalidArgument, match="the 4 GPUs carry 2 workers at 2 GPUs each"):
        shares(3, GPUS, devices_per_trial=2)


@pytest.mark.parametrize("devices", [0, 5, 1.0, True])
def test_more_devices_than_there_are_are_refused(devices: Any) -> None:
    words = "devices_per_trial=.*: expected a whole number from 1 to 4; there are 4 GPUs"
    for divide in (lambda: shares("auto", GPUS, devices), lambda: whole(GPUS, devices)):
        with pytest.raises(InvalidArgument, match=words):
            divide()
    with pytest.raises(InvalidArgument, match="from 1 to 1; there are 0 GPUs here"):
        shares("auto", LAPTOP, 2)


def test_a_trial_in_the_calling_process_has_its_devices_too() -> None:
    assert whole(GPUS, 2) == Share(devices=("0", "1"), cores=16)
    assert whole(LAPTOP) == Share(cores=LAPTOP.cores)


@pytest.mark.parametrize("workers", [-1, 1.5, "all", None, True])
def test_other_numbers_are_refused(workers: Any) -> None:
    with pytest.raises(InvalidArgument, match="expected 'auto', 0 .* or a positive number"):
        shares(workers, LAPTOP)


def test_the_environment_of_a_share() -> None:
    assert Share(2).environment["TF_NUM_INTRAOP_THREADS"] == "2"
    assert Share(0).environment == {"CUDA_VISIBLE_DEVICES": "", "TF_FORCE_GPU_ALLOW_GROWTH": "true"}


def test_this_machine_has_something() -> None:
    machine = this_machine()
    assert machine.cores >= 1
    assert machine.memory_mb > 0
