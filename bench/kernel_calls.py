"""Single kernels of either compiled engine, called many times in a row without Python in between."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit, types

from fastsgd.engines import cython, numba, numba_llvm

ENGINES = ("cython", "numba")
PHASES = {"gather": 5, "forward": 3, "backward": 3, "learn": 6}  # kernel -> number of arguments, the Task first


@cache
def _by_address(arguments: int) -> Any:
    """(times, address of a C function of int64 or pointer arguments, *arguments)"""
    call = numba_llvm.called(f"call{arguments}", *[types.int64] * arguments)
    names = ", ".join(f"a{i}" for i in range(arguments))
    space = {"call": call}
    exec(f"def repeat(times, f, {names}):\n    for _ in range(times):\n        call(f, {names})\n", space)
    return njit(types.void(*[types.int64] * (arguments + 2)), nogil=True)(space["repeat"])


def product(engine: str, dtype: np.dtype) -> Callable[..., None]:
    """(times, *arguments of ``product``, arrays as addresses)"""
    library = cython.library(cython.chosen(), dtype) if engine == "cython" else numba.library(dtype)
    repeat, address = _by_address(12), library.address("product")
    return lambda times, *arguments: repeat(times, address, *arguments)


@cache
def _numba_phase(dtype: np.dtype, name: str) -> Any:
    space = dict(numba.Kernels(dtype).jitted())
    casts = {
        "gather": "task(t), to_ints(a), b, c, d",
        "forward": "task(t), a, b",
        "backward": "task(t), a, b",
        "learn": "task(t), a, b, c, d, to_reals(e)",
    }
    names = ", ".join("tabcde"[: PHASES[name]])
    exec(f"def repeat(times, {names}):\n    for _ in range(times):\n        {name}({casts[name]})\n", space)
    return njit(types.void(*[types.int64] * (PHASES[name] + 1)), nogil=True, error_model="numpy")(space["repeat"])


def phase(engine: str, dtype: np.dtype, name: str) -> Callable[..., None]:
    """(times, address of a Task, *further arguments of the phase)"""
    if engine == "numba":
        return _numba_phase(dtype, name)
    repeat, address = _by_address(PHASES[name]), cython.library(cython.chosen(), dtype).address(name)
    return lambda times, *arguments: repeat(times, address, *arguments)
