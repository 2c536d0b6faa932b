"""Outputs and losses of rows by a compiled engine: blocks of rows through the layers, no order, no state."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..interrupts import Interrupts
from .layout import Layout
from .memory import address_of
from .pace import CALL_SECONDS
from .paths import BLOCK
from .threads import Crew, Kernel
from .workspace import Workspace

FEW = 16  # rows up to here go through arrays of our own: to find out where others lie takes longer than the kernel


class Inference:
    """A workspace for predictions; one thread at a time may use it.

    Parameters
    ----------
    layout, address
        As for :class:`Workspace`.
    kernel : callable
        ``infer`` of the engine.
    """

    def __init__(self, layout: Layout, address: Callable[[str], int], kernel: Kernel) -> None:
        program = layout.program
        self._work = Workspace(layout, address, BLOCK)
        self._kernel = kernel
        self._few_x = np.zeros((FEW, program.inputs), program.dtype)
        self._few_outputs = np.zeros((FEW, program.outputs), program.dtype)
        self._few_addresses = self._work.keep(self._few_x), self._work.keep(self._few_outputs)
        self._loss = self._work.task.loss
        if not layout.places[0].thin:
            self._work.find_products()
        self._work.task.head = address("forward_head") if program.has_head else 0
        self._work.task.order = self._work.keep(np.arange(BLOCK))
        self._work.task.budget = max(1, int(CALL_SECONDS * 10e9 / (BLOCK * program.flops_per_row)))

    def run(
        self, layout: Layout, x: np.ndarray, y: np.ndarray | None, threads: int, weights: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """Sum of the losses of all elements (0 without y), and the outputs (n, outputs), by this layout's weights."""
        self._work.bind(layout)
        t = self._work.task
        n = t.samples = len(x)
        t.start, t.total = 0, 0.0
        if t.threads != threads:
            self._work.meet(threads)
        few = n <= FEW and y is None
        if few:
            self._few_x[:n] = x
            t.x, t.predictions = self._few_addresses
            t.x_stride, t.loss = t.inputs, 0
        else:
            outputs = np.empty((n, t.outputs), x.dtype)
            t.x, t.x_stride, t.predictions = address_of(x), x.strides[0] // x.itemsize, address_of(outputs)
            t.loss, t.weights = 0, 0 if weights is None else address_of(weights)
            if y is not None:
                t.y, t.y_stride, t.loss = address_of(y), y.strides[0] // y.itemsize, self._loss
        if t.threads == 1:
            while t.start < n:
                self._kernel(self._work.address, 0)
        else:
            crew = Crew()
            try:
                with Interrupts() as interrupts:  # a helper that has begun waits for this thread: Ctrl-C must not
                    while t.start < n:
                        with interrupts.held:
                            crew.run(self._kernel, self._work.address, t.threads)
            finally:
                crew.close()
        return t.total, self._few_outputs[:n].copy() if few else outputs
