"""The public functions: Keras 3's values and signatures, dtypes, names, and the formulas that layers get."""

import functools
import inspect
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import special

from fastsgd import activations
from fastsgd.kernels import source

NAMES = ("linear", "relu", "leaky_relu", "elu", "selu", "tanh", "sigmoid", "softplus", "softsign", "silu", "gelu")
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
        (functools.partial(activations.leaky_relu, negative_slope=-1), ("relu_general", (-1.0, np.inf, 0.0))),
        ({"class_name": "leaky_relu", "config": {"negative_slope": 0.3}}, ("leaky_relu", (0.3,))),
    ],
)
def test_formula(identifier, wanted):
    chosen = activations.formula(identifier)
    assert chosen == wanted
    assert len(chosen.constants) == len(source.activation_table()[chosen.name].parameters)


@pytest.mark.parametrize(
    ("identifier", "message"),
    [
        ("rellu", r"unknown activation 'rellu': did you mean 'relu'\? Names: elu, gelu, "),
        (np.tanh, "no function of fastsgd.activations.*Names: elu"),
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
    for name, formula in source.activation_table().items():
        if not formula.parameters:
            function = activations.get(name)
            assert activations.formula(function) == (name, ())
            assert pickle.loads(pickle.dumps(function)) is function
            assert function.__doc__
