"""XLA is used where a timing says that it pays; the timer is a fake, the rule is the real one."""

from collections.abc import Callable

import pytest

from keras_nas.estimators.xla import Timing, measured


class Device:
    """Steps that take the seconds that they are said to, on a clock of their own.

    Args:
        plain: seconds of a step.
        xla: seconds of a step with XLA.
        trace: seconds that the first step takes longer.
        compilation: seconds that the first step with XLA takes longer still.
    """

    def __init__(self, plain: float, xla: float, trace: float = 3.0, compilation: float = 12.0) -> None:
        self.seconds = {False: plain, True: xla}
        self.first = {False: trace, True: trace + compilation}
        self.now = 0.0

    def clock(self) -> float:
        return self.now

    def make_step(self, xla: bool) -> Callable[[], None]:
        extra = [self.first[xla]]

        def step() -> None:
            self.now += self.seconds[xla] + (extra.pop() if extra else 0.0)

        return step


def timing(plain: float, xla: float) -> Timing:
    device = Device(plain, xla)
    return measured(device.make_step, device.clock)


def test_steps_and_compilation_are_told_apart() -> None:
    found = timing(0.02, 0.008)
    assert found.plain_s == pytest.approx(0.02)
    assert found.xla_s == pytest.approx(0.008)
    assert found.compile_s == pytest.approx(12.0, abs=0.1)


@pytest.mark.parametrize(
    ("xla", "seconds", "pays"),
    [(0.01, 20.0, False), (0.01, 30.0, True), (0.019, 200.0, False), (0.019, 300.0, True), (0.03, 1e6, False)],
)
def test_it_pays_when_it_saves_more_than_the_compilation_takes(xla: float, seconds: float, pays: bool) -> None:
    assert timing(0.02, xla).pays(seconds) is pays


def test_one_slow_step_does_not_count() -> None:
    device = Device(0.02, 0.01)
    ticks = iter([0.0, 3.0, 3.0, 3.02, 3.02, 9.0, 9.0, 24.0, 24.0, 24.5, 24.5, 24.51])
    found = measured(device.make_step, lambda: next(ticks), steps=2)
    assert found == Timing(pytest.approx(0.02), pytest.approx(0.01), pytest.approx(12.0))
