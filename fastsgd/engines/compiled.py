"""What the compiled engines share: a network over a :class:`Layout`, predicted and trained by two kernels.

An engine is a :class:`Library` for each dtype: kernels by name, as addresses. They are called through ctypes, which
lets go of the GIL.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from ..program import Program
from . import Hyper
from .inference import Inference
from .lanes import Lanes
from .layout import Layout
from .pace import Pace, flops_per_row
from .paths import ALONE, LANES, Way, way_of
from .run import CompiledRun
from .unit_workspace import UnitWorkspace
from .workspace import MOST_THREADS, Workspace

ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


class Library:
    """The kernels of one engine for one dtype.

    Parameters
    ----------
    address : callable
        Name of a kernel -> its address, by which the engine's other kernels call it, in their own way; a name that is
        not there raises KeyError.
    entry : callable
        Name of ``train`` or ``infer`` -> a function of (address of a Task, thread number), for Python; it is asked when
        one is first wanted, as it may have to be compiled.
    unit : bool
        Wide layers are the matrix unit's.
    threads : int
        That the kernels can run on, at most.
    """

    def __init__(
        self, address: Callable[[str], int], entry: Callable[[str], Any], unit: bool, threads: int = MOST_THREADS
    ) -> None:
        self.address, self._entry, self.unit, self.threads = address, entry, unit, threads

    @cached_property
    def train(self) -> Any:
        return self._entry("train")

    @cached_property
    def infer(self) -> Any:
        return self._entry("infer")


class CompiledNetwork:
    """A program's weights in panels; see :class:`fastsgd.engines.Network` for what its methods mean."""

    def __init__(self, library: Library, program: Program) -> None:
        self.program = program
        self.library = library
        self.layout = Layout(program)
        self._work: Workspace | None = None  # of the last training; one at a time
        self._lanes: Lanes | None = None  # of this workspace, if a training wanted some
        self._ways: dict[int, Way] = {}  # of batches of so many rows
        self._paces: dict[
            tuple[int, int, int], Pace
        ] = {}  # of batches of so many rows, so many threads at first and at most
        self._idle: list[Inference] = []  # several threads may predict at a time, each with one of its own

    def get_weights(self) -> list[np.ndarray]:
        return self.layout.get(0)

    def set_weights(self, weights: Sequence[np.ndarray]) -> None:
        self.layout.put(0, weights)

    def get_slots(self) -> list[list[np.ndarray]]:
        return [self.layout.get(1 + slot) for slot in range(self.layout.slots)]

    def set_slots(self, slots: Sequence[Sequence[np.ndarray]]) -> None:
        for slot, arrays in enumerate(slots):
            self.layout.put(1 + slot, arrays)

    def predict(self, x: np.ndarray, threads: int = 1) -> np.ndarray:
        return self._infer(x, None, threads)[1]

    def evaluate(
        self, x: np.ndarray, y: np.ndarray, threads: int = 1, weights: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        total, outputs = self._infer(x, y, threads, weights)
        return total / (len(x) * self.program.elements), outputs

    def _infer(
        self, x: np.ndarray, y: np.ndarray | None, threads: int, weights: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        try:
            inference = self._idle.pop()
        except IndexError:
            inference = Inference(self.layout, self.library.address, self.library.infer)
        result = inference.run(x, y, min(threads, self.library.threads), weights)
        self._idle.append(inference)
        return result

    def training(
        self, x: np.ndarray, y: np.ndarray, *, batch_size: int, hyper: Hyper, step: int, shuffle: bool, seed: int,
        first_epoch: int, epochs: int = 1, threads: int = 1, most_threads: int = 0, keep_predictions: bool = False,
        weights: np.ndarray | None = None,
    ) -> CompiledRun:  # fmt: skip
        way = self._ways.get(batch_size)
        if way is None:
            way = self._ways[batch_size] = way_of(self.program, batch_size, self.library.unit)
        work, lanes = self._work, self._lanes
        if work is None or (work.rows, work.unit) != (way.rows, way.unit):
            kind = UnitWorkspace if way.unit else Workspace
            work, lanes = kind(self.layout, self.library.address, way.rows), None
        if way.path == LANES and (lanes is None or lanes.count != way.lanes):
            lanes = Lanes(work, way.lanes)
        self._work, self._lanes = work, lanes  # both or none, should memory or patience end between them
        return CompiledRun(
            work, lanes, self.library.train, x, y, path=way.path, batch_size=batch_size, hyper=hyper, step=step,
            shuffle=shuffle, seed=seed, first_epoch=first_epoch, epochs=epochs,
            pace=self._pace(way, batch_size, threads, most_threads), keep_predictions=keep_predictions, weights=weights,
        )  # fmt: skip

    def _pace(self, way: Way, batch_size: int, threads: int, most_threads: int) -> Pace:
        """That of earlier runs of the kind, whose trials go on where they ended."""
        most = 1 if way.path in ALONE else self.library.threads
        kind = batch_size, min(threads, most), min(most_threads, most)
        if kind not in self._paces:
            guess = 20e9 / (way.lanes * way.rows * flops_per_row(self.program))
            self._paces[kind] = Pace(*kind[1:], guess)
        return self._paces[kind]
