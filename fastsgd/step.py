"""One step by itself, on rows of the caller's choice: no epochs, and nobody to be told."""

from __future__ import annotations

from typing import Any

from . import runs
from .backend import check_threads
from .divergence import DivergenceError
from .engines import Diverged
from .evaluation import Rows
from .history import plain
from .interrupts import Interrupts
from .program import Program


def train_step(model: Any, rows: Rows, program: Program) -> dict[str, Any]:
    """Train on all these rows at once.

    Parameters
    ----------
    model : Sequential
        Of it are used: ``optimizer`` (read, and its ``steps`` written), ``report``, ``target_scale``, ``num_threads``
        and ``shuffle_seed``.
    rows : Rows
    program : Program
        Of the network.

    Returns
    -------
    dict
        Loss and metrics of what the outputs were before the step.

    Raises
    ------
    DivergenceError
        The loss, or the weights after the step, are not finite; weights, memories and counters are those before. What
        layers and the targets' scale did not know and have learned of these rows stays.
    KeyboardInterrupt
        On Ctrl-C; the weights are those before the step, or after it.
    """
    check_threads(model.num_threads)  # an error in the environment's, before layers learn
    train, _ = model.prepare(rows, None)
    network, optimizer = model._network(program), model.optimizer
    with Interrupts() as interrupts:
        run = runs.begin(model, network, train, batch_size=len(train))
        try:
            with run:
                while run.epoch < 1:
                    with interrupts.held:
                        try:
                            run.advance(1)
                        finally:
                            optimizer.steps = run.step
        except Diverged:
            with interrupts.held:  # the run has put its weights back
                optimizer.steps = run.step
            raise DivergenceError(1, 1) from None
    logs: dict[str, Any] = {"loss": run.losses[0]}
    if model.report:
        model.report.reset()
        model.report.update(train.targets, model.target_scale.restored(run.predictions), train.weights)
        logs |= {name: plain(value) for name, value in model.report.results().items()}
    return logs
