"""How Numba's kernels are made."""

import numpy as np
import pytest

from fastsgd.engines.numba import MARKS, kernels
from fastsgd.kernels.source.tables import activation_table, loss_table, row_loss_table, update_table

WHOLE = (
    "train", "infer", "product", "block_of_rows", "settle_rows", "block_of_columns", "settle_columns", "block_of_lanes",
    "settle_lanes", "block_of_one", "block_of_ahead", "block_of_line", "block_of_steps", "finish_update",
    "forward_other", "forward_activity", "learn_vectors",
)  # fmt: skip
RENDERED = {
    "activate": activation_table(), "slope": activation_table(), "loss": loss_table(), "judge": row_loss_table(),
    "point": loss_table(), "update": update_table(), "rank": update_table(), "line": update_table(),
    "descend": update_table(),
}  # fmt: skip
BY_ADDRESS = [*WHOLE, *(f"{kind}_{name}" for kind, names in RENDERED.items() for name in names if name != "linear")]


@pytest.mark.parametrize("name", BY_ADDRESS)
def test_a_wrapper_says_of_itself_what_its_kernel_does(name):
    """A kernel is inlined into its wrapper, and LLVM asks the wrapper what it may do."""
    code = kernels(np.dtype(np.float32)).function(name).py_func.__code__
    mark = MARKS.get(name.partition("_")[0])
    assert set(code.co_names) & set(MARKS.values()) == ({mark} if mark else set())
