"""Engines: three ways to run one program, with the same meaning and the same interface.

An :class:`Engine` makes a :class:`Network` of a program; the network owns the weights and predicts; its
:class:`Run` is one stretch of training that Python drives in calls of at most some 50 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Protocol

import numpy as np

from ..program import Program

Hyper = Callable[[np.ndarray], np.ndarray]
"""Update counts t (int64, shape (steps,)) -> per-step numbers of the update rule, float64, shape (steps, numbers)."""


class Diverged(ArithmeticError):
    """The loss became NaN or infinite.

    Attributes
    ----------
    epoch : int
        Epochs finished by the run before the one that failed (0: the run's first epoch).
    batch : int
        The batch in that epoch, from 0.
    """

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__(f"the loss is not finite in epoch {epoch}, batch {batch}")
        self.epoch, self.batch = epoch, batch


class Run(Protocol):
    """One stretch of training over fixed rows; made by :meth:`Network.training`, closed by leaving its ``with``.

    Leaving it raises :class:`Diverged` for the last batch if the weights that it made are not finite.
    """

    losses: list[float]  #: mean loss of every finished epoch
    predictions: np.ndarray | None  #: (rows, outputs) what each row's output was when it was last trained on, row order

    @property
    def epoch(self) -> int:
        """Epochs finished."""
        ...

    @property
    def batch(self) -> int:
        """Whole batches finished in the current epoch."""
        ...

    @property
    def step(self) -> int:
        """Updates finished, counted on from the ``step`` it began with."""
        ...

    @property
    def running_loss(self) -> float:
        """Mean loss over the whole batches finished in the current epoch (of the last epoch at its end)."""
        ...

    def advance(self, epoch: int, batches: int | None = None) -> None:
        """Train until ``epoch`` epochs are finished, some 30 ms have passed, or ``batches`` more batches are done.

        An interrupt or an error leaves the weights as after a whole batch. Raises :class:`Diverged` with the
        weights and memories of the last finite epoch put back.
        """
        ...

    def skip(self, batches: int, loss: float) -> None:
        """Before anything else: begin behind so many batches of the first epoch, whose mean loss was this."""
        ...

    def __enter__(self) -> Run: ...
    def __exit__(self, *exc: object) -> None: ...


class Network(Protocol):
    """The weights of one program, the memories of its update rule, and what can be done with them.

    Everything that takes rows wants them checked: x (n, inputs), y (n, targets), dtype of the program (labels: int64),
    aligned, native byte order, elements of a row contiguous (any distance between rows), finite; n >= 1. ``weights`` of
    the rows: (n,), contiguous; a row's loss counts so much, the divisor of the mean stays. They are never written.
    """

    program: Program

    def get_weights(self) -> list[np.ndarray]:
        """Copies, in the order and the shapes of ``program.weight_shapes()``."""
        ...

    def set_weights(self, weights: Sequence[np.ndarray]) -> None: ...

    def get_slots(self) -> list[list[np.ndarray]]:
        """The update rule's memories: one list of weight-shaped arrays a slot (velocity, ...)."""
        ...

    def set_slots(self, slots: Sequence[Sequence[np.ndarray]]) -> None: ...

    def predict(self, x: np.ndarray, threads: int = 1) -> np.ndarray:
        """Outputs (n, outputs); the bits of a row do not depend on the other rows."""
        ...

    def evaluate(
        self, x: np.ndarray, y: np.ndarray, threads: int = 1, weights: np.ndarray | None = None
    ) -> tuple[float, np.ndarray]:
        """Mean loss over all rows (of the program's loss), and the outputs (n, outputs)."""
        ...

    def training(
        self,
        x: np.ndarray,
        y: np.ndarray,
        *,
        batch_size: int,
        hyper: Hyper,
        step: int,
        shuffle: bool,
        seed: int,
        first_epoch: int,
        epochs: int = 1,
        threads: int = 1,
        most_threads: int = 0,
        keep_predictions: bool = False,
        weights: np.ndarray | None = None,
    ) -> Run:
        """A run over these rows. Row order of its e-th epoch: a function of ``seed`` and ``first_epoch + e`` alone.

        So many ``epochs`` are planned: an engine may prepare itself for them.
        """
        ...


class Engine(Protocol):
    """A way to compute: ``numpy``, ``numba`` or ``cython``."""

    name: str

    def network(self, program: Program) -> Network: ...


# -- Loading
NAMES = ("cython", "numba", "numpy")  # the fastest without a warm-up first
MATRIX_UNIT = "x86-64-v4+amx"  # what FASTSGD_ISA says to who may use it: see processor.py


@cache
def load(name: str) -> Engine:
    """The engine of this name, imported now.

    Raises
    ------
    ImportError
        It is not available here; the message says what to install.
    ValueError
        There is no such engine.
    """
    if name == "numpy":
        from .reference import ReferenceEngine

        return ReferenceEngine()
    if name == "cython":
        from .cython import CythonEngine

        return CythonEngine()
    if name == "numba":
        try:
            from .numba import NumbaEngine
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in ("numba", "llvmlite"):
                raise
            raise ImportError("numba is not installed: pip install numba") from error
        return NumbaEngine()
    if name == "interpreted":  # for the debugger; "auto" does not know it
        from .interpreted import InterpretedEngine

        return InterpretedEngine()
    raise ValueError(f"no engine is called {name!r}; there are {', '.join(NAMES)}")
