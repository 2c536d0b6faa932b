"""One stretch of training by a compiled engine, driven in short calls."""

from __future__ import annotations

import time

import numpy as np

from . import Diverged, Hyper
from .layout import Layout, TaskRecord
from .memory import address_of
from .neighbours import neighbours, pays
from .paths import FAR, FARTHER, Way
from .reference import row_order
from .threads import Crew, Kernel
from .workshop import ENDED, Workshop

MOST_STEPS = 65536  # per call: the table of per-step numbers stays small
MOST_EPOCHS = 65536
Safe = tuple[int, int, int, float]  # epoch, row and step to go on from; sum of losses of the rows before


class CompiledRun:
    """See :class:`fastsgd.engines.Run` for what its attributes and methods mean."""

    def __init__(
        self, workshop: Workshop, layout: Layout, kernel: Kernel, way: Way, x: np.ndarray, y: np.ndarray, *,
        batch_size: int, hyper: Hyper, step: int, shuffle: bool, seed: int, first_epoch: int, epochs: int, threads: int,
        most_threads: int, keep_predictions: bool, weights: np.ndarray | None,
    ) -> None:  # fmt: skip
        program = layout.program
        self.losses: list[float] = []
        self.predictions = np.zeros((len(x), program.outputs), program.dtype) if keep_predictions else None
        self._workshop, self._layout, self._kernel, self._hyper = workshop, layout, kernel, hyper
        self._tools = workshop.lend(layout, way)
        self._kind, self._pace = workshop.lend_pace(way, batch_size, threads, most_threads)
        self._has_ended = False  # and handed in its tools
        self._crew = Crew()
        self._order, self._seed = np.arange(len(x)), seed
        self._elements = len(x) * program.elements
        self._first_step, self._batches = step, -(-len(x) // batch_size)  # batches of an epoch
        self._safe: Safe | None = None  # that of the layout's snapshot
        t = self._t = self._tools.work.task
        size = len(x) * abs(x.strides[0])
        t.far = (size >= FAR) + (size >= FARTHER) if shuffle else 0
        if t.far and pays(size, epochs, program.flops_per_row):
            x, y = neighbours(x, y)
        self._rows = x, y, weights  # held for their addresses
        self._tools.take_job(x, y, weights, self.predictions, self._order, batch_size)
        t.shuffle, t.seed, t.first_epoch = shuffle, seed, first_epoch
        t.step, t.threads = step, 0
        self._tools.take_path(way.path, layout)

    @property
    def epoch(self) -> int:
        return self._t.epoch

    @property
    def batch(self) -> int:
        return self._t.start // self._t.batch

    @property
    def step(self) -> int:
        return self._t.step

    @property
    def running_loss(self) -> float:
        seen = self._t.start
        if seen == 0:
            return self.losses[-1] if self.losses else float("nan")
        return (self._t.whole if self._t.done else self._t.total) / (seen * self._t.elements)

    def skip(self, batches: int, loss: float) -> None:
        t = self._t
        t.start = batches * t.batch
        t.total = loss * (t.start * t.elements)
        self._put_in_order()

    def __enter__(self) -> CompiledRun:
        return self

    def __exit__(self, *exc: object) -> None:
        try:
            if not self._has_ended and not any(exc):
                if self.step > self._first_step and not self._layout.finite():
                    last = (self.epoch, self.batch - 1) if self.batch else (self.epoch - 1, self._batches - 1)
                    self._back_to_finite(*last)
                self._hand_in()
        finally:
            self._crew.close()

    def _hand_in(self) -> None:
        """Give the tools back, once, with panels that are finite; how far the run came is still known."""
        if not self._has_ended:
            self._has_ended = True
            self._t = TaskRecord.from_buffer_copy(self._t)
            self._workshop.take_back(self._tools)
            self._workshop.take_back_pace(self._kind, self._pace)

    def advance(self, epoch: int, batches: int | None = None) -> None:
        """One call of the kernel."""
        if self._has_ended:
            raise RuntimeError(ENDED)
        t = self._t
        if self._safe is None or (t.start == 0 == t.done and self._layout.finite()):
            self._save()
        threads, budget = self._pace.call()
        budget = min(budget, MOST_STEPS)
        stop = min(epoch, self.epoch + MOST_EPOCHS)
        budget = min(budget, (stop - self.epoch) * self._batches * -(-t.batch // t.round))
        if batches is not None:
            budget = min(budget, batches * self._blocks_of_batch())
        before, begin = self._rows_done(), time.perf_counter()
        self._run_kernel(stop, budget, threads)
        seconds = time.perf_counter() - begin
        self._pace.note(threads, max(1, self._rows_done() - before) / min(t.round, t.batch), seconds)
        if t.failed:
            self._back_to_finite(t.failed_epoch, t.failed - 1)

    def _rows_done(self) -> int:
        """Since the beginning of the run; a call may do fewer than it was asked for, as an epoch ends."""
        t = self._t
        return t.epoch * t.samples + t.start + t.done

    def _blocks_of_batch(self) -> int:
        """Blocks until the end of the current batch."""
        t = self._t
        rows = min(t.batch, t.samples - t.start) - t.done
        return -(-rows // t.round)

    def _run_kernel(self, stop_epoch: int, budget: int, threads: int) -> None:
        """At most ``budget`` blocks towards ``stop_epoch``; the epochs that end go to ``losses``."""
        t, first = self._t, self.epoch
        work = self._tools.work
        if t.threads != threads:
            self._tools.meet(threads, self._layout)
        self._layout.turn(work.needed)  # weights may have been set, or put back, since the last call
        steps = min(budget, (stop_epoch - first) * self._batches - self.batch)  # those that may be done, no others
        table = self._hyper(np.arange(self.step, self.step + steps))
        constant = table.strides[0] == 0
        numbers = np.ascontiguousarray(table[:1] if constant else table, self._layout.program.dtype)
        sums = np.empty(min(stop_epoch - first, budget))
        t.hyper, t.hyper_stride, t.hyper_step = (
            address_of(numbers),
            0 if constant else table.shape[1],
            self.step,
        )
        t.epoch_losses, t.losses_epoch = address_of(sums), first
        t.budget, t.stop_epoch = budget, stop_epoch
        self._crew.run(self._kernel, work.address, threads)
        self.losses.extend((sums[: self.epoch - first] / self._elements).tolist())

    def _back_to_finite(self, epoch: int, batch: int) -> None:
        """Put back the last epoch that ended finite: the snapshot, and the epochs since then again, one by one."""
        assert self._safe is not None
        layout = self._layout
        self._restore()
        while self.epoch < epoch and layout.finite():
            self._save()
            ended = self.epoch + 1
            while self.epoch < ended:
                self._run_kernel(ended, MOST_STEPS, 1)  # helpers must not outlast a Ctrl-C, which nobody holds off here
        if not layout.finite():
            self._restore()
        self._hand_in()
        raise Diverged(epoch, batch)

    def _save(self) -> None:
        self._layout.save(self._tools.work.snapshot)
        self._safe = self.epoch, self._t.start, self.step, self._t.total

    def _restore(self) -> None:
        assert self._safe is not None
        t = self._t
        t.epoch, t.start, t.step, t.total = self._safe
        self._tools.undo(self._layout)
        if t.start:
            self._put_in_order()
        del self.losses[self.epoch :]

    def _put_in_order(self) -> None:
        """The rows as an epoch has them that goes on behind its first batch, where the kernel does not see to it."""
        t = self._t
        if t.shuffle:
            self._order[:] = row_order(t.samples, self._seed, t.first_epoch + t.epoch)
