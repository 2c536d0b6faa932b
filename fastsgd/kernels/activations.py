"""Activations: value, and slope from the output ``a`` or, where that does not suffice, from the pre-activation ``z``.

Values are Keras 3's. Where the slope jumps, it is the one from the left, but 0 at the upper end of a clamp, as in
TensorFlow and PyTorch. The slope from the output spares the layout an array; it is taken where it is exact to rounding
of the output, for the parameters that :mod:`fastsgd.activations` lets through (``negative_slope``, ``alpha``,
``threshold`` >= 0: the sign of ``a`` then is that of ``z``).

An operand that may be NaN comes second in ``minimum`` and ``maximum``, and last in ``where``: so it goes through.
"""

from __future__ import annotations


def linear(z: real) -> real:
    return z


def linear_slope(a: real) -> real:
    return real(1)


def affine(z: real, factor: real, summand: real) -> real:
    return factor * z + summand


def affine_slope(a: real, factor: real, summand: real) -> real:
    return factor


def relu(z: real) -> real:
    return where(z < real(0), real(0), z)


def relu_slope(a: real) -> real:
    return where(a > real(0), real(1), real(0))


def relu_general(z: real, negative_slope: real, max_value: real, threshold: real) -> real:
    return where(z > threshold, minimum(max_value, z), negative_slope * (z - threshold))


def relu_general_slope(z: real, negative_slope: real, max_value: real, threshold: real) -> real:
    return where(z > threshold, where(z > max_value, real(0), real(1)), negative_slope)


def relu6(z: real) -> real:
    return minimum(real(6), maximum(real(0), z))


def relu6_slope(a: real) -> real:
    return where(a > real(0), where(a < real(6), real(1), real(0)), real(0))


def leaky_relu(z: real, negative_slope: real) -> real:
    return where(z < real(0), negative_slope * z, z)


def leaky_relu_slope(a: real, negative_slope: real) -> real:
    return where(a > real(0), real(1), negative_slope)


def elu(z: real, alpha: real) -> real:
    return where(z < real(0), alpha * expm1(z), z)


def elu_slope(a: real, alpha: real) -> real:
    return where(a > real(0), real(1), a + alpha)


def celu(z: real, alpha: real) -> real:
    """Barron, 2017; alpha > 0."""
    return where(z < real(0), alpha * expm1(z / alpha), z)


def celu_slope(a: real, alpha: real) -> real:
    return where(a > real(0), real(1), real(1) + a / alpha)


def selu(z: real) -> real:
    """Klambauer et al., 2017: scale = 1.0507..., times elu of alpha = 1.6732..."""
    return where(z < real(0), real(1.7580993408473766) * expm1(z), real(1.0507009873554805) * z)


def selu_slope(a: real) -> real:
    return where(a > real(0), real(1.0507009873554805), a + real(1.7580993408473766))


def tanh(z: real) -> real:
    """Hyperbolic tangent.

    float64: h / (1 + h), where h = (exp(2 |z|) - 1) / 2; below 1/2, h - h (h / (1 + h)) rounds better.
    float32: 2 g / (1 + g**2), where g = a / q is a minimax quotient for tanh(z / 2), to 2**-27 in the result. Errors of up
    to 5 units in the last place would be 2 the other way, but that took twice as long.
    """
    if DOUBLE:
        x: real = absolute(z)
        h: real = real(0.5) * expm1_inside(minimum(real(40), x + x))
        y: real = h / (real(1) + h)
        y = where(h < real(0.5), h - h * y, y)
        y = where(z < real(0), -y, y)
    else:
        x = minimum(real(9.2), maximum(real(-9.2), z))
        t: real = x * x
        a: real = muladd(real(0.00011380398801681678), t, real(0.029752700465927977))
        a = muladd(x, a * t, x)
        q: real = muladd(real(2.4393675917695644e-06), t, real(0.0024086966625077055))
        q = muladd(q, t, real(0.2261719614810219))
        q = muladd(q, t, real(2))
        y = maximum(real(-1), a * (q + q) / muladd(a, a, q * q))  # rounding may lead beyond 1
        y = minimum(real(1), y)
    return y


def tanh_slope(a: real) -> real:
    return (real(1) - a) * (real(1) + a)


def sigmoid(z: real) -> real:
    if DOUBLE:
        most: real = real(708)  # one more, and the result is subnormal: 0 here, but not where a compiler folds it
    else:
        most = real(87)
    return real(1) / (real(1) + exp_inside(minimum(most, maximum(real(-40), -z))))


def sigmoid_slope(a: real) -> real:
    return a * (real(1) - a)


def softplus(z: real) -> real:
    """log(1 + exp(z)) = max(0, z) + log(1 + t), t = exp(-|z|) from 0 to 1."""
    t: real = exp(-absolute(z))
    f: real = where(t > real(0.41421356), real(0.5) * (t - real(1)), t)
    k: real = where(t > real(0.41421356), real(1), real(0))
    return maximum(real(0), z) + log_near_one(f, k)


def softplus_slope(a: real) -> real:
    """sigmoid(z) = 1 - exp(-a)."""
    return -expm1(-a)


def softsign(z: real) -> real:
    return z / (real(1) + absolute(z))


def softsign_slope(z: real) -> real:
    d: real = real(1) + absolute(z)
    return real(1) / (d * d)


def silu(z: real) -> real:
    return z * sigmoid(z)


def silu_slope(z: real) -> real:
    s: real = sigmoid(z)
    return s * (real(1) + z * (real(1) - s))


def gelu(z: real) -> real:
    """z times the normal distribution function of z."""
    return real(0.5) * z * (real(1) + erf(z * real(0.7071067811865476)))


def gelu_slope(z: real) -> real:
    """The normal distribution function plus z times its density; beyond 13 it is 1 or 0, and the density too small."""
    x: real = minimum(real(13), maximum(real(-13), z))
    u: real = absolute(x) * real(0.7071067811865476)
    e: real = exp_inside(-(u * u))
    y: real = real(0.5) * erf_given(u, e)
    return real(0.5) + where(x < real(0), -y, y) + x * (real(0.3989422804014327) * e)


def gelu_tanh(z: real) -> real:
    """z sigmoid(2 u), u = sqrt(2 / pi) (z + 0.044715 z**3): Hendrycks and Gimpel's 0.5 z (1 + tanh(u))."""
    return z * sigmoid(z * (real(1.5957691216057308) + real(0.07135481627260025) * (z * z)))


def gelu_tanh_slope(z: real) -> real:
    x: real = minimum(real(50), maximum(real(-50), z))  # beyond, the slope is 0 or 1, and x**2 cannot overflow
    q: real = x * x
    s: real = sigmoid(x * (real(1.5957691216057308) + real(0.07135481627260025) * q))
    return s * (real(1) + x * (real(1) - s) * (real(1.5957691216057308) + real(0.21406444881780074) * q))


def mish(z: real) -> real:
    """Misra, 2019: z tanh(softplus(z)) = z n / (n + 2), n = exp(z) (exp(z) + 2); beyond 20 that is z."""
    e: real = exp(minimum(real(20), z))
    n: real = e * (e + real(2))
    return z * (n / (n + real(2)))


def mish_slope(z: real) -> real:
    x: real = minimum(real(20), z)
    e: real = exp(x)
    n: real = e * (e + real(2))
    m: real = n + real(2)
    return n / m + x * (real(4) * e * (e + real(1)) / (m * m))


def tanh_shrink(z: real) -> real:
    return z - tanh(z)


def tanh_shrink_slope(z: real) -> real:
    t: real = tanh(z)
    return t * t


def exponential(z: real) -> real:
    return exp(z)


def exponential_slope(a: real) -> real:
    return a


def log_sigmoid(z: real) -> real:
    return -softplus(-z)


def log_sigmoid_slope(a: real) -> real:
    """sigmoid(-z) = 1 - exp(a)."""
    return -expm1(a)


def squareplus(z: real, b: real) -> real:
    """(z + sqrt(z**2 + b)) / 2 (Barron, 2021), b > 0; left of 0 it is b / 2 divided by the sum that does not cancel."""
    if DOUBLE:
        most: real = real(1e150)
    else:
        most = real(1e18)
    x: real = minimum(most, absolute(z))  # beyond, the square would overflow
    h: real = maximum(absolute(z), sqrt(x * x + b)) + absolute(z)
    return where(z < real(0), real(0.5) * (b / h), real(0.5) * h)


def squareplus_slope(a: real, b: real) -> real:
    """As z = a - b / (4 a), z + sqrt(z**2 + b) in proportion to 2 sqrt(z**2 + b) is a**2 to a**2 + b / 4."""
    if DOUBLE:
        most: real = real(1e150)
    else:
        most = real(1e18)
    q: real = minimum(most, a)
    q = q * q
    return q / (q + real(0.25) * b)


def sparse_plus(z: real) -> real:
    """(z + 1)**2 / 4 between 0, up to -1, and z, from 1 on."""
    x: real = real(1) + minimum(real(1), maximum(real(-1), z))
    return where(z > real(1), z, real(0.25) * (x * x))


def sparse_plus_slope(z: real) -> real:
    return real(0.5) + real(0.5) * minimum(real(1), maximum(real(-1), z))


# -- Pieces of straight lines
def hard_tanh(z: real) -> real:
    return minimum(real(1), maximum(real(-1), z))


def hard_tanh_slope(a: real) -> real:
    return where(absolute(a) < real(1), real(1), real(0))


def sparse_sigmoid(z: real) -> real:
    return minimum(real(1), maximum(real(0), real(0.5) * (z + real(1))))


def sparse_sigmoid_slope(a: real) -> real:
    return where(a > real(0), where(a < real(1), real(0.5), real(0)), real(0))


def hard_sigmoid(z: real) -> real:
    return minimum(real(1), maximum(real(0), (z + real(3)) * real(0.16666666666666666)))


def hard_sigmoid_slope(a: real) -> real:
    return where(a > real(0), where(a < real(1), real(0.16666666666666666), real(0)), real(0))


def hard_silu(z: real) -> real:
    """Howard et al., 2019."""
    return z * hard_sigmoid(z)


def hard_silu_slope(z: real) -> real:
    inner: real = real(0.3333333333333333) * z + real(0.5)
    return where(z > real(-3), where(z > real(3), real(1), inner), real(0))


def soft_shrink(z: real, threshold: real) -> real:
    return z - minimum(threshold, maximum(-threshold, z))


def soft_shrink_slope(a: real, threshold: real) -> real:
    return where(absolute(a) > real(0), real(1), real(0))


def hard_shrink(z: real, threshold: real) -> real:
    return where(absolute(z) <= threshold, real(0), z)


def hard_shrink_slope(a: real, threshold: real) -> real:
    return where(absolute(a) > real(0), real(1), real(0))


def thresholded(z: real, threshold: real, default_value: real) -> real:
    return where(z <= threshold, default_value, z)


def thresholded_slope(z: real, threshold: real, default_value: real) -> real:
    return where(z > threshold, real(1), real(0))
