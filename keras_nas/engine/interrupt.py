"""Ctrl-C: once ends the search in order, twice ends it at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any


class Interrupt:
    """While entered, the first SIGINT is noted and the second raises `KeyboardInterrupt`.

    Outside the main thread, where Python delivers no signals, it changes nothing.

    Args:
        wake: Called at the first SIGINT, from the signal handler.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self.wake = wake
        self.requested = False
        self._before: Any = None

    def __enter__(self) -> Interrupt:
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._on_signal)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        self.wake()
