"""Real data to learn from, and the settings that suit them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .. import Sequential
from ..layers import Dense
from ..optimizers import SGD

BATCH_SIZES: tuple[int | str, ...] = (1, 32, "full")
HELD_OUT = 0.25


@dataclass(frozen=True)
class Images:
    """Targets that can be looked at.

    Parameters
    ----------
    held_out : array of shape (rows, 64)
        The whole images, 8 x 8; their lower halves are the targets.
    mean : array of shape (1, 32)
    spread : array of shape (1, 1)
        The targets are (lower half - mean) / spread.
    """

    held_out: np.ndarray
    mean: np.ndarray
    spread: np.ndarray

    def completed(self, outputs: np.ndarray) -> np.ndarray:
        """The first images, as many as there are outputs, with what was predicted in the lower half."""
        upper = self.held_out[: len(outputs), :32]
        return np.hstack([upper, (outputs * self.spread + self.mean).clip(0, 16)])


@dataclass(frozen=True)
class Job:
    """Rows, split and standardised, and how to train on them.

    Parameters
    ----------
    task, source, baseline : str
        What is learned, from where, and what has a loss of 1.
    x, y, x_held_out, y_held_out : array of float32, shape (rows, columns)
    hidden : tuple of int
        Widths of the hidden layers.
    rates : tuple of float
        The learning rate of each of ``BATCH_SIZES``: the larger the batch, the larger the step it bears.
    epochs : int
    repeats : int
        Times that a time is taken, and seeds that an error is averaged over.
    """

    task: str
    source: str
    baseline: str
    x: np.ndarray
    y: np.ndarray
    x_held_out: np.ndarray
    y_held_out: np.ndarray
    hidden: tuple[int, ...]
    rates: tuple[float, ...]
    images: Images | None = None
    epochs: int = 40
    repeats: int = 3
    momentum: float = 0.9

    @property
    def widths(self) -> str:
        return "-".join(map(str, (self.x.shape[1], *self.hidden, self.y.shape[1])))

    def rate(self, batch_size: int | str) -> float:
        return self.rates[BATCH_SIZES.index(batch_size)]

    def model(
        self, batch_size: int | str, *, seed: int = 0, backend: str | None = None, num_threads: int | str = "auto"
    ) -> Sequential:
        """The network, compiled for this batch size."""
        layers = [Dense(width, activation="relu") for width in self.hidden]
        model = Sequential([*layers, Dense(self.y.shape[1])], seed=seed)
        optimizer = SGD(self.rate(batch_size), momentum=self.momentum, nesterov=True)
        model.compile(optimizer, "mse", backend=backend, num_threads=num_threads)
        return model

    def error(self, outputs: np.ndarray) -> float:
        """Mean squared error of outputs for the held-out rows."""
        return float(np.mean((outputs - self.y_held_out) ** 2, dtype=np.float64))


def load(name: str, quick: bool = False) -> Job:
    """The job of this name; ``quick``: two epochs, one repeat."""
    job = JOBS[name]()
    return replace(job, epochs=2, repeats=1) if quick else job


def digits() -> Job:
    from sklearn.datasets import load_digits

    pixels = load_digits().data
    train, held_out = split(len(pixels))
    x, x_held_out, _, _ = standardised(pixels[:, :32], train, held_out)
    # One spread for all target pixels: each then counts by how much it varies, and the corners hardly do.
    y, y_held_out, mean, spread = standardised(pixels[:, 32:], train, held_out, one_spread=True)
    return Job(
        "the lower half of a handwritten digit from its upper half",
        "scikit-learn's load_digits",
        "to draw the average digit every time",
        x, y, x_held_out, y_held_out, hidden=(64, 64), rates=(0.002, 0.05, 0.5),
        images=Images(pixels[held_out], mean, spread),
    )  # fmt: skip


def diabetes() -> Job:
    from sklearn.datasets import load_diabetes

    x, y = load_diabetes(return_X_y=True, scaled=False)
    train, held_out = split(len(x))
    x, x_held_out, _, _ = standardised(x, train, held_out)
    y, y_held_out, _, _ = standardised(y[:, np.newaxis], train, held_out)
    return Job(
        "the progress of diabetes in a year from age, sex, body mass and blood",
        "scikit-learn's load_diabetes",
        "to say the average every time",
        x, y, x_held_out, y_held_out, hidden=(16,), rates=(0.0005, 0.01, 0.05),
    )  # fmt: skip


JOBS = {"digits": digits, "diabetes": diabetes}


# -- Rows ------------------------------------------------------------------------------------------------------------
def split(rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the rows to train on, and of those held out; always the same."""
    order = np.random.default_rng(0).permutation(rows)
    at = round(rows * (1 - HELD_OUT))
    return order[:at], order[at:]


def standardised(
    columns: np.ndarray, train: np.ndarray, held_out: np.ndarray, one_spread: bool = False
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Both parts in float32, less the mean and divided by the spread of the rows to train on; mean and spread."""
    mean = columns[train].mean(axis=0, keepdims=True)
    spread = np.sqrt(((columns[train] - mean) ** 2).mean(axis=None if one_spread else 0, keepdims=True))
    spread[spread == 0] = 1  # a pixel that is never lit
    both = ((columns - mean) / spread).astype(np.float32)
    return both[train], both[held_out], mean, spread
