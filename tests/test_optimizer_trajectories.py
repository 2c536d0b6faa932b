"""Every optimizer and option against the trajectory that Keras took in float64 (``oracles/keras_optimizers.py``)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fastsgd
from fastsgd import optimizers

FOLDER = Path(__file__).parent / "oracles"
ORACLE = json.loads((FOLDER / "keras_optimizers.json").read_text())
CASES = list(enumerate(ORACLE["cases"]))


def label(case):
    layers = [
        f"{key}={value[0] if isinstance(value, list) else value}"
        for v in case["layers"].values()
        for key, value in v.items()
    ]
    return " ".join(
        [case["optimizer"], *(f"{k}={v}" for k, v in case["settings"].items() if k != "learning_rate"), *layers]
    )


def dense(units, activation=None, **options):
    """A layer whose regularizers and constraints are given as [class name, settings]."""
    for key, value in options.items():
        if isinstance(value, list):
            name, settings = value
            options[key] = {"class_name": name, "config": settings}
    return fastsgd.layers.Dense(units, activation, **options)


@pytest.fixture(scope="module")
def frozen():
    with np.load(FOLDER / "keras_optimizers.npz") as file:
        return dict(file)


@pytest.mark.parametrize(("i", "case"), CASES, ids=[label(case) for _, case in CASES])
def test_trajectory(i, case, engine, frozen):
    k, m, n = ORACLE["net"]
    options = case["layers"]
    hidden, output = dense(m, "tanh", **options.get("hidden", {})), dense(n, **options.get("output", {}))
    model = fastsgd.Sequential([fastsgd.Input((k,)), hidden, output])
    settings = dict(case["settings"])
    excluded = settings.pop("exclude", ())
    optimizer = getattr(optimizers, case["optimizer"])(**settings)
    optimizer.exclude_from_weight_decay(var_names=excluded)
    model.compile(optimizer, "mse", backend=engine, dtype="float64")
    ends = np.cumsum([k * m, m, m * n])
    parts = zip(np.split(frozen["initial"], ends), [(k, m), (m,), (m, n), (n,)], strict=True)
    model.set_weights([part.reshape(shape) for part, shape in parts])
    history = model.fit(
        frozen["x"], frozen["y"], ORACLE["batch_size"], ORACLE["epochs"], verbose=0, shuffle=False,
        validation_split=ORACLE["validation_split"],
    )  # fmt: skip
    final = np.concatenate([w.ravel() for w in model.get_weights()])
    np.testing.assert_allclose(final, frozen[str(i)], rtol=1e-10, atol=1e-10)
    for key, values in case["history"].items():
        np.testing.assert_allclose(history[key], values, rtol=1e-10, atol=1e-10)
