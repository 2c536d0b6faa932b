"""Update rules of one's own: the trajectories of the package's optimizers, options, order of assignments, refusals."""

import copy
import json
import math
import pickle
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from engine_jobs import COMPILED, Trainer

import fastsgd
from fastsgd import backends, engines, formulas, optimizers
from fastsgd.kernels.source.tables import signatures, update_table
from fastsgd.layers import Dense


@formulas.update_rule
def nesterov(w, g, velocity, lr, mu=0.9):
    velocity = mu * velocity - lr * g
    return w + (mu * velocity - lr * g), velocity


@formulas.update_rule
def adam(w, g, m, s, lr, t, beta_1=0.9, beta_2=0.999, epsilon=1e-7):
    m = m + (g - m) * (1 - beta_1)
    s = s + (g * g - s) * (1 - beta_2)
    a = lr * math.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - a * m / (math.sqrt(s) + epsilon), m, s


@formulas.update_rule(starts={"a": 0.1})
def adagrad(w, g, a, lr, epsilon=1e-7):
    a += g * g
    return w - lr * g / math.sqrt(a + epsilon), a


@formulas.update_rule
def descent(w, g, lr):
    return w - lr * g


SCHEDULE = optimizers.schedules.InverseTimeDecay(0.05, 10, 0.5)
PAIRS = {
    "nesterov": (nesterov(0.05), optimizers.SGD(0.05, 0.9, True)),
    "nesterov, decay": (nesterov(0.05, weight_decay=0.1), optimizers.SGD(0.05, 0.9, True, weight_decay=0.1)),
    "adam": (adam(0.003, beta_1=0.8), optimizers.Adam(0.003, 0.8)),
    "adam, accumulation": (
        adam(0.003, gradient_accumulation_steps=2, use_ema=True),
        optimizers.Adam(0.003, gradient_accumulation_steps=2, use_ema=True),
    ),
    "adagrad": (adagrad(0.01), optimizers.Adagrad(0.01)),
    "descent, schedule, clipping": (descent(SCHEDULE, clipnorm=0.5), optimizers.SGD(SCHEDULE, clipnorm=0.5)),
}


def trained(optimizer, **settings):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 5))
    model = fastsgd.Sequential([Dense(20, activation="tanh"), Dense(2)], seed=1)
    model.compile(copy.deepcopy(optimizer), "mse", **settings)
    model.fit(x, np.sin(x[:, :2]), batch_size=16, epochs=4, verbose=0)
    return model


AVAILABLE = [name for name in engines.NAMES if backends()[name]["available"]]
SETUPS = [
    (engine, dtype, pair)
    for engine, dtype, pair in product(AVAILABLE, ("float32", "float64"), PAIRS)
    if engine != "numba" or (dtype, pair) == ("float32", "adam")  # the same kernels as with cython, compiled slowly
]


@pytest.mark.parametrize(("engine", "dtype", "pair"), SETUPS)
def test_same_trajectory_as_the_optimizer_of_the_package(engine, dtype, pair):
    own, other = (trained(optimizer, backend=engine, dtype=dtype) for optimizer in PAIRS[pair])
    tolerance = 1e-13 if dtype == "float64" else 1e-6
    for a, b in zip(own.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_same_bits_in_both_compiled_engines_on_any_number_of_threads():
    job = Trainer((9, 20, 18, 2), dtype=np.float32, rows=70)
    name = nesterov.recipe.register()
    job.program = replace(job.program, rule=name)
    job.hyper = lambda t: nesterov(0.02).hyper(t)
    engines = {n: make() for n, make in COMPILED.items() if n != "cython-baseline"}
    digests = {(n, t): job.digest(e, batch_size=32, threads=t) for n, e in engines.items() for t in (1, 2, 3)}
    assert len(set(digests.values())) == 1, digests


@pytest.mark.parametrize("pair", PAIRS)
def test_on_arrays(pair):
    arrays = [np.ones(3), np.ones(3)]
    for w, optimizer in zip(arrays, PAIRS[pair], strict=True):
        optimizer = copy.deepcopy(optimizer)
        for k in range(5):
            optimizer.apply([np.array([0.1, 0.2, -0.3]) * (k + 1)], [w])
    np.testing.assert_allclose(*arrays, rtol=1e-13)


# -- Assignments -------------------------------------------------------------------------------------------------------
def test_new_values_are_taken_where_the_function_takes_them():
    """v is assigned first and read by w, numbers of the step come as such: as one would write it by hand."""
    rule = update_table()[nesterov.recipe.register()]
    assert [name[-1] for name in rule.functions] == ["v", "w"]
    assert len(rule.numbers) == 2
    assert signatures("updates")[rule.functions[1]][:3] == ("w", "g", "v")


@pytest.mark.parametrize("engine", ["numpy", "cython"])
def test_the_old_weight_in_a_memory_and_the_old_memory_in_the_weight(engine):
    @formulas.update_rule
    def crossed(w, g, v, lr):
        return w - lr * v, v + w * g

    w, v = np.array([1.0, 2.0]), np.zeros(2)
    optimizer = crossed(0.5)
    mine = w.copy()
    for _ in range(4):
        g = w + 1
        optimizer.apply([g], [mine])
        w, v = w - 0.5 * v, v + w * g
        np.testing.assert_allclose(mine, w, rtol=1e-14)
    trained(crossed(1e-3), backend=engine)


def test_memories_that_nothing_changes_and_constants():
    @formulas.update_rule(starts={"b": 2.0})
    def odd(w, g, a, b, lr, on=1.0):
        return w - (lr if on > 0.5 else 0.0) * b * g, 1.0, b

    w = np.ones(2)
    optimizer = odd(0.25)
    optimizer.apply([np.ones(2)], [w])
    np.testing.assert_array_equal(w, 0.5)
    optimizer.on = 0.0
    optimizer.apply([np.ones(2)], [w])
    np.testing.assert_array_equal(w, 0.5)


# -- Objects -----------------------------------------------------------------------------------------------------------
def test_settings_and_copies():
    optimizer = adam(0.01, beta_1=0.5, clipnorm=2)
    assert repr(optimizer) == "adam(learning_rate=0.01, clipnorm=2.0, beta_1=0.5, beta_2=0.999, epsilon=1e-07)"
    again = optimizers.get(json.loads(json.dumps(optimizers.serialize(optimizer))))
    for twin in (again, copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        assert repr(twin) == repr(optimizer)
        assert twin.rule == optimizer.rule
    assert repr(optimizers.get(adam)) == repr(adam())
    with pytest.raises(TypeError, match="gamma"):
        adam(gamma=1)
    with pytest.raises(TypeError, match="beta_1 must be a number, got 'x'"):
        adam(beta_1="x")


def test_a_pickled_model_goes_on():
    model = trained(adam(0.003), backend="cython")
    twin = pickle.loads(pickle.dumps(model))
    x = np.random.default_rng(1).normal(size=(40, 5))
    for one in (model, twin):
        one.fit(x, x[:, :2], epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_lambdas():
    assert repr(formulas.update_rule(lambda w, g, lr: w - lr * g)(0.5)) == "lambda(learning_rate=0.5)"


@pytest.mark.parametrize(
    ("f", "kind", "message"),
    [
        (lambda w, g: w - g, TypeError, "must take 3 arguments"),
        (lambda w, g, v: w - g, TypeError, r"lambda must take w, g, up to 3 memories, lr, and t or not; takes \['w'"),
        (lambda w, g, a, b, c, d, lr: w, TypeError, "up to 3 memories"),
        (lambda w, g, lr, other: w, TypeError, "lr, and t or not"),
        (lambda w, g, v, lr: w - lr * g, TypeError, "must return 2 numbers, w and its memories; returns 1"),
        (lambda w, g, lr, clipnorm=1.0: w - lr * g, TypeError, "'clipnorm' has the name of something"),
        (lambda w, g, lr: w, ValueError, "leaves the weight as it is"),
        (lambda w, g, a, b, lr: (w - lr * g, b + g, a * g), ValueError, "each other's old values crosswise"),
        (lambda w, g, lr: w - lr * g / abs(g), ValueError, "float32 where a weight and its gradient are 0"),
        (lambda w, g, lr: w - lr * g / (abs(g) + 1e-50), ValueError, "not finite in float32"),
        (lambda w, g, lr: math.gamma(w), TypeError, "update rule lambda: .*functions it knows"),
    ],
)
def test_refused(f, kind, message):
    with pytest.raises(kind, match=message):
        formulas.update_rule(f)


def test_starts_of_what_is_no_memory():
    with pytest.raises(ValueError, match="starts has 'b', which is no memory; memories: a"):
        formulas.update_rule(lambda w, g, a, lr: (w - lr * a, g), starts={"b": 1})


@pytest.mark.parametrize("change", [{"roots": [99, 0]}, {"starts": []}, {"settings": [["a b", 1.0]]}])
def test_recipes_that_are_none(change):
    config = nesterov().get_config()
    with pytest.raises(ValueError, match="is no update rule"):
        formulas.CustomOptimizer.from_config({**config, "recipe": {**config["recipe"], **change}})
