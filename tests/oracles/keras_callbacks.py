"""Trains with Keras's schedules and callbacks in float64: ``python tests/oracles/keras_callbacks.py`` writes the .json.

Needs TensorFlow, as keras_sgd.py does. Made with Keras 3.15.1 and TensorFlow 2.21.0.
"""

from __future__ import annotations

import json
import os
import warnings
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np

keras.config.set_floatx("float64")

SHAPES = [(4, 6), (6,), (6, 1), (1,)]
PLATEAU = {"monitor": "val_loss", "factor": 0.5, "patience": 1, "min_delta": 0.02}

# What is trained: a rate or a schedule, callbacks with their settings, other arguments of fit
CASES = [
    {"rate": ["ExponentialDecay", {"initial_learning_rate": 0.2, "decay_steps": 5, "decay_rate": 0.8}]},
    {"rate": ["PiecewiseConstantDecay", {"boundaries": [4, 9], "values": [0.2, 0.1, 0.02]}]},
    {"rate": ["PolynomialDecay", {"initial_learning_rate": 0.2, "decay_steps": 7, "power": 2.0, "cycle": True}]},
    {"rate": ["InverseTimeDecay", {"initial_learning_rate": 0.2, "decay_steps": 3, "decay_rate": 0.5}]},
    {
        "rate": [
            "CosineDecay",
            {"initial_learning_rate": 0.0, "decay_steps": 15, "warmup_target": 0.2, "warmup_steps": 5},
        ]
    },
    {"rate": ["CosineDecayRestarts", {"initial_learning_rate": 0.2, "first_decay_steps": 4}]},
    {"rate": 0.3, "callbacks": [["ReduceLROnPlateau", PLATEAU]], "fit": {"epochs": 12}},
    {
        "rate": 0.3,
        "callbacks": [["ReduceLROnPlateau", {**PLATEAU, "cooldown": 2, "min_lr": 0.1}]],
        "fit": {"epochs": 12},
    },
    {"rate": 0.3, "callbacks": [["LearningRateScheduler", [0.3, 0.1, 0.2, 0.05]]]},
    {
        "rate": 0.3,
        "callbacks": [["EarlyStopping", {"patience": 2, "min_delta": 0.03, "restore_best_weights": True}]],
        "fit": {"epochs": 30},
    },
    {
        "rate": 0.3,
        "callbacks": [
            ["ReduceLROnPlateau", PLATEAU],
            ["EarlyStopping", {"patience": 4, "min_delta": 0.02, "start_from_epoch": 2}],
        ],
        "fit": {"epochs": 30, "validation_freq": 1},
    },
    {"rate": 0.1, "fit": {"steps_per_epoch": 2, "epochs": 5}},
    {"rate": 0.1, "fit": {"steps_per_epoch": 3, "epochs": 5}},
    {"rate": 0.1, "fit": {"validation_steps": 1, "validation_batch_size": 4, "initial_epoch": 1}},
]


def rows() -> tuple[np.ndarray, np.ndarray, list[np.ndarray]]:
    """x, y and initial weights, all exact in few digits, so that JSON has them short."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 4)).round(3)
    y = (np.tanh(x @ [1.0, -2.0, 0.5, 0.0]) + 0.3 * rng.normal(size=40)).round(3)
    return x, y, [rng.normal(size=shape).round(3) for shape in SHAPES]


def made(name: str, settings: object) -> keras.callbacks.Callback:
    if name == "LearningRateScheduler":
        return keras.callbacks.LearningRateScheduler(lambda epoch: float(settings[epoch]))
    return getattr(keras.callbacks, name)(**settings)


def train(case: dict) -> dict:
    x, y, initial = rows()
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(6, activation="tanh"), keras.layers.Dense(1)])
    model.set_weights(initial)
    rate = case["rate"]
    if isinstance(rate, list):
        # float64 spelled out, as in keras_sgd.py: else a schedule computes in float32.
        settings = {
            name: list(map(np.float64, value))
            if name == "values"
            else np.float64(value)
            if type(value) is float
            else value
            for name, value in rate[1].items()
        }
        rate = getattr(keras.optimizers.schedules, rate[0])(**settings)
    else:
        rate = np.float64(rate)
    model.compile(keras.optimizers.SGD(rate, momentum=np.float64(0.5)), "mse")
    settings = {"batch_size": 8, "epochs": 4, "validation_split": 0.2, **case.get("fit", {})}
    called = [made(*callback) for callback in case.get("callbacks", [])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # epochs that end with the rows
        history = model.fit(x, y, verbose=0, shuffle=False, callbacks=called, **settings).history
    return {
        **case,
        "history": {name: [float(v) for v in values] for name, values in history.items()},
        "weights": np.concatenate([w.ravel() for w in model.get_weights()]).tolist(),
    }


if __name__ == "__main__":
    x, y, initial = rows()
    frozen = {
        "keras": keras.__version__,
        "x": x.tolist(),
        "y": y.tolist(),
        "initial": [w.tolist() for w in initial],
        "cases": [train(case) for case in CASES],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(frozen) + "\n")
