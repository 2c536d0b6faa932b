"""The kernels of a compiled engine."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cached_property
from typing import Any

from .workspace import MOST_THREADS

ENTRY = ctypes.CFUNCTYPE(None, ctypes.c_int64, ctypes.c_int64)


class Library:
    """The kernels of one engine for one dtype, called through ctypes, which lets go of the GIL.

    Parameters
    ----------
    address : callable
        Name of a kernel -> its address, by which the engine's other kernels call it, in their own way; a name that is
        not there raises KeyError.
    entry : callable
        Name of ``train`` or ``infer`` -> a function of (address of a Task, thread number), for Python; it is asked when
        one is first wanted, as it may have to be compiled.
    unit : bool
        Wide layers are the matrix unit's.
    threads : int
        That the kernels can run on, at most.
    """

    def __init__(
        self, address: Callable[[str], int], entry: Callable[[str], Any], unit: bool, threads: int = MOST_THREADS
    ) -> None:
        self.address, self._entry, self.unit, self.threads = address, entry, unit, threads

    @cached_property
    def train(self) -> Any:
        return self._entry("train")

    @cached_property
    def infer(self) -> Any:
        return self._entry("infer")
