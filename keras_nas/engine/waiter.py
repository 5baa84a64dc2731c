"""Waiting for pipes, for the death of processes and for a wake-up call, all in one place."""

from __future__ import annotations

import contextlib
import os
import selectors

from keras_nas.engine.process import Worker


class Waiter:
    """Waits until a worker has something to say, has died, or has room for what it is to be sent."""

    def __init__(self) -> None:
        self._reads, self._writes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._selector = _selector_of(self._reads)

    def watch(self, worker: Worker) -> None:
        """Waits for a worker from now on; to be called again whenever it was sent something."""
        for descriptor, wanted, event in (
            (worker.up, True, selectors.EVENT_READ),
            (worker.death, True, selectors.EVENT_READ),
            (worker.down, bool(worker.outbox), selectors.EVENT_WRITE),
        ):
            watched = self._watches(descriptor)
            if wanted and not watched and descriptor is not None:
                self._selector.register(descriptor, event)
            elif watched and not wanted and descriptor is not None:
                self._selector.unregister(descriptor)

    def forget(self, worker: Worker) -> None:
        """No longer waits for a worker."""
        for descriptor in (worker.up, worker.down, worker.death):
            if descriptor is not None and self._watches(descriptor):
                self._selector.unregister(descriptor)

    def _watches(self, descriptor: int | None) -> bool:
        return descriptor is not None and descriptor in self._selector.get_map()

    def wait(self, seconds: float) -> bool:
        """Waits for anything to happen, `seconds` (may be infinite) at most; True when it was `wake`."""
        selected = self._selector.select(None if seconds == float("inf") else seconds)
        return any(key.fd == self._reads and os.read(self._reads, 4096) for key, _ in selected)

    def wake(self) -> None:
        """Ends the waiting; may be called from a signal handler or another thread."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._writes, b"!")

    def close(self) -> None:
        """Frees what the waiting needs."""
        self._selector.close()
        os.close(self._reads)
        os.close(self._writes)


def _selector_of(descriptor: int) -> selectors.BaseSelector:
    """A selector that waits for one pipe to be readable."""
    selector = selectors.DefaultSelector()
    selector.register(descriptor, selectors.EVENT_READ)
    return selector
