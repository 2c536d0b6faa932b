"""What compile decides: it keeps the weights, settings of the optimizer stay open, and a failed one changes nothing."""

import pytest
from numpy.testing import assert_array_equal
from small_models import net, rows, same

import fastsgd


def test_compiling_again_keeps_weights_and_forgets_the_rest(engine):
    x, y = rows()
    model, fresh = net(engine), net(engine)
    model.fit(x, y, 8, epochs=3, verbose=0)
    before = model.get_weights()
    model.compile(fastsgd.optimizers.SGD(0.05, momentum=0.9), "mse", backend=engine, dtype="float64")
    fresh.build(5)
    fresh.set_weights(before)
    fresh.compile(fastsgd.optimizers.SGD(0.05, momentum=0.9), "mse", backend=engine, dtype="float64")
    for m in (model, fresh):
        m.fit(x, y, 8, epochs=2, verbose=0, shuffle=False)
    assert same(model, fresh)
    assert model.optimizer.iterations == 16


def test_the_optimizer_s_settings_may_change_between_fits(engine):
    x, y = rows()
    model = net(engine, optimizer=fastsgd.optimizers.SGD(0.05, momentum=0.9))
    model.fit(x, y, epochs=2, verbose=0)
    model.optimizer.learning_rate = 0.0
    model.optimizer.momentum = 0.0
    before = model.get_weights()
    model.fit(x, y, epochs=2, verbose=0)
    for w, kept in zip(model.get_weights(), before, strict=True):
        assert_array_equal(w, kept)


@pytest.mark.parametrize(
    "wrong", [{"loss": "no such"}, {"metrics": ["no such"]}, {"dtype": "int8"}, {"num_threads": 0}]
)
def test_a_call_that_fails_leaves_the_model_as_it_was(engine, wrong):
    x, y = rows()
    model, kept = net(engine), net(engine)
    for m in (model, kept):
        m.fit(x, y, 8, verbose=0)
    with pytest.raises((TypeError, ValueError)):
        model.compile(**{"optimizer": "adam", "loss": "mae", "backend": engine, **wrong})
    for m in (model, kept):
        m.fit(x, y, 8, epochs=2, verbose=0)
    assert same(model, kept)
    assert model.loss.name == kept.loss.name
