"""Memory of the engines: zeros at a cache line, in huge pages where it is large."""

import mmap
import sys
from pathlib import Path

import numpy as np
import pytest

from fastsgd.engines.memory import LARGE, LINE, PAGE, address_of, aligned

SIZES = [1, 63, 1000, LARGE // 8 - 1, LARGE // 8, PAGE // 8, PAGE // 8 + 1, 3 * PAGE // 8 - 16]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zeros_at_a_line_with_a_line_behind_them(count, dtype):
    array = aligned(count, np.dtype(dtype))
    assert array.shape == (count,) and array.dtype == dtype
    assert array.ctypes.data % LINE == 0 and array.flags.writeable
    assert not array.any()
    array[:] = 7
    base = array if array.base is None else array.base
    assert base.ctypes.data + base.nbytes - array.ctypes.data - array.nbytes >= LINE
    assert (array == 7).all()


def test_an_array_of_any_kind_has_its_address():
    table = np.arange(12.0).reshape(3, 4)
    shown = table.view()
    shown.flags.writeable = False
    own = table.view(type("Own", (np.ndarray,), {}))
    for array in (table, table[1:], table[:, 1:], table.T, table[::-1], shown, table[:0], np.array(3.0), own,
                  table.astype(">f8"), np.broadcast_to(table[0], (2, 4))):  # fmt: skip
        assert address_of(array) == array.__array_interface__["data"][0]


@pytest.mark.skipif(not hasattr(mmap, "MADV_HUGEPAGE"), reason="Linux has them")
@pytest.mark.parametrize(("size", "huge"), [(LARGE - 8, False), (LARGE, True), (PAGE, True), (5 * PAGE + 8, True)])
def test_large_memory_is_asked_for_in_whole_huge_pages(size, huge, monkeypatch):
    asked = []

    class Area(mmap.mmap):
        def madvise(self, option, begin, length):
            asked.append((option, np.frombuffer(self, np.uint8).ctypes.data + begin, length))
            raise OSError(22, "a kernel without huge pages")

    monkeypatch.setattr(mmap, "mmap", Area)
    array = aligned(size // 8, np.dtype(np.float64))
    assert bool(asked) is huge
    for option, begin, length in asked:
        assert option == mmap.MADV_HUGEPAGE
        assert begin == array.ctypes.data and begin % PAGE == 0
        assert length % PAGE == 0 and length >= array.nbytes + LINE
    array[:] = 7
    assert (array == 7).all()


def test_systems_without_huge_pages(monkeypatch):
    monkeypatch.delattr(mmap, "MADV_HUGEPAGE", raising=False)
    array = aligned(PAGE, np.dtype(np.float32))
    assert array.ctypes.data % LINE == 0 and array.shape == (PAGE,) and not array.any()


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_what_nobody_holds_is_given_back():
    def resident():
        return int(Path("/proc/self/statm").read_text().split()[1]) * mmap.PAGESIZE

    before = resident()
    for _ in range(50):
        aligned(PAGE // 4 + 1, np.dtype(np.float32))[:] = 1
    assert resident() - before < 25 * PAGE


def test_no_memory_left():
    with pytest.raises(MemoryError, match="Unable to allocate"):
        aligned(1 << 45, np.dtype(np.float32))
