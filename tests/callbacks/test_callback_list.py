"""Callbacks and their list."""

import types

import pytest

from fastsgd.callbacks import Callback, CallbackList, EarlyStopping, LambdaCallback
from fastsgd.callbacks.base import HOOKS, default

ARGUMENTS = {hook: ((3, {"loss": 1.0}) if "epoch" in hook or "batch" in hook else ({"loss": 1.0},)) for hook in HOOKS}


def test_every_hook_reaches_every_callback_in_order():
    called = []

    def recorder(name):
        return LambdaCallback(**{h: lambda *a, h=h, **k: called.append((name, h, a, k)) for h in HOOKS})

    callbacks = CallbackList([recorder("a"), (recorder("b"),)])
    callbacks.append(recorder("c"))
    for hook in HOOKS:
        if hook in ("on_batch_begin", "on_batch_end"):  # reached through their new names
            continue
        called.clear()
        getattr(callbacks, hook)(*ARGUMENTS[hook])
        assert [(name, h) for name, h, _, _ in called] == [(name, hook) for name in "abc"]
        for _, _, args, kwargs in called:
            assert (args, kwargs) == (((3,), {"logs": {"loss": 1.0}}) if "batch" in hook else (ARGUMENTS[hook], {}))


def test_logs_are_shared_so_that_a_callback_can_add_to_them():
    logs = {"loss": 1.0}
    adder = LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(rate=0.1))
    CallbackList([adder]).on_epoch_end(0, logs)
    assert logs == {"loss": 1.0, "rate": 0.1}


class OldEnd(Callback):
    def on_batch_end(self, batch, logs=None):
        self.seen = batch, logs


class NewBegin(Callback):
    def on_train_batch_begin(self, batch, logs=None):
        self.seen = batch


class Duck:
    """Some other library's callback, of hooks alone."""

    def on_batch_end(self, batch, logs=None):
        self.seen = batch


class KerasLike(Callback):
    """Keras marks its defaults as we do."""

    @default
    def on_train_batch_end(self, batch, logs=None):
        raise AssertionError


@pytest.mark.parametrize(
    ("callback", "batches", "epochs"),
    [
        (Callback(), False, False),
        (KerasLike(), False, False),
        (EarlyStopping(), False, True),
        (LambdaCallback(), False, False),
        (LambdaCallback(on_train_end=print), False, False),
        (LambdaCallback(on_epoch_begin=print), False, True),
        (LambdaCallback(on_train_batch_end=print), True, False),
        (LambdaCallback(on_batch_begin=print), True, False),
        (LambdaCallback(on_test_batch_end=print), False, False),
        (OldEnd(), True, False),
        (NewBegin(), True, False),
        (Duck(), True, False),
    ],
)
def test_the_list_knows_who_must_be_called(callback, batches, epochs):
    callbacks = CallbackList([EarlyStopping(), callback])
    assert callbacks.has_batch_hooks is batches
    assert CallbackList(callback).has_epoch_hooks is epochs
    assert CallbackList(callback).overrides("on_test_batch_end") is (
        callback.__dict__.get("on_test_batch_end") is print
    )


def test_old_and_foreign_batch_hooks_are_called():
    old, new, duck = OldEnd(), NewBegin(), Duck()
    callbacks = CallbackList([old, new, duck], model=types.SimpleNamespace(), epochs=1)
    callbacks.on_train_begin()
    callbacks.on_train_batch_begin(7)
    callbacks.on_train_batch_end(7, {"loss": 1.0})
    assert (old.seen, new.seen, duck.seen) == ((7, {"loss": 1.0}), 7, 7)
    assert old.model is new.model
    assert old.params == {"epochs": 1}


def test_what_a_list_takes():
    assert CallbackList().callbacks == []
    assert not CallbackList().has_batch_hooks
    one = Callback()
    assert CallbackList(one).callbacks == CallbackList([[one]]).callbacks == [one]
    with pytest.raises(TypeError, match=r"write EarlyStopping\(\.\.\.\)"):
        CallbackList([EarlyStopping])
    for bad in ("early", 3, types.SimpleNamespace()):
        with pytest.raises(TypeError, match="hooks"):
            CallbackList([bad])


def test_lambda_callback_names():
    assert LambdaCallback(custom_method=print).custom_method is print  # Keras 3: lambda_callback_test.py
    with pytest.raises(ValueError, match="did you mean 'on_epoch_end'"):
        LambdaCallback(on_epoch_ned=print)
