"""Memory for weights and for what the kernels work with: aligned to cache lines, and where it is large in huge pages.

Huge pages lie in one piece in physical memory, too. Scattered pages of 4 KiB fall on some sets of the second-level
cache more often than on others, so that weights which it could just hold are not all there: 784-256-10 at 1 row takes
0.89 to 0.95 of a step in huge pages, at 8 rows 0.95 to 0.98, with more rows and in larger networks about the same.
"""

from __future__ import annotations

import ctypes
import mmap
from contextlib import suppress

import numpy as np

LINE = 64  # bytes of a cache line, which everything begins at
PAGE = 2 << 20  # bytes of a huge page
LARGE = PAGE // 2  # from so many bytes on they may lie in huge pages: at most as much again is left empty


def address_of(array: np.ndarray) -> int:
    """Where an array begins; its buffer tells it in a third of the time, and every run asks for five or more."""
    flags = array.flags
    if flags.c_contiguous and flags.writeable and array.size:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]
    return array.ctypes.data


def aligned(count: int, dtype: np.dtype) -> np.ndarray:
    """Zeros that begin at a cache line, with a line behind them (in case of a vector that reads on)."""
    size = count * dtype.itemsize
    raw = np.zeros(size + 2 * LINE, np.uint8) if size < LARGE else _in_huge_pages(size + 2 * LINE)
    begin = -address_of(raw) % LINE
    return raw[begin : begin + size].view(dtype)


def _in_huge_pages(size: int) -> np.ndarray:
    """Zeros that begin at a huge page, if the system has them and gives them to those who ask."""
    if not hasattr(mmap, "MADV_HUGEPAGE"):
        return np.zeros(size, np.uint8)
    whole = -(-size // PAGE) * PAGE
    try:
        area = mmap.mmap(-1, whole + PAGE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)  # a fork has its own
    except OSError as error:
        raise MemoryError(f"Unable to allocate {size} bytes") from error
    begin = -address_of(np.frombuffer(area, np.uint8)) % PAGE
    with suppress(OSError):  # a kernel without them
        area.madvise(mmap.MADV_HUGEPAGE, begin, whole)
    return np.frombuffer(area, np.uint8, size, begin)
