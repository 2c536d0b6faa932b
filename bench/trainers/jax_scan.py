"""JAX at its best: the whole epoch one jitted ``lax.scan`` over the batches, weights and memories donated.

Reorders by gathering each batch's rows inside the scan through a permutation, which NumPy makes and hands in: a help
that JAX's users would have to think of. Its own (``jax.random.permutation`` inside the jitted epoch) sorts, 0.5 us a
row, and is the second variant.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from bench.grid import BETAS, EPSILON, Task

PACKAGES = ("jax",)
ENVIRONMENT = {"JAX_PLATFORMS": "cpu"}
VARIANTS: dict[str, dict] = {"JAX scan": {"own_order": False}, "JAX scan, own shuffle": {"own_order": True}}


def version() -> str:
    import jax

    return f"JAX {jax.__version__}"


class Scan:
    def __init__(self, task: Task, own_order: bool) -> None:
        import jax

        self.jax, self.task, self.own_order = jax, task, own_order
        softmax = task.job == "softmax"
        self.x, self.y = jax.device_put(task.x), jax.device_put(task.labels.astype(np.int32) if softmax else task.y)
        pairs = zip(task.weights[::2], task.weights[1::2], strict=True)
        self.layers = jax.device_put([tuple(pair) for pair in pairs])
        zeros = partial(jax.tree.map, jax.numpy.zeros_like, self.layers)
        self.memory = (zeros(), zeros(), 0) if task.job == "adam" else (zeros(),)
        self.key, self.rng = jax.random.key(0), np.random.default_rng(0)
        own = own_order and task.shuffle
        self.run = jax.jit(partial(run_epoch, task=_Settings(task), own_order=own), donate_argnums=(0, 1))

    def order(self) -> Any:
        if not self.task.shuffle:
            return np.arange(len(self.task.x), dtype=np.int32)
        if self.own_order:
            self.key, key = self.jax.random.split(self.key)
            return key
        return self.rng.permutation(len(self.task.x)).astype(np.int32)

    def epoch(self) -> None:
        self.layers, self.memory = self.run(self.layers, self.memory, self.x, self.y, self.order())
        self.jax.block_until_ready(self.layers)

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(w) for pair in self.layers for w in pair]


class _Settings:
    """Of a task what the epoch is compiled for."""

    def __init__(self, task: Task) -> None:
        self.job, self.batch, self.rate, self.momentum = task.job, task.batch, task.learning_rate, task.momentum


def loss(layers: list, x: Any, y: Any, job: str) -> Any:
    import jax
    import jax.numpy as jnp

    for kernel, bias in layers[:-1]:
        z = x @ kernel + bias
        x = jnp.tanh(z) if job == "tanh" else jnp.maximum(z, 0)
    kernel, bias = layers[-1]
    outputs = x @ kernel + bias
    if job == "softmax":
        return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], axis=1))
    return jnp.mean((outputs - y) ** 2)


def nesterov(task: _Settings, layers: list, memory: tuple, gradient: list) -> tuple[list, tuple]:
    from jax.tree import map

    rate, momentum = task.rate, task.momentum
    velocity = map(lambda v, g: momentum * v - rate * g, memory[0], gradient)
    return map(lambda w, v, g: w + momentum * v - rate * g, layers, velocity, gradient), (velocity,)


def adam(task: _Settings, layers: list, memory: tuple, gradient: list) -> tuple[list, tuple]:
    from jax.tree import map

    (first, second), (mean, square, t) = BETAS, memory
    t = t + 1
    rate = task.rate * (1 - second**t) ** 0.5 / (1 - first**t)
    mean = map(lambda m, g: m + (1 - first) * (g - m), mean, gradient)
    square = map(lambda v, g: v + (1 - second) * (g * g - v), square, gradient)
    return map(lambda w, m, v: w - rate * m / (v**0.5 + EPSILON), layers, mean, square), (mean, square, t)


def run_epoch(
    layers: list, memory: tuple, x: Any, y: Any, order: Any, *, task: _Settings, own_order: bool
) -> tuple[list, tuple]:
    """``order`` is a key to make one if it is JAX's own."""
    import jax

    update = adam if task.job == "adam" else nesterov

    def step(carry: tuple[list, tuple], chosen: Any) -> tuple[tuple[list, tuple], None]:
        layers, memory = carry
        return update(task, layers, memory, jax.grad(loss)(layers, x[chosen], y[chosen], task.job)), None

    if own_order:
        order = jax.random.permutation(order, len(x))
    whole = len(order) // task.batch * task.batch
    carry, _ = jax.lax.scan(step, (layers, memory), order[:whole].reshape(-1, task.batch))
    if whole < len(order):
        carry, _ = step(carry, order[whole:])
    return carry


def setup(task: Task, threads: int, own_order: bool) -> Scan:
    return Scan(task, own_order)
