"""``fit`` of one epoch, in the language that Keras and fastsgd share; both reorder the rows themselves."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from bench.grid import EPSILON, Task


class Fit:
    """A model of ``keras``, which is Keras or fastsgd; ``options`` go to its ``compile``."""

    def __init__(self, task: Task, keras: ModuleType, **options: Any) -> None:
        self.task = task
        widths = [len(bias) for bias in task.weights[1::2]]
        layers = [keras.layers.Dense(width, activation=task.activation) for width in widths[:-1]]
        layers.append(keras.layers.Dense(widths[-1], activation="softmax" if task.job == "softmax" else None))
        self.model = keras.Sequential([keras.Input((task.x.shape[1],)), *layers])
        if task.job == "adam":
            optimizer = keras.optimizers.Adam(task.learning_rate, epsilon=EPSILON)
        else:
            optimizer = keras.optimizers.SGD(task.learning_rate, momentum=task.momentum, nesterov=True)
        loss, self.y = "mse", task.y
        if task.job == "softmax":
            loss, self.y = "sparse_categorical_crossentropy", task.labels
        self.model.compile(optimizer=optimizer, loss=loss, **options)
        self.model.set_weights(task.weights)

    def epoch(self) -> None:
        task = self.task
        self.model.fit(task.x, self.y, batch_size=task.batch, epochs=1, shuffle=task.shuffle, verbose=0)

    def weights(self) -> list[np.ndarray]:
        return self.model.get_weights()


def setup_keras(task: Task, threads: int, steps: int = 1) -> Fit:
    import keras

    return Fit(task, keras, steps_per_execution=steps)


def keras_version(*backends: str) -> str:
    """Versions of Keras and of the first of these distributions that is installed."""
    from importlib.metadata import PackageNotFoundError, version  # 12 ms, which are not fastsgd's

    for name in backends:
        try:
            return f"Keras {version('keras')} on {name} {version(name)}"
        except PackageNotFoundError:
            continue
    raise PackageNotFoundError(backends[0])
