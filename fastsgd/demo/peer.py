"""The same training by scikit-learn."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass

import numpy as np

from .. import get_backend
from .engines import BATCH_SIZE, Trained
from .jobs import Job
from .table import render


@dataclass(frozen=True)
class Side:
    """One of the two sides."""

    name: str
    seconds: float  # an epoch
    errors: list[float]  # of the held-out rows, for each seed


def compare(job: Job, engines: list[Trained]) -> tuple[Side, Side]:
    """fastsgd and scikit-learn's MLPRegressor: the same network, rule, batch size and epochs; other random weights.

    Parameters
    ----------
    engines : list of Trained
        That ``get_backend()`` names among them: its time is ours.
    """
    used = next(engine for engine in engines if engine.name == get_backend())
    errors = []
    for seed in range(job.repeats):
        model = job.model(BATCH_SIZE, seed=seed)
        model.fit(job.x, job.y, BATCH_SIZE, job.epochs, verbose=0)
        errors.append(job.error(model.predict(job.x_held_out, verbose=0)))
    ours = Side(f"fastsgd ({used.name})", used.batches, errors)
    return ours, scikit_learn(job)


def scikit_learn(job: Job) -> Side:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPRegressor

    outputs = job.y.shape[1]
    y = job.y if outputs > 1 else job.y.ravel()
    rate = job.rate(BATCH_SIZE) * 2 / outputs  # its loss is half the sum over outputs, ours the mean
    errors, seconds = [], []
    for seed in range(job.repeats):
        mlp = MLPRegressor(
            hidden_layer_sizes=job.hidden,
            activation="relu",
            solver="sgd",
            alpha=0.0,
            batch_size=BATCH_SIZE,
            learning_rate_init=rate,
            momentum=job.momentum,
            nesterovs_momentum=True,
            max_iter=job.epochs,
            tol=0.0,
            n_iter_no_change=job.epochs + 1,  # no early stop
            random_state=seed,
        )
        start = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # max_iter was reached: as wanted
            mlp.fit(job.x, y)
        seconds.append((time.perf_counter() - start) / job.epochs)
        errors.append(job.error(mlp.predict(job.x_held_out).reshape(job.y_held_out.shape)))
    return Side("scikit-learn MLPRegressor", min(seconds), errors)


def table(job: Job, ours: Side, theirs: Side) -> str:
    title = f"3. And scikit-learn? ({job.epochs} epochs of batches of {BATCH_SIZE}; errors of {job.repeats} seeds)"
    columns = ["", "ms an epoch", "times faster", "held-out loss, mean", "spread"]
    rows = [
        [
            side.name,
            f"{1e3 * side.seconds:.3f}",
            f"{theirs.seconds / side.seconds:.1f}",
            f"{np.mean(side.errors):.3f}",
            f"{np.std(side.errors):.3f}",
        ]
        for side in (ours, theirs)
    ]
    return render(title, columns, rows)
