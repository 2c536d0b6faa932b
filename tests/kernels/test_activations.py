"""Every formula of the table: value and slope belong together, and those written down here have exact values."""

import mpmath
import numpy as np
import pytest
from engine_jobs import COMPILED

from fastsgd.kernels.source.arrays import on_arrays
from fastsgd.kernels.source.tables import activation_table
from fastsgd.program import Op, Program

TABLE = activation_table()
SETTINGS = {"max_value": 2.0, "threshold": 0.5}  # of parameters; others are 0.3
EVERY = pytest.mark.parametrize("formula", TABLE.values(), ids=TABLE)
DTYPES = pytest.mark.parametrize("dtype", [np.float32, np.float64], ids=lambda t: t.__name__)

SCALE, ALPHA = "1.0507009873554804934193349852946", "1.6732632423543772848170429916717"  # of selu
EXACT = {
    "linear": lambda z: z,
    "affine": lambda z, factor, summand: factor * z + summand,
    "relu": lambda z: max(z, 0),
    "relu_general": lambda z, slope, most, start: min(z, most) if z > start else slope * (z - start),
    "leaky_relu": lambda z, slope: z if z > 0 else slope * z,
    "elu": lambda z, alpha: z if z > 0 else alpha * mpmath.expm1(z),
    "selu": lambda z: mpmath.mpf(SCALE) * (z if z > 0 else mpmath.mpf(ALPHA) * mpmath.expm1(z)),
    "tanh": mpmath.tanh,
    "sigmoid": lambda z: 1 / (1 + mpmath.exp(-z)),
    "softplus": lambda z: mpmath.log1p(mpmath.exp(z)),
    "softsign": lambda z: z / (1 + abs(z)),
    "silu": lambda z: z / (1 + mpmath.exp(-z)),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + mpmath.mpf("0.044715") * z**3))),
    "relu6": lambda z: min(max(z, 0), 6),
    "celu": lambda z, alpha: z if z > 0 else alpha * mpmath.expm1(z / mpmath.mpf(alpha)),
    "mish": lambda z: z * mpmath.tanh(mpmath.log1p(mpmath.exp(z))),
    "tanh_shrink": lambda z: z - mpmath.tanh(z),
    "exponential": mpmath.exp,
    "log_sigmoid": lambda z: -mpmath.log1p(mpmath.exp(-z)),
    "squareplus": lambda z, b: (z + mpmath.sqrt(z**2 + b)) / 2,
    "sparse_plus": lambda z: 0 if z < -1 else z if z > 1 else (z + 1) ** 2 / 4,
    "hard_tanh": lambda z: min(max(z, -1), 1),
    "sparse_sigmoid": lambda z: min(max((z + 1) / 2, 0), 1),
    "hard_sigmoid": lambda z: min(max((z + 3) / 6, 0), 1),
    "hard_silu": lambda z: z * min(max((z + 3) / 6, 0), 1),
    "soft_shrink": lambda z, edge: mpmath.sign(z) * max(abs(z) - edge, 0),
    "hard_shrink": lambda z, edge: z if abs(z) > edge else 0,
    "thresholded": lambda z, edge, value: z if z > edge else value,
}
BOUND = 5  # units in the last place; of z for these, whose left tail nothing needs exactly:
BESIDE_Z = ("affine", "gelu", "gelu_tanh", "relu_general", "tanh_shrink")


def run(name, dtype, z):
    """A formula or, for name_slope, the slope at z; with the parameters of SETTINGS."""
    formula = TABLE[name.removesuffix("_slope")]
    constants = [dtype(SETTINGS.get(p, 0.3)) for p in formula.parameters]
    functions = on_arrays(dtype)
    z = np.asarray(z, dtype)
    with np.errstate(all="ignore"):
        a = functions[formula.name](z, *constants)
        if name == formula.name:
            return a
        return np.broadcast_to(functions[name](a if formula.from_output else z, *constants), z.shape)


@DTYPES
@pytest.mark.parametrize("name", EXACT)
def test_value(name, dtype):
    rng = np.random.default_rng(0)
    tiny = 10 ** rng.uniform(-30, 0, 200)
    z = np.concatenate([3 * rng.normal(size=600), rng.uniform(-80, 80, 200), tiny, -tiny]).astype(dtype)
    constants = [float(dtype(SETTINGS.get(p, 0.3))) for p in TABLE[name].parameters]
    with mpmath.workdps(60):
        exact = [EXACT[name](mpmath.mpf(float(v)), *constants) for v in z]
    size = np.abs(np.array([float(e) for e in exact]))
    if name in BESIDE_Z:
        size = np.maximum(size, np.abs(z))
    values = {engine: outputs(make(), name, constants, z) for engine, make in COMPILED.items()}
    for engine, a in {"numpy": run(name, dtype, z), **values}.items():
        with mpmath.workdps(60):
            error = np.array([float(abs(mpmath.mpf(float(v)) - e)) for v, e in zip(a, exact, strict=True)])
        error /= np.spacing(size.astype(dtype))
        assert a.dtype == dtype
        assert error.max() <= BOUND, (engine, z[error.argmax()])


def outputs(engine, name, constants, z):
    """The formula at z as an engine has it: the outputs of a layer that hands z on to it."""
    network = engine.network(Program((Op("dense", 1, 1, False, name, tuple(constants)),), z.dtype))
    network.set_weights([np.ones((1, 1), z.dtype)])
    return network.predict(z[:, None], 1)[:, 0]


@EVERY
def test_slope_by_central_differences(formula):
    z = np.linspace(-9, 9, 1999) + 1e-3 * np.sqrt(2)  # on no kink
    h = 1e-5
    left, middle, right = (run(formula.name, np.float64, z + step) for step in (-h, 0, h))
    smooth = np.abs(right - 2 * middle + left) < 1e-3 * h * np.maximum(1, np.abs(middle))
    assert smooth.mean() > 0.99
    slope = run(f"{formula.name}_slope", np.float64, z)
    np.testing.assert_allclose(slope[smooth], ((right - left) / (2 * h))[smooth], rtol=1e-8, atol=2e-9)


@EVERY
def test_slope_in_float32(formula):
    z = np.linspace(-20, 20, 4001, dtype=np.float32)
    name = f"{formula.name}_slope"
    np.testing.assert_allclose(run(name, np.float32, z), run(name, np.float64, z), rtol=4e-6, atol=4e-6)


@EVERY
@DTYPES
def test_far_out(formula, dtype):
    """No NaN and no overflow where the activation itself has none, and slopes as they are nearer by."""
    far = np.array([1e4, 1e20, 1e30])
    for side in (-far,) if formula.name == "exponential" else (far, -far):
        assert np.isfinite(run(formula.name, dtype, side)).all()
        near = run(f"{formula.name}_slope", dtype, np.full(3, side[0] / 10))
        np.testing.assert_allclose(run(f"{formula.name}_slope", dtype, side), near, atol=1e-5)


@EVERY
@DTYPES
def test_nan_and_infinity(formula, dtype):
    assert np.isnan(run(formula.name, dtype, np.nan))
    limits = run(formula.name, dtype, [1e30, -1e30])
    ends = run(formula.name, dtype, [np.inf, -np.inf])
    for end, limit in zip(ends, limits, strict=True):  # 0 * inf is as good an answer as any
        assert np.isnan(end) or np.isclose(end, limit, atol=1e-25) or (np.isinf(end) and np.sign(end) == np.sign(limit))


@DTYPES
def test_saturation_is_exact(dtype):
    z = np.linspace(-40, 40, 40001)
    for name, low in (("tanh", -1), ("sigmoid", 0)):
        a = run(name, dtype, z)
        assert a.min() >= low
        assert a.max() == 1
        assert (run(f"{name}_slope", dtype, z) >= 0).all()
    np.testing.assert_array_equal(run("tanh", dtype, -z), -run("tanh", dtype, z))
