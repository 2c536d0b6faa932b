"""Losses of one element: value and slope d/dp, for the output p and the target y.

The loops take the mean over a row's outputs and over the rows of a batch; no formula is scaled here.
"""

from __future__ import annotations


def mse(p: real, y: real) -> real:
    return (p - y) * (p - y)


def mse_slope(p: real, y: real) -> real:
    return real(2) * (p - y)
