"""Epochs of the cython engine whose instructions callgrind counts: run by ``tests/kernels/test_instruction_counts.py``.

Valgrind's client requests switch the counting on round the kernel alone, so that starting Python costs little time and
no counts. They are a sequence of instructions that do nothing elsewhere (see ``valgrind.h``), here written by hand into
a page of memory: no compiler is needed.
"""

from __future__ import annotations

import ctypes
import mmap
from itertools import pairwise

import numpy as np

from fastsgd.engines import cython
from fastsgd.program import Op, Program

ISA = "x86-64-v3"  # valgrind knows no AVX-512
# "net/batch": steps of the epoch; each path with shapes that it is for.
CELLS = {
    "8-32-32-1/32": 40,
    "16-64-64-1/8": 40,
    "16-64-64-1/256": 8,
    "13-1/1": 2000,
    "13-1/8": 400,
    "64-128-128-1/1": 40,
    "256-64-1/1": 40,
    "8-32-32-1/4096": 2,
}

DUMP_STATS_AT, START, STOP = (0x43540000 + code for code in (3, 4, 5))  # 'C', 'T'
REQUEST = bytes.fromhex(
    "4889f8"  # mov rax, rdi: the address of the request
    "31d2"  # xor edx, edx: the answer where there is no valgrind
    "48c1c703 48c1c70d 48c1c73d 48c1c733 4887db"  # rol rdi by 128 in all; xchg rbx, rbx
    "4889d0 c3"  # the answer
)


class Valgrind:
    """Requests to the valgrind that runs this process."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._page.write(REQUEST)
        address = ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        self._call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.POINTER(ctypes.c_uint64 * 6))(address)

    def request(self, code: int, text: bytes = b"") -> None:
        pointer = ctypes.cast(ctypes.c_char_p(text), ctypes.c_void_p).value or 0
        self._call((ctypes.c_uint64 * 6)(code, pointer))


def main() -> None:
    """One epoch of every cell, its counts dumped under the cell's name."""
    valgrind = Valgrind()
    library = cython.library(ISA, np.dtype(np.float32), False)
    train = library.train

    def counted(task: int, thread: int) -> None:
        valgrind.request(START)
        train(task, thread)
        valgrind.request(STOP)

    library.train = counted
    for cell, steps in CELLS.items():
        net, batch = cell.split("/")
        _epoch(tuple(map(int, net.split("-"))), int(batch), steps)
        valgrind.request(DUMP_STATS_AT, cell.encode())  # and back to zero


def _numbers(*shape: int) -> np.ndarray:
    """Of both signs, without NumPy's random module: its import takes seconds in valgrind."""
    return np.sin(np.arange(np.prod(shape)) ** 2 % 1001).astype(np.float32).reshape(shape)


def _epoch(widths: tuple[int, ...], batch: int, steps: int) -> None:
    last = len(widths) - 2
    ops = tuple(Op("dense", k, n, True, "relu" if i < last else "linear") for i, (k, n) in enumerate(pairwise(widths)))
    program = Program(ops, np.dtype(np.float32), "mse", (), "nesterov")
    x, y = (_numbers(steps * batch, n) for n in (widths[0], widths[-1]))
    engine = cython.CythonEngine()
    engine.isa = ISA
    network = engine.network(program)
    network.set_weights([_numbers(*s) * np.float32(s[0] ** -0.5) for s in program.weight_shapes()])
    with network.training(
        x, y, batch_size=batch, hyper=lambda t: np.tile([1e-3, 0.9], (len(t), 1)), step=0, shuffle=True, seed=0,
        first_epoch=0, threads=1, keep_predictions=False,
    ) as run:  # fmt: skip
        while run.epoch < 1:
            run.advance(1)


if __name__ == "__main__":
    main()
