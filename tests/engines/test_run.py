"""What a run tells the kernels."""

import numpy as np
import pytest

from fastsgd.engines import run


@pytest.mark.parametrize("batch_size", [32, 600])  # one task, or one for each lane
def test_rows_are_far_if_they_are_many_and_shuffled(trainer, compiled_engine, batch_size, monkeypatch):
    job = trainer((13, 2), rows=1300)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)

    def far(x, shuffle=True):
        with network.training(
            x, job.y[: len(x)], batch_size=batch_size, hyper=job.hyper, step=0, shuffle=shuffle, seed=7, first_epoch=0
        ) as training:
            while training.epoch < 1:
                training.advance(1)
        members = network._lanes._members if network._lanes else []
        return {network._work.task.far, *(member.task.far for member in members)}

    monkeypatch.setattr(run, "FAR", job.x.nbytes)
    assert far(job.x) == {1}
    assert far(job.x, shuffle=False) == {0}
    assert far(job.x[:-1]) == {0}
    assert far(np.repeat(job.x, 2, axis=1)[:650, :13]) == {1}  # half as many, twice as far from each other
