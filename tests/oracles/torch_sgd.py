"""Trains cases with PyTorch in float64: ``python tests/oracles/torch_sgd.py`` writes torch_sgd.json and .npz.

PyTorch's momentum is Keras's as long as the learning rate stays; so the cases with decay are left to Keras.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import torch
from cases import TRAINING_ROWS, Case, cases, freeze
from torch.nn import functional

ACTIVATIONS = {
    "linear": lambda z: z,
    "leaky_relu": partial(functional.leaky_relu, negative_slope=0.2),  # Keras's default slope
} | {
    name: getattr(functional, name)
    for name in ("relu", "elu", "selu", "tanh", "sigmoid", "softplus", "softsign", "silu", "gelu")
}


def predict(case: Case, weights: list[torch.Tensor], x: torch.Tensor) -> torch.Tensor:
    step = 2 if case.use_bias else 1
    for layer, activation in enumerate(case.activations):
        x = x @ weights[step * layer]
        if case.use_bias:
            x = x + weights[step * layer + 1]
        x = ACTIVATIONS[activation](x)
    return x


def errors(p: torch.Tensor, y: torch.Tensor) -> dict[str, float]:
    return {"loss": functional.mse_loss(p, y).item(), "mae": functional.l1_loss(p, y).item()}


def train(case: Case, x: np.ndarray, y: np.ndarray, initial: list[np.ndarray]) -> tuple[list[np.ndarray], dict]:
    weights = [torch.tensor(w, requires_grad=True) for w in initial]
    optimizer = torch.optim.SGD(weights, case.learning_rate, case.momentum, nesterov=case.nesterov)
    rows, targets = torch.tensor(x), torch.tensor(y)
    history: dict[str, list[float]] = {"loss": [], "mae": [], "val_loss": [], "val_mae": []}
    for _ in range(case.epochs):
        sums = {"loss": 0.0, "mae": 0.0}
        for start in range(0, TRAINING_ROWS, case.batch_size):
            batch = slice(start, min(start + case.batch_size, TRAINING_ROWS))
            p = predict(case, weights, rows[batch])
            for name, value in errors(p, targets[batch]).items():
                sums[name] += value * len(p)
            optimizer.zero_grad()
            functional.mse_loss(p, targets[batch]).backward()
            optimizer.step()
        for name in sums:
            history[name].append(sums[name] / TRAINING_ROWS)
        with torch.no_grad():
            validation = errors(predict(case, weights, rows[TRAINING_ROWS:]), targets[TRAINING_ROWS:])
        for name, value in validation.items():
            history[f"val_{name}"].append(value)
    return [w.detach().numpy() for w in weights], history


if __name__ == "__main__":
    # What Keras's cases cover already is thinned out: the smallest and the largest net, and two of the batch sizes.
    chosen = [
        replace(case, metrics=("mae",))
        for case in cases()
        if not case.decay and case.batch_size in (7, 32) and case.net not in ((3, 1), (8, 32, 32, 1))
    ]
    freeze("torch_sgd", {"torch": torch.__version__}, chosen, train)
