"""The formulas on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from .parts import FORMULAS
from .tables import ADDED, Rule, Table, signatures
from .text import Names, define, load


@cache
def on_arrays(dtype: Any) -> Names:
    """All formulas, evaluated on NumPy arrays (or scalars) of this dtype.

    Parameters
    ----------
    dtype : {numpy.float32, numpy.float64}

    Returns
    -------
    dict
        Function name -> function of arrays that broadcast. It must not be changed.
    """
    real = np.dtype(dtype).type

    def minimum(a: Any, b: Any) -> Any:
        return np.where(a < b, a, b)

    def maximum(a: Any, b: Any) -> Any:
        return np.where(a > b, a, b)

    def muladd(a: Any, b: Any, c: Any) -> Any:
        return a * b + c

    def pow2(n: Any) -> Any:
        return np.ldexp(real(1), np.nan_to_num(n, nan=0.0).astype(np.int32))

    def exponent(x: Any) -> Any:
        return (np.frexp(x)[1] - 1).astype(real)

    def mantissa(x: Any) -> Any:
        return np.frexp(x)[0] * real(2)

    borrowed: dict[str, Callable[..., Any] | bool] = {
        "real": real, "DOUBLE": real is np.float64, "where": np.where, "minimum": minimum, "maximum": maximum,
        "muladd": muladd,
        "sqrt": np.sqrt, "floor": np.floor, "absolute": np.abs,
        "pow2": pow2, "exponent": exponent, "mantissa": mantissa,
    }  # fmt: skip
    space = load({"__name__": __name__, **borrowed}, FORMULAS)

    def find(name: str) -> Any:
        define(ADDED[name].functions, space)
        return space[name]

    return Table(space, find)


def update_arrays(rule: Rule, numbers: dict[str, Any], arrays: dict[str, Any]) -> None:
    """One step of a rule on NumPy arrays, in place.

    Parameters
    ----------
    rule : Rule
    numbers : dict
        Its numbers by name.
    arrays : dict of numpy.ndarray
        The weights ``w``, their gradient ``g`` and the slots, by letter: of one shape and dtype.
    """
    real = arrays["w"].dtype.type
    formulas, values = on_arrays(real), {**arrays, **{name: real(n) for name, n in numbers.items()}}
    for function in rule.functions:
        result = formulas[function](*(values[p] for p in signatures("updates")[function]))
        if function[-1] in arrays:
            arrays[function[-1]][...] = result
        else:
            values[function[-1]] = result
