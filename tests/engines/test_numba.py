"""What Numba makes of the kernels."""

import numpy as np
import pytest

from fastsgd.engines import numba as engine

MARKS = '"prefer-vector-width"="512"', "optsize"


@pytest.mark.parametrize("name, marks", [("activate_relu", 1), ("line_sgd", 2), ("settle_lanes", 0)])
def test_what_a_kernel_tells_llvm_reaches_its_wrapper(name, marks):
    """The kernel is taken in: what it says of "the function that calls" must be said of what is compiled."""
    kernels = engine.Kernels(np.dtype(np.float32))
    compiled = kernels._compile(name, lambda signature, cache=False, **options: engine.BARE(signature, **options))
    (text,) = compiled.inspect_llvm().values()
    assert [mark in text for mark in MARKS] == [marks > 0, marks > 1]
