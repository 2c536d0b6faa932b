"""Ctrl-C between two consistent states, never amid one."""

from __future__ import annotations

import threading
from signal import SIGINT
from types import FrameType
from typing import Any

try:  # what `signal` itself calls: its own functions make enums of all that they take and return, 20 us of every fit
    from _signal import getsignal, signal  # type: ignore[import-not-found]
except ImportError:
    from signal import getsignal, signal


class Interrupts:
    """While this is entered, SIGINT waits until nobody holds it off.

    Python runs signal handlers in its main thread, between any two bytecodes, so that a KeyboardInterrupt could come
    between the update of the weights and the note that it was made::

        with Interrupts() as interrupts:
            with interrupts.held:
                ...  # what belongs together
            # here, at the latest, the handler that was there before is called

    Elsewhere than in the main thread, and where the handler is none of Python's, nothing is put off.
    """

    def __init__(self) -> None:
        self.held = _Held()

    def __enter__(self) -> Interrupts:
        handler = getsignal(SIGINT)
        if callable(handler) and threading.current_thread() is threading.main_thread():
            self.held.handler = handler
            signal(SIGINT, self.held.take)
        return self

    def __exit__(self, *exc: object) -> None:
        if self.held.handler is not None:
            present = signal(SIGINT, self.held.handler)
            if present != self.held.take:  # somebody has set another one meanwhile
                signal(SIGINT, present)


class _Held:
    """The block of :class:`Interrupts`; not to be entered twice at a time."""

    def __init__(self) -> None:
        self.handler: Any = None
        self._holding = False
        self._came: tuple[int, FrameType | None] | None = None

    def take(self, number: int, frame: FrameType | None) -> None:
        """The handler: now, or when the block is left."""
        if self._holding:
            self._came = number, frame
        else:
            self.handler(number, frame)

    def __enter__(self) -> None:
        self._holding = True

    def __exit__(self, *exc: object) -> None:
        self._holding = False
        if self._came is not None:
            came, self._came = self._came, None
            self.handler(*came)
