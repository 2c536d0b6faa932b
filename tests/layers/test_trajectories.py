"""Normalization, residual blocks, softmax, frozen and regularized layers, as Keras trains them in float64."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fastsgd
from fastsgd import layers

FOLDER = Path(__file__).parents[1] / "oracles"
ORACLE = json.loads((FOLDER / "keras_layers.json").read_text())
TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


@pytest.fixture(scope="module")
def frozen():
    with np.load(FOLDER / "keras_layers.npz") as file:
        return dict(file)


def build(settings):
    """Layers of nested lists [class name, settings]."""
    made = []
    for name, given in settings:
        if name == "Residual":
            made.append(layers.Residual(build(given["layers"])))
            continue
        more = {
            key: {"class_name": value[0], "config": value[1]} if isinstance(value, list) else value
            for key, value in given.items()
        }
        made.append(getattr(layers, name)(**more))
    return made


@pytest.mark.parametrize("case", ORACLE["cases"], ids=[case["name"] for case in ORACLE["cases"]])
def test_trajectory(case, engine, frozen):
    x, y = frozen["x"], frozen["y"]
    model = fastsgd.Sequential([fastsgd.Input((x.shape[1],)), *build(case["layers"])])
    optimizer = fastsgd.optimizers.SGD(case["learning_rate"], momentum=0.875, nesterov=True)
    model.compile(optimizer, "mse", backend=engine, dtype="float64")
    shapes = [w.shape for w in model.get_weights()]
    ends = np.cumsum([np.prod(shape, dtype=int) for shape in shapes])
    assert ends[-1] == frozen[f"{case['name']}/initial"].size
    parts = np.split(frozen[f"{case['name']}/initial"], ends[:-1])
    model.set_weights([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])
    history = model.fit(
        x, y, case["batch_size"], ORACLE["epochs"], verbose=0, shuffle=False, validation_split=ORACLE["split"]
    )
    final = np.concatenate([w.ravel() for w in model.get_weights()])
    np.testing.assert_allclose(final, frozen[f"{case['name']}/final"], **TOLERANCE)
    np.testing.assert_allclose(model.predict(x).ravel(), frozen[f"{case['name']}/predictions"], **TOLERANCE)
    for key, values in case["history"].items():
        np.testing.assert_allclose(history[key], values, **TOLERANCE, err_msg=key)
