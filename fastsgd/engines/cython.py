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
from . import processor
from .compiled import CompiledNetwork
from .library import ENTRY, Library

NATIVE = Path(__file__).with_name("native")
DTYPES = ("float32", "float64")
LEVELS = {"x86-64-v4": "v4", "x86-64-v3": "v3", "baseline": "baseline"}  # FASTSGD_ISA -> folder, best first


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
    if wanted and wanted not in (*LEVELS, processor.UNIT):
        raise ImportError(f"FASTSGD_ISA is {wanted!r}; it can be {', '.join((*LEVELS, processor.UNIT))}")
    if wanted == processor.UNIT:
        processor.check_unit()
        wanted = processor.UNIT_BUILD
    usable = [isa for isa in processor.supported() if isa in built()]
    if wanted and wanted not in usable:
        raise ImportError(
            f"FASTSGD_ISA is {os.environ['FASTSGD_ISA']!r}, but here only these were built and run: "
            f"{', '.join(usable) or 'none'}"
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


def check_unit(isa: str) -> None:
    """Raises ImportError where there is no matrix unit, or no code for it."""
    processor.check_unit()
    if not extension(isa, "float32").UNIT:
        raise ImportError(
            "the compiled extensions have no code for AMX, which their compiler or assembler did not know: build them "
            "again with newer ones, or use backend='numba'"
        )


@cache
def library(isa: str, dtype: np.dtype, unit: bool) -> Library:
    if unit:
        check_unit(isa)
    capsules = extension(isa, dtype.name).__pyx_capi__

    def address(name: str) -> int:
        if name in ADDED:  # a user's formula: its loop is compiled now, and called like those compiled ahead
            return int(_kernels_of_numba(dtype).address_for_c(name))
        capsule = capsules[name]
        return _pointer(capsule, _capsule_name(capsule))

    return Library(address, lambda name: ENTRY(address(name)), unit and dtype == np.float32)


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
        self.unit = processor.unit_is_asked_for()
        if self.unit:
            check_unit(self.isa)

    def network(self, program: Program) -> CompiledNetwork:
        return CompiledNetwork(library(self.isa, np.dtype(program.dtype), self.unit), program)
