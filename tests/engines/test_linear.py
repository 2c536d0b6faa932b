"""The path of small batches of linear models: the bits of the row path, many batches in one go."""

import numpy as np
import pytest
from engine_jobs import was_on

from fastsgd.engines import Diverged, paths, run
from fastsgd.engines.pace import Pace
from fastsgd.kernels.source.tables import loss_table


@pytest.fixture
def check_bits(monkeypatch):
    """Of weights, memories, losses and predictions, against the row path."""

    def check(job, engine, **settings):
        network, ours = job.run(engine, **settings)
        assert was_on(network, "linear")
        with monkeypatch.context() as patch:
            patch.setattr(paths, "LINEAR_INPUTS", 0)
            other, theirs = job.run(engine, **settings)
        assert not was_on(other, "linear")
        banks = network.layout.banks[:-1]  # without that of the gradient; padding is all zeros here and there
        assert np.isfinite(banks).all() and banks.any()
        np.testing.assert_array_equal(banks, other.layout.banks[:-1])
        assert ours.losses == theirs.losses
        if ours.predictions is not None:
            np.testing.assert_array_equal(ours.predictions, theirs.predictions)

    return check


@pytest.mark.parametrize("widths", [(13, 1), (16, 1), (33, 1), (500, 1), (5, 2), (16, 4), (40, 3)])
@pytest.mark.parametrize("batch_size", [2, 7, 8])
@pytest.mark.parametrize("last", ["linear", "silu"])
@pytest.mark.parametrize("bias", [True, False])
def test_the_bits_are_those_of_the_row_path(trainer, compiled_engine, check_bits, widths, batch_size, last, bias):
    job = trainer(widths, rows=150, last=last, bias=bias)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    check_bits(job, compiled_engine, batch_size=batch_size)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [16, 21, 100, 200, 255])
@pytest.mark.parametrize("outputs", [1, 4])
def test_larger_batches_have_them_too(trainer, compiled_engine, check_bits, outputs, batch_size, dtype):
    check_bits(trainer((13, outputs), dtype=dtype, rows=600), compiled_engine, batch_size=batch_size)


@pytest.mark.parametrize("loss", loss_table())
def test_every_loss_has_them(trainer, compiled_engine, check_bits, loss):
    check_bits(trainer((7, 1), loss=loss, last="sigmoid", rule="sgd"), compiled_engine, batch_size=8)


@pytest.mark.parametrize("batch_size", [3, 32])
@pytest.mark.parametrize("blocks", [1, 7, 63, 65])
def test_where_calls_end_is_not_seen(trainer, compiled_engine, batch_size, blocks, monkeypatch):
    """Batches are taken 64 in one go, or as many as a call has."""
    job = trainer((13, 2), rows=70 * batch_size + 1)
    job.x /= 4
    whole = job.digest(compiled_engine, batch_size=batch_size)
    monkeypatch.setattr(Pace, "call", lambda pace: (1, blocks))
    assert job.digest(compiled_engine, batch_size=batch_size) == whole


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("widths", [(13, 1), (40, 3)])
def test_weights_of_samples_and_kept_predictions_have_them(trainer, compiled_engine, check_bits, widths, weighted):
    job = trainer(widths, rows=300)
    job.x /= 4
    weights = job.y[:, 0] ** 2 if weighted else None
    check_bits(job, compiled_engine, batch_size=8, weights=weights, keep_predictions=True)


@pytest.mark.parametrize("widths", [(13, 1), (40, 3), (200, 1)])
def test_rows_from_afar_change_nothing(trainer, compiled_engine, widths, monkeypatch):
    job = trainer(widths, rows=300)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    expected, _ = job.run(compiled_engine, batch_size=8)
    monkeypatch.setattr(run, "FAR", 1)
    network, seen = job.run(compiled_engine, batch_size=8)
    assert was_on(network, "linear") and seen._t.far
    for one, other in zip(network.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("row", [0, 15, 40, 7 * 70 + 1])
def test_a_loss_that_is_not_finite_is_of_its_batch(trainer, compiled_engine, row):
    job = trainer((13, 1), rows=500)
    job.y[row] = np.nan
    with pytest.raises(Diverged) as caught:
        job.run(compiled_engine, batch_size=7, shuffle=False)
    assert (caught.value.epoch, caught.value.batch) == (0, row // 7)
