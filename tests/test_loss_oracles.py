"""Losses as Keras computed and trained with them in float64 (``oracles/``), done again to 1e-10."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

from fastsgd import Input, Sequential, losses, optimizers
from fastsgd.layers import Dense

FOLDER = Path(__file__).parent / "oracles"
ORACLE = json.loads((FOLDER / "keras_losses.json").read_text())
CASES = {case["name"]: case for case in ORACLE["cases"]}
CLASS_WEIGHT = {int(key): value for key, value in ORACLE["made_with"]["class_weight"].items()}
TOLERANCE = {"rtol": 1e-10, "atol": 1e-10}


def tolerance(case):
    """Of losses; Keras has log(2) in float32 in this one."""
    return {"rtol": 0, "atol": 2e-8} if case["loss"] == "LogCosh" else TOLERANCE


@pytest.fixture(scope="module")
def arrays():
    with np.load(FOLDER / "keras_losses.npz") as file:
        return dict(file)


@pytest.mark.parametrize("name", CASES)
def test_values(name, arrays):
    case = CASES[name]
    loss = getattr(losses, case["loss"])(**case["config"], reduction="none")
    values = loss(arrays[f"{name}/y"], arrays[f"{name}/p"])
    np.testing.assert_allclose(values, arrays[f"{name}/values"], **tolerance(case))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case["trained"]])
def test_trajectory(name, engine, arrays):
    case = CASES[name]
    model = Sequential([Input((4,)), Dense(ORACLE["hidden"], "tanh"), Dense(case["outputs"], case["last"])])
    optimizer = optimizers.SGD(ORACLE["learning_rate"], momentum=ORACLE["momentum"])
    loss = getattr(losses, case["loss"])(**case["config"])
    model.compile(optimizer, loss, backend=engine, dtype="float64")
    shapes = [w.shape for w in model.get_weights()]
    ends = np.cumsum([np.prod(shape) for shape in shapes])[:-1]
    parts = np.split(arrays[f"{name}/initial"], ends)
    model.set_weights([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])
    x, y, weight = arrays["x"], arrays[f"{name}/y"], arrays["sample_weight"]
    more = {"": {}, "sample": {"sample_weight": weight}, "class": {"class_weight": CLASS_WEIGHT}}[case["weights"]]
    history = model.fit(
        x, y, ORACLE["batch_size"], ORACLE["epochs"], 0, shuffle=False, validation_data=(x, y, weight), **more
    )
    final = np.concatenate([w.ravel() for w in model.get_weights()])
    np.testing.assert_allclose(final, arrays[f"{name}/final"], **TOLERANCE)
    for key, values in case["history"].items():
        np.testing.assert_allclose(history[key], values, err_msg=key, **tolerance(case))
    evaluated = model.evaluate(x, y, verbose=0, sample_weight=weight)
    np.testing.assert_allclose(evaluated, case["evaluated"], **tolerance(case))


def test_quantiles_are_those_of_scikit_learn():
    y, p = np.random.default_rng(0).normal(size=(2, 20, 3))
    assert losses.Quantile(0.3)(y, p) == pytest.approx(mean_pinball_loss(y, p, alpha=0.3), rel=1e-13)
    several = losses.Quantile([0.1, 0.9])(y, np.hstack([p, p + 1]))
    expected = (mean_pinball_loss(y, p, alpha=0.1) + mean_pinball_loss(y, p + 1, alpha=0.9)) / 2
    assert several == pytest.approx(expected, rel=1e-13)


def test_gaussian_nll_is_that_of_pytorch():
    """PyTorch 2.13: ``gaussian_nll_loss(input, target, var, full=True)``, float64, as its documentation has it."""
    rng = np.random.default_rng(1)
    y, mean, s = rng.normal(size=(3, 20, 2))
    expected = np.mean(0.5 * (s + (mean - y) ** 2 / np.exp(s)) + 0.5 * np.log(2 * np.pi))
    assert losses.GaussianNLL(full=True)(y, np.hstack([mean, s])) == pytest.approx(expected, rel=1e-13)
