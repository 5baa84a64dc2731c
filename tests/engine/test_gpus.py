"""Who holds a GPU's memory, by the words of a driver that is not there."""

import pytest

from keras_nas.engine.gpus import Memory, memory_of

CARDS = """0, GPU-aaaa-1, 15360, 14900
1, GPU-bbbb-2, 15360, 3
"""
APPS = """GPU-aaaa-1, 4711, 14600
GPU-aaaa-1, 99, 290
"""


def told(fields: str, query: str) -> str:
    return CARDS if query == "--query-gpu" else APPS


def test_what_this_process_holds_is_told_apart() -> None:
    assert memory_of(["0", "1"], told, pid=4711) == [Memory("0", 15360, 14900, 14600), Memory("1", 15360, 3, 0)]
    assert memory_of(["0"], told, pid=1)[0].ours == 0
    assert memory_of(["0"], told)[0].free == 460


def test_a_gpu_may_go_by_its_id() -> None:
    assert [memory.gpu for memory in memory_of(["GPU-bbbb"], told)] == ["GPU-bbbb"]


@pytest.mark.parametrize("words", ["", "NVIDIA-SMI has failed because it couldn't communicate with the driver."])
def test_what_the_driver_does_not_tell_is_not_made_up(words: str) -> None:
    assert memory_of(["0"], lambda fields, query: words) == []
    assert memory_of([], told) == []


def test_numbers_that_the_driver_keeps_to_itself() -> None:
    def shy(fields: str, query: str) -> str:
        return "0, GPU-a, 8000, 100" if query == "--query-gpu" else "GPU-a, 7, [N/A]"

    assert memory_of(["0"], shy, pid=7) == [Memory("0", 8000, 100, 0)]
