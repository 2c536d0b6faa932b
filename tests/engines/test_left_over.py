"""What earlier passes, paths and fits leave in memory is not to be seen in later ones."""

from dataclasses import replace

import numpy as np
import pytest

from fastsgd.engines import Diverged
from fastsgd.kernels.source.tables import activation_table
from fastsgd.program import Finish

# last panels of one half, thin outputs and others, and a linear model
WIDTHS = [(5, 40, 1), (5, 40, 40, 5), (5, 32, 2), (5, 17, 33, 3), (5, 2)]


@pytest.mark.parametrize("widths", [(9, 40, 2), (9, 20, 33, 5)])
@pytest.mark.parametrize("activation", activation_table())
def test_predictions_are_the_same_however_often_they_are_made(trainer, compiled_engine, activation, widths):
    job = trainer(widths, activation)
    network = compiled_engine.network(job.program)
    network.set_weights([w / 16 for w in job.weights])
    first = network.predict(job.x)
    assert np.isfinite(first).all()
    for _ in range(9):
        np.testing.assert_array_equal(network.predict(job.x), first)


@pytest.mark.parametrize("clip", [None, "clipnorm", "clipvalue", "global_clipnorm"])
@pytest.mark.parametrize(("spoilt", "batch_size"), [(1, 8), (1, 1), (8, 1), (32, 32), (300, 300)])
@pytest.mark.parametrize("widths", WIDTHS)
def test_a_fit_after_one_that_diverged_is_as_the_first(trainer, compiled_engine, widths, spoilt, batch_size, clip):
    job = trainer(widths, "tanh", rows=300)
    if clip:
        job.program = replace(job.program, finish=Finish(clip=clip))
    network = compiled_engine.network(job.program)
    bad = job.y.copy()
    bad[150] = np.nan
    with pytest.raises(Diverged):
        job.run(compiled_engine, batch_size=spoilt, threads=2, y=bad, network=network)
    _, run = job.run(compiled_engine, batch_size=batch_size, threads=2, network=network)
    new, expected = job.run(compiled_engine, batch_size=batch_size, threads=2)
    assert run.losses == expected.losses
    for one, other in zip(network.get_weights(), new.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()
