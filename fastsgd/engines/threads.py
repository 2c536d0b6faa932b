"""Our own threads: helpers that live as long as a fit and run the same kernel as the thread that owns them."""

from __future__ import annotations

import threading
from collections.abc import Callable

Kernel = Callable[[int, int], None]


class Crew:
    """The calling thread, number 0, and helpers: as many as were ever asked for.

    The kernel releases the GIL and its barriers hold the crew together; Python only starts a call and waits for the
    last to come home. Helpers are daemons made by the process that uses them, so a fork inherits none.
    """

    def __init__(self) -> None:
        self._helpers: list[_Helper] = []

    def run(self, kernel: Kernel, address: int, threads: int) -> None:
        """Run ``kernel(address, number)`` on so many threads; returns when all are done."""
        while len(self._helpers) < threads - 1:
            self._helpers.append(_Helper(len(self._helpers) + 1))
        called = self._helpers[: threads - 1]
        for helper in called:
            helper.begin(kernel, address)
        kernel(address, 0)
        for helper in called:
            helper.wait()

    def close(self) -> None:
        for helper in self._helpers:
            helper.end()
        self._helpers = []


class _Helper:
    def __init__(self, number: int) -> None:
        self.number = number
        self._job: tuple[Kernel, int] | None = None
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._done.acquire()
        self._thread = threading.Thread(target=self._loop, name=f"fastsgd-{number}", daemon=True)
        self._thread.start()

    def _loop(self) -> None:
        while True:
            self._go.acquire()
            if self._job is None:
                return
            kernel, address = self._job
            kernel(address, self.number)
            self._done.release()

    def begin(self, kernel: Kernel, address: int) -> None:
        self._job = kernel, address
        self._go.release()

    def wait(self) -> None:
        self._done.acquire()

    def end(self) -> None:
        self._job = None
        self._go.release()
        self._thread.join()
