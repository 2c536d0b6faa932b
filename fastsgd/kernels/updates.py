"""Update rules: what becomes of a weight and of its memories in one step.

The functions of a rule are evaluated in the order in which they stand here; the suffix names what is assigned.
``w`` weight, ``g`` gradient; memories ``v`` velocity or mean gradient, ``s`` mean square, ``u`` one more; ``d`` a number
of this step only. ``lr`` learning rate and ``mu`` momentum of this step; the other numbers are those that
``fastsgd/optimizers`` gives for the step, worked out there as far as they do not depend on the element.

Formulas and defaults are Keras 3's, but that of ``torch_...``. ``decay_w`` is no rule: it comes before any, see tables.py.
``muladd(a, b, c)``, a*b + c in one rounding, is for rules that memory does not wait for: SGD at batch 1 takes 0.93 of its
time with it, Adam what it takes without. Roots and divisions are the processor's own: with Newton's steps for the root,
Adam took 7.6 instead of 6.1 ns per 16 floats.
"""

from __future__ import annotations


def decay_w(w: real, decay: real) -> real:
    return w - w * decay


def sign(x: real) -> real:
    return where(x > real(0), real(1), where(x < real(0), real(-1), x))


# -- Norms
def clip_scale(norm: real, limit: real) -> real:
    """What brings a norm down to the limit."""
    return limit / maximum(limit, norm)


def norm_scale(norm: real, low: real, high: real, rate: real) -> real:
    """What brings a norm between low and high, or the part `rate` of the way there; as in Keras never quite."""
    wanted: real = rate * minimum(high, maximum(low, norm)) + (real(1) - rate) * norm
    return wanted / (real(1e-7) + norm)


# -- Stochastic gradient descent
def sgd_w(w: real, g: real, lr: real) -> real:
    return muladd(-lr, g, w)


def momentum_v(v: real, g: real, lr: real, mu: real) -> real:
    return muladd(mu, v, -lr * g)


def momentum_w(w: real, v: real) -> real:
    return w + v


def nesterov_v(v: real, g: real, lr: real, mu: real) -> real:
    return muladd(mu, v, -lr * g)


def nesterov_w(w: real, v: real, g: real, lr: real, mu: real) -> real:
    return w + muladd(mu, v, -lr * g)


def torch_momentum_v(v: real, g: real, mu: real) -> real:
    return muladd(mu, v, g)


def torch_momentum_w(w: real, v: real, lr: real) -> real:
    return muladd(-lr, v, w)


def torch_nesterov_v(v: real, g: real, mu: real) -> real:
    return muladd(mu, v, g)


def torch_nesterov_w(w: real, v: real, g: real, lr: real, mu: real) -> real:
    return muladd(-lr, muladd(mu, v, g), w)


# -- Adam and its kin: a, b are learning rates with the corrections of the means' bias, c1 = 1 - beta_1, c2 = 1 - beta_2
def adam_v(v: real, g: real, c1: real) -> real:
    return v + (g - v) * c1


def adam_s(s: real, g: real, c2: real) -> real:
    return s + (g * g - s) * c2


def adam_w(w: real, v: real, s: real, a: real, eps: real) -> real:
    return w - v * a / (sqrt(s) + eps)


def amsgrad_v(v: real, g: real, c1: real) -> real:
    return v + (g - v) * c1


def amsgrad_s(s: real, g: real, c2: real) -> real:
    return s + (g * g - s) * c2


def amsgrad_u(u: real, s: real) -> real:
    return maximum(u, s)


def amsgrad_w(w: real, v: real, u: real, a: real, eps: real) -> real:
    return w - v * a / (sqrt(u) + eps)


def nadam_v(v: real, g: real, c1: real) -> real:
    return v + (g - v) * c1


def nadam_s(s: real, g: real, c2: real) -> real:
    return s + (g * g - s) * c2


def nadam_w(w: real, v: real, g: real, s: real, a: real, b: real, eps: real) -> real:
    return w - (a * v + b * g) / (sqrt(s) + eps)


def adamax_v(v: real, g: real, c1: real) -> real:
    return v + (g - v) * c1


def adamax_s(s: real, g: real, beta_2: real) -> real:
    return maximum(beta_2 * s, absolute(g))


def adamax_w(w: real, v: real, s: real, a: real, eps: real) -> real:
    return w - v * a / (s + eps)


def lion_w(w: real, v: real, g: real, lr: real, beta_1: real, c1: real) -> real:
    return w - lr * sign(beta_1 * v + c1 * g)


def lion_v(v: real, g: real, beta_2: real, c2: real) -> real:
    return beta_2 * v + c2 * g


# -- Steps by the root of a mean square: c = 1 - rho
def rmsprop_s(s: real, g: real, rho: real, c: real) -> real:
    return rho * s + c * (g * g)


def rmsprop_w(w: real, g: real, s: real, lr: real, eps: real) -> real:
    return w - lr * g / sqrt(s + eps)


def rmsprop_momentum_s(s: real, g: real, rho: real, c: real) -> real:
    return rho * s + c * (g * g)


def rmsprop_momentum_v(v: real, g: real, s: real, lr: real, mu: real, eps: real) -> real:
    return mu * v + lr * g / sqrt(s + eps)


def rmsprop_momentum_w(w: real, v: real) -> real:
    return w - v


def centered(s: real, u: real, eps: real) -> real:
    """A variance, which rounding must not make negative."""
    return maximum(real(0), s - u * u) + eps


def rmsprop_centered_s(s: real, g: real, rho: real, c: real) -> real:
    return rho * s + c * (g * g)


def rmsprop_centered_u(u: real, g: real, rho: real, c: real) -> real:
    return rho * u + c * g


def rmsprop_centered_w(w: real, g: real, s: real, u: real, lr: real, eps: real) -> real:
    return w - lr * g / sqrt(centered(s, u, eps))


def rmsprop_centered_momentum_s(s: real, g: real, rho: real, c: real) -> real:
    return rho * s + c * (g * g)


def rmsprop_centered_momentum_u(u: real, g: real, rho: real, c: real) -> real:
    return rho * u + c * g


def rmsprop_centered_momentum_v(v: real, g: real, s: real, u: real, lr: real, mu: real, eps: real) -> real:
    return mu * v + lr * g / sqrt(centered(s, u, eps))


def rmsprop_centered_momentum_w(w: real, v: real) -> real:
    return w - v


def adagrad_s(s: real, g: real) -> real:
    return s + g * g


def adagrad_w(w: real, g: real, s: real, lr: real, eps: real) -> real:
    return w - lr * g / sqrt(s + eps)


def adadelta_s(s: real, g: real, rho: real, c: real) -> real:
    return rho * s + c * (g * g)


def adadelta_d(g: real, s: real, u: real, eps: real) -> real:
    return sqrt(u + eps) * g / sqrt(s + eps)


def adadelta_u(u: real, d: real, rho: real, c: real) -> real:
    return rho * u + c * (d * d)


def adadelta_w(w: real, d: real, lr: real) -> real:
    return w - lr * d
