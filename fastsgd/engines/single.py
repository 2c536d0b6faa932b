"""A run of one step, of a batch that one thread has done in a moment: one call, which nobody wants to cut short.

Nothing is put in order, timed, or divided into calls: `train_on_batch` with 32 rows of 8-32-32-1 takes 0.73 of the time
that it takes with a :class:`~fastsgd.engines.run.CompiledRun`.
"""

from __future__ import annotations

import ctypes
import math

import numpy as np

from ..program import Program
from . import Diverged, Hyper
from .layout import Layout
from .memory import address_of
from .paths import Way
from .threads import Kernel
from .workshop import ENDED, Workshop

MOST_ROWS = 4096  # of such a batch
MOST_FLOPS = 20e6  # of which products take 170 to 300 us of one core
MOST_NUMBERS = 1 << 18  # that its steps put out: with the slowest activations and losses some 15 ms
_in_order = np.arange(MOST_ROWS)  # kernels only read it where nothing is shuffled


def is_single(program: Program, rows: int, batch_size: int, epochs: int) -> bool:
    """Whether so many rows are a single batch, in a single epoch, and done in a moment."""
    if epochs > 1 or rows > min(batch_size, MOST_ROWS):
        return False
    return rows * program.flops_per_row <= MOST_FLOPS and rows * program.numbers_per_row <= MOST_NUMBERS


class SingleRun:
    """See :class:`fastsgd.engines.Run` for what its attributes and methods mean.

    Weights that are not finite are found by :meth:`advance` already.
    """

    batch = 0  # of one batch none is done before all are

    def __init__(
        self, workshop: Workshop, layout: Layout, kernel: Kernel, way: Way, x: np.ndarray, y: np.ndarray, *,
        batch_size: int, hyper: Hyper, step: int, seed: int, first_epoch: int, keep_predictions: bool,
        weights: np.ndarray | None,
    ) -> None:  # fmt: skip
        program, n = layout.program, len(x)
        self.losses: list[float] = []
        self.predictions = np.zeros((n, program.outputs), program.dtype) if keep_predictions else None
        self._workshop, self._layout, self._kernel, self._hyper = workshop, layout, kernel, hyper
        self._first_step, self._elements = step, n * program.elements
        self._last_step: int | None = None  # known when the tools were handed in
        self._tools = workshop.lend(layout, way)
        self._rows = x, y, weights  # held for their addresses
        self._tools.take_job(x, y, weights, self.predictions, _in_order, batch_size)
        t = self._t = self._tools.work.task
        t.far, t.shuffle, t.seed, t.first_epoch, t.step = 0, False, seed, first_epoch, step
        self._tools.take_path(way.path, layout)
        self._tools.meet(1, layout)

    @property
    def epoch(self) -> int:
        return self.step - self._first_step  # what the kernel has counted, whatever is raised after it

    @property
    def step(self) -> int:
        return self._t.step if self._last_step is None else self._last_step

    @property
    def running_loss(self) -> float:
        return self.losses[-1] if self.losses else math.nan

    def skip(self, batches: int, loss: float) -> None:
        if batches:
            raise ValueError(f"there is one batch, got batches={batches} to begin behind")

    def __enter__(self) -> SingleRun:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._last_step is None and not any(exc):
            self._hand_in()

    def _hand_in(self) -> None:
        self._last_step = self._t.step
        self._workshop.take_back(self._tools)

    def advance(self, epoch: int, batches: int | None = None) -> None:
        """One call of the kernel: the step, or another one, if more are asked for than were planned."""
        if self._last_step is not None:
            raise RuntimeError(ENDED)
        if self.epoch >= epoch or batches == 0:
            return
        t, layout, work = self._t, self._layout, self._tools.work
        begun, step = t.epoch, t.step
        numbers = np.ascontiguousarray(self._hyper(np.array([step])), layout.program.dtype)
        loss = ctypes.c_double()
        layout.turn(work.needed)
        layout.save(work.snapshot)
        t.hyper, t.hyper_stride, t.hyper_step = address_of(numbers), 0, step
        t.epoch_losses, t.losses_epoch = ctypes.addressof(loss), begun
        t.budget, t.stop_epoch = -(-t.samples // t.round), begun + 1
        self._kernel(work.address, 0)
        if t.failed or not layout.finite():
            self._tools.undo(layout)
            t.epoch, t.start, t.step = begun, 0, step
            self._hand_in()
            raise Diverged(begun, 0)
        self.losses.append(loss.value / self._elements)
