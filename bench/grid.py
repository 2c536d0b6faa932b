"""What is measured: six networks times five batch sizes, a few other jobs, and the rows they are trained on.

Everybody does the same work: ReLU in the hidden layers, a linear output, mean squared error, SGD with Nesterov
momentum 0.9, float32, the rows in another order each epoch. The other jobs change one of these.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

NETS = ("13-1", "8-32-32-1", "16-64-64-1", "64-128-128-1", "784-256-10", "256-512-512-10")
BATCHES = (1, 8, 32, 256, 4096)
BY_WEIGHT = ((32, 256, 1, 8, 4096), ("8-32-32-1", "64-128-128-1", "784-256-10", "16-64-64-1", "256-512-512-10", "13-1"))
JOBS = ("adam", "tanh", "softmax")  # each instead of Nesterov, ReLU, or mean squared error on a linear output
JOBS_NET, JOBS_BATCHES = "64-128-128-10", (32, 256)
LEARNING_RATE = 1e-3
MOMENTUM = 0.9
BETAS = (0.9, 0.999)
EPSILON = 1e-10  # so small that it matters to nobody where in Adam's formula it stands
MOST_ROWS = 1 << 18
FEWEST_STEPS = 4
SHARED = 256  # rows of a batch that two threads share


@dataclass(frozen=True)
class Cell:
    """One network at one batch size.

    Parameters
    ----------
    net : str
        Widths, inputs first: ``"8-32-32-1"``.
    job : str
        One of ``JOBS``; "": the plain one.
    """

    net: str
    batch: int
    job: str = ""

    @property
    def name(self) -> str:
        return f"{self.net}/{self.batch} {self.job}".rstrip()

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(map(int, self.net.split("-")))

    @property
    def weights(self) -> int:
        """Kernel elements, biases not counted."""
        return sum(inputs * outputs for inputs, outputs in zip(self.widths[:-1], self.widths[1:], strict=True))

    def rows(self, milliseconds: float = 20.0) -> int:
        """Rows for an epoch that takes fastsgd very roughly so long: whole batches, at least four of them.

        A step costs six operations per weight and row, but four in the first layer, at 120 GFLOP/s, or 300 where two
        threads share it; a pass over the weights; and a little.
        """
        operations = self.batch * (6 * self.weights - 2 * self.widths[0] * self.widths[1])
        step = 5e-5 + 3e-7 * self.weights + operations / (120e6 if self.batch < SHARED else 300e6)
        steps = min(max(int(milliseconds / step), FEWEST_STEPS), MOST_ROWS // self.batch)
        return max(steps, FEWEST_STEPS) * self.batch


def cells() -> list[Cell]:
    """The whole grid, network by network."""
    return [Cell(net, batch) for net in NETS for batch in BATCHES]


def jobs() -> list[Cell]:
    """The other jobs."""
    return [Cell(JOBS_NET, batch, job) for job in JOBS for batch in JOBS_BATCHES]


def by_importance(some: list[Cell]) -> list[Cell]:
    """The most telling cells first, for a measurement that may have to end early."""
    batches, nets = BY_WEIGHT
    return sorted(some, key=lambda cell: (bool(cell.job), batches.index(cell.batch), (*nets, JOBS_NET).index(cell.net)))


@dataclass(frozen=True)
class Task:
    """What a trainer is handed: rows, initial weights and settings.

    Parameters
    ----------
    x : array of shape (rows, inputs)
    y : array of shape (rows, outputs)
        Of the same dtype as ``x``; for softmax a one in the column of the row's class.
    weights : list of arrays
        Kernel (inputs, outputs) and bias (outputs,), layer by layer, of that dtype too. Not to be written to.
    batch : int
        The last batch of an epoch may be smaller.
    shuffle : bool
        Whether each epoch takes the rows in another order; if not, as they stand.
    """

    x: np.ndarray
    y: np.ndarray
    weights: list[np.ndarray]
    batch: int
    shuffle: bool = True
    job: str = ""
    learning_rate: float = LEARNING_RATE
    momentum: float = MOMENTUM

    @property
    def activation(self) -> str:
        return "tanh" if self.job == "tanh" else "relu"

    @property
    def labels(self) -> np.ndarray:
        """The classes of softmax, shape (rows,)."""
        return self.y.argmax(axis=1)

    def part(self, rows: int) -> Task:
        """The same with the first rows only."""
        return replace(self, x=self.x[:rows], y=self.y[:rows])


def make_task(cell: Cell, rows: int, *, shuffle: bool = True, dtype: str = "float32", seed: int = 0) -> Task:
    """Normal rows of length about one, a noisy curved target, Glorot's initial weights.

    Rows of length one let every network of the grid train at one learning rate. Numbers are rounded to float32
    whatever the dtype, so that a float64 run starts from the same ones.
    """
    rng = np.random.default_rng(seed)
    inputs, outputs = cell.widths[0], cell.widths[-1]
    x = rng.standard_normal((rows, inputs), dtype=np.float32) / np.float32(inputs**0.5)
    y = np.tanh(x @ rng.standard_normal((inputs, outputs), dtype=np.float32))
    y += np.float32(0.1) * rng.standard_normal((rows, outputs), dtype=np.float32)
    if cell.job == "softmax":
        y = (y == y.max(axis=1, keepdims=True)).astype(np.float32)
    weights: list[np.ndarray] = []
    for before, after in zip(cell.widths[:-1], cell.widths[1:], strict=True):
        limit = (6 / (before + after)) ** 0.5
        weights.append(rng.uniform(-limit, limit, (before, after)).astype(np.float32))
        weights.append(rng.uniform(-0.1, 0.1, after).astype(np.float32))
    x, y = x.astype(dtype, copy=False), y.astype(dtype, copy=False)
    return Task(x, y, [w.astype(dtype) for w in weights], cell.batch, shuffle, cell.job)
