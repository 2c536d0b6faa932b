"""Our own threads: helpers that run the same kernel as the thread that calls them, and wait for the next call."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

Kernel = Callable[[int, int], None]

_idle: list[_Helper] = []  # between two crews; to start one anew costs a fit 65 microseconds
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a fork takes no threads along
_processor: Callable[[], int] | None = (
    getattr(ctypes.PyDLL(None), "sched_getcpu", None) if sys.platform == "linux" else None
)


class Crew:
    """The calling thread, number 0, and helpers: as many as were ever asked for, on its processors when they came.

    The kernel releases the GIL and its barriers hold the crew together; Python only starts a call and waits for the
    last to come home.
    """

    def __init__(self) -> None:
        self._helpers: list[_Helper] = []

    def run(self, kernel: Kernel, address: int, threads: int) -> None:
        """Run ``kernel(address, number)`` on so many threads until all are done; what one of them raises is raised."""
        while len(self._helpers) < threads - 1:
            self._helpers.append(_hire())
        called = self._helpers[: threads - 1]
        here = _processor() if _processor and called else -1
        for number, helper in enumerate(called, 1):
            helper.begin(kernel, address, number, here)
        try:
            kernel(address, 0)
        finally:
            errors = [helper.wait() for helper in called]
        for error in errors:
            if error is not None:
                raise error

    def close(self) -> None:
        """Leave the helpers to the next crew."""
        _idle.extend(helper for helper in self._helpers if not helper.busy)
        self._helpers = []


def _hire() -> _Helper:
    try:
        helper = _idle.pop()  # one operation: nobody else gets the same
    except IndexError:
        return _Helper()
    helper.follow()
    return helper


def _leave(processor: int) -> None:
    """Off this processor, if others are allowed, and then free to be moved again.

    After a second of idleness Linux may wake a helper on its caller's processor, and leave both there for 10 to 20 ms.
    """
    allowed = os.sched_getaffinity(0)
    if len(allowed) > 1:
        with suppress(OSError):  # where that is forbidden, or the others have gone
            os.sched_setaffinity(0, allowed - {processor})
            os.sched_setaffinity(0, allowed)


class _Helper:
    """A daemon that sleeps until it is called."""

    def __init__(self) -> None:
        self.busy = False
        self._job: tuple[Kernel, int, int, int]
        self._error: BaseException | None = None
        self._go, self._done = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._done.acquire()
        self._thread = threading.Thread(target=self._loop, name="fastsgd", daemon=True)
        self._thread.start()

    def follow(self) -> None:
        """To the processors of the calling thread, which may not be those it had when this one was started."""
        if _processor and self._thread.native_id:
            with suppress(OSError):
                os.sched_setaffinity(self._thread.native_id, os.sched_getaffinity(0))

    def _loop(self) -> None:
        while True:
            self._go.acquire()
            kernel, address, number, taken = self._job
            del self._job  # who sleeps keeps nothing of a job: it may hold a user's data
            try:
                if _processor and _processor() == taken:
                    _leave(taken)
                kernel(address, number)
            except BaseException as error:
                self._error = error
            finally:
                del kernel
                self._done.release()

    def begin(self, kernel: Kernel, address: int, number: int, taken: int) -> None:
        """Run ``kernel(address, number)``; ``taken`` is the processor of the caller, or -1."""
        self.busy, self._job = True, (kernel, address, number, taken)
        self._go.release()

    def wait(self) -> BaseException | None:
        """Until it is done; what it could not do."""
        self._done.acquire()
        self.busy = False
        error, self._error = self._error, None
        return error
