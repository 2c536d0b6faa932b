"""The engine that was compiled ahead: one extension for each number type and instruction set."""

from __future__ import annotations

import ctypes
import os
from functools import cache
from importlib import import_module
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ..kernels import records
from ..kernels.source.tables import ADDED
from ..program import Program
from .compiled import ENTRY, CompiledNetwork, Library

NATIVE = Path(__file__).with_name("native")
DTYPES = ("float32", "float64")
LEVELS = {"x86-64-v4": "v4", "x86-64-v3": "v3", "baseline": "baseline"}  # FASTSGD_ISA -> folder, best first


def supported() -> list[str]:
    """Instruction sets that this processor has, best first."""
    cpu = import_module(
        "numpy._core._multiarray_umath" if hasattr(np, "_core") else "numpy.core._multiarray_umath"
    ).__cpu_features__
    v3 = cpu.get("AVX2") and cpu.get("FMA3")
    v4 = v3 and cpu.get("AVX512_SKX")
    return ["x86-64-v4"] * bool(v4) + ["x86-64-v3"] * bool(v3) + ["baseline"]


def built() -> list[str]:
    """Instruction sets whose extensions were built, both of them, and for this Python."""
    wanted = {isa: [NATIVE / f"{folder}_{dtype}" for dtype in DTYPES] for isa, folder in LEVELS.items()}
    return [isa for isa, folders in wanted.items() if all(map(_has_extension, folders))]


def _has_extension(folder: Path) -> bool:
    return any((folder / f"kernels{suffix}").exists() for suffix in EXTENSION_SUFFIXES)


def extension(isa: str, dtype: str) -> ModuleType:
    """The kernels for an instruction set that this processor has.

    Raises
    ------
    ImportError
        They cannot be loaded, or were compiled for other records than those that they would be given.
    """
    module = import_module(f"fastsgd.engines.native.{LEVELS[isa]}_{dtype}.kernels")
    if getattr(module, "RECORDS", None) != records.stamp():
        raise ImportError(
            f"the compiled extensions for {isa} were built from another version of fastsgd/kernels/records.py; build "
            "them again (in a checkout: pip install -e .) or use backend='numba'"
        )
    return module


def chosen() -> str:
    """The instruction set to use: ``FASTSGD_ISA``, or the best that was built, from these sources, and runs here.

    Raises
    ------
    ImportError
        If nothing was built, or not what ``FASTSGD_ISA`` asks for, or this processor lacks it.
    """
    wanted = os.environ.get("FASTSGD_ISA", "")
    if wanted and wanted not in LEVELS:
        raise ImportError(f"FASTSGD_ISA is {wanted!r}; it can be {', '.join(LEVELS)}")
    usable = [isa for isa in supported() if isa in built()]
    if wanted and wanted not in usable:
        raise ImportError(
            f"FASTSGD_ISA is {wanted!r}, but here only these were built and run: {', '.join(usable) or 'none'}"
        )
    if not usable:
        raise ImportError(
            "the compiled extensions were not built; install a C compiler and reinstall fastsgd, or use backend='numba'"
        )
    reasons: list[ImportError] = []
    for isa in [wanted] if wanted else usable:
        try:
            for dtype in DTYPES:
                extension(isa, dtype)
            return isa
        except ImportError as error:
            reasons.append(error)
    raise reasons[0]


@cache
def library(isa: str, dtype: np.dtype) -> Library:
    capsules = extension(isa, dtype.name).__pyx_capi__

    def address(name: str) -> int:
        if name in ADDED:  # a user's formula: its loop is compiled now, and called like those compiled ahead
            return int(_kernels_of_numba(dtype).address_for_c(name))
        capsule = capsules[name]
        return _pointer(capsule, _capsule_name(capsule))

    return Library(address, lambda name: ENTRY(address(name)))


def _kernels_of_numba(dtype: np.dtype) -> Any:
    try:
        from .numba import kernels
    except ModuleNotFoundError as error:
        raise ImportError("formulas of one's own are compiled by Numba: pip install numba") from error
    return kernels(dtype)


_capsule_name = ctypes.pythonapi.PyCapsule_GetName
_capsule_name.restype, _capsule_name.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer = ctypes.pythonapi.PyCapsule_GetPointer
_pointer.restype, _pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]


class CythonEngine:
    """Kernels compiled ahead by Cython and the C compiler; nothing to warm up."""

    name = "cython"

    def __init__(self) -> None:
        self.isa = chosen()

    def network(self, program: Program) -> CompiledNetwork:
        return CompiledNetwork(library(self.isa, np.dtype(program.dtype)), program)
