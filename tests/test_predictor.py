"""Evaluation and prediction."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_models import net, rows

import fastsgd
from fastsgd.callbacks import LambdaCallback
from fastsgd.layers import Dense, Input
from fastsgd.models import Sequential


def test_evaluate(engine, capsys):
    x, y = rows(outputs=2)
    model = net(engine, outputs=2, metrics=["mae", fastsgd.metrics.RootMeanSquaredError(name="root")])
    model.build(5)
    p = model.predict(x)
    loss, mae, root = model.evaluate(x, y)
    assert loss == pytest.approx(np.mean((p - y) ** 2), rel=1e-12)
    assert mae == pytest.approx(np.abs(p - y).mean(), rel=1e-12)
    assert root == pytest.approx(np.sqrt(loss), rel=1e-12)
    assert model.metrics_names == ["loss", "mae", "root"]
    assert list(model.evaluate(x, y, return_dict=True)) == model.metrics_names
    assert model.evaluate(x, y, return_dict=True) == {"loss": loss, "mae": mae, "root": root}
    assert capsys.readouterr().out == ""
    model.evaluate(x, y, verbose=1)
    assert capsys.readouterr().out == f"loss: {loss:.4f} - mae: {mae:.4f} - root: {root:.4f}\n"


def test_evaluation_by_batches_for_callbacks():
    x, y = rows()
    model = net(metrics=["mae"])
    model.build(5)
    seen = []
    hooks = LambdaCallback(
        on_test_begin=lambda logs: seen.append("begin"),
        on_test_batch_end=lambda batch, logs: seen.append((batch, *logs)),
        on_test_end=lambda logs: seen.append("end"),
    )
    assert_allclose(model.evaluate(x, y, 25, callbacks=hooks), model.evaluate(x, y), rtol=1e-12)
    assert seen == ["begin", (0, "loss", "mae"), (1, "loss", "mae"), (2, "loss", "mae"), "end"]
    p = model.predict(x, 25, callbacks=LambdaCallback(on_predict_batch_end=lambda batch, logs: seen.append(batch)))
    assert seen[-3:] == [0, 1, 2]
    assert_allclose(p, model.predict(x), rtol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predict(engine, dtype):
    x, _ = rows(outputs=2)
    model = net(engine, dtype=dtype, outputs=2)
    model.build(5)
    w1, b1, w2, b2 = model.get_weights()
    wanted = np.tanh(x @ w1 + b1) @ w2 + b2
    for variant in (x, x.astype(dtype), np.asfortranarray(x.astype(dtype)), x.tolist(), x.astype(dtype)[::-1][::-1]):
        p = model.predict(variant)
        assert p.dtype == dtype
        assert_allclose(p, wanted, rtol=1e-5 if dtype == "float32" else 1e-12, atol=1e-6)
    assert model.predict(x[:1].astype(dtype)).shape == (1, 2)
    assert_array_equal(model.predict_on_batch(x), model.predict(x, batch_size=7, verbose=1))


def test_predict_before_compile():
    model = Sequential([Input((3,)), Dense(2)], seed=0)
    p = model.predict(np.ones((4, 3)))
    assert (p.shape, p.dtype) == ((4, 2), np.float32)
    model.compile("sgd", "mse", dtype="float64")
    assert model.predict(np.ones((4, 3))).dtype == np.float64


def test_a_row_with_nan_gives_nan(engine):
    x, _ = rows()
    model = net(engine)
    model.build(5)
    clean = model.predict(x)
    x[3, 1] = np.nan
    p = model.predict(x)
    assert np.isnan(p[3]).all()
    assert_allclose(np.delete(p, 3, axis=0), np.delete(clean, 3, axis=0), rtol=1e-12)
