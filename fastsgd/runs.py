"""Runs of an engine as a model's settings have them, and the optimizer's numbers that they ask for while they train."""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import training_threads
from .engines import Hyper, Network, Run
from .evaluation import Rows
from .program import Finish


def begin(
    model: Any,
    network: Network,
    rows: Rows,
    *,
    batch_size: int,
    shuffle: bool = False,
    first_epoch: int = 0,
    epochs: int = 1,
    in_one_go: int = 1,
) -> Run:
    """A run of the model's network over prepared rows; see :meth:`fastsgd.engines.Network.training`.

    Parameters
    ----------
    model : Sequential
        Of it are read: ``optimizer``, ``weight_names``, ``report``, ``num_threads`` and ``shuffle_seed``.
    in_one_go : int
        Steps until Python wants to be in between, if not for a moment: at the end of a batch, of an epoch or of all.
    """
    threads, most_threads = training_threads(network.program, batch_size, in_one_go, model.num_threads)
    return network.training(
        rows.x,
        rows.y,
        batch_size=batch_size,
        hyper=_hyper_of(model, network),
        step=model.optimizer.steps,
        shuffle=shuffle,
        seed=model.shuffle_seed,
        first_epoch=first_epoch,
        epochs=epochs,
        threads=threads,
        most_threads=most_threads,
        keep_predictions=bool(model.report),
        weights=rows.weights,
    )


def _hyper_of(model: Any, network: Network) -> Hyper:
    """The optimizer's numbers, as long as it still wants the rule that the network was made for."""
    optimizer, program = model.optimizer, network.program

    def hyper(t: np.ndarray) -> np.ndarray:
        if optimizer.rule != program.rule:
            raise ValueError(
                f"the optimizer's settings were changed amid training so that they need another update rule "
                f"({optimizer.rule} instead of {program.rule}); change them between two calls of fit"
            )
        wanted = optimizer.finish(model.weight_names)
        if wanted != program.finish:
            raise ValueError(
                "the optimizer's options were changed amid training so that updates are made otherwise "
                f"({wanted or Finish()}); change them between two calls of fit"
            )
        return optimizer.hyper(t, program.deferred)

    return hyper
