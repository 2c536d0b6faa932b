"""The trainings that are frozen here: what is trained on what, and how it is written down.

``keras_sgd.py`` and ``torch_sgd.py`` run these cases and write two files each: ``<name>.json`` holds the settings
and the histories, ``<name>.npz`` the numbers (rows, initial and final weights), so that replaying a case needs
neither framework, nor the random numbers that once made it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

ROWS = 50
VALIDATION_SPLIT = 0.2
TRAINING_ROWS = 40  # the first 40 of the 50: batches of 7 and of 32 leave a partial last one
BATCHES = (1, 7, 32, TRAINING_ROWS)


@dataclass(frozen=True)
class Case:
    """One training, in full.

    Parameters
    ----------
    net : tuple of int
        Widths, inputs first.
    activations : tuple of str
        One name a layer, the output layer included.
    """

    net: tuple[int, ...]
    activations: tuple[str, ...]
    batch_size: int
    learning_rate: float
    momentum: float = 0.0
    nesterov: bool = False
    decay: float = 0.0
    use_bias: bool = True
    epochs: int = 4
    metrics: tuple[str, ...] = ("mae", "rmse", "r2")

    @property
    def network(self) -> str:
        """Names the rows and initial weights that this case starts from."""
        return "-".join(map(str, self.net)) + ("" if self.use_bias else " without bias")

    @property
    def name(self) -> str:
        rule = "plain" if not self.momentum else "nesterov" if self.nesterov else "momentum"
        decay = f" decay {self.decay:g}" if self.decay else ""
        return f"{self.network} {'+'.join(self.activations)}, batch {self.batch_size}, {rule}{decay}"

    def weight_shapes(self) -> list[tuple[int, ...]]:
        shapes: list[tuple[int, ...]] = []
        for inputs, outputs in zip(self.net[:-1], self.net[1:], strict=True):
            shapes += [(inputs, outputs), (outputs,)] if self.use_bias else [(inputs, outputs)]
        return shapes


RULES = (
    {"momentum": 0.0},
    {"momentum": 0.9},
    {"momentum": 0.9, "nesterov": True},
    {"momentum": 0.9, "nesterov": True, "decay": 0.1},
)
NESTEROV = RULES[2]
HIDDEN = ("leaky_relu", "elu", "selu", "tanh", "sigmoid", "softplus", "softsign", "silu", "gelu")


def cases() -> list[Case]:
    """Every case: each rule at each batch size on small nets, each activation, and a few larger nets."""
    found = []
    for batch in BATCHES:
        # A step of a single row is the roughest one: a tenth of the rate keeps its trajectory from blowing up rounding.
        rate = 0.002 if batch == 1 else 0.02
        for rule in RULES:
            found.append(Case((3, 1), ("linear",), batch, rate, **rule))
            found.append(Case((5, 7, 1), ("relu", "linear"), batch, rate, **rule))
        found.append(Case((8, 32, 32, 1), ("relu", "relu", "linear"), batch, rate, **NESTEROV))
        found.append(Case((4, 16, 3), ("tanh", "linear"), batch, rate, **NESTEROV))
        found.append(Case((6, 10, 10, 2), ("sigmoid", "sigmoid", "linear"), batch, rate, **RULES[3]))
    for hidden in HIDDEN:
        found.append(Case((4, 9, 2), (hidden, "linear"), 7, 0.02, **NESTEROV))
        found.append(Case((4, 9, 2), ("tanh", hidden), 32, 0.02, momentum=0.9))
    found.append(Case((1, 1), ("linear",), 7, 0.02, decay=0.01))
    found.append(Case((8, 32, 32, 1), ("relu", "relu", "linear"), 32, 0.02, momentum=0.9, decay=0.1))
    found.append(Case((5, 7, 6, 1), ("relu", "softplus", "linear"), 7, 0.02, use_bias=False, **NESTEROV))
    found.append(Case((7, 17, 9, 5, 4), ("elu", "tanh", "silu", "sigmoid"), 7, 0.02, **NESTEROV))
    return found


def rows(net: tuple[int, ...], seed: int) -> tuple[np.ndarray, np.ndarray]:
    """x (50, inputs) and y (50, outputs), float64: a curved function of the features, and noise."""
    rng = np.random.default_rng([seed, *net])
    x = rng.uniform(-1.5, 1.5, (ROWS, net[0]))
    bent = x + 0.5 * x * np.roll(x, 1, axis=1)
    y = bent @ rng.uniform(-1, 1, (net[0], net[-1])) + rng.uniform(-0.2, 0.2, (ROWS, net[-1]))
    return x, y


def initial_weights(case: Case, seed: int) -> list[np.ndarray]:
    """Kernels of Glorot's uniform range; biases away from zero, so that a bias that is left out shows."""
    rng = np.random.default_rng([seed, len(case.net), *case.net])
    weights = []
    for shape in case.weight_shapes():
        limit = (6 / sum(shape)) ** 0.5 if len(shape) == 2 else 0.3
        weights.append(rng.uniform(-limit, limit, shape))
    return weights


Train = Callable[[Case, np.ndarray, np.ndarray, list[np.ndarray]], tuple[list[np.ndarray], dict[str, list[float]]]]


def freeze(name: str, made_with: dict[str, str], chosen: Iterable[Case], train: Train) -> None:
    """Train the chosen cases and write ``<name>.json`` and ``<name>.npz`` beside this file (or where asked).

    Parameters
    ----------
    made_with : dict
        Versions, to be kept in the file.
    train : callable
        ``train(case, x, y, initial) -> (final weights, history)``.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0, help="of rows and initial weights; other than 0: held-out cases")
    parser.add_argument("--folder", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()

    arrays: dict[str, np.ndarray] = {}
    records = []
    for case in chosen:
        x, y = rows(case.net, options.seed)
        initial = initial_weights(case, options.seed)
        final, history = train(case, x, y, initial)
        if not all(w.dtype == np.float64 for w in final):
            raise TypeError(f"{case.name}: trained in {[str(w.dtype) for w in final]}, wanted float64")
        arrays |= {f"{case.network}/x": x, f"{case.network}/y": y, f"{case.network}/initial": flatten(initial)}
        arrays[case.name] = flatten(final)
        records.append({"name": case.name, "network": case.network, **asdict(case), "history": history})
        print(case.name, history["loss"][-1])
    text = ",\n  ".join(json.dumps(record) for record in records)
    settings = json.dumps({"made_with": made_with, "validation_split": VALIDATION_SPLIT})
    (options.folder / f"{name}.json").write_text(f'{settings[:-1]}, "cases": [\n  {text}\n]}}\n')
    np.savez_compressed(options.folder / f"{name}.npz", **arrays)


def flatten(weights: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([w.ravel() for w in weights])
