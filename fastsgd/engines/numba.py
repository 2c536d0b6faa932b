"""The engine that Numba compiles on first use: no compiler needed, nothing built ahead.

Each kernel that is called by address has one signature. It is compiled when it is first wanted, and kept in Numba's
cache on disk: for other kernels of Numba's as a function that they call as their own, and under another name,
``..._for_c``, as one of C, for Python and for what Cython compiled. Numba's cache sees changes in a function's own file
only, so the digest of all sources is part of each cached function's name: another source, another entry.
"""

from __future__ import annotations

import builtins
import types as python
import warnings
from collections.abc import Callable
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numba import cfunc, njit, types
from numba.core.registry import cpu_target

from ..kernels.source import parts, text
from ..kernels.source.tables import ADDED
from ..program import Program
from . import intrinsics, processor
from .compiled import CompiledNetwork
from .library import ENTRY, Library

HERE = Path(__file__).parent
SOURCES = (*sorted(HERE.glob("*.py")), *sorted(parts.HERE.rglob("*.py")))
OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
BARE = partial(njit, no_cpython_wrapper=True, no_cfunc_wrapper=True)  # for Numba's own calls, not for Python's or C's
NOT_KEPT = (
    "Numba cannot keep compiled kernels on disk, or read those that it kept: every process compiles them again, which "
    "takes seconds. Set the environment variable NUMBA_CACHE_DIR to a folder that can be written to"
)


@cache
def digest() -> str:
    return sha256(b"".join(path.read_bytes() for path in SOURCES)).hexdigest()[:16]


class Kernels:
    """The kernels for one dtype: jitted when first needed, compiled function by function."""

    def __init__(self, dtype: np.dtype) -> None:
        self.dtype = dtype
        self.scalar = types.float64 if dtype == np.float64 else types.float32
        self._jitted: dict[str, Any] | None = None
        self._addresses: dict[str, int] = {}
        self._addresses_for_c: dict[str, int] = {}
        self._held: list[Any] = []  # what lies at addresses that were given away

    def jitted(self) -> dict[str, Any]:
        """All functions of the source as Numba dispatchers; nothing is compiled yet."""
        if self._jitted is None:
            self._jitted = text.load(intrinsics.names(self.dtype))
            self._jit(self._jitted)
        return self._jitted

    def _jit(self, space: dict[str, Any]) -> None:
        """Make dispatchers of the functions that are none yet."""
        for name, f in list(space.items()):
            if isinstance(f, python.FunctionType):
                if f.__globals__ is space:  # cached code is linked by symbol: no two kernels may share a name
                    f.__qualname__ = f"{name}_{self.dtype.name}_{digest()}"
                formula = f.__annotations__.get("return", "real") in ("real", "u64")
                space[name] = BARE(forceinline=formula, **OPTIONS)(f)

    def function(self, name: str) -> Any:
        """One of the functions; also one of a formula that was added at run time."""
        space = self.jitted()
        if name not in space:
            added = ADDED[name]
            text.define(added.functions + added.loops, space)
            self._jit(space)
        return space[name]

    def address(self, name: str) -> int:
        """Where a kernel begins, for those that call it as :func:`fastsgd.engines.numba_llvm.called` does."""
        if name not in self._addresses:
            code = self._compile(name, BARE).overloads[intrinsics.arguments_of(name, self.scalar)]
            self._addresses[name] = code.library.get_pointer_to_function(code.fndesc.llvm_func_name)
        return self._addresses[name]

    def address_for_c(self, name: str) -> int:
        """Where a kernel begins, for those that call it as a function of C: Python, and what Cython compiled."""
        if name not in self._addresses_for_c:
            self._addresses_for_c[name] = self._compile(name, cfunc, "_for_c").address
        return self._addresses_for_c[name]

    def _compile(self, name: str, compiler: Callable[..., Any], suffix: str = "") -> Any:
        arguments = intrinsics.arguments_of(name, self.scalar)
        signature = types.void(*arguments)
        label = f"{name}_{self.dtype.name}_{digest()}{suffix}"
        code = _wrapper(len(arguments)).replace(co_name=label)
        f = python.FunctionType(code, _Late(self, name), label)
        f.__module__, f.__qualname__ = __name__, label  # the cache's file is named after these two
        try:
            compiled = compiler(signature, cache=True, **OPTIONS)(f)
        except Exception:
            compiled = compiler(signature, **OPTIONS)(f)  # raises again, if it was not for the cache
            warnings.warn(NOT_KEPT, stacklevel=2)
        self._held.append(compiled)
        return compiled


class _Late(dict):  # type: ignore[type-arg]
    """A wrapper's globals. Numba asks for the kernel only when it compiles: with a full cache nothing is jitted."""

    def __init__(self, kernels: Kernels, name: str) -> None:
        super().__init__(__builtins__=builtins, __name__=__name__)
        self._wanted = kernels, name

    def __missing__(self, key: str) -> Any:
        kernels, name = self._wanted
        if key != "kernel":
            raise KeyError(key)
        kernel = kernels.function(name).py_func
        # The wrapper takes in the kernel's statements: nothing is compiled twice, and no call between the two hands a
        # dozen arguments on through memory. What they name may be younger than this compilation's list of intrinsics.
        cpu_target.typing_context.refresh()
        return BARE(inline="always", **OPTIONS)(kernel)


@cache
def _wrapper(arguments: int) -> python.CodeType:
    """The code of a function of so many arguments that hands them to ``kernel``; in this file, for the cache."""
    names = ", ".join(f"a{i}" for i in range(arguments))
    space: dict[str, Any] = {}
    exec(compile(f"def wrapper({names}):\n    kernel({names})\n", __file__, "exec"), space)
    return space["wrapper"].__code__


class NumbaEngine:
    """Kernels compiled by Numba at first use and cached on disk."""

    name = "numba"

    def __init__(self) -> None:
        self.unit = processor.unit_is_asked_for()
        if self.unit:
            processor.check_unit()

    def network(self, program: Program) -> CompiledNetwork:
        return CompiledNetwork(library(np.dtype(program.dtype), self.unit), program)


@cache
def kernels(dtype: np.dtype) -> Kernels:
    return Kernels(dtype)


@cache
def library(dtype: np.dtype, unit: bool) -> Library:
    if unit:
        processor.check_unit()
    made = kernels(dtype)
    return Library(made.address, lambda name: ENTRY(made.address_for_c(name)), unit and dtype == np.float32)
