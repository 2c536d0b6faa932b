"""The public functions: Keras 3's values and signatures, dtypes, names, and the formulas that layers get."""

import functools
import inspect
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special

from fastsgd import activations
from fastsgd.kernels.source.arrays import on_arrays
from fastsgd.kernels.source.tables import activation_table

NAMES = [name for name in activations.elementwise.FUNCTIONS if name != "threshold"]  # it has no defaults
FROZEN = json.loads((Path(__file__).parent / "oracles" / "keras_activations.json").read_text())
X = np.array([-3.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])


@pytest.mark.parametrize(
    ("name", "values"),
    {
        "linear": X,
        "relu": np.maximum(X, 0),
        "leaky_relu": np.where(X > 0, X, 0.2 * X),
        "elu": np.where(X > 0, X, np.expm1(X)),
        "selu": 1.0507009873554805 * np.where(X > 0, X, 1.6732632423543772 * np.expm1(X)),
        "tanh": np.tanh(X),
        "sigmoid": special.expit(X),
        "softplus": np.logaddexp(0, X),
        "softsign": X / (1 + np.abs(X)),
        "silu": X * special.expit(X),
        "gelu": X * special.ndtr(X),
    }.items(),
)
def test_values(name, values):
    np.testing.assert_allclose(getattr(activations, name)(X), values, rtol=1e-14)


@pytest.mark.parametrize("call", FROZEN["calls"], ids=lambda c: f"{c['name']}-{c['settings'] or ''}")
def test_values_and_slopes_of_keras(call):
    x, function = np.array(FROZEN["x"]), getattr(activations, call["name"])
    np.testing.assert_allclose(function(x, **call["settings"]), call["values"], rtol=1e-10, atol=1e-14)
    if "slopes" in call:
        name, constants = activations.formula(functools.partial(function, **call["settings"]))
        table, formulas = activation_table(), on_arrays(np.float64)
        at = formulas[name](x, *constants) if table[name].from_output else x
        slopes = np.broadcast_to(formulas[f"{name}_slope"](at, *constants), x.shape)
        rtol = 1e-7 if name == "hard_sigmoid" else 1e-10  # PyTorch's 1/6 is one of float32
        np.testing.assert_allclose(slopes, call["slopes"], rtol=rtol, atol=1e-13)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "sparsemax"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_far_out(name, dtype):
    x = np.array([[1e4, 0, -1e4], [-800, -801, -900]], dtype)
    y = getattr(activations, name)(x)
    assert y.dtype == dtype
    y = np.exp(y) if name == "log_softmax" else y
    np.testing.assert_allclose(y.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(y[0], [1, 0, 0], atol=1e-7)
    assert getattr(activations, name)(np.zeros((0, 3))).shape == (0, 3)


def test_sparsemax_is_the_nearest_distribution():
    """Optimal (Martins and Astudillo, 2016): all positive results lie below x by one number, no other x above."""
    x = np.random.default_rng(0).normal(size=(50, 6))
    for axis in (0, 1, -1):
        p = activations.sparsemax(x, axis=axis)
        np.testing.assert_allclose(p.sum(axis=axis), 1, rtol=1e-14)
        taus = np.where(p > 0, x - p, -np.inf).max(axis=axis, keepdims=True)
        np.testing.assert_allclose(p, np.maximum(x - taus, 0), atol=1e-14)
    np.testing.assert_allclose(activations.sparsemax([0.1, 0.5, -1.0]), [0.3, 0.7, 0.0], rtol=1e-14)


def test_rowwise_functions_refuse():
    with pytest.raises(ValueError, match="at least one dimension"):
        activations.softmax(1.0)
    with pytest.raises(ValueError, match=r"halves x along axis -1, got shape \(2, 3\)"):
        activations.glu(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="axis"):
        activations.glu(np.zeros((2, 4)), axis=2)
    with pytest.raises(NotImplementedError, match="glu works on whole rows"):
        activations.formula("glu")


@pytest.mark.parametrize(
    ("settings", "values"),
    [  # the examples of Keras's documentation, and its code where that says something else
        ({}, [0, 0, 0, 5, 10]),
        ({"negative_slope": 0.5}, [-5, -2.5, 0, 5, 10]),
        ({"max_value": 5.0}, [0, 0, 0, 5, 5]),
        ({"threshold": 5.0}, [0, 0, 0, 0, 10]),
        ({"negative_slope": 0.5, "max_value": 6, "threshold": 1}, [-5.5, -3, -0.5, 5, 6]),
        ({"negative_slope": -1.0}, [10, 5, 0, 5, 10]),
        ({"max_value": np.inf}, [0, 0, 0, 5, 10]),
    ],
)
def test_relu_settings(settings, values):
    np.testing.assert_array_equal(activations.relu([-10, -5, 0.0, 5, 10], **settings), values)


def test_other_settings():
    np.testing.assert_allclose(activations.leaky_relu(X, negative_slope=0.1), np.where(X > 0, X, 0.1 * X))
    np.testing.assert_array_equal(activations.leaky_relu(X, negative_slope=-1), np.abs(X))
    np.testing.assert_allclose(activations.elu(X, alpha=0.5), np.where(X > 0, X, 0.5 * np.expm1(X)), rtol=1e-14)
    cubic = np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)
    np.testing.assert_allclose(activations.gelu(X, approximate=True), X / 2 * (1 + np.tanh(cubic)), rtol=1e-13)
    np.testing.assert_array_equal(activations.gelu_tanh(X), activations.gelu(X, True))


@pytest.mark.parametrize(
    ("name", "signature"),
    {
        "relu": {"negative_slope": 0.0, "max_value": None, "threshold": 0.0},
        "leaky_relu": {"negative_slope": 0.2},
        "elu": {"alpha": 1.0},
        "gelu": {"approximate": False},
        "celu": {"alpha": 1.0},
        "squareplus": {"b": 4},
        "soft_shrink": {"threshold": 0.5},
        "hard_shrink": {"threshold": 0.5},
        "threshold": {"threshold": inspect.Parameter.empty, "default_value": inspect.Parameter.empty},
        "softmax": {"axis": -1},
        "log_softmax": {"axis": -1},
        "glu": {"axis": -1},
        "sparsemax": {"axis": -1},
    }.items(),
)
def test_signatures_are_those_of_keras(name, signature):
    parameters = dict(inspect.signature(getattr(activations, name)).parameters)
    assert parameters.pop("x").default is inspect.Parameter.empty
    assert {p: parameters[p].default for p in parameters} == signature
    assert list(parameters) == list(signature)


@pytest.mark.parametrize("name", NAMES)
@given(
    x=arrays.arrays(st.sampled_from(["f4", "f8", ">f8", "i4", "f2", "?"]), arrays.array_shapes(min_dims=0, min_side=0))
)
def test_dtype_shape_and_x_stay(name, x):
    before = x.copy()
    x.flags.writeable = False
    y = getattr(activations, name)(x)
    assert y.dtype == (np.float32 if x.dtype == np.float32 else np.float64)
    assert y.shape == x.shape
    assert not np.may_share_memory(y, x)
    np.testing.assert_array_equal(x, before)


def test_lists_and_scalars():
    assert activations.relu([[1, -1]]).tolist() == [[1.0, 0.0]]
    for name in NAMES:
        assert isinstance(getattr(activations, name)(-1), np.float64)
        assert isinstance(getattr(activations, name)(np.float32(-1)), np.float32)


@pytest.mark.parametrize("x", [1j, "1", [None], np.array(["2020"], "datetime64[D]")])
def test_what_is_no_number(x):
    with pytest.raises(TypeError, match="x has dtype"):
        activations.tanh(x)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: activations.elu(1.0, alpha=-1), "elu: alpha must be at least 0"),
        (lambda: activations.relu(1.0, max_value=-1), "relu: max_value must be at least 0"),
        (lambda: activations.relu(1.0, threshold=-1), "relu: threshold must be at least 0"),
        (lambda: activations.celu(1.0, alpha=0), "celu: alpha must be positive"),
        (lambda: activations.soft_shrink(1.0, -1), "soft_shrink: threshold must be at least 0"),
        (lambda: activations.leaky_relu(1.0, negative_slope=np.nan), "leaky_relu: negative_slope must be finite"),
    ],
)
def test_settings_out_of_range(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_settings_that_are_no_numbers():
    with pytest.raises(TypeError, match="negative_slope must be a number, got None"):
        activations.leaky_relu(1.0, negative_slope=None)


@pytest.mark.parametrize(
    ("identifier", "name"),
    [(None, "linear"), ("relu", "relu"), ("LeakyReLU", "leaky_relu"), ("Swish", "silu"), ("gelu_tanh", "gelu_tanh")],
)
def test_get(identifier, name):
    assert activations.get(identifier) is getattr(activations, name)
    assert activations.serialize(activations.get(identifier)) == name


def test_get_functions():
    assert activations.get(activations.tanh) is activations.tanh
    chosen = functools.partial(activations.elu, alpha=0.5)
    assert activations.get(chosen) is chosen
    again = activations.get(activations.serialize(chosen))
    np.testing.assert_array_equal(again(X), chosen(X))
    assert activations.serialize(again) == {"class_name": "elu", "config": {"alpha": 0.5}}


@pytest.mark.parametrize(
    ("identifier", "wanted"),
    [
        (None, ("linear", ())),
        ("relu", ("relu", ())),
        ("leaky_relu", ("leaky_relu", (0.2,))),
        ("elu", ("elu", (1.0,))),
        (activations.gelu, ("gelu", ())),
        (functools.partial(activations.gelu, approximate=True), ("gelu_tanh", ())),
        (functools.partial(activations.relu, negative_slope=0.1), ("leaky_relu", (0.1,))),
        (functools.partial(activations.relu, max_value=6), ("relu_general", (0.0, 6.0, 0.0))),
        (functools.partial(activations.squareplus, b=0), ("relu", ())),
        (functools.partial(activations.threshold, threshold=1, default_value=-1), ("thresholded", (1.0, -1.0))),
        ("hard_swish", ("hard_silu", ())),
        (functools.partial(activations.leaky_relu, negative_slope=-1), ("relu_general", (-1.0, np.inf, 0.0))),
        ({"class_name": "leaky_relu", "config": {"negative_slope": 0.3}}, ("leaky_relu", (0.3,))),
    ],
)
def test_formula(identifier, wanted):
    chosen = activations.formula(identifier)
    assert chosen == wanted
    assert len(chosen.constants) == len(activation_table()[chosen.name].parameters)


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("rellu", r"unknown activation 'rellu': did you mean 'relu'\? Names: celu, elu, "),
        (np.tanh, "no function of fastsgd.activations.*Names: celu"),
        (lambda x: x, "no function of fastsgd.activations"),
        (functools.partial(activations.elu, beta=1), "activation elu: .*'beta'"),
        (functools.partial(activations.elu, X), "settings are given by name"),
        (functools.partial(activations.elu, alpha=-1), "alpha must be at least 0"),
        ({"class_name": "elu", "config": {"alpha": -1}}, "alpha must be at least 0"),
    ],
)
def test_unknown(identifier, message):
    for resolve in (activations.get, activations.formula):
        with pytest.raises(ValueError, match=message):
            resolve(identifier)


@pytest.mark.parametrize("identifier", [3, 1.5, ["relu"]])
def test_of_another_kind(identifier):
    for resolve in (activations.get, activations.formula):
        with pytest.raises(TypeError, match="activation must be a name or a function"):
            resolve(identifier)


def test_every_formula_without_parameters_has_a_function():
    for name, formula in activation_table().items():
        if not formula.parameters:
            function = activations.get(name)
            assert activations.formula(function) == (name, ())
            assert pickle.loads(pickle.dumps(function)) is function
            assert function.__doc__
