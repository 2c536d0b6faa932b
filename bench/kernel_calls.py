"""Single kernels of either compiled engine, called many times in a row without Python in between."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import njit, types

from fastsgd.engines import cython, numba, numba_llvm
from fastsgd.engines.library import Library

ENGINES = ("cython", "numba")
PHASES = {"gather": 8, "forward": 4, "backward": 3, "learn": 6}  # kernel -> number of arguments, the Task first


@cache
def _repeated(engine: str, address: int, arguments: int) -> Any:
    """(times, *arguments, int64 or pointers) of a kernel that stands at this address."""
    if engine == "numba":  # whose kernels call each other in its own way
        call, head = numba_llvm.called(f"call{arguments}", *[types.int64] * arguments), f"{address}, "
    else:
        call, head = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)(address), ""
    names = ", ".join(f"a{i}" for i in range(arguments))
    space = {"call": call}
    exec(f"def repeat(times, {names}):\n    for _ in range(times):\n        call({head}{names})\n", space)
    return njit(types.void(*[types.int64] * (arguments + 1)), nogil=True)(space["repeat"])


def library(engine: str, dtype: np.dtype) -> Library:
    """The kernels of "cython" or "numba"."""
    return cython.library(cython.chosen(), dtype, False) if engine == "cython" else numba.library(dtype, False)


def product(engine: str, dtype: np.dtype, width: int) -> Callable[..., None]:
    """(times, *arguments of ``product`` for panels of this width, arrays as addresses)"""
    return _repeated(engine, library(engine, dtype).address("product" if width == 32 else "product_narrow"), 12)


@cache
def _numba_phase(dtype: np.dtype, name: str) -> Any:
    space = dict(numba.Kernels(dtype).jitted())
    casts = {
        "gather": "task(t), a, to_ints(b), c, d, e, f, g",
        "forward": "task(t), a, b, c",
        "backward": "task(t), a, b",
        "learn": "task(t), a, b, c, d, to_reals(e)",
    }
    names = ", ".join("tabcdefg"[: PHASES[name]])
    exec(f"def repeat(times, {names}):\n    for _ in range(times):\n        {name}({casts[name]})\n", space)
    return njit(types.void(*[types.int64] * (PHASES[name] + 1)), nogil=True, error_model="numpy")(space["repeat"])


def phase(engine: str, dtype: np.dtype, name: str) -> Callable[..., None]:
    """(times, address of a Task, *further arguments of the phase)"""
    if engine == "numba":
        return _numba_phase(dtype, name)
    return _repeated(engine, library(engine, dtype).address(name), PHASES[name])
