"""The arrays that records of a job point to: these hold addresses only, and somebody has to hold the arrays."""

from __future__ import annotations

import numpy as np

from .memory import address_of, aligned


class Room:
    """Arrays that live as long as this."""

    def __init__(self) -> None:
        self._kept: list[np.ndarray] = []
        self._panels: list[np.ndarray] = []  # of these, the panels of outputs and deltas

    def keep(self, array: np.ndarray) -> int:
        """The array's address."""
        self._kept.append(array)
        return address_of(array)

    def zeros(self, count: int, dtype: np.dtype) -> int:
        """The address of so many."""
        return self.keep(aligned(count, dtype))

    def panels(self, pitch: int, columns: int, dtype: np.dtype) -> int:
        """The address of room for panels; 16 rows behind the last one may be read, with whatever they hold."""
        address = self.zeros(pitch * columns + 16 * 32, dtype)
        self._panels.append(self._kept[-1])
        return address

    def clear(self) -> None:
        """After numbers that were not finite: some padding is only ever multiplied, and 0 times NaN is NaN."""
        for array in self._panels:
            array[:] = 0
