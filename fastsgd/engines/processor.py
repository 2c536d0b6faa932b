"""What this processor has: instruction sets, and a matrix unit (AMX)."""

from __future__ import annotations

import ctypes
import os
import platform
from functools import cache
from importlib import import_module
from pathlib import Path

import numpy as np

from . import MATRIX_UNIT

UNIT, UNIT_BUILD = MATRIX_UNIT, "x86-64-v4"  # as FASTSGD_ISA names it; what is compiled for it
ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA = 158, 0x1023, 18  # of Linux


def supported() -> list[str]:
    """Instruction sets, best first; as NumPy sees them, for the processor may be an emulator's."""
    cpu = import_module(
        "numpy._core._multiarray_umath" if hasattr(np, "_core") else "numpy.core._multiarray_umath"
    ).__cpu_features__
    v3 = cpu.get("AVX2") and cpu.get("FMA3")
    v4 = v3 and cpu.get("AVX512_SKX")
    return ["x86-64-v4"] * bool(v4) + ["x86-64-v3"] * bool(v3) + ["baseline"]


@cache
def has_unit() -> bool:
    """Whether this process may use a matrix unit for bfloat16: the processor has it, and Linux gives its registers.

    Linux asks a process to ask, once; its threads, and those that it forks, are granted with it.
    """
    if platform.system() != "Linux" or platform.machine() != "x86_64" or UNIT_BUILD not in supported():
        return False
    try:
        with Path("/proc/cpuinfo").open("rb") as file:
            if b" amx_bf16 " not in file.read(8192):
                return False
    except OSError:
        return False
    return ctypes.CDLL(None).syscall(ARCH_PRCTL, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0


def unit_is_asked_for() -> bool:
    """Whether ``FASTSGD_ISA`` asks for it: its results have bits of their own, so nobody gets it unasked."""
    return os.environ.get("FASTSGD_ISA") == UNIT


def check_unit() -> None:
    """Before it is used: the processor stops a program that was not granted it.

    Raises
    ------
    ImportError
        There is none.
    """
    if not has_unit():
        raise ImportError(
            f"FASTSGD_ISA is {UNIT!r}, but this processor, or its system, has no AMX: unset it, or take {UNIT_BUILD!r}"
        )
