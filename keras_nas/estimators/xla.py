"""Whether a training is compiled by XLA: where a short timing says that the compilation pays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Timing:
    """A training step with XLA and without, as measured on the device that trains.

    Args:
        plain_s: seconds of a step without.
        xla_s: seconds of a step with it.
        compile_s: seconds by which the first step with it is longer.
    """

    plain_s: float
    xla_s: float
    compile_s: float

    def pays(self, seconds: float) -> bool:
        """Whether XLA saves time in a training that takes so long without it.

        Args:
            seconds: of the training's steps alone.

        Example:
            >>> timing = Timing(plain_s=0.02, xla_s=0.01, compile_s=15)
            >>> timing.pays(20), timing.pays(60)
            (False, True)
        """
        return seconds * (1.0 - self.xla_s / self.plain_s) > self.compile_s


def measured(make_step: Callable[[bool], Callable[[], object]], clock: Callable[[], float], steps: int = 5) -> Timing:
    """Time steps of one network, without XLA and with it.

    Args:
        make_step: given whether XLA compiles it, a function that runs one step and waits for its end.
        clock: seconds, monotonic.
        steps: how many are timed after the first; the quickest counts, since nothing makes a step too quick.
    """
    firsts, quickest = [], []
    for xla in (False, True):
        began = clock()
        step = make_step(xla)
        step()
        firsts.append(clock() - began)
        quickest.append(min(timed(step, clock) for _ in range(steps)))
    return Timing(quickest[0], quickest[1], max(0.0, firsts[1] - firsts[0]))


def timed(step: Callable[[], object], clock: Callable[[], float]) -> float:
    """Seconds of one call."""
    began = clock()
    step()
    return clock() - began
