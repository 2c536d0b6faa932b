"""Formulas of one's own in models: trajectories of those of the package, on every engine; copies; the cache."""

import copy
import functools
import json
import math
import os
import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from engine_jobs import COMPILED, Trainer

import fastsgd
from fastsgd import activations, formulas, losses
from fastsgd.layers import Activation, Dense


@formulas.activation
def leaky(z, slope=0.2):
    return z if z > 0 else slope * z


tanh = formulas.activation(lambda z: math.tanh(z), output_slope=lambda a: (1 - a) * (1 + a))


@formulas.loss
def huber(y, p, delta=1.0):
    error = abs(p - y)
    return 0.5 * error**2 if error <= delta else delta * (error - 0.5 * delta)


@formulas.loss(slope=lambda y, p: 2 * (p - y))
def squared(y, p):
    return (p - y) ** 2


PAIRS = {  # what is one's own, and what the package has
    "settings": (
        (leaky.using(slope=0.1), huber.using(delta=0.5)),
        (functools.partial(activations.leaky_relu, negative_slope=0.1), losses.Huber(0.5)),
    ),
    "slopes": ((tanh, squared), ("tanh", "mse")),
}


def data(dtype=np.float64):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 5)).astype(dtype)
    return x, np.stack([np.sin(x[:, 0]), x[:, 1] * x[:, 2]], axis=1)


def trained(activation, loss, **settings):
    model = fastsgd.Sequential([Dense(20, activation=activation), Dense(17, activation=activation), Dense(2)], seed=1)
    model.compile(fastsgd.optimizers.SGD(0.05, momentum=0.9, nesterov=True), loss, **settings)
    history = model.fit(*data(), batch_size=16, epochs=4, verbose=0)
    return model, history["loss"]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("pair", PAIRS)
def test_same_trajectory_as_the_formula_of_the_package(pair, engine, dtype):
    (own, own_losses), (other, other_losses) = (
        trained(activation, loss, backend=engine, dtype=dtype) for activation, loss in PAIRS[pair]
    )
    tolerance = 1e-12 if dtype == "float64" else 2e-5
    np.testing.assert_allclose(own_losses, other_losses, rtol=tolerance)
    for a, b in zip(own.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    x, y = data()
    assert own.evaluate(x, y, verbose=0) == pytest.approx(float(PAIRS[pair][0][1](y, own.predict(x))), rel=1e-6)


@formulas.activation
def inverse(z):
    return 1 / z


@formulas.activation(over=(0.5, 4))
def root(z):
    return math.sqrt(abs(z))


@formulas.activation(over=(0.5, 4))
def log_square(z):
    """Finite at 0 in float64 only."""
    return math.log(z * z + 1e-50)


@formulas.activation(over=(1, 2))
def infinite_at_half(z):
    return 1 / (z - 0.5)


PADDED = {  # padding holds 0 before a layer's own activation, and what that makes of it before the next
    "inverse": [Dense(5, inverse), Dense(17, inverse), Dense(2)],
    "root": [Dense(5, root), Dense(17, root), Dense(2)],
    "log_square": [Dense(5, log_square), Dense(3), Dense(2)],
    "alone": [Dense(5), Activation(inverse), Dense(17), Activation(inverse), Dense(2)],
    "after a sigmoid": [Dense(5, "sigmoid"), Activation(infinite_at_half), Dense(2)],
    "last": [Dense(5), Dense(2, "sigmoid"), Activation(infinite_at_half)],
    "in halves": [Dense(5, inverse), Dense(100, inverse), Activation(inverse), Dense(2)],
}


@pytest.mark.parametrize("name", PADDED)
@pytest.mark.parametrize("batch_size", [1, 2, 16, 90])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_infinite_at_what_padding_holds(name, batch_size, dtype, engine):
    """The formula itself, or its slope: as NumPy has it, where there is no padding."""
    x, y = np.abs(data()[0]) + 1, data()[1]
    runs = []
    for backend in ("numpy", engine):
        model = fastsgd.Sequential(copy.deepcopy(PADDED[name]), seed=1)
        model.build((None, 5))
        model.set_weights([abs(w) + 0.1 for w in model.get_weights()])
        model.compile(fastsgd.optimizers.SGD(1e-5), "mse", dtype=dtype, backend=backend)
        losses_of = model.fit(x, y, batch_size=batch_size, epochs=3, verbose=0, shuffle=False)["loss"]
        runs.append([*losses_of, model.evaluate(x, y, verbose=0), *model.predict(x[:33]).ravel()])
        np.testing.assert_allclose(model.predict(x[:1]), model.predict(x[:33])[:1], rtol=1e-5)
    np.testing.assert_allclose(*runs, rtol=1e-9 if dtype == "float64" else 1e-3)


def test_same_bits_in_both_compiled_engines_on_any_number_of_threads():
    job = Trainer((9, 20, 18, 2), dtype=np.float32, rows=70)
    name, constants = leaky.choice()
    ops = tuple(replace(op, activation=name, constants=constants) for op in job.program.ops[:-1])
    job.program = replace(
        job.program, ops=(*ops, job.program.ops[-1]), loss=huber.formula, loss_constants=huber.constants
    )
    engines = {n: make() for n, make in COMPILED.items() if n != "cython-baseline"}
    digests = {(n, t): job.digest(e, batch_size=32, threads=t) for n, e in engines.items() for t in (1, 2, 3)}
    assert len(set(digests.values())) == 1, digests


def test_interpreted():
    trained(leaky, huber, backend="numpy")  # registers
    model = fastsgd.Sequential([Dense(3, activation=leaky), Dense(2)], seed=1)
    model.compile("sgd", huber, backend="interpreted")
    model.fit(*(a[:6] for a in data(np.float32)), verbose=0)


# -- Objects -----------------------------------------------------------------------------------------------------------
def test_settings():
    assert leaky([-1.0, 1.0]).tolist() == [-0.2, 1.0]
    assert leaky([-1.0, 1.0], slope=0.5).tolist() == leaky.using(slope=0.5)([-1.0, 1.0]).tolist() == [-0.5, 1.0]
    assert activations.formula(functools.partial(leaky, slope=0.5)) == activations.formula(leaky.using(slope=0.5))
    assert huber([0.0], [3.0]) == 2.5
    assert huber.using(delta=2)([0.0], [3.0]) == 4.0
    assert huber.using(reduction="sum")([[0.0], [0.0]], [[3.0], [1.0]]) == 3.0
    assert [repr(o) for o in (leaky, leaky.using(slope=1), huber.using(delta=2))] == [
        "<activation leaky>", "<activation leaky(slope=1)>", "<loss huber(delta=2)>",
    ]  # fmt: skip
    for wrong in (lambda: leaky.using(alpha=1), lambda: leaky(1.0, alpha=1), lambda: huber.using(alpha=1)):
        with pytest.raises(ValueError, match=r"has no setting 'alpha', it has (slope|delta)"):
            wrong()
    with pytest.raises(ValueError, match="squared has no setting 'a', it has none"):
        squared.using(a=1)
    with pytest.raises(TypeError, match="leaky: slope must be a number, got 'x'"):
        leaky.using(slope="x")


def test_they_stand_where_others_do():
    model = fastsgd.Sequential([Dense(2, activation=tanh), fastsgd.layers.Activation(leaky)], seed=0)
    model.compile("sgd", loss=huber, backend="numpy")
    model.fit(*data(), epochs=1, verbose=0)
    assert activations.get(leaky) is leaky
    assert losses.get(huber) is huber


@pytest.mark.parametrize("how", ["pickle", "deepcopy", "json"])
def test_copies_are_equal(how):
    activation = formulas.activation(lambda z, a=1.0: a * z * z).using(a=2.0)
    loss = huber.using(delta=0.25, reduction="mean")
    if how == "json":
        twins = (
            activations.get(json.loads(json.dumps(activations.serialize(activation)))),
            losses.get(json.loads(json.dumps(losses.serialize(loss)))),
        )
    else:
        twins = (pickle.loads(pickle.dumps(o)) if how == "pickle" else copy.deepcopy(o) for o in (activation, loss))
    for own, twin in zip((activation, loss), twins, strict=True):
        assert twin is not own
        assert repr(twin) == repr(own)
        assert twin.get_config() == own.get_config()
    assert twin.formula == loss.formula
    assert twin.constants == loss.constants


@pytest.mark.parametrize(
    "node", [["call", 0], ["value", "1"], ["argument", "z) or exit("], ["exp", 99], ["+", 0], ["exp", -1], []]
)
def test_configs_with_something_else_in_them(node):
    config = leaky.get_config()
    config["recipe"]["nodes"] = [*config["recipe"]["nodes"], node]
    with pytest.raises(ValueError, match="is no operation of a formula"):
        formulas.CustomActivation.from_config(config)


@pytest.mark.parametrize("change", [{"kind": "rule"}, {"value": 99}, {"slope": -1}, {"settings": [("a=(", 1.0)]}])
def test_recipes_that_are_none(change):
    config = leaky.get_config()
    with pytest.raises(ValueError, match="is no formula"):
        formulas.CustomActivation.from_config({**config, "recipe": {**config["recipe"], **change}})


def test_a_plain_function_is_told_the_way():
    with pytest.raises(ValueError, match=r"fastsgd\.formulas\.activation makes one"):
        Dense(1, activation=lambda z: z)
    model = fastsgd.Sequential([Dense(1)])
    with pytest.raises(TypeError, match=r"fastsgd\.formulas\.loss makes"):
        model.compile("sgd", loss=lambda y, p: (y - p) ** 2)


# -- Other processes ---------------------------------------------------------------------------------------------------
TRAIN = """
import math, sys, pickle, fastsgd, numpy as np
x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
if sys.argv[1] == "write":
    model = fastsgd.Sequential([fastsgd.layers.Dense(4, activation=fastsgd.formulas.activation(
        lambda z: z + math.sin(z) ** 2)), fastsgd.layers.Dense(1)], seed=0)
    model.compile("sgd", loss=fastsgd.formulas.loss(lambda y, p: 3 * (y - p) ** 2 if y > p else (y - p) ** 2))
    pickle.dump(model, open(sys.argv[2], "wb"))
else:
    model = pickle.load(open(sys.argv[2], "rb"))
print(model.fit(x, x, epochs=2, verbose=0)["loss"], model.predict(x[:3]).tolist())
"""


def test_another_process_needs_neither_the_functions_nor_a_compiler(tmp_path):
    """A pickled model goes on where it was, from lambdas of another process, with the kernels of the cache."""

    def run(what):
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path / "cache")}
        command = [sys.executable, "-c", TRAIN, what, str(tmp_path / "model")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout, {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.nbc")}

    first, made = run("write")
    assert len(made) in (3, 6, 10)  # activation, slope and loss; with the numba engine, all its kernels too
    assert run("read") == (first, made)
