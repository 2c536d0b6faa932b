"""What users pass as plain arguments: checked, and what it means.

One rule: what is of another kind than wanted (a bool or text is no number) is a TypeError, what is out of range a
ValueError. Both name the argument, what came and what is wanted.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from inspect import signature
from numbers import Real
from operator import index
from typing import Any

import numpy as np


def _other_kind(wanted: str, value: Any) -> TypeError:
    return TypeError(f"{wanted}, got {value!r} of type {type(value).__name__}")


def number(name: str, value: Any, least: float = -math.inf, most: float = math.inf) -> float:
    """A finite number as a float.

    Parameters
    ----------
    name : str
        The argument, for the message.
    value : real number
        NumPy's scalars and arrays of no dimension are.
    least, most : float
        The smallest and the largest number allowed.

    Raises
    ------
    TypeError
        Not a number (a bool or text is none).
    ValueError
        NaN, infinite or out of range.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise _other_kind(f"{name} must be a number", value)
    real = float(value)
    if not math.isfinite(real):
        raise ValueError(f"{name} must be finite, got {value!r}")
    if not least <= real <= most:
        limits = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
        raise ValueError(f"{name} must be {limits}, got {value!r}")
    return real


def fraction(name: str, value: Any) -> float:
    """A number in [0, 1), 0 for None.

    Raises
    ------
    TypeError, ValueError
        As :func:`number`.
    """
    part = 0.0 if value is None else number(name, value)
    if not 0.0 <= part < 1.0:
        raise ValueError(f"{name} must be between 0 and 1 (1 excluded; 0: none), got {value!r}")
    return part


def whole(name: str, value: Any, least: int = 1, *, or_else: str = "") -> int:
    """``value`` as an int, if it is a whole number of at least ``least``; NumPy's integers are.

    Raises
    ------
    TypeError
        Another kind of thing: True, 2.5, "3". The message ends with ``or_else``, what else the argument can be.
    ValueError
        A number that is too small.
    """
    wanted = f"{name} must be a whole number, at least {least}{or_else}"
    if isinstance(value, (bool, np.bool_)):
        raise _other_kind(wanted, value)
    try:
        n = index(value)
    except TypeError:
        raise _other_kind(wanted, value) from None
    if n < least:
        raise ValueError(f"{wanted}, got {value!r}")
    return n


def rows_of_batch(name: str, value: Any, rows: int) -> int:
    """Rows of a batch: 32 for None, all for ``"full"``, never more than there are.

    Raises
    ------
    TypeError, ValueError
        Neither of these nor a whole number from 1 on.
    """
    if value is None:
        return min(32, rows)
    if isinstance(value, str) and value == "full":
        return rows
    return min(whole(name, value, or_else=' (or "full": all rows)'), rows)


def flag(name: str, value: Any) -> bool:
    """True or False; NumPy's are.

    Raises
    ------
    TypeError
        Anything else, 0 and 1 included.
    """
    if not isinstance(value, (bool, np.bool_)):
        raise _other_kind(f"{name} must be True or False", value)
    return bool(value)


def takes(function: Callable[..., Any], count: int, *, untold: bool = True) -> bool:
    """Whether a function can be called with so many arguments; ``untold`` for a builtin that does not tell."""
    try:
        signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return untold
    return True


def is_due(epoch: int, frequency: int | Container[int]) -> bool:
    """Whether ``validation_freq`` wants validation after epoch (from 0): every so many, or after these (from 1)."""
    return (epoch + 1) % frequency == 0 if isinstance(frequency, int) else epoch + 1 in frequency


def not_yet(**arguments: Any) -> None:
    """Refuse the arguments that Keras has and this version has not, unless they are None.

    Raises
    ------
    NotImplementedError
        Naming the argument.
    """
    for name, value in arguments.items():
        if value is not None:
            raise NotImplementedError(f"{name} is not supported yet, got {value!r}")
