"""Trainings with schedules, callbacks and parts of passes that Keras did in float64, done again: to 1e-10."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

from fastsgd import callbacks
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD, schedules

FROZEN = json.loads((Path(__file__).parents[1] / "oracles/keras_callbacks.json").read_text())


def called(name, settings):
    if name == "LearningRateScheduler":
        return callbacks.LearningRateScheduler(settings.__getitem__)
    return getattr(callbacks, name)(**settings)


def label(case):
    rate = case["rate"]
    names = [name for name, _ in case.get("callbacks", [])]
    return "+".join([rate[0] if isinstance(rate, list) else str(rate), *names, *case.get("fit", {})])


@pytest.mark.parametrize("case", FROZEN["cases"], ids=label)
def test_trajectory(case, engine):
    rate = case["rate"]
    if isinstance(rate, list):
        rate = schedules.deserialize({"class_name": rate[0], "config": rate[1]})
    model = Sequential([Dense(6, "tanh", input_dim=4), Dense(1)])
    model.set_weights(FROZEN["initial"])
    model.compile(SGD(rate, momentum=0.5), "mse", backend=engine, dtype="float64")
    settings = {"batch_size": 8, "epochs": 4, "validation_split": 0.2, **case.get("fit", {})}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "steps_per_epoch=3 does not divide")
        history = model.fit(
            FROZEN["x"], FROZEN["y"], verbose=0, shuffle=False,
            callbacks=[called(*callback) for callback in case.get("callbacks", [])], **settings,
        )  # fmt: skip
    assert set(history) == set(case["history"])
    for name, values in case["history"].items():
        assert_allclose(history[name], values, rtol=1e-10, atol=1e-10, err_msg=name)
    weights = np.concatenate([w.ravel() for w in model.get_weights()])
    assert_allclose(weights, case["weights"], rtol=1e-10, atol=1e-10)
