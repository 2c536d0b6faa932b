"""What is shown while training runs: nothing, one bar over the whole fit, or a line for every epoch."""

from __future__ import annotations

import operator
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from shutil import get_terminal_size
from time import monotonic
from typing import Any

QUIET_SECONDS = 0.5  # "auto" shows nothing of a fit that is over by then, and does not import tqdm
BAR_SECONDS = 0.1  # between two updates of the bar
LINE_SECONDS = 3.0  # between two lines where a bar was wanted but there is no terminal
FORMAT = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}, {rate_fmt}{postfix}"

_told = False  # that tqdm would give a bar: once per process


def shown(logs: Mapping[str, Any]) -> dict[str, str]:
    """Numbers as Keras shows them: four decimals, small ones with an exponent."""
    numbers = {k: float(v) for k, v in logs.items() if getattr(v, "ndim", 0) == 0}
    return {k: f"{v:.4e}" if 0 < abs(v) <= 1e-3 else f"{v:.4f}" for k, v in numbers.items()}


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # no stream (pythonw), or a closed one
        return False


def _bar_class() -> Any:
    """tqdm for where we are: a terminal, or a notebook that can show widgets; None: nowhere to draw a bar."""
    global _told
    terminal = _is_terminal(sys.stderr)
    widgets = "ipykernel" in sys.modules and find_spec("ipywidgets") is not None
    if not terminal and not widgets:
        return None
    if find_spec("tqdm") is None:
        if not _told:
            _told = True
            print("fastsgd: pip install 'fastsgd[progress]' shows a progress bar here", file=sys.stderr)
        return None
    if terminal:
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    return type("Bar", (tqdm,), {"monitor_interval": 0})  # no monitor thread: this bar is refreshed often enough


class Progress:
    """Tells how far a fit has come.

    Parameters
    ----------
    verbose : {"auto", 0, 1, 2}
        0: silent. 1: one tqdm bar over the whole fit, on stderr; where that is no terminal (a log, a pipe), or without
        tqdm, lines as for 2, but only the first, the last, and one every few seconds. 2: a line on stdout for every
        epoch. "auto": 1 if stderr is a terminal and the fit takes more than half a second, else 0.
    epochs, initial_epoch : int
        Epochs ``initial_epoch`` to ``epochs - 1`` will be run.
    steps : int
        Batches in an epoch.

    Attributes
    ----------
    every_epoch : bool
        True if :meth:`epoch_end` must be called for every epoch; else now and then, and after the last one.
    shows : bool
        False if nothing is ever shown: then nothing need be called.

    Raises
    ------
    ValueError
        Another verbose.
    """

    def __init__(self, verbose: Any = "auto", epochs: int = 1, initial_epoch: int = 0, steps: int = 1) -> None:
        if verbose == "auto":
            level = 1 if _is_terminal(sys.stderr) else 0
        else:
            try:
                level = operator.index(verbose)
            except TypeError:
                level = -1
            if level not in (0, 1, 2):
                raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}")
        self.epochs, self.initial_epoch, self.steps = epochs, initial_epoch, max(1, steps)
        self.every_epoch = level == 2
        self._begun = monotonic()
        self._quiet_until = self._begun + QUIET_SECONDS if verbose == "auto" else self._begun
        self.shows = level > 0
        self._bar: Any = None
        self._interval = LINE_SECONDS if level == 1 else 0.0  # between two times that something is shown
        self._opened = level == 2  # whether it is settled what is shown, a bar or lines
        self._logs: dict[str, Any] = {}  # of the last finished epoch
        self._epoch = initial_epoch  # epochs finished so far
        self._drawn = float("-inf")  # when something was last shown
        self._pending = False  # the last finished epoch has not been shown

    def begin(self, epoch: int) -> None:
        """The first epoch that will be run is this one, if it is another than was said."""
        self.initial_epoch = self._epoch = epoch

    def epoch_end(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """An epoch (from 0) is finished; ``logs`` are its numbers."""
        if not self.shows:
            return
        self._epoch, self._logs, self._pending = epoch + 1, dict(logs), True
        if self._due(last=self._epoch >= self.epochs):
            self._show(0.0)

    def within_epoch(self, fraction: float, loss: float) -> None:
        """The epoch after the last finished one is so far on, with this mean loss so far. Cheap to call often."""
        if self.shows and self._due() and self._bar is not None:
            self._show(fraction, loss=loss)

    def close(self) -> None:
        """Show what has not been shown yet, and leave the screen in order. May be called twice."""
        if self._pending and self._due(last=True):
            self._show(0.0)
        if self._bar is not None:
            self._bar.close()
        self.shows, self._bar = False, None

    def _due(self, last: bool = False) -> bool:
        """Whether it is time to show something, ``last``: as it is the last thing; the first time opens the bar."""
        now = monotonic()
        if now < self._quiet_until or not (last or now - self._drawn >= self._interval):
            return False
        if not self._opened:
            self._open()
        return True

    def _open(self) -> None:
        """A bar, if there can be one."""
        self._opened = True
        if (bar := _bar_class()) is None:
            return
        total = max(0, self.epochs - self.initial_epoch) * self.steps
        # A terminal may not know its size (0 x 0): tqdm would draw nothing. A notebook's bar finds its own width.
        size = {"ncols": get_terminal_size().columns, "nrows": 20} if _is_terminal(sys.stderr) else {}
        self._bar = bar(total=total, unit="batch", unit_scale=True, bar_format=FORMAT, file=sys.stderr, **size)
        self._bar.start_t -= monotonic() - self._begun
        self._interval = BAR_SECONDS

    def _show(self, fraction: float, **so_far: float) -> None:
        if self._bar is None:
            self._line()
        else:
            self._draw(fraction, **so_far)
        self._drawn, self._pending = monotonic(), False

    def _line(self) -> None:
        numbers = "".join(f" - {name}: {value}" for name, value in shown(self._logs).items())
        print(f"Epoch {self._epoch}/{self.epochs}{numbers}", flush=True)

    def _draw(self, fraction: float, **so_far: float) -> None:
        self._bar.n = (self._epoch - self.initial_epoch) * self.steps + round(fraction * self.steps)
        self._bar.set_description(
            f"Epoch {min(self._epoch + (fraction > 0), self.epochs)}/{self.epochs}", refresh=False
        )
        self._bar.set_postfix(shown({**self._logs, **so_far}), refresh=False)
        self._bar.refresh()
