"""What is recorded of an epoch when asked for."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import net, rows, same

from fastsgd import DivergenceError
from fastsgd.callbacks import LambdaCallback
from fastsgd.engines.reference import ReferenceNetwork
from fastsgd.evaluation import Rows
from fastsgd.optimizers import SGD, schedules
from fastsgd.program import Finish, Op, Program
from fastsgd.recording import gradient_norm


def test_what_can_be_recorded(engine):
    x, y = rows()
    model, other = net(engine), net(engine)
    weights, seen = [], []
    keep = LambdaCallback(
        on_epoch_end=lambda epoch, logs: (weights.append(model.get_weights()), seen.append(dict(logs)))
    )
    names = ("learning_rate", "grad_norm", "epoch_time", "loss_end")
    history = model.fit(x, y, 8, epochs=3, verbose=0, validation_split=0.2, record=names, callbacks=keep)
    plain = other.fit(x, y, 8, epochs=3, verbose=0, validation_split=0.2)
    assert list(history) == ["loss", "val_loss", *names]
    assert (history["loss"], history["val_loss"]) == (plain["loss"], plain["val_loss"])
    assert same(model, other)
    assert history["learning_rate"] == [0.05] * 3
    assert all(0 < seconds < 5 for seconds in history["epoch_time"])
    assert [[logs[name] for logs in seen] for name in names] == [history[name] for name in names]
    for i, after in enumerate(weights):
        other.set_weights(after)
        assert history["loss_end"][i] == other.evaluate(x[:48], y[:48])
        assert history["grad_norm"][i] == pytest.approx(slope_norm(other, x[:48], y[:48]), rel=1e-6)


def test_the_gradient_of_weighted_rows(engine):
    x, y = rows()
    model, weights = net(engine), np.linspace(0.0, 3.0, len(x))
    history = model.fit(x, y, verbose=0, record=("grad_norm", "loss_end"), sample_weight=weights)
    assert history["loss_end"] == [model.evaluate(x, y, sample_weight=weights)]
    assert history["grad_norm"][0] == pytest.approx(slope_norm(model, x, y, weights), rel=1e-6)
    assert history["grad_norm"][0] != pytest.approx(slope_norm(model, x, y), rel=1e-2)


def slope_norm(model, x, y, sample_weight=None):
    """Norm of the gradient of the loss, by central differences."""
    weights, total = model.get_weights(), 0.0
    for w in weights:
        for i in np.ndindex(w.shape):
            kept, values = w[i], []
            for sign in (1, -1):
                w[i] = kept + sign * 1e-6
                model.set_weights(weights)
                values.append(model.evaluate(x, y, sample_weight=sample_weight))
            w[i] = kept
            total += ((values[0] - values[1]) / 2e-6) ** 2
    model.set_weights(weights)
    return total**0.5


def test_the_gradient_of_penalties_frozen_layers_clipping_and_dropout():
    """Penalties are in it, layers that are not trained and clipping are not, and nothing is dropped."""
    ops = (
        Op("dense", 5, 4, True, "tanh", penalties=((0.1, 0.0), (0.0, 0.2))),
        Op("dropout", 4, 4, constants=(0.5,)),
        Op("dense", 4, 3, True, "tanh", trainable=False),
        Op("dense", 3, 1),
    )
    program = Program(ops, np.dtype("f8"), "mse", (), "momentum", finish=Finish(clip="clipnorm"))
    network = ReferenceNetwork(program)
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) for shape in program.weight_shapes()]
    network.set_weights(weights)
    x, y = rows()
    found = gradient_norm(network, Rows(x, y))
    total = 0.0
    for w, trained in zip(weights, program.trained(), strict=True):
        for i in np.ndindex(w.shape) if trained else ():
            kept, values = w[i], []
            for sign in (1, -1):
                w[i] = kept + sign * 1e-6
                network.set_weights(weights)
                values.append(network.evaluate(x, y)[0] + network.penalty())
            w[i] = kept
            total += ((values[0] - values[1]) / 2e-6) ** 2
    assert found == pytest.approx(total**0.5, rel=1e-7)


def test_a_single_record():
    x, y = rows()
    assert list(net().fit(x, y, verbose=0, record="loss_end")) == ["loss", "loss_end"]
    assert list(net().fit(x, y, verbose=0, record=["grad_norm", "grad_norm"])) == ["loss", "grad_norm"]
    assert list(net().fit(x, y, verbose=0, record=None)) == ["loss"]


def test_the_rate_that_is_recorded_is_that_of_the_next_update():
    x, y = rows()
    history = net(rate=schedules.ExponentialDecay(0.1, 1, 0.5)).fit(
        x, y, 30, epochs=2, verbose=0, record="learning_rate"
    )
    assert_array_equal(history["learning_rate"], [0.025, 0.00625])
    model = net()
    model.optimizer.decay = 0.5
    assert model.fit(x, y, 30, verbose=0, record="learning_rate")["learning_rate"] == [0.05 / 2]


def test_a_gradient_that_is_none_does_not_hide_a_divergence(engine):
    x, y = rows()
    rates = schedules.PiecewiseConstantDecay([0], [0.01, 1e308])  # the last update overflows
    model, other = (net(engine, optimizer=SGD(rates)) for _ in range(2))
    other.build(x.shape[1])
    with pytest.raises(DivergenceError, match="epoch 1, batch 2"):
        model.fit(x, 1e3 * y, 30, shuffle=False, verbose=0, record="grad_norm")
    assert same(model, other)
    assert model.optimizer.iterations == 0
