"""What ``import fastsgd`` gives and costs, and the Keras program that it must run as it stands."""

import subprocess
import sys

import numpy as np
import pytest

import fastsgd

HEAVY = {"numba", "llvmlite", "pandas", "tqdm", "matplotlib", "sklearn", "scipy"}


def modules_after(code):
    """Names of the modules that a new process has after this code."""
    command = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules)"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())


def test_import_is_light():
    modules = modules_after("import fastsgd")
    assert not modules & {*HEAVY, "numpy", "fastsgd.models"}


def test_training_imports_nothing_that_it_does_not_use(engine):
    code = f"""
import fastsgd
model = fastsgd.Sequential([fastsgd.layers.Dense(1)])
model.compile("sgd", "mse", backend={engine!r})
model.fit([[1.0], [2.0]], [1.0, 2.0], verbose=0)"""
    assert not modules_after(code) & (HEAVY - {"numba", "llvmlite", "scipy"} if engine == "numba" else HEAVY)


@pytest.mark.parametrize("name", fastsgd.__all__)
def test_public_names(name):
    assert getattr(fastsgd, name).__doc__
    assert name in dir(fastsgd)


def test_no_other_names():
    with pytest.raises(AttributeError, match="module 'fastsgd' has no attribute 'Sequentials'"):
        fastsgd.Sequentials  # noqa: B018


def test_a_keras_program(engine, monkeypatch):
    monkeypatch.setenv("FASTSGD_BACKEND", engine)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 13))
    y = x @ rng.normal(size=13) / 4
    num_epochs = 5

    import fastsgd as keras

    model = keras.models.Sequential([keras.layers.Dense(64, activation="relu", input_dim=13), keras.layers.Dense(1)])
    optimizer = keras.optimizers.SGD(lr=0.01, decay=0.1, momentum=0.1, nesterov=False)
    model.compile(loss="mean_squared_error", optimizer=optimizer)
    history = model.fit(x, y, nb_epoch=num_epochs, batch_size=20, verbose=0, validation_split=0.1)
    assert history["loss"][-1] < history["loss"][0]
    assert history.history["val_loss"][-1] < history["val_loss"][0]
    assert len(history["loss"]) == num_epochs
