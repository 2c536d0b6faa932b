"""Subnormal numbers count as zero inside the kernels and as themselves everywhere else."""

import numpy as np
import pytest


@pytest.mark.parametrize("threads", [1, 2])
def test_the_processor_mode_comes_back(trainer, compiled_engine, threads):
    job = trainer((4, 20, 1))
    job.run(compiled_engine, batch_size=10, threads=threads)[0].predict(job.x, threads)
    tiny = np.float32(1e-40)
    assert tiny * np.float32(0.5) > 0
    assert np.array([1e-310]) * np.array([0.5]) > 0


def test_velocity_of_dead_units_is_flushed(trainer, compiled_engine):
    """A unit that never fires halves its velocity each step: 20 steps from 1e-37 end at 1e-43 unless it is flushed."""
    job = trainer((4, 20, 1), rows=20)
    job.weights[1][:] = -100.0
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)
    network.set_slots([[np.full_like(w, 1e-37) for w in job.weights]])
    with network.training(
        job.x,
        job.y,
        batch_size=1,
        hyper=lambda t: np.tile([[0.001, 0.5]], (len(t), 1)),
        step=0,
        shuffle=False,
        seed=0,
        first_epoch=0,
    ) as run:
        while run.epoch < 1:
            run.advance(1)
    velocity = network.get_slots()[0][0]
    assert not velocity.any()


def test_subnormal_weights_act_as_zero(trainer, compiled_engine):
    job = trainer((4, 1), rows=8)
    network = compiled_engine.network(job.program)
    network.set_weights([np.full((4, 1), 1e-40, np.float32), np.zeros(1, np.float32)])
    assert not network.predict(job.x).any()
