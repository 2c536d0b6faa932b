"""Trains one small network with every optimizer and option of Keras 3 in float64.

Writes keras_optimizers.json and .npz.
Needs TensorFlow, as keras_sgd.py; numbers are float64 spelled out, as a plain 0.9 goes through a float32 tensor
there (Nadam's own 0.96 does, too).
The json holds the cases and their histories, the npz rows, initial weights and the final weights of each case.
"""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf
from keras.src.optimizers import nadam

keras.config.set_floatx("float64")
NET = (5, 7, 2)
ROWS, BATCH, EPOCHS, SPLIT = 30, 7, 4, 0.2

OPTIMIZERS = {
    "SGD": [{}, {"momentum": 0.9}, {"momentum": 0.8, "nesterov": True}],
    "Adam": [{}, {"amsgrad": True, "beta_2": 0.9}, {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3}],
    "AdamW": [{}, {"amsgrad": True, "weight_decay": 0.1}],
    "RMSprop": [{}, {"momentum": 0.7}, {"centered": True}, {"momentum": 0.7, "centered": True, "rho": 0.8}],
    "Adagrad": [{}, {"initial_accumulator_value": 0.0, "epsilon": 1e-3}],
    "Adadelta": [{}, {"rho": 0.8, "epsilon": 1e-3}],
    "Adamax": [{}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "Nadam": [{}, {"beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3}],
    "Lion": [{}, {"beta_1": 0.8, "beta_2": 0.9}],
}
RATES = {"Adadelta": 1.0, "Adagrad": 0.1, "Lion": 0.01}
OPTIONS = [
    {"weight_decay": 0.05},
    {"weight_decay": 0.05, "exclude": ["bias"]},
    {"clipnorm": 0.2},
    {"global_clipnorm": 0.3},
    {"clipvalue": 0.05},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 2,
     "weight_decay": 0.05, "clipnorm": 0.2},
]  # fmt: skip
LAYERS = [  # arguments of the hidden and of the output layer
    {"hidden": {"kernel_regularizer": ["L2", {"l2": 0.03}]}},
    {"hidden": {"kernel_regularizer": ["L1", {"l1": 0.02}], "bias_regularizer": ["L2", {"l2": 0.05}]}},
    {"output": {"kernel_regularizer": ["L1L2", {"l1": 0.02, "l2": 0.04}], "bias_regularizer": ["L1", {"l1": 0.01}]}},
    {"hidden": {"kernel_constraint": ["MaxNorm", {"max_value": 0.9}], "bias_constraint": ["NonNeg", {}]}},
    {"hidden": {"kernel_constraint": ["UnitNorm", {}]}, "output": {"bias_constraint": ["UnitNorm", {}]}},
    {"hidden": {"bias_constraint": ["MinMaxNorm", {"min_value": 0.3, "max_value": 0.6, "rate": 0.7}]},
     "output": {"kernel_constraint": ["MinMaxNorm", {"min_value": 0.2, "max_value": 0.8, "rate": 0.7}],
                "bias_constraint": ["MaxNorm", {"max_value": 0.2}]}},
    {"output": {"kernel_constraint": ["NonNeg", {}]}},
    {"hidden": {"trainable": False, "kernel_regularizer": ["L2", {"l2": 0.03}]}},
    {"output": {"trainable": False}},
]  # fmt: skip


def cases() -> list[dict]:
    found = []
    for name, variants in OPTIMIZERS.items():
        for settings in variants:
            found.append({"optimizer": name, "settings": settings, "layers": {}})
        for option in OPTIONS:
            if not (name == "AdamW" and set(option) == {"weight_decay"}):
                found.append({"optimizer": name, "settings": {**variants[-1], **option}, "layers": {}})
    mixed = [("SGD", {"momentum": 0.9}), ("Adam", {}), ("Adam", {"clipnorm": 0.2, "weight_decay": 0.05})]
    mixed += [("RMSprop", {"gradient_accumulation_steps": 2, "use_ema": True, "global_clipnorm": 0.3})]
    for (name, settings), layers in itertools.product(mixed, LAYERS):
        found.append({"optimizer": name, "settings": settings, "layers": layers})
    for case in found:
        case["settings"] = {"learning_rate": RATES.get(case["optimizer"], 0.02), **case["settings"]}
    return found


class Exact:
    """Keras's operations, with numbers in float64."""

    def __getattr__(self, name: str) -> object:
        operation = getattr(keras.ops, name)
        return lambda *arguments: operation(*map(exact, arguments))


def exact(value: object) -> object:
    return np.float64(value) if isinstance(value, float) else value


def made(spec: list) -> object:
    item = getattr(keras.regularizers if spec[0][0] == "L" else keras.constraints, spec[0])(**spec[1])
    vars(item).update({key: exact(value) for key, value in spec[1].items()})  # where it made a float32 tensor of it
    return item


def dense(units: int, activation: str, options: dict) -> keras.layers.Dense:
    return keras.layers.Dense(
        units, activation, **{key: made(v) if isinstance(v, list) else v for key, v in options.items()}
    )


def train(case: dict, x: np.ndarray, y: np.ndarray, initial: list[np.ndarray]) -> tuple[np.ndarray, dict]:
    model = keras.Sequential([keras.Input((NET[0],))])
    model.add(dense(NET[1], "tanh", case["layers"].get("hidden", {})))
    model.add(dense(NET[2], "linear", case["layers"].get("output", {})))
    model.layers[0].set_weights(initial[:2])
    model.layers[1].set_weights(initial[2:])
    settings = {key: exact(value) for key, value in case["settings"].items() if key != "exclude"}
    if case["optimizer"] == "Adadelta" and "rho" in settings:
        settings["rho"] = float(settings["rho"])  # NumPy's times a variable asks for the variable's value
    optimizer = getattr(keras.optimizers, case["optimizer"])(**settings)
    for key, value in optimizer.get_config().items():  # the defaults
        if isinstance(value, float) and key not in ("learning_rate", *settings):
            setattr(optimizer, key, value if key == "rho" else np.float64(value))
    if "exclude" in case["settings"]:
        optimizer.exclude_from_weight_decay(var_names=case["settings"]["exclude"])
    model.compile(optimizer=optimizer, loss="mse")
    history = model.fit(x, y, BATCH, EPOCHS, verbose=0, shuffle=False, validation_split=SPLIT).history
    final = np.concatenate([w.ravel() for layer in model.layers for w in layer.get_weights()])
    return final, {key: [float(v) for v in values] for key, values in history.items()}


if __name__ == "__main__":
    nadam.ops = Exact()
    rng = np.random.default_rng(20)
    x = rng.uniform(-1.5, 1.5, (ROWS, NET[0]))
    y = np.sin(x @ rng.uniform(-1, 1, (NET[0], NET[2]))) + rng.uniform(-0.2, 0.2, (ROWS, NET[2]))
    initial = [rng.uniform(-0.7, 0.7, shape) for shape in ((5, 7), (7,), (7, 2), (2,))]
    arrays = {"x": x, "y": y, "initial": np.concatenate([w.ravel() for w in initial])}
    records = []
    for i, case in enumerate(cases()):
        final, history = train(case, x, y, initial)
        if final.dtype != np.float64:
            raise TypeError(f"{case}: trained in {final.dtype}, wanted float64")
        arrays[str(i)] = final
        records.append({**case, "history": history})
        print(case, history["loss"][-1], flush=True)
    folder = Path(__file__).parent
    lines = ",\n  ".join(json.dumps(record) for record in records)
    head = {
        "made_with": {"keras": keras.__version__, "tensorflow": tf.__version__},
        "net": NET, "batch_size": BATCH, "epochs": EPOCHS, "validation_split": SPLIT,
    }  # fmt: skip
    (folder / "keras_optimizers.json").write_text(f'{json.dumps(head)[:-1]}, "cases": [\n  {lines}\n]}}\n')
    np.savez_compressed(folder / "keras_optimizers.npz", **arrays)
