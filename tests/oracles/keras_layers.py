"""Trains networks of normalization, residual blocks, softmax and the like with Keras 3 in float64.

``python tests/oracles/keras_layers.py`` writes keras_layers.json (cases and histories) and keras_layers.npz (rows,
initial and final weights, predictions). Needs TensorFlow, as keras_sgd.py; regularizers and rates are powers of two, as
they go through float32 there. Layers are written as nested lists [class name, settings], residual blocks as
["Residual", {"layers": [...]}]. Dropout has another generator there: its rate is 0 in all cases.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow as tf

keras.config.set_floatx("float64")
K, N, ROWS, EPOCHS, SPLIT = 5, 3, 40, 4, 0.2


def dense(units: int, activation: str = "linear", **more: object) -> list:
    return ["Dense", {"units": units, "activation": activation, **more}]


CASES = {
    "softmax as an activation": [dense(7, "tanh"), dense(N, "softmax")],
    "softmax within": [dense(20), ["Softmax", {}], dense(N)],
    "log_softmax": [dense(7, "tanh"), dense(N, "log_softmax")],
    "layer normalization": [dense(9, "tanh"), ["LayerNormalization", {}], dense(N)],
    "layer normalization without scale": [
        ["LayerNormalization", {"scale": False, "epsilon": 1e-5}], dense(9, "tanh"), dense(N),
        ["LayerNormalization", {"center": False}],
    ],
    "batch normalization": [dense(9, "tanh"), ["BatchNormalization", {}], dense(N)],
    "batch normalization, quick": [
        dense(9), ["BatchNormalization", {"momentum": 0.6, "scale": False}], ["ReLU", {}], dense(N),
        ["BatchNormalization", {"center": False, "epsilon": 0.1}],
    ],
    "frozen batch normalization": [dense(9, "tanh"), ["BatchNormalization", {"trainable": False}], dense(N)],
    "frozen dense": [dense(9, "tanh"), dense(9, "tanh", trainable=False), dense(N)],
    "batch normalization, ReLU, Dropout": [
        dense(9, use_bias=False), ["BatchNormalization", {"momentum": 0.9}], ["ReLU", {}], ["Dropout", {"rate": 0.0}],
        dense(8), ["BatchNormalization", {"momentum": 0.9}], ["LeakyReLU", {"negative_slope": 0.25}], dense(N),
    ],
    "residual": [dense(8), ["Residual", {"layers": [dense(12, "tanh"), dense(8)]}], dense(N)],
    "residual with normalization": [
        dense(8),
        ["Residual", {"layers": [["LayerNormalization", {}], dense(12, "silu"), dense(8)]}],
        ["Residual", {"layers": [["BatchNormalization", {}], ["ELU", {"alpha": 0.5}], dense(8),
                                 ["Residual", {"layers": [dense(8, "tanh")]}]]}],
        ["LayerNormalization", {}], dense(N, "softmax"),
    ],
    "activity": [
        dense(9, "tanh", activity_regularizer=["L1L2", {"l1": 0.015625, "l2": 0.03125}]),
        ["ActivityRegularization", {"l1": 0.0078125, "l2": 0.0625}],
        dense(N, "softmax", activity_regularizer=["L2", {"l2": 0.125}]),
    ],
    "regularized normalization": [
        dense(9, "tanh"), ["LayerNormalization", {"gamma_regularizer": ["L2", {"l2": 0.0625}]}],
        ["BatchNormalization", {"beta_regularizer": ["L1", {"l1": 0.015625}],
                                "gamma_constraint": ["MaxNorm", {"max_value": 2.0}]}],
        dense(N),
    ],
}  # fmt: skip
RATES = {1: 2.0**-9, 7: 2.0**-6, 32: 2.0**-6}  # by batch size
CLASSES = {"regularizer": keras.regularizers, "constraint": keras.constraints}


def build(tensor: object, layers: list) -> object:
    for name, settings in layers:
        if name == "Residual":
            tensor = keras.layers.Add()([tensor, build(tensor, settings["layers"])])
            continue
        made = dict(settings)
        for key, value in settings.items():
            if isinstance(value, list):
                made[key] = getattr(CLASSES[key.rpartition("_")[2]], value[0])(**value[1])
        tensor = getattr(keras.layers, name)(**made)(tensor)
    return tensor


def train(model: keras.Model, optimizer: keras.optimizers.Optimizer, x: np.ndarray, y: np.ndarray, batch: int) -> dict:
    """What ``fit`` does, in float64 throughout."""
    rows = int(ROWS * (1 - SPLIT))
    variables = model.trainable_variables
    optimizer.build(variables)
    history = {"loss": [], "val_loss": []}

    def loss_of(part: slice, training: bool) -> tf.Tensor:
        p = model(x[part], training=training)
        return tf.reduce_mean((p - y[part]) ** 2) + sum(model.losses)

    for _ in range(EPOCHS):
        total = 0.0
        for begin in range(0, rows, batch):
            part = slice(begin, min(begin + batch, rows))
            with tf.GradientTape() as tape:
                loss = loss_of(part, training=True)
            optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
            total += float(loss) * (part.stop - part.start)
        history["loss"].append(total / rows)
        history["val_loss"].append(float(loss_of(slice(rows, ROWS), training=False)))
    return history


def main() -> None:
    rng = np.random.default_rng(5)
    x = rng.uniform(-1.5, 1.5, (ROWS, K))
    y = np.tanh(x @ rng.uniform(-1, 1, (K, N))) + rng.uniform(-0.2, 0.2, (ROWS, N))
    arrays, cases = {"x": x, "y": y}, []
    for name, layers in CASES.items():
        for batch in RATES:
            given = keras.Input((K,))
            model = keras.Model(given, build(given, layers))
            initial = [
                np.abs(w) + 0.5 if "variance" in v.path or "gamma" in v.path else w
                for v, w in ((v, rng.uniform(-1, 1, v.shape) / v.shape[0] ** 0.5) for v in model.weights)
            ]
            model.set_weights(initial)
            optimizer = keras.optimizers.SGD(RATES[batch], momentum=0.875, nesterov=True)
            history = train(model, optimizer, x, y, batch)
            final = model.get_weights()
            if not all(w.dtype == np.float64 for w in final):
                raise TypeError(f"{name}: {[w.dtype for w in final]}")
            key = f"{name}, batch {batch}"
            flat = {
                "initial": initial,
                "final": final,
                "predictions": [model(x, training=False).numpy()],
            }
            arrays |= {f"{key}/{what}": np.concatenate([w.ravel() for w in ws]) for what, ws in flat.items()}
            cases.append(
                {"name": key, "layers": layers, "batch_size": batch, "learning_rate": RATES[batch], "history": history}
            )
            print(key, history["loss"][-1], history["val_loss"][-1], flush=True)
    folder = Path(__file__).parent
    settings = {
        "keras": keras.__version__,
        "tensorflow": tf.__version__,
        "epochs": EPOCHS,
        "split": SPLIT,
        "cases": cases,
    }
    (folder / "keras_layers.json").write_text(json.dumps(settings, indent=None).replace('{"name"', '\n{"name"') + "\n")
    np.savez_compressed(folder / "keras_layers.npz", **arrays)


if __name__ == "__main__":
    main()
