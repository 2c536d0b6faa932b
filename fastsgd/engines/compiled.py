"""What the compiled engines share: a network over a :class:`Layout`, predicted and trained by two kernels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..program import Program
from . import Hyper, Run
from .layout import Layout
from .library import Library
from .paths import Way, way_of
from .run import CompiledRun
from .single import SingleRun, is_single
from .workshop import workshop_of


class CompiledNetwork:
    """A program's weights in panels; see :class:`fastsgd.engines.Network` for what its methods mean."""

    def __init__(self, library: Library, program: Program) -> None:
        self.program = program
        self.library = library
        self.layout = Layout(program)
        self._workshop = workshop_of(library, program)
        self._ways: dict[int, Way] = {}  # of batches of so many rows

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
            inference = self._workshop.inferences.pop()
        except IndexError:
            inference = self._workshop.another_inference(self.layout)
        result = inference.run(self.layout, x, y, min(threads, self.library.threads), weights)
        self._workshop.inferences.append(inference)
        return result

    def training(
        self, x: np.ndarray, y: np.ndarray, *, batch_size: int, hyper: Hyper, step: int, shuffle: bool, seed: int,
        first_epoch: int, epochs: int = 1, threads: int = 1, most_threads: int = 0, keep_predictions: bool = False,
        weights: np.ndarray | None = None,
    ) -> Run:  # fmt: skip
        way = self._way(batch_size)
        if threads == 1 and most_threads < 2 and not shuffle and is_single(self.program, len(x), batch_size, epochs):
            return SingleRun(
                self._workshop, self.layout, self.library.train, way, x, y, batch_size=batch_size, hyper=hyper,
                step=step, seed=seed, first_epoch=first_epoch, keep_predictions=keep_predictions, weights=weights,
            )  # fmt: skip
        return CompiledRun(
            self._workshop, self.layout, self.library.train, way, x, y, batch_size=batch_size, hyper=hyper, step=step,
            shuffle=shuffle, seed=seed, first_epoch=first_epoch, epochs=epochs, threads=threads,
            most_threads=most_threads, keep_predictions=keep_predictions, weights=weights,
        )  # fmt: skip

    def _way(self, batch_size: int) -> Way:
        """Of batches of so many rows."""
        way = self._ways.get(batch_size)
        if way is None:
            way = self._ways[batch_size] = way_of(self.program, batch_size, self.library.unit)
        return way
