"""Inputs that end where readable memory ends, and canaries round every buffer: nothing reads or writes beyond."""

import ctypes
import mmap
import sys
from dataclasses import replace

import numpy as np
import pytest
from engine_jobs import UNIT, workspace_of

from fastsgd.engines import lanes, layout, memory, paths, room, run, workspace
from fastsgd.program import Op

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs mprotect")
PAGE = mmap.PAGESIZE


class Guarded:
    """Arrays whose last byte (or first) touches a page that cannot be read."""

    def __init__(self):
        self.maps = []
        self.libc = ctypes.CDLL(None, use_errno=True)

    def place(self, array, at_end, allow=mmap.PROT_READ):
        pages = -(-array.nbytes // PAGE)
        area = mmap.mmap(-1, (pages + 2) * PAGE)
        base = ctypes.addressof(ctypes.c_char.from_buffer(area))
        for guard in (base, base + (pages + 1) * PAGE):
            assert self.libc.mprotect(ctypes.c_void_p(guard), PAGE, 0) == 0
        begin = PAGE + (pages * PAGE - array.nbytes if at_end else 0)
        placed = np.frombuffer(area, array.dtype, array.size, begin).reshape(array.shape)
        placed[...] = array
        assert self.libc.mprotect(ctypes.c_void_p(base + PAGE), pages * PAGE, allow) == 0  # read-only by default
        self.maps.append((area, base, pages))
        return placed

    def release(self):
        for _, base, pages in self.maps:
            self.libc.mprotect(ctypes.c_void_p(base), (pages + 2) * PAGE, mmap.PROT_READ | mmap.PROT_WRITE)


@pytest.fixture
def guarded():
    guard = Guarded()
    yield guard
    guard.release()


@pytest.mark.parametrize("at_end", [True, False])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("widths", [(1, 1), (3, 5, 2), (4, 1), (8, 2), (13, 1), (17, 33, 19), (40, 16, 7)])
@pytest.mark.parametrize("batch_size", [1, 8])
def test_rows_at_the_edge_of_memory(trainer, any_engine, guarded, widths, dtype, at_end, batch_size):
    job = trainer(widths, dtype=dtype, rows=37)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    x, y = guarded.place(job.x, at_end), guarded.place(job.y, at_end)
    network, _ = job.run(any_engine, batch_size=batch_size, x=x, y=y)
    expected, _ = job.run(any_engine, batch_size=batch_size)
    for a, b in zip(network.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(network.predict(x), network.predict(job.x))
    assert network.evaluate(x, y)[0] == network.evaluate(job.x, job.y)[0]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch_size", [1, 8, 33, 100, 700])
@pytest.mark.parametrize("widths", [(13, 1), (5, 17, 3), (40, 70), (200, 70)])
@pytest.mark.parametrize("dropout", [False, True])
def test_the_order_ends_where_memory_ends(
    trainer, compiled_engine, guarded, dropout, widths, batch_size, threads, monkeypatch
):
    """Rows are asked for before their turn, as if they came from beyond the second-level cache."""
    job = trainer(widths, rows=1301)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    if dropout:
        ops = (Op("dropout", widths[0], widths[0], constants=(0.3,)), *job.program.ops)
        job.program = replace(job.program, ops=ops)
    settings = {"batch_size": batch_size, "threads": threads, "epochs": 2}
    expected = job.digest(compiled_engine, **settings)
    take_path, far = workspace.Workspace.take_path, []

    def with_guarded_order(self, path):
        take_path(self, path)
        order = guarded.place(np.arange(self.task.samples), True, mmap.PROT_READ | mmap.PROT_WRITE)
        self.task.order = order.ctypes.data
        far.append(self.task.far)

    monkeypatch.setattr(run, "FAR", 0)
    monkeypatch.setattr(run, "FARTHER", 0)
    monkeypatch.setattr(workspace.Workspace, "take_path", with_guarded_order)
    assert job.digest(compiled_engine, **settings) == expected
    assert set(far) == {2}


CANARY = 0xA5


@pytest.fixture
def fences(monkeypatch):
    """Every buffer of a network is made by ``aligned``: bytes round it that nobody may touch; all of them, as made."""
    made = []

    def fenced(count, dtype):
        size = count * dtype.itemsize
        raw = np.full(size + 4096, CANARY, np.uint8)
        begin = 1024 + (-(raw.ctypes.data + 1024)) % memory.LINE
        raw[begin : begin + size] = 0
        made.append((raw, begin, begin + size))
        return raw[begin : begin + size].view(dtype)

    for module in (layout, room, workspace, lanes):
        monkeypatch.setattr(module, "aligned", fenced)
    return made


def untouched(fences):
    return all((raw[:begin] == CANARY).all() and (raw[end:] == CANARY).all() for raw, begin, end in fences)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("batch_size", "memory"), [(1, 0), (2, 0), (13, 0), (37, 0), (300, 0), (300, paths.LANES_MEMORY)]
)
@pytest.mark.parametrize("widths", [(1, 1), (13, 1), (17, 33, 19), (40, 16, 7), (260, 70), (9, 70, 128, 3)])
def test_canaries(fences, trainer, compiled_engine, widths, batch_size, memory, dtype, monkeypatch):
    monkeypatch.setattr(paths, "LANES_MEMORY", memory)
    job = trainer(widths, dtype=dtype, rows=301)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    job.run(compiled_engine, batch_size=batch_size, threads=2, epochs=1)[0].predict(job.x)
    assert len(fences) > 8
    assert untouched(fences)


@pytest.mark.parametrize("name", UNIT)
@pytest.mark.parametrize("batch_size", [256, 300, 530])
@pytest.mark.parametrize("widths", [(64, 65), (65, 64, 1), (97, 70, 81, 5), (20, 64, 97, 3)])
def test_canaries_of_the_matrix_unit(fences, trainer, name, widths, batch_size):
    job = trainer(widths, rows=530)
    network, _ = job.run(UNIT[name](), batch_size=batch_size, threads=2, epochs=1)
    assert workspace_of(network).unit
    assert untouched(fences)
