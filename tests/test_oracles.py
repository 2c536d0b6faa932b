"""Trainings that Keras and PyTorch did in float64 (``oracles/``), done again: weights and histories to 1e-10."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import fastsgd

FOLDER = Path(__file__).parent / "oracles"
ORACLES = {name: json.loads((FOLDER / f"{name}.json").read_text()) for name in ("keras_sgd", "torch_sgd")}
CASES = [(name, case) for name, oracle in ORACLES.items() for case in oracle["cases"]]
TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


@pytest.fixture(scope="module")
def arrays():
    """Rows, initial and final weights by oracle and name, float64; weights end to end in one array."""
    numbers = {}
    for name in ORACLES:
        with np.load(FOLDER / f"{name}.npz") as file:
            numbers[name] = dict(file)
    return numbers


def sequential(case):
    model = fastsgd.Sequential([fastsgd.Input((case["net"][0],))])
    for units, activation in zip(case["net"][1:], case["activations"], strict=True):
        model.add(fastsgd.layers.Dense(units, activation=activation, use_bias=case["use_bias"]))
    return model


def split(flat, shapes):
    """A flat array cut into arrays of these shapes."""
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    assert ends[-1] == flat.size
    return [part.reshape(shape) for part, shape in zip(np.split(flat, ends[:-1]), shapes, strict=True)]


@pytest.mark.parametrize(("oracle", "case"), CASES, ids=[f"{name}: {case['name']}" for name, case in CASES])
def test_trajectory(oracle, case, engine, arrays):
    frozen = arrays[oracle]
    x, y, initial = (frozen[f"{case['network']}/{what}"] for what in ("x", "y", "initial"))
    model = sequential(case)
    optimizer = fastsgd.optimizers.SGD(
        case["learning_rate"], momentum=case["momentum"], nesterov=case["nesterov"], decay=case["decay"]
    )
    model.compile(optimizer=optimizer, loss="mse", metrics=case["metrics"], backend=engine, dtype="float64")
    shapes = [w.shape for w in model.get_weights()]
    model.set_weights(split(initial, shapes))
    history = model.fit(
        x,
        y,
        batch_size=case["batch_size"],
        epochs=case["epochs"],
        shuffle=False,
        validation_split=ORACLES[oracle]["validation_split"],
        verbose=0,
    )
    np.testing.assert_allclose(
        np.concatenate([w.ravel() for w in model.get_weights()]), frozen[case["name"]], **TOLERANCE
    )
    assert sorted(history) == sorted(case["history"])
    for key, values in case["history"].items():
        np.testing.assert_allclose(history[key], values, err_msg=key, **TOLERANCE)
