"""Deltas of few rows below wide layers: sums over halves of the outputs, without a transposed copy."""

import numpy as np
import pytest
from engine_jobs import COMPILED, FUSED, cython_at, workspace_of

from fastsgd.engines import interpreted, paths, reference

WIDTHS = [(9, 40, 128, 70, 3), (5, 33, 256, 256, 2), (9, 40, 130, 250, 3)]  # with padding in the last
DTYPES = [np.float32, np.float64]
CLOSE = {np.float32: 2e-5, np.float64: 1e-13}


def halved(network):
    return [i for i, layer in enumerate(workspace_of(network).layers) if layer.halves]


def assert_close(network, expected, dtype):
    for ours, theirs in zip(network.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=CLOSE[dtype])


@pytest.mark.parametrize(
    ("widths", "batch_size", "layers"),
    [
        ((9, 40, 128, 70, 3), 4, [1]),  # 70 columns are three panels
        ((9, 40, 128, 70, 3), 5, []),
        ((5, 33, 256, 256, 2), 8, [1, 2]),
        ((5, 33, 256, 256, 2), 9, []),
        ((5, 17, 64, 1), 1, []),
        ((9, 40, 130, 250, 3), 4, [2]),  # 130 columns are five panels
    ],
)
def test_which_layers(trainer, widths, batch_size, layers):
    network, _ = trainer(widths, rows=20).run(COMPILED["numba"](), batch_size=batch_size, epochs=1)
    assert halved(network) == layers


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("widths", WIDTHS)
def test_agree_with_the_reference(compiled_engine, trainer, widths, activation, dtype):
    job = trainer(widths, activation, dtype=dtype)
    network, _ = job.run(compiled_engine, batch_size=4)
    assert halved(network)
    assert_close(network, job.run(reference.ReferenceEngine(), batch_size=4)[0], dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("widths", WIDTHS)
def test_same_bits_on_any_number_of_threads_and_either_engine(trainer, widths, dtype):
    job = trainer(widths, dtype=dtype)
    engines = [COMPILED["numba"](), *(cython_at(isa) for isa in FUSED)]
    assert len({job.digest(engine, batch_size=4, threads=n) for engine in engines for n in (1, 2, 3, 5)}) == 1


def test_interpreted(trainer):
    job = trainer((3, 17, 64, 2), rows=5)
    network, _ = job.run(interpreted.InterpretedEngine(), batch_size=2, epochs=1)
    assert halved(network) == [1]
    assert_close(network, job.run(reference.ReferenceEngine(), batch_size=2, epochs=1)[0], np.float32)


@pytest.mark.parametrize("dtype", DTYPES)
def test_copies_are_made_again_when_another_batch_size_needs_them(compiled_engine, trainer, dtype, monkeypatch):
    def trained(*batch_sizes):
        settings = {"hyper": job.hyper, "step": 0, "shuffle": True, "first_epoch": 0}
        network = compiled_engine.network(job.program)
        network.set_weights(job.weights)
        seen = []
        for seed, batch_size in enumerate(batch_sizes):
            with network.training(job.x, job.y, batch_size=batch_size, seed=seed, **settings) as run:
                while run.epoch < 2:
                    run.advance(2)
            seen.append(bool(halved(network)))
        return network, seen

    job = trainer(WIDTHS[0], dtype=dtype)
    sizes = 4, 7, 1, 7, 3, 20, 4
    network, seen = trained(*sizes)
    assert seen == [True, False, False, False, True, False, True]
    monkeypatch.setattr(paths, "HALVES_BATCH", 0)
    expected, seen = trained(*sizes)
    assert not any(seen)
    assert_close(network, expected, dtype)
