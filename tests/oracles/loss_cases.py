"""The losses that are frozen: values on arrays, and short trainings, by ``keras_losses.py``.

It writes ``<name>.json``, the cases and the losses of samples and epochs, and ``<name>.npz``, all arrays, so that
replaying a case needs neither Keras nor the random numbers that once made it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

ROWS, INPUTS, HIDDEN, BATCH, EPOCHS, RATE, MOMENTUM = 30, 4, 6, 7, 3, 0.05, 0.5


@dataclass(frozen=True)
class Case:
    """One loss with its settings.

    Parameters
    ----------
    loss : str
        Name of the class.
    config : dict
        Its settings.
    last : str
        Activation of the last layer.
    targets : str
        What y is: a key of :func:`targets`.
    outputs : int
    weights : {"", "sample", "class"}
        What training weighs rows by.
    trained : bool
        There is a training of it.
    """

    loss: str
    config: dict[str, Any] = field(default_factory=dict)
    last: str = "linear"
    targets: str = "numbers"
    outputs: int = 3
    weights: str = ""
    trained: bool = True

    @property
    def name(self) -> str:
        settings = ", ".join(f"{key}={value}" for key, value in self.config.items())
        weights = f", weighted by {self.weights}" if self.weights else ""
        return f"{self.loss}({settings}), {self.last}, {self.outputs} of {self.targets}{weights}"


def targets(kind: str, columns: int) -> np.ndarray:
    """(30, columns): numbers, counts, truth (0 and 1), signs (-1 and 1), shares (of 1), onehot; (30, 1): classes."""
    rng = np.random.default_rng([7, columns])
    numbers = rng.normal(size=(ROWS, columns))
    classes = rng.integers(0, columns, (ROWS, 1))
    return {
        "numbers": numbers,
        "positive": abs(numbers) + 0.1,
        "counts": rng.poisson(2.0, (ROWS, columns)).astype(float),
        "truth": (numbers > 0).astype(float),
        "signs": np.sign(numbers),
        "shares": abs(numbers) / abs(numbers).sum(axis=1, keepdims=True),
        "onehot": np.eye(columns)[classes[:, 0]],
        "classes": classes.astype(float),
    }[kind]


def initial_weights(outputs: int) -> list[np.ndarray]:
    rng = np.random.default_rng([11, outputs])
    shapes = (INPUTS, HIDDEN), (HIDDEN,), (HIDDEN, outputs), (outputs,)
    return [rng.uniform(-0.8, 0.8, shape) for shape in shapes]


def predictions(case: Case) -> np.ndarray:
    """(30, outputs) to judge alone: some of a kind that is clipped among them."""
    rng = np.random.default_rng([13, case.outputs])
    raw = 2 * rng.normal(size=(ROWS, case.outputs))
    if case.last == "linear":
        return raw
    if case.last == "softmax":
        e = np.exp(raw)
        return e / e.sum(axis=1, keepdims=True) * rng.uniform(0.5, 1, (ROWS, 1))  # not all sum to 1
    made = 1 / (1 + np.exp(-raw)) if case.last == "sigmoid" else np.log1p(np.exp(raw))
    made[3, 0], made[4, 0] = 0.0, 1.0
    return made


Value = Callable[[Case, np.ndarray, np.ndarray], np.ndarray]
Train = Callable[[Case, dict[str, np.ndarray]], tuple[list[np.ndarray], dict[str, list[float]], float]]


def freeze(name: str, made_with: dict[str, str], cases: Iterable[Case], value: Value, train: Train) -> None:
    """Judge and train the cases, and write ``<name>.json`` and ``<name>.npz`` beside this file."""
    rng = np.random.default_rng(3)
    x = rng.uniform(-1.5, 1.5, (ROWS, INPUTS))
    sample_weight = np.round(rng.uniform(0, 2, ROWS), 2)
    arrays = {"x": x, "sample_weight": sample_weight}
    records = []
    for case in cases:
        columns = case.outputs
        if case.loss in ("GaussianNLL", "Quantile"):
            columns //= 2 if case.loss == "GaussianNLL" else np.size(case.config.get("q", 0.5))
        y, p = targets(case.targets, columns), predictions(case)
        arrays |= {f"{case.name}/y": y, f"{case.name}/p": p, f"{case.name}/values": value(case, y, p)}
        record = {"name": case.name, **asdict(case)}
        if case.trained:
            initial = initial_weights(case.outputs)
            rows = {"x": x, "y": y, "sample_weight": sample_weight}
            final, history, weighted = train(case, rows | {f"w{i}": w for i, w in enumerate(initial)})
            arrays[f"{case.name}/initial"] = np.concatenate([w.ravel() for w in initial])
            arrays[f"{case.name}/final"] = np.concatenate([w.ravel() for w in final])
            record |= {"history": history, "evaluated": weighted}
        records.append(record)
        print(case.name, record.get("history"))
    settings = json.dumps({
        "made_with": made_with, "batch_size": BATCH, "epochs": EPOCHS, "learning_rate": RATE, "momentum": MOMENTUM,
        "hidden": HIDDEN,
    })  # fmt: skip
    text = ",\n  ".join(json.dumps(record) for record in records)
    folder = Path(__file__).parent
    (folder / f"{name}.json").write_text(f'{settings[:-1]}, "cases": [\n  {text}\n]}}\n')
    np.savez_compressed(folder / f"{name}.npz", **arrays)
