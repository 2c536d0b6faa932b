"""What each ingredient of a network costs: ``python -m bench.variants`` prints a table.

A network of ReLU layers, trained by Nesterov momentum on a mean squared error, and the same with one thing changed. All
variants of a cell train in turn, in one process; a figure is the fastest ``fit`` of an epoch.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from fnmatch import fnmatch
from functools import partial
from typing import Any

import numpy as np

import fastsgd
from bench.grid import Cell
from bench.report import number, table
from fastsgd import layers, optimizers

CELLS = ("64-64-64-1/32", "64-64-64-10/32", "64-128-128-1/32", "64-128-128-10/32", "64-128-128-10/256")
RATE = 1e-3


def nesterov(**options: Any) -> Any:
    return optimizers.SGD(RATE, momentum=0.9, nesterov=True, **options)


def after_each(make: Callable[[], Any], width: int) -> list[Any]:
    return [layers.Dense(width, activation="relu"), make()]


def block(width: int) -> list[Any]:
    return [layers.Residual([layers.Dense(width, activation="relu")])]


def hidden(width: int, activation: str = "relu", **options: Any) -> list[Any]:
    return [layers.Dense(width, activation=activation, **options)]


class Variant:
    """A model that trains an epoch whenever it is asked to.

    Parameters
    ----------
    cell : Cell
    layers_of : callable
        Width of a hidden layer -> what stands there.
    optimizer
    loss : str
        "mse" on a linear output; cross-entropies on a softmax, or on a sigmoid where there is one output.
    weighted : bool
        Samples have weights.
    """

    def __init__(
        self, cell: Cell, milliseconds: float, threads: int,
        layers_of: Callable[[int], list[Any]], optimizer: Any = None, loss: str = "mse", *, weighted: bool = False,
    ) -> None:  # fmt: skip
        draws = np.random.default_rng(0)
        rows = cell.rows(milliseconds)
        inputs, *widths, outputs = cell.widths
        self.x = draws.standard_normal((rows, inputs), np.float32)
        self.y = draws.standard_normal((rows, outputs), np.float32)
        if loss != "mse":
            classes = draws.integers(0, max(2, outputs), rows)
            self.y = np.eye(outputs, dtype=np.float32)[classes] if loss == "categorical_crossentropy" else classes
        end = "linear" if loss == "mse" else "sigmoid" if outputs == 1 else "softmax"
        body = [layer for width in widths for layer in layers_of(width)]
        self.model = fastsgd.Sequential([layers.Input((inputs,)), *body, layers.Dense(outputs, activation=end)], seed=1)
        self.model.compile(optimizer or nesterov(), loss, num_threads=threads)
        self.options: dict[str, Any] = {"batch_size": cell.batch, "verbose": 0}
        if weighted:
            self.options["sample_weight"] = draws.uniform(0.5, 1.5, rows).astype(np.float32)
        self.steps = rows // cell.batch

    def epoch(self) -> float:
        """Train one; seconds a step."""
        begin = time.perf_counter()
        self.model.fit(self.x, self.y, **self.options)
        return (time.perf_counter() - begin) / self.steps


def variants(cell: Cell) -> dict[str, dict[str, Any]]:
    """What is changed in each."""
    found: dict[str, dict[str, Any]] = {
        "relu": {},
        "tanh": {"layers_of": partial(hidden, activation="tanh")},
        "sigmoid": {"layers_of": partial(hidden, activation="sigmoid")},
        "gelu": {"layers_of": partial(hidden, activation="gelu")},
    }
    if cell.widths[-1] > 1:
        found["categorical"] = {"loss": "categorical_crossentropy"}
        found["sparse"] = {"loss": "sparse_categorical_crossentropy"}
    else:
        found["binary"] = {"loss": "binary_crossentropy"}
    found |= {
        "adam": {"optimizer": optimizers.Adam(RATE)},
        "adamw": {"optimizer": optimizers.AdamW(RATE)},
        "rmsprop": {"optimizer": optimizers.RMSprop(RATE)},
        "clipnorm": {"optimizer": nesterov(clipnorm=1.0)},
        "global clipnorm": {"optimizer": nesterov(global_clipnorm=1.0)},
        "averages": {"optimizer": nesterov(use_ema=True)},
        "two batches": {"optimizer": nesterov(gradient_accumulation_steps=2)},
        "l2": {"layers_of": partial(hidden, kernel_regularizer="l2")},
        "max norm": {"layers_of": partial(hidden, kernel_constraint="max_norm")},
        "sample weight": {"weighted": True},
        "layer norm": {"layers_of": partial(after_each, layers.LayerNormalization)},
        "batch norm": {"layers_of": partial(after_each, layers.BatchNormalization)},
        "dropout": {"layers_of": partial(after_each, partial(layers.Dropout, 0.1))},
        "noise": {"layers_of": partial(after_each, partial(layers.GaussianNoise, 0.1))},
    }
    if len(set(cell.widths[:-1])) == 1:
        found["residual"] = {"layers_of": block}
    return {title: {"layers_of": hidden, **changed} for title, changed in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.variants",
        description="Microseconds a step of a network of ReLU layers, and how many times that with one thing "
        "changed. Some 5 s, with Numba 30 more to compile.",
    )
    parser.add_argument("--cells", nargs="+", default=CELLS, metavar="NET/BATCH")
    parser.add_argument("--only", nargs="+", default=["*"], metavar="VARIANT", help="patterns, such as '*norm'")
    parser.add_argument("--engine", nargs="+", default=["cython"], choices=("cython", "numba", "numpy"))
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--milliseconds", type=float, default=5.0, help="of an epoch, very roughly")
    options = parser.parse_args()
    columns: dict[str, dict[str, float]] = {}
    for engine in options.engine:
        fastsgd.set_backend(engine)
        for name in options.cells:
            net, _, batch = name.partition("/")
            cell = Cell(net, int(batch))
            wanted = {
                title: Variant(cell, options.milliseconds, options.threads, **changed)
                for title, changed in variants(cell).items()
                if title == "relu" or any(fnmatch(title, pattern) for pattern in options.only)
            }
            for variant in wanted.values():
                variant.epoch()  # to be warm
            epochs = [{title: variant.epoch() for title, variant in wanted.items()} for _ in range(options.repeats)]
            columns[f"{engine} {name}"] = {title: min(took[title] for took in epochs) for title in wanted}
    titles = list(dict.fromkeys(title for took in columns.values() for title in took))
    rows = [["relu, us a step", *(number(took["relu"] * 1e6) for took in columns.values())]]
    rows += [
        [title, *(f"{took[title] / took['relu']:.2f}" if title in took else "-" for took in columns.values())]
        for title in titles[1:]
    ]
    print(table(["", *columns], rows))


if __name__ == "__main__":
    main()
