"""Python functions become formulas: whatever they are written with, and clear refusals of what cannot be one."""

import functools
import math
from math import exp, sqrt
from math import log1p as logarithm

import numpy as np
import pytest

from fastsgd import formulas
from fastsgd.formulas.slopes import derivative
from fastsgd.formulas.tape import UNARY, Tape
from fastsgd.formulas.text import function
from fastsgd.kernels.source import text
from fastsgd.kernels.source.arrays import on_arrays
from fastsgd.kernels.source.tables import ADDED

X = np.concatenate([np.linspace(-5, 5, 301), [0.0, 1.0, -1.0]])
OUTSIDE = 0.25


def ladder(z):
    if z > 2:
        return 2.0
    elif z > 0 and z < 1:
        y = z * z
    elif z < -3 or z == 1:
        y = abs(z)
    else:
        return 0.5 * z
    return y + 1


def loop(z):
    total = 0.0
    for k in range(1, 5):
        total += math.tanh(k * z) / k
    return total


def helped(z):
    return OUTSIDE * _squared(z) + _squared(1 - z)


def _squared(x):
    return x**2


def inside(z):
    import math as m
    from math import exp as e

    return e(-abs(z)) + m.pi


def from_numpy(z):
    return np.where(z > 0, np.exp(-z), np.maximum(z, -1.0)) + np.float32(0.5) * np.sign(z) + np.clip(z, -1, 1)


def local(scale):
    def inner(z):
        return scale * z * sqrt(z * z + 1)

    return inner


FUNCTIONS = {
    "ladder": ladder,
    "loop": loop,
    "helped": helped,
    "inside": inside,
    "from_numpy": from_numpy,
    "closure": local(3.0),
    "names": lambda z: logarithm(exp(-(z**2))),
    "chained": lambda z: 1.0 if -1 < z <= 1 else 0.0,
    "best of three": lambda z: max(min(z, 2.0, z * z), -1),
    "best of a list": lambda z: min([z, 1.0]) + max(0, z),
    "condition as a number": lambda z: (z > 1) * z + (z <= -1),
    "not": lambda z: z if not z > 0 else -z,
    "powers": lambda z: z**3 - z**-2 * (z != 0) + abs(z) ** 0.5 + abs(z) ** 1.5 + 2**z + (abs(z) + 1) ** -1.5 + z**0,
    "a real power": lambda z: (abs(z) + 1) ** 0.3,
    "whole parts": lambda z: z // 2 + z % 2 + math.floor(z) + math.ceil(z) + 7.77 % (abs(z) + 1),
    "all of math": lambda z: (
        math.sinh(z)
        + math.cosh(z)
        + math.hypot(z, 2)
        + math.copysign(2, z)
        + math.log(z * z + 1, 10)
        + math.log2(z * z + 1)
        + math.log10(abs(z) + 1)
        + math.fabs(z)
        + math.pow(2, 3)
        + math.erf(z)
        + math.expm1(z)
        + math.cos(z)
    ),
    "of the package": lambda z: formulas.sigmoid(z) * formulas.softplus(-z),
    "float": lambda z: min(float(z) + float("1"), math.inf),
    "a constant": lambda z: 3,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_formula_computes_what_the_function_returns(name):
    f = FUNCTIONS[name]
    made = formulas.activation(f, over=(-5, 5))
    python = [f(float(x)) if name != "powers" or x else math.nan for x in X]
    y = made(X)
    known = ~np.isnan(python)
    np.testing.assert_allclose(y[known], np.array(python)[known], rtol=1e-13, atol=1e-13)
    assert made(np.float32(X)).dtype == np.float32


def test_numpy_functions_of_conditions():
    """They take no plain numbers of Python's float, so they stand apart."""
    made = formulas.activation(FUNCTIONS["from_numpy"])
    np.testing.assert_allclose(made(X), [from_numpy(x) for x in X], rtol=1e-14)


def test_formulas_read_as_one_would_write_them():
    made = formulas.activation(lambda z, a=2.0: max(z, 0.0) + a * math.tanh(z) ** 2 if z > -1 else -z)
    text = ADDED[made.choice().name].functions
    assert "maximum(real(0.0), z) + (k_a * (t" in text
    assert text.count("tanh(z)") == 2  # once in the value, once in the slope


def test_numbers_from_outside_are_read_once():
    def f(z):
        return scale * z

    scale = 2.0
    made = formulas.activation(f)
    scale = 3.0
    assert made(1.0) == 2.0


@pytest.mark.parametrize("op", [*UNARY, "pow", "min", "max", "+", "-", "*", "/", "where"])
def test_derivatives(op):
    """Of every operation, by central differences of the formula."""
    tape = Tape()
    z = tape.argument("z")
    other = tape.apply("+", tape.apply("*", z, z), tape.value(0.3))
    match op:
        case "pow":
            root = tape.apply("pow", other, tape.value(1.7))
        case "where":
            root = tape.apply("where", tape.apply("<", z, other), other, z)
        case "log" | "log1p" | "sqrt":
            root = tape.apply(op, other)
        case _ if op in UNARY:
            root = tape.apply(op, z)
        case _:
            root = tape.apply(op, z, other)
    space = dict(on_arrays(np.float64))
    for name, node in {"f": root, "slope": derivative(tape, root, "z")}.items():
        text.define(function(name, ["z"], [], tape, node), space)
    x, h = np.linspace(-2, 2, 41) + 1e-3, 1e-5
    with np.errstate(over="ignore", invalid="ignore"):
        slope, differences = space["slope"](x), (space["f"](x + h) - space["f"](x - h)) / (2 * h)
    np.testing.assert_allclose(slope, differences, rtol=1e-8, atol=1e-9)


# -- What is refused ---------------------------------------------------------------------------------------------------
def endless(z):
    while z > 0:
        z = z - 1
    return z


def forgets(z):
    if z > 0:
        return z
    return None


def itself(z):
    return itself(z)


@pytest.mark.parametrize(
    ("f", "kind", "message"),
    [
        (lambda z: math.gamma(z), TypeError, "activation lambda: .* functions it knows.*: abs, absolute, .*tanh"),
        (lambda z: np.sinc(z), TypeError, "that formulas know: abs"),
        (lambda z: int(z), TypeError, "only in arithmetic, comparisons"),
        (lambda z: math.nothing(z), TypeError, "no attribute 'nothing'"),
        (lambda z: nothing(z), TypeError, "'nothing' is not defined"),  # noqa: F821
        (forgets, TypeError, r"activation forgets: it must return a number, got None \(a branch without return"),
        (lambda z: "text", TypeError, "it must return a number, got 'text'"),
        (lambda z: (z, z), TypeError, "activation lambda must return one number, returns 2"),
        (lambda z: (z, z) if z > 0 else z, TypeError, "2 numbers in one branch and 1 in another"),
        (lambda z, b: z, TypeError, "b needs a number as its default"),
        (lambda z, b="x": z, TypeError, "b has the default 'x', which is no number"),
        (lambda *z: z[0], TypeError, r"parameters must have names, got \*z"),
        (lambda: 1.0, TypeError, "must take 1 arguments"),
        (np.tanh, TypeError, "must be a function written in Python"),
        (functools.partial(ladder), TypeError, "must be a function written in Python"),
        (endless, ValueError, "more than 256 conditions in a row"),
        (itself, ValueError, "calls itself without end"),
        (lambda z: z * (1 / (2 - 2)), ValueError, "division by zero"),
        (lambda z: z + np.random.default_rng().normal(), ValueError, "depend on something that changes"),
        (lambda z: math.log(-1 - z * z), ValueError, "finite nowhere from -10 to 10; over="),
    ],
)
def test_refused(f, kind, message):
    with pytest.raises(kind, match=message):
        formulas.activation(f)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: formulas.activation(lambda z: z * z, slope=lambda z: 2 * z + (z > 3)), r"z=3\.0.* is 7\..*say 6\.0"),
        (lambda: formulas.loss(lambda y, p: (p - y) ** 2, slope=lambda y, p: p - y), "slope of loss lambda at y=.*p="),
        (lambda: formulas.activation(lambda z: abs(z), slope=lambda z: 0.5), "slope of activation lambda at z=-"),
        (lambda: formulas.activation(math_tanh, output_slope=lambda a: 1 - a), "slope of activation math_tanh at z"),
    ],
)
def test_wrong_slopes(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def math_tanh(z):
    return math.tanh(z)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda z: max(z, 0.0), lambda z: 1.0 if z >= 0 else 0.0),  # either side of a kink, and what lies between
        (lambda z: max(z, 0.0), lambda z: 1.0 if z > 0 else 0.5 if z == 0 else 0.0),
        (lambda z: z if abs(z) > 0.5 else 0.0, lambda z: abs(z) > 0.5),  # jumps
        (lambda z: math.exp(10 * z), lambda z: 10 * math.exp(10 * z)),
        (lambda z: math.sqrt(z), lambda z: 0.5 / math.sqrt(z)),  # half the range without a value
    ],
)
def test_right_slopes(f, slope):
    formulas.activation(f, slope=slope)


def test_slope_arguments():
    with pytest.raises(TypeError, match="has the setting 'b', which lambda has not"):
        formulas.activation(lambda z, a=1.0: a * z, slope=lambda z, b=1.0: b)
    with pytest.raises(ValueError, match="exclude each other"):
        formulas.activation(lambda z: z, slope=lambda z: 1, output_slope=lambda a: 1)
    with pytest.raises(ValueError, match=r"over must be a pair \(low, high\) with low below high"):
        formulas.activation(lambda z: z, over=(1, 1))
    with pytest.raises(TypeError, match=r"over must be a pair \(low, high\), got 3"):
        formulas.loss(lambda y, p: p, over=3)
