"""The records of one job and the memory it works in: gathered rows, activations, deltas, and what threads need."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..kernels import source
from .layout import LAYER, LINE, TASK, Layout, aligned, round_up, width_of

BLOCK = 256  # most rows of a block: their activations stay in the second-level cache
SCRATCH = 34 * 32  # elements of a thread's gradient tile, as in tile.h
MOST_THREADS = 64


class Workspace:
    """Task and layer records over a :class:`Layout`, and room for blocks of ``rows`` rows.

    Parameters
    ----------
    layout : Layout
    address : callable
        Name of a kernel -> its address in the engine that will run.
    rows : int
        Most rows of a block.
    """

    def __init__(self, layout: Layout, address: Callable[[str], int], rows: int) -> None:
        program = layout.program
        dtype = program.dtype
        self.layout = layout
        self.rows = rows
        self._kept: list[np.ndarray] = []  # the records hold addresses only: somebody has to hold the arrays
        pitch = rows + 1
        self.layers = np.zeros(len(program.ops), LAYER)
        self.task = np.zeros(1, TASK)
        t = self.task[0]
        input_width = width_of(program.inputs)
        t["layers"], t["depth"] = self.layers.ctypes.data, len(self.layers)
        t["inputs"], t["outputs"] = program.inputs, program.outputs
        t["input_width"] = input_width
        t["input"] = self._panels(pitch, round_up(program.inputs, input_width), dtype)
        t["rows"], t["pitch"] = rows, pitch
        t["ones"] = self._keep(np.ones(rows, dtype))
        t["scratch"] = self._zeros(SCRATCH * MOST_THREADS, dtype)
        t["row_losses"] = self._zeros(rows, np.dtype("f8"))
        t["signals"] = self._zeros(16 * MOST_THREADS, np.dtype("i8"))
        t["threads"] = 1
        t["bank"] = layout.bank * dtype.itemsize
        t["gradients"] = (layout.slots + 1) * layout.bank * dtype.itemsize
        t["loss"] = address(f"loss_{program.loss}") if program.loss else 0
        t["loss_constants"] = self._keep(np.array([*program.loss_constants, 0.0], dtype))
        t["update"] = address(f"update_{program.rule}") if program.rule else 0

        below = t["input"]
        formulas = source.activation_table()
        for record, place in zip(self.layers, layout.places, strict=True):
            op = place.op
            record["dense"], record["inputs"], record["outputs"] = op.kind == "dense", op.inputs, op.outputs
            record["use_bias"] = op.use_bias
            record["width"], record["panels"], record["height"] = place.width, place.panels, place.height
            record["source"], record["source_width"], record["turned"] = below, place.source_width, place.turned
            record["W"] = layout.banks.ctypes.data + place.W * dtype.itemsize
            record["WT"] = 0 if place.WT is None else layout.turned.ctypes.data + place.WT * dtype.itemsize
            columns = place.panels * place.width
            record["A"] = record["Z"] = self._panels(pitch, columns, dtype)
            record["D"] = self._panels(pitch, columns, dtype)
            if op.activation != "linear":
                if not formulas[op.activation].from_output:
                    record["Z"] = self._panels(pitch, columns, dtype)
                record["activate"] = address(f"activate_{op.activation}")
                record["slope"] = address(f"slope_{op.activation}")
            record["seen"] = record["A"] if formulas[op.activation].from_output else record["Z"]
            record["constants"] = self._keep(np.array([*op.constants, 0.0], dtype))
            below = record["A"]

    @property
    def address(self) -> int:
        return self.task.ctypes.data

    def _keep(self, array: np.ndarray) -> int:
        self._kept.append(array)
        return array.ctypes.data

    def _zeros(self, count: int, dtype: np.dtype) -> int:
        return self._keep(aligned(count, dtype))

    def _panels(self, pitch: int, columns: int, dtype: np.dtype) -> int:
        return self._zeros(pitch * columns + LINE, dtype)


def block_rows(batch: int) -> int:
    """Rows of a block for this batch size."""
    return min(round_up(batch, 8), BLOCK)
