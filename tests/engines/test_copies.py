"""The transposed copies of weights that training keeps."""

import numpy as np
import pytest

from fastsgd.engines import interpreted, workspace
from fastsgd.engines.memory import LINE


@pytest.mark.parametrize(("widths", "dtype"), [((5, 33, 40, 7), np.float32), ((5, 256, 7), np.float64)])
def test_memory_is_asked_for_the_lines_that_are_written(trainer, widths, dtype, monkeypatch):
    """And for no others but those of padding within the copies; first asked, then written."""
    asked, late = set(), set()
    names, transpose = interpreted.names, interpreted.transpose

    def lines(numbers):
        return set(range(numbers.ctypes.data // LINE, -(-(numbers.ctypes.data + numbers.nbytes) // LINE)))

    def spied(source, stride, to, to_stride):
        for i in range(16):
            late.update(lines(to[to_stride * i :][:16]) - asked)
        transpose(source, stride, to, to_stride)

    monkeypatch.setattr(interpreted, "transpose", spied)
    asking = {"prefetch_second": lambda place: asked.update(lines(place[:1]))}
    monkeypatch.setattr(interpreted, "names", lambda dtype: names(dtype) | asking)
    monkeypatch.setattr(interpreted, "library", interpreted.library.__wrapped__)
    monkeypatch.setattr(workspace, "FAR", 0)
    job = trainer(widths, dtype=dtype, rows=9)
    network, _ = job.run(interpreted.InterpretedEngine(), batch_size=9, epochs=1)
    assert asked
    assert not late
    assert asked <= lines(network.layout.turned)
