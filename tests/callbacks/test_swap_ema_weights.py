"""SwapEMAWeights."""

import numpy as np
import pytest

from fastsgd.callbacks import Callback, SwapEMAWeights
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD


def averaging(engine, **more):
    model = Sequential([Dense(7, "tanh"), Dense(1)], seed=1)
    model.compile(SGD(0.1, **{"use_ema": True, "ema_momentum": 0.8, **more}), "mse", backend=engine, dtype="float64")
    return model


class Kept(Callback):
    """The weights at the end of every epoch."""

    def on_train_begin(self, logs=None):
        self.seen = []

    def on_epoch_end(self, epoch, logs=None):
        self.seen.append(self.model.get_weights())


@pytest.mark.parametrize("on_epoch", [False, True])
def test_averages_are_validated_and_weights_trained(engine, on_epoch):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(40, 3))
    y = np.tanh(x.sum(axis=1))
    plain, model = averaging(engine), averaging(engine)
    before, after, own = Kept(), Kept(), Kept()
    settings = {"batch_size": 40, "epochs": 4, "verbose": 0, "validation_data": (x, y)}
    first = plain.fit(x, y, callbacks=own, **settings)
    second = model.fit(x, y, callbacks=[before, SwapEMAWeights(on_epoch), after], **settings)
    assert first["loss"] == second["loss"]
    averages = own.seen[0]
    for epoch in range(4):
        averages = [0.8 * a + 0.2 * w for a, w in zip(averages, own.seen[epoch], strict=True)] if epoch else averages
        assert all((a == b).all() for a, b in zip(before.seen[epoch], own.seen[epoch], strict=True))
        for a, b in zip(after.seen[epoch], averages if on_epoch else own.seen[epoch], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)
        plain.set_weights(averages)
        assert second["val_loss"][epoch] == pytest.approx(plain.evaluate(x, y), rel=1e-12)
    for a, b in zip(model.get_weights(), averages, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_averages_that_are_not_there():
    x = np.ones((4, 3))
    with pytest.raises(ValueError, match="must be used when `use_ema=True`"):
        averaging("numpy", use_ema=False).fit(x, x[:, 0], validation_split=0.5, verbose=0, callbacks=SwapEMAWeights())
    model = averaging("numpy")
    model.build((None, 3))
    loss = model.evaluate(x, x[:, 0], callbacks=SwapEMAWeights())  # nothing was learned yet
    assert loss == model.evaluate(x, x[:, 0]) > 0
    model.fit(x, x[:, 0], epochs=3, verbose=0)
    expected = model.predict(x)
    model.set_weights([w * 2 for w in model.get_weights()])
    assert (model.predict(x, callbacks=SwapEMAWeights()) == expected).all()
