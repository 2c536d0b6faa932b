"""Elementary functions against 50 digits of mpmath: errors in units in the last place, limits, NaN."""

import mpmath
import numpy as np
import pytest

from fastsgd.kernels.source.arrays import on_arrays

BOUND = {np.float32: 2, np.float64: 4}  # units in the last place
LEAST = {np.float32: 1.2e-38, np.float64: 2.3e-308}
MOST = {np.float32: 3.4e38, np.float64: 1.79e308}
DTYPES = pytest.mark.parametrize("dtype", BOUND, ids=lambda t: t.__name__)


def function(name, dtype):
    def call(x):
        with np.errstate(all="ignore"):
            return on_arrays(dtype)[name](np.asarray(x, dtype))

    return call


def ulps(got, exact):
    """Distance of the numbers to mpmath's, in units in the last place of these."""
    exact = [mpmath.mpf(e) for e in exact]
    near = np.array([float(e) for e in exact])
    rest = np.array([float(e - mpmath.mpf(n)) for e, n in zip(exact, near, strict=True)])
    unit = np.spacing(np.abs(near.astype(got.dtype))).astype(float)
    return np.abs((got.astype(float) - near) - rest) / unit


def spread(low, high, dtype, n=3000):
    """Numbers from low to high: evenly, and by orders of magnitude on both sides of 0."""
    rng = np.random.default_rng(0)
    small = np.exp(rng.uniform(np.log(LEAST[dtype]), np.log(max(-low, high)), n))
    x = np.concatenate([rng.uniform(low, high, n), small, -small, rng.uniform(-2, 2, n)]).astype(dtype)
    return x[(x >= low) & (x <= high)]


RANGES = {  # where the value is a normal number
    "exp": {np.float32: (-87.33, 88.72), np.float64: (-708.39, 709.78)},
    "expm1": {np.float32: (-100, 88.72), np.float64: (-800, 709.78)},
    "log": {np.float32: (1.2e-38, 3.4e38), np.float64: (2.3e-308, 1.79e308)},
    "log1p": {np.float32: (-0.9999999, 3.4e38), np.float64: (-0.999999999999999, 1.79e308)},
    "erf": {np.float32: (-7, 7), np.float64: (-9, 9)},
}


@DTYPES
@pytest.mark.parametrize("name", RANGES)
def test_error(name, dtype):
    x = spread(*RANGES[name][dtype], dtype)
    with mpmath.workdps(50):
        exact = [getattr(mpmath, name)(mpmath.mpf(float(v))) for v in x]
        error = ulps(function(name, dtype)(x), exact)
    assert error.max() <= BOUND[dtype], x[error.argmax()]


@DTYPES
@pytest.mark.parametrize("name", RANGES)
def test_dtype_and_shape_stay(name, dtype):
    y = function(name, dtype)(np.full((2, 3), 0.5))
    assert y.dtype == dtype
    assert y.shape == (2, 3)


LIMITS = {
    "exp": [(0, 1), (-np.inf, 0), (np.inf, np.inf), (-1e30, 0), (1e30, np.inf)],
    "expm1": [(0, 0), (-np.inf, -1), (np.inf, np.inf), (-1e30, -1), (1e30, np.inf)],
    "log": [(1, 0), (0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-1, np.nan), (-np.inf, np.nan)],
    "log1p": [(0, 0), (-1, -np.inf), (np.inf, np.inf), (-1.5, np.nan), (-np.inf, np.nan)],
    "erf": [(0, 0), (np.inf, 1), (-np.inf, -1), (1e30, 1), (-1e30, -1)],
}


@DTYPES
@pytest.mark.parametrize("name", LIMITS)
def test_limits(name, dtype):
    x, wanted = zip(*LIMITS[name], (np.nan, np.nan), strict=False)
    np.testing.assert_array_equal(function(name, dtype)(x), np.array(wanted, dtype))


@DTYPES
def test_exp_to_the_ends(dtype):
    """The largest finite value is finite, the next argument overflows; below the smallest normal number is 0."""
    exp = function("exp", dtype)
    top, bottom = np.log(np.finfo(dtype).max), np.log(np.finfo(dtype).tiny)
    up, down = dtype(np.inf), dtype(-np.inf)
    finite = exp(np.nextafter(top, down))
    assert np.isfinite(finite)
    assert finite > 0.99 * np.finfo(dtype).max
    assert exp(np.nextafter(np.nextafter(top, up), up)) == np.inf
    assert exp(np.nextafter(bottom, up)) >= np.finfo(dtype).tiny
    assert exp(bottom - 1) == 0


@DTYPES
def test_log_of_powers_of_two_and_around_one(dtype):
    k = np.arange(-120, 120)
    x = np.concatenate([np.ldexp(dtype(1), k), 1 + np.finfo(dtype).eps * np.arange(-50, 50)]).astype(dtype)
    with mpmath.workdps(50):
        assert ulps(function("log", dtype)(x), [mpmath.log(float(v)) for v in x]).max() <= BOUND[dtype]


@DTYPES
@pytest.mark.parametrize("name", ["sin", "cos"])
def test_sine_and_cosine(name, dtype):
    """Errors in units of 1, as near the zeros all depends on the last bits of pi; no farther off than the argument."""
    x = np.concatenate([spread(-10, 10, dtype), np.random.default_rng(1).uniform(-1e4, 1e4, 2000)]).astype(dtype)
    y = function(name, dtype)(x)
    with mpmath.workdps(50):
        exact = [getattr(mpmath, name)(mpmath.mpf(float(v))) for v in x]
        error = np.array([float(abs(mpmath.mpf(float(a)) - b)) for a, b in zip(y, exact, strict=True)])
    assert error.max() <= np.finfo(dtype).eps, x[error.argmax()]
    if name == "sin":
        assert (error <= np.finfo(dtype).eps * np.abs(x)).all()
    far = function(name, dtype)([1e9, -1e20, 1e30, np.nan, np.inf])
    assert (np.abs(far[:3]) <= 1).all()
    assert np.isnan(far[3:]).all()


@DTYPES
def test_erf_is_odd_and_never_beyond_one(dtype):
    x = np.linspace(0, 8, 20001)
    y = function("erf", dtype)(x)
    np.testing.assert_array_equal(function("erf", dtype)(-x), -y)
    assert y.max() == 1
    assert (np.diff(y) >= -2 * np.finfo(dtype).eps).all()
