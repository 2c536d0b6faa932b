"""Losses by Keras 3 in float64: ``python tests/oracles/keras_losses.py`` writes keras_losses.json and .npz.

Needs TensorFlow, see keras_sgd.py. There Keras takes the logits of a last sigmoid for those of a softmax (with JAX and
PyTorch it does not), so that categorical cross-entropy of a sigmoid is not trained here; and log(2) in log_cosh is
rounded to float32.
"""

from __future__ import annotations

import os

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}

import keras
import numpy as np
import tensorflow
from loss_cases import BATCH, EPOCHS, HIDDEN, INPUTS, MOMENTUM, RATE, Case, freeze

keras.config.set_floatx("float64")
CLASS_WEIGHT = {0: 2.0, 1: 0.5, 5: 3.0}


def cases() -> list[Case]:
    found = [
        Case("MeanSquaredError"), Case("MeanSquaredError", outputs=1, weights="sample"), Case("MeanAbsoluteError"),
        Case("MeanAbsoluteError", outputs=1), Case("MeanAbsolutePercentageError", targets="positive"),
        Case("MeanSquaredLogarithmicError", last="softplus", targets="counts"),
        Case("MeanSquaredLogarithmicError", last="softplus", targets="counts", outputs=1),
        Case("Huber"), Case("Huber", {"delta": 0.4}, outputs=20), Case("LogCosh"), Case("LogCosh", outputs=1),
        Case("Poisson", last="softplus", targets="counts"), Case("Hinge", targets="signs"),
        Case("Hinge", targets="truth"), Case("SquaredHinge", last="tanh", targets="signs", weights="sample"),
        Case("CosineSimilarity"), Case("CosineSimilarity", outputs=20, weights="sample"),
        Case("KLDivergence", last="sigmoid", targets="shares"),
        Case("CategoricalHinge", targets="onehot"), Case("CategoricalHinge", targets="onehot", outputs=18),
        Case("Dice", {"axis": -1}, last="sigmoid", targets="truth"),
        Case("Tversky", {"axis": -1, "alpha": 0.3, "beta": 0.8}, last="sigmoid", targets="truth", weights="sample"),
    ]  # fmt: skip
    for outputs in (1, 3, 20):
        found.append(Case("BinaryCrossentropy", last="sigmoid", targets="truth", outputs=outputs))
        found.append(Case("BinaryCrossentropy", {"from_logits": True}, targets="truth", outputs=outputs))
    found += [
        Case("BinaryCrossentropy", {"label_smoothing": 0.2}, "sigmoid", "truth", 1, weights="class"),
        Case("BinaryCrossentropy", last="softplus", targets="truth", trained=False),
        Case("BinaryFocalCrossentropy", last="sigmoid", targets="truth"),
        Case("BinaryFocalCrossentropy", {"apply_class_balancing": True, "gamma": 1.5}, "sigmoid", "truth", 1),
        Case("BinaryFocalCrossentropy", {"from_logits": True, "label_smoothing": 0.1}, targets="truth"),
    ]
    for outputs in (3, 10, 40):
        for loss, kind in (("CategoricalCrossentropy", "onehot"), ("SparseCategoricalCrossentropy", "classes")):
            found.append(Case(loss, {"from_logits": True}, targets=kind, outputs=outputs, weights="sample"))
            found.append(Case(loss, {}, "softmax", kind, outputs, weights="" if outputs == 3 else "class"))
        found.append(Case("CategoricalCrossentropy", {}, "sigmoid", "shares", outputs, trained=False))
    found += [
        Case("CategoricalCrossentropy", {"label_smoothing": 0.1}, "softmax", "onehot"),
        Case("CategoricalCrossentropy", {"label_smoothing": 0.1, "from_logits": True}, targets="shares", outputs=5),
        Case("CategoricalFocalCrossentropy", {}, "sigmoid", "onehot"),
        Case("CategoricalFocalCrossentropy", {}, "softmax", "onehot"),
        Case("CategoricalFocalCrossentropy", {"from_logits": True, "gamma": 1.5, "alpha": 0.5}, targets="onehot"),
    ]
    return found


def value(case: Case, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    return np.asarray(getattr(keras.losses, case.loss)(**case.config, reduction="none")(y, p))


def train(case: Case, rows: dict[str, np.ndarray]) -> tuple[list[np.ndarray], dict[str, list[float]], float]:
    """Final weights, history, and the loss of all rows with their weights."""
    layers = [keras.Input((INPUTS,)), keras.layers.Dense(HIDDEN, "tanh"), keras.layers.Dense(case.outputs, case.last)]
    model = keras.Sequential(layers)
    model.set_weights([rows[f"w{i}"] for i in range(4)])
    optimizer = keras.optimizers.SGD(np.float64(RATE), momentum=np.float64(MOMENTUM))
    model.compile(optimizer, getattr(keras.losses, case.loss)(**case.config))
    x, y = rows["x"], rows["y"]
    weights = {"": {}, "sample": {"sample_weight": rows["sample_weight"]}, "class": {"class_weight": CLASS_WEIGHT}}
    history = model.fit(
        x, y, BATCH, EPOCHS, verbose=0, shuffle=False, validation_data=(x, y, rows["sample_weight"]),
        **weights[case.weights],
    ).history  # fmt: skip
    evaluated = model.evaluate(x, y, batch_size=BATCH, verbose=0, sample_weight=rows["sample_weight"])
    final = model.get_weights()
    assert all(w.dtype == np.float64 for w in final)
    return final, {key: [float(v) for v in values] for key, values in history.items()}, float(evaluated)


if __name__ == "__main__":
    versions = {"keras": keras.__version__, "tensorflow": tensorflow.__version__}
    freeze("keras_losses", versions | {"class_weight": CLASS_WEIGHT}, cases(), value, train)
