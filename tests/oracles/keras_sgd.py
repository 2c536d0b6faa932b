"""Trains the cases with Keras 3 in float64: ``python tests/oracles/keras_sgd.py`` writes keras_sgd.json and .npz.

Needs TensorFlow: with the JAX backend Keras computes losses in float32 even where floatx is float64. TensorFlow in
turn keeps a constant of GELU and the slope of leaky ReLU in float32 (off by 1e-9 here): those are left to PyTorch.
Keras 3 reads no ``decay``; its old meaning, ``lr / (1 + decay * updates)``, is the schedule InverseTimeDecay with
one step a decay.
"""

from __future__ import annotations

import os

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow
from cases import VALIDATION_SPLIT, Case, cases, freeze

keras.config.set_floatx("float64")

METRICS = {
    "mae": lambda: keras.metrics.MeanAbsoluteError(name="mae"),
    "mse": lambda: keras.metrics.MeanSquaredError(name="mse"),
    "rmse": lambda: keras.metrics.RootMeanSquaredError(name="rmse"),
    "r2": lambda: keras.metrics.R2Score(name="r2"),
}


def train(case: Case, x: np.ndarray, y: np.ndarray, initial: list[np.ndarray]) -> tuple[list[np.ndarray], dict]:
    model = keras.Sequential([keras.Input((case.net[0],))])
    for units, activation in zip(case.net[1:], case.activations, strict=True):
        model.add(keras.layers.Dense(units, activation=activation, use_bias=case.use_bias))
    model.set_weights(initial)
    rate = np.float64(case.learning_rate)
    if case.decay:
        rate = keras.optimizers.schedules.InverseTimeDecay(rate, decay_steps=1, decay_rate=np.float64(case.decay))
    # float64 spelled out: a plain 0.9 goes through a float32 tensor on its way to the update.
    optimizer = keras.optimizers.SGD(rate, momentum=np.float64(case.momentum), nesterov=case.nesterov)
    model.compile(optimizer=optimizer, loss="mse", metrics=[METRICS[name]() for name in case.metrics])
    history = model.fit(
        x, y, case.batch_size, case.epochs, verbose=0, shuffle=False, validation_split=VALIDATION_SPLIT
    ).history
    return model.get_weights(), {key: [float(v) for v in values] for key, values in history.items()}


if __name__ == "__main__":
    chosen = [case for case in cases() if not {"gelu", "leaky_relu"} & set(case.activations)]
    freeze("keras_sgd", {"keras": keras.__version__, "tensorflow": tensorflow.__version__}, chosen, train)
