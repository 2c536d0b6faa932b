"""The path of one row a batch: with a first layer ahead, with linear models, and cut into calls."""

import numpy as np
import pytest
from engine_jobs import ALL, was_on, workspace_of

from fastsgd.engines import workspace
from fastsgd.engines.pace import Pace
from fastsgd.engines.workspace import Workspace
from fastsgd.kernels.source.tables import loss_table


def check_thin_layer(job, engine, path="line"):
    """Bits with the loss of one number, and with the loop that losses are where samples have weights."""
    settings = {"batch_size": 1, "epochs": 2}
    plain, run = job.run(engine, **settings)
    assert was_on(plain, path)
    assert workspace_of(plain).task.point
    weighed, other = job.run(engine, **settings, weights=np.ones(len(job.x), job.x.dtype))
    assert not workspace_of(weighed).task.point
    for a, b in zip(plain.get_weights(), weighed.get_weights(), strict=True):
        assert np.isfinite(a).all()
        np.testing.assert_array_equal(a, b)
    for ours, theirs in zip(plain.get_slots(), weighed.get_slots(), strict=True):
        for a, b in zip(ours, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
    np.testing.assert_allclose(run.losses, other.losses, rtol=1e-12)
    banks = plain.layout.banks[:-1]  # without that of the gradient
    trained = banks.copy()
    plain.set_weights(plain.get_weights())
    plain.set_slots(plain.get_slots())  # which put zeros to all padding
    np.testing.assert_array_equal(trained, banks)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("widths", [(200, 70, 3), (530, 33), (40, 70, 2)])
def test_a_first_layer_that_is_ahead_is_that_of_numpy(trainer, compiled_engine, widths, bias, monkeypatch):
    monkeypatch.setattr(workspace, "LARGE", 0)
    job = trainer(widths, "tanh", bias=bias, dtype=np.float64, rows=131)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    settings = {"batch_size": 1, "epochs": 2, "keep_predictions": True}
    (network, run), (known, expected) = (job.run(e, **settings) for e in (compiled_engine, ALL["numpy"]()))
    assert was_on(network, "ahead")
    np.testing.assert_allclose(run.predictions, expected.predictions, rtol=1e-9, atol=1e-9)
    for w, given in zip(network.get_weights(), known.get_weights(), strict=True):
        np.testing.assert_allclose(w, given, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("widths", [(13, 1), (40, 3), (9, 20, 2), (200, 70, 3), (784, 17)])
@pytest.mark.parametrize("blocks", [1, 7, 63, 65])
def test_single_rows_cut_into_calls(trainer, compiled_engine, widths, blocks, monkeypatch):
    """Batches of one row are taken 64 in one go, or as many as a call has."""
    job = trainer(widths, rows=300)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    whole = job.digest(compiled_engine, batch_size=1, epochs=2)
    monkeypatch.setattr(Pace, "call", lambda pace: (1, blocks))
    assert job.digest(compiled_engine, batch_size=1, epochs=2) == whole


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "sigmoid", "silu"])
@pytest.mark.parametrize("widths", [(8, 32, 32, 1), (32, 47, 3), (17, 5), (31, 70)])
def test_a_first_layer_that_is_ahead_has_the_bits_of_any_other(
    trainer, compiled_engine, widths, activation, dtype, monkeypatch
):
    """Up to 32 inputs, whose sums are made in one go either way; larger ones only where the first layer is large."""
    job = trainer(widths, activation, dtype=dtype, rows=150, last=activation)
    settings = {"batch_size": 1, "epochs": 2, "keep_predictions": True}
    expected, seen = job.digest(compiled_engine, **settings), job.run(compiled_engine, **settings)[1].predictions
    monkeypatch.setattr(workspace, "LARGE", 0)
    network, run = job.run(compiled_engine, **settings)
    assert was_on(network, "ahead")
    assert job.digest(compiled_engine, **settings) == expected
    np.testing.assert_array_equal(run.predictions, seen)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "sigmoid"])
@pytest.mark.parametrize("widths", [(9, 20, 1), (16, 64, 2), (16, 70, 1)])
def test_a_thin_layer_has_the_same_bits_with_the_loss_of_one_number(
    trainer, compiled_engine, widths, activation, dtype
):
    job = trainer(widths, activation, dtype=dtype, rows=100)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    check_thin_layer(job, compiled_engine, "one")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("widths", [(9, 20, 1), (16, 64, 1)])
def test_deltas_below_one_output_have_the_bits_of_a_product(trainer, compiled_engine, widths, dtype, monkeypatch):
    """As which they come where the slope of relu is taken by itself."""
    job = trainer(widths, dtype=dtype, rows=100)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    expected = job.digest(compiled_engine, batch_size=1)
    take_path = Workspace.take_path

    def apart(self, path):
        take_path(self, path)
        for layer in self.layers:
            layer.relu = 0

    monkeypatch.setattr(Workspace, "take_path", apart)
    assert job.digest(compiled_engine, batch_size=1) == expected


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("widths", [(16, 64, 64, 5), (32, 32, 3), (9, 20, 64, 18), (5, 256, 16, 2)])
def test_a_bias_as_one_more_weight_has_the_bits_of_one_by_itself(
    trainer, compiled_engine, widths, activation, dtype, monkeypatch
):
    job = trainer(widths, activation, dtype=dtype, rows=40)
    job.x /= 4  # shorter rows: longer ones diverge
    expected = job.digest(compiled_engine, batch_size=1)
    take_path, joined = Workspace.take_path, []

    def apart(self, path):
        take_path(self, path)
        joined.extend(layer.joined for layer in self.layers)
        for layer in self.layers:
            layer.joined = 0

    monkeypatch.setattr(Workspace, "take_path", apart)
    assert job.digest(compiled_engine, batch_size=1) == expected
    assert any(joined)


@pytest.mark.parametrize("widths", [(13, 1), (16, 1), (32, 1), (70, 1), (5, 2), (16, 4), (40, 3)])
@pytest.mark.parametrize("last", ["linear", "sigmoid", "silu"])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_models_have_the_same_bits_on_the_path_of_one(trainer, compiled_engine, widths, last, bias):
    job = trainer(widths, rows=150, last=last, bias=bias)
    job.x /= widths[0] ** 0.5
    check_thin_layer(job, compiled_engine)


@pytest.mark.parametrize("loss", loss_table())
def test_the_loss_of_one_number_has_the_bits_of_its_loop(trainer, compiled_engine, loss):
    check_thin_layer(trainer((7, 1), loss=loss, last="sigmoid", rule="sgd"), compiled_engine)
