"""What is shown while training runs: nothing, one bar over the whole fit, or a line for every epoch."""

from __future__ import annotations

import operator
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from shutil import get_terminal_size
from time import monotonic
from typing import Any

BAR_SECONDS = 0.1  # between two updates of the bar
LINE_SECONDS = 3.0  # between two lines where a bar was wanted but there is no terminal
FORMAT = "{desc}{percentage:3.0f}%|{bar}| {elapsed}<{remaining}, {rate_fmt}{postfix}"

_told = False  # that tqdm would give a bar: once per process


def _shown(logs: Mapping[str, Any]) -> dict[str, str]:
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
        epoch. "auto": 1 if stderr is a terminal, else 0.
    epochs, initial_epoch : int
        Epochs ``initial_epoch`` to ``epochs - 1`` will be run.
    steps : int
        Batches in an epoch.

    Attributes
    ----------
    every_epoch : bool
        True if :meth:`epoch_end` must be called for every epoch; else now and then, and after the last one.

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
        self._logs: dict[str, Any] = {}  # of the last finished epoch
        self._bar: Any = None
        if level == 1 and (bar := _bar_class()) is not None:
            total = max(0, epochs - initial_epoch) * self.steps
            # A terminal may not know its size (0 x 0): tqdm would draw nothing. A notebook's bar finds its own width.
            size = {"ncols": get_terminal_size().columns, "nrows": 20} if _is_terminal(sys.stderr) else {}
            self._bar = bar(total=total, unit="batch", unit_scale=True, bar_format=FORMAT, file=sys.stderr, **size)
        self.every_epoch = level == 2
        self._lines = level > 0 and self._bar is None
        self._epoch = initial_epoch  # epochs finished so far
        self._drawn = float("-inf")  # when something was last shown
        self._pending = False  # the last finished epoch has not been shown

    def epoch_end(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """An epoch (from 0) is finished; ``logs`` are its numbers."""
        if not self._lines and self._bar is None:
            return
        self._epoch, self._logs, self._pending = epoch + 1, dict(logs), True
        last = self._epoch >= self.epochs
        if self._bar is not None:
            if last or monotonic() - self._drawn >= BAR_SECONDS:
                self._draw(0.0)
        elif self.every_epoch or last or monotonic() - self._drawn >= LINE_SECONDS:
            self._line()

    def within_epoch(self, fraction: float, loss: float) -> None:
        """The epoch after the last finished one is so far on, with this mean loss so far. Cheap to call often."""
        if self._bar is not None and monotonic() - self._drawn >= BAR_SECONDS:
            self._draw(fraction, loss=loss)

    def close(self) -> None:
        """Show what has not been shown yet, and leave the screen in order. May be called twice."""
        if self._bar is not None:
            if self._pending:
                self._draw(0.0)
            self._bar.close()
            self._bar = None
        elif self._pending:
            self._line()

    def _line(self) -> None:
        numbers = "".join(f" - {name}: {value}" for name, value in _shown(self._logs).items())
        print(f"Epoch {self._epoch}/{self.epochs}{numbers}", flush=True)
        self._drawn, self._pending = monotonic(), False

    def _draw(self, fraction: float, **so_far: float) -> None:
        self._bar.n = (self._epoch - self.initial_epoch) * self.steps + round(fraction * self.steps)
        self._bar.set_description(
            f"Epoch {min(self._epoch + (fraction > 0), self.epochs)}/{self.epochs}", refresh=False
        )
        self._bar.set_postfix(_shown({**self._logs, **so_far}), refresh=False)
        self._bar.refresh()
        self._drawn, self._pending = monotonic(), False
