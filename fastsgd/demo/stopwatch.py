"""How long an epoch takes."""

from __future__ import annotations

import time

from .jobs import Job

SECONDS = 0.15  # of a measurement


def epoch_seconds(job: Job, batch_size: int | str, backend: str | None = None) -> float:
    """Seconds of an epoch, training alone, the best of some measurements over several epochs each."""
    model = job.model(batch_size, backend=backend)

    def seconds(epochs: int) -> float:
        start = time.perf_counter()
        model.fit(job.x, job.y, batch_size, epochs, verbose=0)
        return (time.perf_counter() - start) / epochs

    seconds(1)  # weights are made, memory is touched
    epochs = max(1, min(job.epochs, int(SECONDS / seconds(1))))
    return min(seconds(epochs) for _ in range(job.repeats))
