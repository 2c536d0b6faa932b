"""What one writes by hand: the epoch as a loop over batches in NumPy; in float64 it is the reference for all others.

Reorders by gathering each batch's rows through a permutation.
"""

from __future__ import annotations

import numpy as np

from bench.grid import BETAS, EPSILON, Task

PACKAGES = ("numpy",)
ENVIRONMENT: dict[str, str] = {}
VARIANTS: dict[str, dict] = {"NumPy loop": {}}


def version() -> str:
    return f"NumPy {np.__version__}"


class Loop:
    def __init__(self, task: Task) -> None:
        self.task = task
        self.kernels = [w.copy() for w in task.weights[::2]]
        self.biases = [w.copy() for w in task.weights[1::2]]
        self.velocities = [np.zeros_like(w) for w in self.kernels + self.biases]
        self.squares = [np.zeros_like(w) for w in self.velocities] if task.job == "adam" else []
        self.steps = 0
        self.rng = np.random.default_rng(0)

    def epoch(self) -> None:
        task = self.task
        rows = len(task.x)
        order = self.rng.permutation(rows) if task.shuffle else np.arange(rows)
        for start in range(0, rows, task.batch):
            chosen = order[start : start + task.batch]
            self.step(task.x[chosen], task.y[chosen])

    def step(self, x: np.ndarray, y: np.ndarray) -> None:
        kernels, biases = self.kernels, self.biases
        tanh = self.task.job == "tanh"
        outputs = [x]
        for kernel, bias in zip(kernels[:-1], biases[:-1], strict=True):
            z = outputs[-1] @ kernel
            z += bias
            outputs.append(np.tanh(z, out=z) if tanh else np.maximum(z, 0, out=z))
        delta = outputs[-1] @ kernels[-1]
        delta += biases[-1]
        if self.task.job == "softmax":
            delta -= delta.max(axis=1, keepdims=True)
            np.exp(delta, out=delta)
            delta /= delta.sum(axis=1, keepdims=True)
            delta -= y
            delta /= len(delta)
        else:
            delta -= y
            delta *= 2 / delta.size
        gradients = [None] * len(self.velocities)
        for layer in reversed(range(len(kernels))):
            gradients[layer] = outputs[layer].T @ delta
            gradients[len(kernels) + layer] = delta.sum(axis=0)
            if layer:
                delta = delta @ kernels[layer].T
                delta *= 1 - outputs[layer] ** 2 if tanh else outputs[layer] > 0
        self.steps += 1
        (self.adam if self.squares else self.nesterov)(gradients)

    def nesterov(self, gradients: list) -> None:
        rate, momentum = self.task.learning_rate, self.task.momentum
        for w, v, g in zip(self.kernels + self.biases, self.velocities, gradients, strict=True):
            g *= rate
            v *= momentum
            v -= g
            w += momentum * v
            w -= g

    def adam(self, gradients: list) -> None:
        first, second = BETAS
        rate = self.task.learning_rate * (1 - second**self.steps) ** 0.5 / (1 - first**self.steps)
        for w, m, v, g in zip(self.kernels + self.biases, self.velocities, self.squares, gradients, strict=True):
            m += (1 - first) * (g - m)
            g *= g
            v += (1 - second) * (g - v)
            w -= rate * m / (np.sqrt(v) + EPSILON)

    def weights(self) -> list[np.ndarray]:
        return [w for pair in zip(self.kernels, self.biases, strict=True) for w in pair]


def setup(task: Task, threads: int) -> Loop:
    return Loop(task)
