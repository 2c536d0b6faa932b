"""The small network that tests of training share, rows for it, and callbacks that look on or have a say."""

import numpy as np

from fastsgd.callbacks import Callback, LambdaCallback
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD


def rows(n=60, inputs=5, outputs=1, seed=0):
    """x and y, a curved function of x and noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, inputs))
    return x, np.tanh(x @ rng.normal(size=(inputs, outputs))) + 0.1 * rng.normal(size=(n, outputs))


def net(
    engine="numpy", *, seed=1, width=7, outputs=1, dtype="float64", rate=0.05, decay=0.0, optimizer=None, metrics=None,
    before=(), **options,
):  # fmt: skip
    """Two dense layers, and those before them, compiled: with Nesterov's momentum where no optimizer is given."""
    model = Sequential([*before, Dense(width, "tanh"), Dense(outputs)], seed=seed)
    optimizer = optimizer or SGD(rate, momentum=0.9, nesterov=True, decay=decay)
    model.compile(optimizer, "mse", metrics, backend=engine, dtype=dtype, **options)
    return model


def same(one, other):
    """Two models have the same bits."""
    return all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


class Recorder(Callback):
    """Writes down every call."""

    def __init__(self, batches=True):
        super().__init__()
        self.calls = []
        hooks = ["train_begin", "train_end", "epoch_begin", "epoch_end", "test_begin", "test_end"]
        for hook in hooks + ["train_batch_begin", "train_batch_end"] * batches:
            setattr(self, f"on_{hook}", self.note(hook))

    def note(self, hook):
        return lambda *args, **kwargs: self.calls.append((hook, *[a for a in args if isinstance(a, int)]))


def telling(values, key="val_loss"):
    """A callback that says these are the values of the epochs."""
    each = iter(values)
    return LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update({key: next(each)}))
