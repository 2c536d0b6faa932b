"""An optimizer's numbers for every step, as an engine asks for them while it trains."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .engines import Hyper, Network
from .program import Finish


def hyper_of(optimizer: Any, network: Network, names: Callable[[], list[str]]) -> Hyper:
    """The optimizer's numbers for an engine, as long as it still wants the rule that the network was made for.

    ``names`` gives those of the weights.
    """

    def hyper(t: np.ndarray) -> np.ndarray:
        if optimizer.rule != network.program.rule:
            raise ValueError(
                f"the optimizer's settings were changed amid training so that they need another update rule "
                f"({optimizer.rule} instead of {network.program.rule}); change them between two calls of fit"
            )
        wanted = optimizer.finish(names)
        if wanted != network.program.finish:
            raise ValueError(
                "the optimizer's options were changed amid training so that updates are made otherwise "
                f"({wanted or Finish()}); change them between two calls of fit"
            )
        return optimizer.hyper(t, network.program.deferred)

    return hyper
