"""Losses of one output: value, and slope with respect to the prediction ``p``; ``y`` is the target.

Scale: what is added up here is divided by the number of elements, rows x outputs, when a loss is reported or learned
from; no formula is scaled here. Values are Keras 3's, probabilities are kept from 1e-7 to 1 - 1e-7 as there. Where a
slope jumps, it is 0 or the one from the flat side; where a value is clipped, it is 0.
"""

from __future__ import annotations


def mse(p: real, y: real) -> real:
    return (p - y) * (p - y)


def mse_slope(p: real, y: real) -> real:
    return real(2) * (p - y)


def mae(p: real, y: real) -> real:
    return absolute(p - y)


def mae_slope(p: real, y: real) -> real:
    return where(p > y, real(1), where(p < y, real(-1), real(0)))


def mape(p: real, y: real) -> real:
    """Percent of the target, which counts as 1e-7 at least."""
    return real(100) * absolute((y - p) / maximum(real(1e-7), absolute(y)))


def mape_slope(p: real, y: real) -> real:
    return mae_slope(p, y) * (real(100) / maximum(real(1e-7), absolute(y)))


def msle(p: real, y: real) -> real:
    """Squared difference of log(1 + max(p, 1e-7)) and the same of y."""
    e: real = log1p(maximum(real(1e-7), p)) - log1p(maximum(real(1e-7), y))
    return e * e


def msle_slope(p: real, y: real) -> real:
    q: real = maximum(real(1e-7), p)
    e: real = log1p(q) - log1p(maximum(real(1e-7), y))
    return where(p < real(1e-7), real(0), real(2) * e / (real(1) + q))


def huber(p: real, y: real, delta: real) -> real:
    e: real = absolute(p - y)
    return where(e > delta, delta * e - real(0.5) * delta * delta, real(0.5) * e * e)


def huber_slope(p: real, y: real, delta: real) -> real:
    return maximum(-delta, minimum(delta, p - y))


def log_cosh(p: real, y: real) -> real:
    """log(cosh(e)). With t = exp(-|e|): log(1 + (1 - t)**2 / (2 t)) below 1, |e| + log(1 + t**2) - log(2) above."""
    e: real = absolute(p - y)
    m: real = expm1(-e)
    t: real = real(1) + m
    small: real = m * m / (real(2) * maximum(real(0.25), t))
    rest: real = log1p(where(e < real(1), small, t * t))
    return where(e < real(1), rest, e + (rest - real(0.6931471805599453)))


def log_cosh_slope(p: real, y: real) -> real:
    return tanh(p - y)


def quantile(p: real, y: real, q: real) -> real:
    """Koenker and Bassett, 1978, also called pinball loss: what is too low costs q, what is too high 1 - q."""
    return maximum(q * (y - p), (q - real(1)) * (y - p))


def quantile_slope(p: real, y: real, q: real) -> real:
    return where(p < y, -q, where(p > y, real(1) - q, real(0)))


def poisson(p: real, y: real) -> real:
    return p - y * log(p + real(1e-7))


def poisson_slope(p: real, y: real) -> real:
    return real(1) - y / (p + real(1e-7))


def probability(p: real) -> real:
    """p, kept away from 0 and 1."""
    return minimum(real(1) - real(1e-7), maximum(real(1e-7), p))


def binary_crossentropy(p: real, y: real) -> real:
    """Of a probability."""
    q: real = probability(p)
    return -(y * log(q) + (real(1) - y) * log(real(1) - q))


def binary_crossentropy_slope(p: real, y: real) -> real:
    q: real = probability(p)
    return where(p == q, (q - y) / (q * (real(1) - q)), real(0))


def binary_crossentropy_logits(p: real, y: real) -> real:
    """Of a logit: max(p, 0) - p y + log(1 + exp(-|p|)), which neither overflows nor cancels."""
    return maximum(real(0), p) - p * y + log1p(exp(-absolute(p)))


def binary_crossentropy_logits_slope(p: real, y: real) -> real:
    return sigmoid(p) - y


def power(x: real, n: real) -> real:
    """x**n for x >= 0."""
    return where(x > real(1e-37), exp(n * log(x)), where(n > real(0), real(0), real(1)))


def binary_focal_crossentropy(p: real, y: real, gamma: real, one: real, zero: real) -> real:
    """Lin et al., 2017: cross-entropy times (1 - the truth's probability)**gamma; `one`, `zero`: the classes' weights."""
    truth: real = y * p + (real(1) - y) * (real(1) - p)
    weight: real = y * one + (real(1) - y) * zero
    return weight * power(real(1) - truth, gamma) * binary_crossentropy(p, y)


def binary_focal_crossentropy_slope(p: real, y: real, gamma: real, one: real, zero: real) -> real:
    rest: real = real(1) - (y * p + (real(1) - y) * (real(1) - p))
    weight: real = y * one + (real(1) - y) * zero
    slope: real = power(rest, gamma) * binary_crossentropy_slope(p, y)
    bend: real = gamma * power(rest, gamma - real(1)) * (real(1) - real(2) * y)
    return weight * (slope + bend * binary_crossentropy(p, y))


def binary_focal_crossentropy_logits(p: real, y: real, gamma: real, one: real, zero: real) -> real:
    return binary_focal_crossentropy(sigmoid(p), y, gamma, one, zero)


def binary_focal_crossentropy_logits_slope(p: real, y: real, gamma: real, one: real, zero: real) -> real:
    s: real = sigmoid(p)
    return binary_focal_crossentropy_slope(s, y, gamma, one, zero) * (s * (real(1) - s))


def hinge(p: real, y: real) -> real:
    """The target is -1 or 1."""
    return maximum(real(0), real(1) - y * p)


def hinge_slope(p: real, y: real) -> real:
    return where(y * p < real(1), -y, real(0))


def squared_hinge(p: real, y: real) -> real:
    e: real = maximum(real(0), real(1) - y * p)
    return e * e


def squared_hinge_slope(p: real, y: real) -> real:
    return real(-2) * y * maximum(real(0), real(1) - y * p)
