"""One row, a mini-batch, or all rows in a step."""

from __future__ import annotations

from dataclasses import dataclass

from .. import History, get_backend
from .jobs import BATCH_SIZES, Job
from .stopwatch import epoch_seconds
from .table import render

KINDS = {1: "single-sample", 32: "mini-batch", "full": "full-batch"}


@dataclass(frozen=True)
class Size:
    """How training went with one batch size."""

    batch_size: int | str
    rate: float
    seconds: float  # an epoch
    history: History

    @property
    def kind(self) -> str:
        return KINDS[self.batch_size]


def compare(job: Job) -> list[Size]:
    """The same network from the same weights with each batch size."""
    sizes = []
    for batch_size in BATCH_SIZES:
        history = job.model(batch_size).fit(
            job.x, job.y, batch_size, job.epochs, verbose=0, validation_data=(job.x_held_out, job.y_held_out)
        )
        sizes.append(Size(batch_size, job.rate(batch_size), epoch_seconds(job, batch_size), history))
    return sizes


def table(job: Job, sizes: list[Size]) -> str:
    columns = ["batch_size", "descent", "steps an epoch", "learning rate", "ms an epoch", "loss", "held-out loss"]
    rows = [
        [
            repr(size.batch_size),
            size.kind,
            str(size.history.params["steps"]),
            f"{size.rate:g}",
            f"{1e3 * size.seconds:.3f}",
            f"{size.history['loss'][-1]:.3f}",
            f"{size.history['val_loss'][-1]:.3f}",
        ]
        for size in sizes
    ]
    title = f"1. How many rows in a step? (engine {get_backend()}, after {job.epochs} epochs)"
    note = "A small batch makes more updates of the same rows; a large one shares an update's cost among more rows."
    return f"{render(title, columns, rows)}\n  {note}"
