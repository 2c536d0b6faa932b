"""Update rules: what becomes of a weight and of its memories in one step.

The functions of a rule are evaluated in the order in which they stand here; the suffix names what is assigned.
``w`` weight, ``g`` gradient, ``v`` velocity; ``lr`` learning rate and ``mu`` momentum of this step.
"""

from __future__ import annotations


def sgd_w(w: real, g: real, lr: real) -> real:
    return w - lr * g


def momentum_v(v: real, g: real, lr: real, mu: real) -> real:
    return mu * v - lr * g


def momentum_w(w: real, v: real) -> real:
    return w + v


def nesterov_v(v: real, g: real, lr: real, mu: real) -> real:
    return mu * v - lr * g


def nesterov_w(w: real, v: real, g: real, lr: real, mu: real) -> real:
    return w + (mu * v - lr * g)
