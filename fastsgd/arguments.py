"""Checks of the plain arguments: whole numbers, and what belongs to work that is not there yet."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np


def whole(name: str, value: Any, least: int = 1) -> int:
    """``value`` as an int, if it is a whole number of at least ``least``; NumPy's integers are.

    Raises
    ------
    ValueError
        It is anything else: True, 2.5, "3", a number that is too small. The message names the argument.
    """
    wanted = f"{name} must be a whole number, at least {least}; got {value!r}"
    if isinstance(value, bool) or getattr(value, "dtype", None) == np.bool_:
        raise ValueError(wanted)
    try:
        number = index(value)
    except TypeError:
        raise ValueError(wanted) from None
    if number < least:
        raise ValueError(wanted)
    return number


def rows_of_batch(name: str, value: Any, rows: int) -> int:
    """Rows of a batch: 32 for None, all for ``"full"``, never more than there are.

    Raises
    ------
    ValueError
        Neither of these nor a whole number from 1 on.
    """
    if value is None:
        return min(32, rows)
    if isinstance(value, str):
        if value == "full":
            return rows
        raise ValueError(f'{name} must be a whole number, at least 1, or "full" (all rows); got {value!r}')
    return min(whole(name, value), rows)


def fraction(name: str, value: Any) -> float:
    """A number in [0, 1), 0 for None.

    Raises
    ------
    ValueError
        Something else.
    """
    if value is None:
        return 0.0
    try:
        number = float("nan") if isinstance(value, (bool, str)) else float(value)
    except TypeError:
        number = float("nan")
    if not 0.0 <= number < 1.0:
        raise ValueError(f"{name} must be a number between 0 and 1 (1 excluded; 0: none), got {value!r}")
    return number


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
