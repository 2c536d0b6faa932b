"""The NumPy engine: the whole of training as in a textbook, one equation a line.

It is what the compiled engines are measured against and checked with. Its formulas come from the one source; the matrix
products and the loop are its own, so that a fault in either shows. Products are NumPy's: the bits of a row's output
may depend on the rows beside it.

::

    x (B, K) inputs    W (K, N), b (N,) weights    z = x W + b    a = f(z) outputs    L loss    Dz = dL/dz and so on
"""

from __future__ import annotations

from ...program import Program
from .network import ReferenceNetwork
from .order import row_order
from .run import ReferenceRun

__all__ = ["ReferenceEngine", "ReferenceNetwork", "ReferenceRun", "row_order"]


class ReferenceEngine:
    """See :class:`fastsgd.engines.Engine`."""

    name = "numpy"

    def network(self, program: Program) -> ReferenceNetwork:
        return ReferenceNetwork(program)
