"""What a fit writes into its history on demand, beside loss and metrics."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from .callbacks import CallbackList
from .engines import Diverged, Network
from .engines.reference.network import ReferenceNetwork, views
from .evaluation import Rows, evaluate
from .metrics import Report
from .names import lookup
from .optimizers import SGD

NOISE = ("dropout", "alpha_dropout", "gaussian_dropout", "gaussian_noise")
NAMES = ("learning_rate", "grad_norm", "epoch_time", "loss_end")


def wanted(record: Any) -> tuple[str, ...]:
    """The names that ``record`` means, each once.

    Parameters
    ----------
    record : str, iterable of str, or None

    Raises
    ------
    TypeError, ValueError
        Something else, or an unknown name.
    """
    if isinstance(record, str):
        record = [record]
    if not isinstance(record, Iterable | None):
        raise TypeError(f"record must be names out of {', '.join(NAMES)}, got {record!r}")
    return tuple(dict.fromkeys(lookup("record", name, {name: name for name in NAMES}) for name in record or ()))


def recorded(
    names: tuple[str, ...], optimizer: Any, network: Network, rows: Rows, threads: int | str, seconds: float
) -> dict[str, float]:
    """These numbers at the end of an epoch.

    Parameters
    ----------
    names : tuple of str
        Of :data:`NAMES`.
    optimizer : Optimizer
    network : Network
        As it is after the epoch.
    rows : Rows
        All that is trained on.
    threads : int or "auto"
    seconds : float
        What the epoch took.
    """
    values: dict[str, float] = {}
    for name in names:
        if name == "learning_rate":
            values[name] = float(np.ravel(optimizer.rates(np.array([optimizer.steps])))[0])
        elif name == "grad_norm":
            values[name] = gradient_norm(network, rows)
        elif name == "epoch_time":
            values[name] = seconds
        else:
            values[name] = evaluate(network, rows, Report(), threads, len(rows), CallbackList())["loss"]
    return values


def gradient_norm(network: Network, rows: Rows) -> float:
    """Root of the sum of squares of the gradient of the loss over all these rows, by the weights that are trained.

    At the present weights, regularizers included, without dropout and noise; batch normalization takes all rows as one
    batch. The compiled engines use a gradient up where it arises, so it is computed once more, by a pass of the NumPy
    engine: one step on all rows, of length 0. NaN, if the loss is not finite.
    """
    program = network.program
    ops = tuple(replace(op, kind="activation", constants=()) if op.kind in NOISE else op for op in program.ops)
    copy = ReferenceNetwork(replace(program, ops=ops, rule="sgd", finish=None))
    copy.set_weights(network.get_weights())
    run = copy.training(
        rows.x, rows.y, batch_size=len(rows), hyper=lambda t: SGD(0.0).hyper(t, finish=True), step=0, shuffle=False,
        seed=0, first_epoch=0, weights=rows.weights,
    )  # fmt: skip
    try:
        with run:
            while run.epoch < 1:
                run.advance(1)
    except Diverged:  # of this run; the one that trains finds out by itself
        return math.nan
    gradients = zip(views(copy.g, copy.shapes), program.trained(), strict=True)
    return math.sqrt(sum(float(np.sum(np.square(g, dtype=np.float64))) for g, trained in gradients if trained))
