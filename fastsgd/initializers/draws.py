"""Random numbers that are the same on every machine and with every version of NumPy.

NumPy promises that of the bits of its generators only; its normal numbers may change, and depend on the C library.
So all numbers here come from uniform ones (those bits, scaled) by exactly rounded operations, without BLAS or libm.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..kernels.source.arrays import on_arrays

Floats = NDArray[np.float64]
LEAST = 0.022750131948179195  # the share of a normal distribution below -2 standard deviations

# Wichura's quotients of polynomials (AS 241, PPND16: 1e-16 relative), constant term first.
CENTRE = (
    (3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3, 1.3731693765509461125e4,
     4.5921953931549871457e4, 6.7265770927008700853e4, 3.3430575583588128105e4, 2.5090809287301226727e3),
    (1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
     2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4, 5.2264952788528545610e3),
)  # fmt: skip
TAIL = (
    (1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0, 3.64784832476320460504e0,
     1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
     1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
FAR_TAIL = (
    (6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0, 2.96560571828504891230e-1,
     2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
     7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def generator(seed: int) -> np.random.Generator:
    """A generator whose raw bits this seed fixes for ever."""
    return np.random.Generator(np.random.PCG64(seed))


def uniform(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> Floats:
    """Uniform float64 numbers in [low, high)."""
    drawn = rng.random(shape)
    drawn *= high - low
    drawn += low
    return drawn


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Standard normal float64 numbers."""
    return quantile(np.maximum(rng.random(shape), 2.0**-54))  # 0, of which there is no quantile, comes up too


def truncated_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Floats:
    """Standard normal float64 numbers of those within [-2, 2]; their standard deviation is 0.8796."""
    return np.clip(quantile(uniform(rng, shape, LEAST, 1.0 - LEAST)), -2.0, 2.0)


def quantile(p: Floats) -> Floats:
    """The z below which a standard normal number lies with probability p, 0 < p < 1 (Wichura, 1988)."""
    q = p - 0.5
    r = 0.180625 - q * q
    with np.errstate(all="ignore"):
        s = np.sqrt(-on_arrays(np.float64)["log"](np.minimum(p, 1.0 - p)))
        tail = np.where(s <= 5.0, _quotient(TAIL, s - 1.6), _quotient(FAR_TAIL, s - 5.0))
    return np.where(r >= 0.0, q * _quotient(CENTRE, r), np.where(q < 0.0, -tail, tail))


def _quotient(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    above, below = (np.zeros_like(x) + terms[-1] for terms in coefficients)
    for a, b in zip(*(terms[-2::-1] for terms in coefficients), strict=True):
        above = above * x + a
        below = below * x + b
    return above / below


def orthogonal(rng: np.random.Generator, rows: int, columns: int) -> Floats:
    """A (rows, columns) matrix with orthonormal columns (rows, if there are fewer), drawn evenly from all of these.

    The factor Q, by Householder reflections, of a matrix of normal numbers, for the R with a positive diagonal.
    """
    m, n = max(rows, columns), min(rows, columns)
    a = normal(rng, (m, n))
    signs = np.ones(n)
    for k in range(n):
        v = a[k:, k].copy()
        length = np.sqrt(np.sum(v * v))
        signs[k] = 1.0 if v[0] < 0 else -1.0  # the diagonal of R is sign * length: -length cannot cancel against v[0]
        v[0] -= signs[k] * length
        v /= np.sqrt(np.sum(v * v))
        a[k:, k + 1 :] -= 2.0 * v[:, None] * np.sum(v[:, None] * a[k:, k + 1 :], axis=0)
        a[k:, k] = v
    q = np.eye(m, n)
    for k in reversed(range(n)):
        v = a[k:, k]
        q[k:, k:] -= 2.0 * v[:, None] * np.sum(v[:, None] * q[k:, k:], axis=0)
    q *= signs
    return q if rows >= columns else np.ascontiguousarray(q.T)
