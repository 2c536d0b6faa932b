"""Checks of the numbers that users set on activations, initializers and the like."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np


def number(name: str, value: Any, least: float = -math.inf) -> float:
    """A finite number as a float.

    Parameters
    ----------
    name : str
        The setting, for the error message.
    value : real number
        NumPy's scalars and arrays of no dimension are.
    least : float
        The smallest number allowed.

    Raises
    ------
    TypeError
        Not a number (a bool or text is none).
    ValueError
        NaN, infinite or too small.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise TypeError(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value!r}")
    if value < least:
        raise ValueError(f"{name} must be at least {least:g}, got {value!r}")
    return float(value)
