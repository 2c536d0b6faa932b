"""JAX at its best: the whole epoch one jitted ``lax.scan`` over the batches, weights and velocities donated.

Reorders by gathering each batch's rows inside the scan through a permutation, which NumPy makes: JAX's own sorts (0.5
us a row), and is the second variant.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from bench.grid import Task

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
        self.x, self.y = jax.device_put(task.x), jax.device_put(task.y)
        pairs = zip(task.weights[::2], task.weights[1::2], strict=True)
        self.state = jax.device_put([tuple(pair) for pair in pairs])
        self.velocity = jax.tree.map(jax.numpy.zeros_like, self.state)
        self.key, self.rng = jax.random.key(0), np.random.default_rng(0)
        run = partial(run_epoch, batch=task.batch, rate=task.learning_rate, momentum=task.momentum)
        self.run = jax.jit(run, donate_argnums=(0, 1))
        self.permute = jax.jit(partial(jax.random.permutation, x=len(task.x)))

    def order(self) -> Any:
        if not self.task.shuffle:
            return np.arange(len(self.task.x), dtype=np.int32)
        if self.own_order:
            self.key, key = self.jax.random.split(self.key)
            return self.permute(key)
        return self.rng.permutation(len(self.task.x)).astype(np.int32)

    def epoch(self) -> None:
        self.state, self.velocity = self.run(self.state, self.velocity, self.x, self.y, self.order())
        self.jax.block_until_ready(self.state)

    def weights(self) -> list[np.ndarray]:
        return [np.asarray(w) for pair in self.state for w in pair]


def loss(layers: list, x: Any, y: Any) -> Any:
    import jax.numpy as jnp

    for kernel, bias in layers[:-1]:
        x = jnp.maximum(x @ kernel + bias, 0)
    kernel, bias = layers[-1]
    return jnp.mean((x @ kernel + bias - y) ** 2)


def run_epoch(
    layers: list, velocity: list, x: Any, y: Any, order: Any, *, batch: int, rate: float, momentum: float
) -> tuple[list, list]:
    import jax

    def step(carry: tuple[list, list], chosen: Any) -> tuple[tuple[list, list], None]:
        layers, velocity = carry
        gradient = jax.grad(loss)(layers, x[chosen], y[chosen])
        velocity = jax.tree.map(lambda v, g: momentum * v - rate * g, velocity, gradient)
        layers = jax.tree.map(lambda w, v, g: w + momentum * v - rate * g, layers, velocity, gradient)
        return (layers, velocity), None

    whole = len(order) // batch * batch
    carry, _ = jax.lax.scan(step, (layers, velocity), order[:whole].reshape(-1, batch))
    if whole < len(order):
        carry, _ = step(carry, order[whole:])
    return carry


def setup(task: Task, threads: int, own_order: bool) -> Scan:
    return Scan(task, own_order)
