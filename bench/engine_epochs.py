"""Epochs by an engine alone: no ``fit`` round them, and Python only between stretches of some 30 ms."""

from __future__ import annotations

import time
from itertools import pairwise

import numpy as np

import fastsgd
from bench.grid import LEARNING_RATE, MOMENTUM, Cell, make_task
from fastsgd import engines
from fastsgd.engines import cython, processor
from fastsgd.program import Op, Program


class Epochs:
    """A network that trains an epoch whenever it is asked to.

    Parameters
    ----------
    cell : Cell
        Of any job but softmax.
    engine : str
        "cython", "numba", "numpy".
    isa : str, optional
        Instruction set of the cython engine, as ``FASTSGD_ISA`` names it; by default the best.
    activation : str, optional
        Of the hidden layers, by default the job's.
    rows : int, optional
        Of the data; by default for an epoch of some ``milliseconds``.
    """

    def __init__(
        self, cell: Cell, engine: str = "cython", *, dtype: str = "float32", threads: int = 1, isa: str = "",
        rows: int | None = None, milliseconds: float = 10.0, activation: str = "",
    ) -> None:  # fmt: skip
        self.cell = cell
        task = make_task(cell, rows or cell.rows(milliseconds), dtype=dtype)
        self.rows, self.steps = len(task.x), -(-len(task.x) // cell.batch)
        optimizer = fastsgd.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
        if cell.job == "adam":
            optimizer = fastsgd.optimizers.Adam(LEARNING_RATE)
        last = len(cell.widths) - 2
        ops = tuple(
            Op("dense", k, n, True, (activation or task.activation) if layer < last else "linear")
            for layer, (k, n) in enumerate(pairwise(cell.widths))
        )
        maker = engines.load(engine)
        if isa:
            maker = cython.CythonEngine()
            maker.isa = processor.UNIT_BUILD if isa == processor.UNIT else isa
        if engine != "numpy":
            maker.unit = isa == processor.UNIT
        self._network = network = maker.network(Program(ops, np.dtype(dtype), "mse", (), optimizer.rule))
        network.set_weights(task.weights)
        self._run = network.training(
            task.x, task.y, batch_size=cell.batch, hyper=optimizer.hyper, step=0, shuffle=self.steps > 1, seed=0,
            first_epoch=0, threads=threads,
        )  # fmt: skip
        self._run.__enter__()
        self.epoch()  # to be warm

    def epoch(self, count: int = 1) -> float:
        """Train one, or more at a stretch; seconds a step."""
        begin = time.perf_counter()
        wanted = self._run.epoch + count
        while self._run.epoch < wanted:
            self._run.advance(wanted)
        return (time.perf_counter() - begin) / (count * self.steps)

    def close(self) -> None:
        self._run.__exit__(None, None, None)


def fastest(everybody: list[Epochs], repeats: int) -> list[float]:
    """Seconds a step of each: the minimum of so many epochs, taken in turn. All are closed then."""
    found = [float("inf")] * len(everybody)
    for _ in range(repeats):
        for i, epochs in enumerate(everybody):
            found[i] = min(found[i], epochs.epoch())
    for epochs in everybody:
        epochs.close()
    return found


def flops(cell: Cell) -> int:
    """Floating-point operations of the products of a step: three a layer, but nobody wants the inputs' deltas."""
    return cell.batch * (6 * cell.weights - 2 * cell.widths[0] * cell.widths[1])
