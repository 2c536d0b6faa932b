"""Rows that validate: which, when, and how many."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import net, rows, same

import fastsgd
from fastsgd.callbacks import LambdaCallback


def test_the_last_rows_validate(engine):
    x, y = rows(61)
    model, other = net(engine, metrics=["mae"]), net(engine, metrics=["mae"])
    history = model.fit(x, y, 8, epochs=2, verbose=0, validation_split=0.3)
    assert history == other.fit(x[:42], y[:42], 8, epochs=2, verbose=0, validation_data=(x[42:], y[42:, 0]))
    assert same(model, other)
    loss, mae = model.evaluate(x[42:], y[42:])
    assert (history["val_loss"][-1], history["val_mae"][-1]) == (loss, mae)


def test_class_weight_is_not_for_validation(engine):
    x, y = rows(61)
    y = (y > 0).astype(float)
    model, other = net(engine), net(engine)
    history = model.fit(x, y, verbose=0, validation_split=0.3, class_weight={0: 5.0})
    data = {"validation_data": (x[42:], y[42:])}
    assert history == other.fit(x[:42], y[:42], verbose=0, class_weight={0: 5.0}, **data)


def test_validation_data_goes_before_validation_split():
    x, y = rows()
    model, other = net(), net()
    history = model.fit(x, y, verbose=0, validation_data=(x[:7], y[:7]), validation_split=0.5)
    assert history == other.fit(x, y, verbose=0, validation_data=[x[:7], y[:7]])


@pytest.mark.parametrize(("freq", "after"), [(1, [1, 2, 3, 4, 5]), (2, [2, 4]), (7, []), ([1, 4], [1, 4]), ({5}, [5])])
def test_validation_freq(freq, after):
    x, y = rows()
    seen = []
    hook = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch + 1) if "val_loss" in logs else None)
    net().fit(x, y, epochs=5, verbose=0, validation_split=0.2, validation_freq=freq, callbacks=hook)
    assert seen == after


def test_validation_shuffle_takes_the_same_rows_every_time(monkeypatch):
    x = np.arange(50.0)[:, None] / 50
    y = x[:, 0]
    seen = []
    monkeypatch.setattr(
        fastsgd.training, "evaluate", lambda network, part, *rest: seen.append(part.x[:, 0] * 50) or {"loss": 0.0}
    )
    for seed in (1, 1, 2):
        model = net(seed=seed)
        for _ in range(2):
            model.fit(x, y, epochs=1, verbose=0, validation_split=0.2, validation_shuffle=True)
    assert len(set(seen[0])) == 10
    assert (np.diff(seen[0]) > 0).all()
    assert seen[0].min() < 40
    for again in seen[1:4]:
        assert_array_equal(again, seen[0])
    assert set(seen[4]) != set(seen[0])


def test_sorted_rows_are_warned_of():
    x, y = rows()
    order = np.argsort(y[:, 0])
    with pytest.warns(UserWarning, match="the data seem to be sorted.*validation_shuffle=True") as caught:
        net().fit(x[order], y[order], verbose=0, validation_split=0.2)
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        net().fit(x, y, verbose=0, validation_split=0.2)
        net().fit(x[order], y[order], verbose=0, validation_split=0.2, validation_shuffle=True)
        net().fit(x[order], y[order], verbose=0)


@pytest.mark.parametrize("part", [0.001, 0.999])
def test_a_split_that_leaves_no_rows(part):
    x, y = rows(20)
    match = rf"validation_split={part} of 20 rows leaves {0 if part > 0.5 else 19} to train on"
    if part > 0.5:
        with pytest.raises(ValueError, match=match):
            net().fit(x, y, validation_split=part)
    else:
        net().fit(x, y, verbose=0, validation_split=part)
