"""Going on after a crash."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_models import net, rows, same

from fastsgd import optimizers
from fastsgd.callbacks import BackupAndRestore, LambdaCallback, TimeLimit
from fastsgd.layers import Dense, Normalization
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD, schedules


class Crash(Exception):
    pass


def crash_at(step, model):
    def crash(*args, **kwargs):
        if model.optimizer.iterations == step:
            raise Crash

    return LambdaCallback(on_train_batch_end=crash)


def train(model, folder=None, freq="epoch", crash=None, epochs=5, data=None, **more):
    data = rows() if data is None else data
    called = [BackupAndRestore(folder, freq)] if folder else []
    called += [crash_at(crash, model)] if crash else []
    return model.fit(*data, 10, epochs=epochs, verbose=0, callbacks=called, **more)


@pytest.mark.parametrize(
    ("freq", "crash", "lost"),
    [("epoch", 13, 1), ("epoch", 12, 6), (1, 13, 0), (1, 18, 0), (4, 15, 3), (7, 27, 6), (False, 13, 13)],
)
def test_going_on_after_a_crash(engine, tmp_path, freq, crash, lost):
    """The program is run again: another model, other initial weights, another order of rows, all put back."""
    folder = tmp_path / "deep" / "backup"
    unbroken, first, second = net(engine), net(engine), net(engine, seed=1 if freq is False else 99)
    expected = train(unbroken)
    with pytest.raises(Crash):
        train(first, folder, freq, crash)
    steps = []
    watch = LambdaCallback(on_train_batch_begin=lambda batch, logs: steps.append((second.optimizer.iterations, batch)))
    second.fit(*rows(), 10, epochs=5, verbose=0, callbacks=[BackupAndRestore(folder, freq), watch])
    assert same(unbroken, second)
    assert not folder.exists()
    assert steps == [(step, step % 6) for step in range(crash - lost, 30)]
    begun = (crash - lost) // 6
    assert second.history.epoch == list(range(begun, 5))
    assert_allclose(second.history["loss"], expected["loss"][begun:], rtol=1e-14)
    assert second.history["loss"][1:] == expected["loss"][begun + 1 :]
    train(unbroken, epochs=2)
    train(second, epochs=2)
    assert same(unbroken, second)


def test_going_on_within_a_part_of_a_pass(engine, tmp_path):
    unbroken, first, second = net(engine), net(engine), net(engine, seed=99)
    expected = train(unbroken, epochs=9, steps_per_epoch=2)
    with pytest.raises(Crash):
        train(first, tmp_path / "a", 1, 9, epochs=9, steps_per_epoch=2)
    history = train(second, tmp_path / "a", 1, epochs=9, steps_per_epoch=2)
    assert same(unbroken, second)
    assert history.epoch == [4, 5, 6, 7, 8]
    assert_allclose(history["loss"], expected["loss"][4:], rtol=1e-12)


def test_going_on_with_metrics_and_a_schedule(engine, tmp_path):
    def make(seed):
        return net(engine, seed=seed, metrics=["mae"], rate=schedules.CosineDecay(0.05, 30))

    unbroken, first, second = make(1), make(1), make(99)
    expected = train(unbroken)
    with pytest.raises(Crash):
        train(first, tmp_path / "a", "epoch", 13)
    history = train(second, tmp_path / "a")
    assert {name: values[2:] for name, values in expected.items()} == history
    assert same(unbroken, second)


@pytest.mark.parametrize("freq", ["epoch", 1])
def test_going_on_with_scales(engine, tmp_path, freq):
    x, y = rows()
    more = {"data": (100 + 7 * x, 1000 + 50 * y), "validation_split": 0.25}
    unbroken, first, second = (
        net(engine, seed=seed, metrics=["mae"], before=[Normalization()], scale_target=True) for seed in (1, 1, 99)
    )
    train(unbroken, **more)
    with pytest.raises(Crash):
        train(first, tmp_path / "a", freq, 13, **more)
    train(second, tmp_path / "a", freq, **more)
    assert same(unbroken, second)
    assert_array_equal(unbroken.predict(more["data"][0]), second.predict(more["data"][0]))


OPTIMIZERS = {
    "adam": lambda: optimizers.Adam(0.01, amsgrad=True),
    "accumulation": lambda: optimizers.SGD(0.05, momentum=0.9, gradient_accumulation_steps=4),
    "average": lambda: optimizers.RMSprop(0.01, use_ema=True, clipnorm=0.1),
    "one cycle": lambda: optimizers.Nadam(schedules.OneCycle(0.02, 30), weight_decay=0.01),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
@pytest.mark.parametrize("freq", ["epoch", 1])
def test_going_on_with_any_optimizer(engine, tmp_path, make, freq):
    models = [net(engine, seed=seed) for seed in (1, 1, 99)]
    for model in models:
        model.compile(make(), "mse", backend=engine, dtype="float64")
    unbroken, first, second = models
    train(unbroken)
    with pytest.raises(Crash):
        first.fit(
            *rows(), 10, epochs=5, verbose=0,
            callbacks=[BackupAndRestore(tmp_path / "a", freq), LambdaCallback(on_train_batch_begin=Countdown(15))],
        )  # fmt: skip
    train(second, tmp_path / "a", freq)
    assert same(unbroken, second)
    assert unbroken.optimizer.iterations == second.optimizer.iterations


class Countdown:
    def __init__(self, batches):
        self.left = batches

    def __call__(self, batch, logs=None):
        self.left -= 1
        if self.left < 0:
            raise Crash


def test_divergence_after_going_on_within_an_epoch(engine, tmp_path):
    first = net(engine)
    with pytest.raises(Crash):
        train(first, tmp_path / "a", 1, 3)
    second = net(engine, rate=lambda step: 1e200 if step == 4 else 0.05)
    put_back = first.get_weights()
    with pytest.raises(ArithmeticError) as caught:
        train(second, tmp_path / "a", 1)
    assert (caught.value.epoch, caught.value.batch) == (1, 6)
    assert (second.optimizer.iterations, second.epochs_begun, dict(second.history)) == (3, 1, {})
    for w, at_the_crash in zip(second.get_weights(), put_back, strict=True):
        assert_array_equal(w, at_the_crash)


def test_a_learning_rate_that_was_lowered_stays_low(tmp_path):
    first, second = net(), net()

    def lower(epoch, logs):
        first.optimizer.learning_rate = 0.01

    with pytest.raises(Crash):
        first.fit(
            *rows(), 10, epochs=5, verbose=0,
            callbacks=[LambdaCallback(on_epoch_end=lower), BackupAndRestore(tmp_path / "a"), crash_at(13, first)],
        )  # fmt: skip
    train(second, tmp_path / "a", epochs=2)
    assert second.optimizer.learning_rate == 0.01


def test_backups_that_cannot_be_read(tmp_path):
    unbroken, first, second = net(), net(), net(seed=99)
    train(unbroken)
    backup = BackupAndRestore(tmp_path, double_checkpoint=True)
    with pytest.raises(Crash):
        first.fit(*rows(), 10, epochs=5, verbose=0, callbacks=[backup, crash_at(13, first)])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["latest.npz", "previous.npz"]
    (tmp_path / "latest.npz").write_bytes(b"0")
    second.fit(*rows(), 10, epochs=5, verbose=0, callbacks=backup)
    assert same(unbroken, second)
    assert second.history.epoch == [1, 2, 3, 4]
    tmp_path.mkdir(exist_ok=True)
    for name in ("latest", "previous"):
        (tmp_path / f"{name}.npz").write_bytes(b"0")
    with pytest.raises(OSError, match=r"previous\.npz.*damaged"):
        net().fit(*rows(), verbose=0, callbacks=backup)
    np.savez(tmp_path / "latest.npz", a=1)
    (tmp_path / "previous.npz").unlink()
    with pytest.raises(OSError, match=r"latest\.npz.* holds no state"):
        net().fit(*rows(), verbose=0, callbacks=backup)


def test_a_backup_of_another_model(tmp_path):
    first = net()
    with pytest.raises(Crash):
        train(first, tmp_path, "epoch", 13)
    other = Sequential([Dense(1)])
    other.compile(SGD(), "mse")
    with pytest.raises(ValueError, match="the state is that of another model"):
        train(other, tmp_path)


def test_a_backup_of_another_training(tmp_path):
    with pytest.raises(Crash):
        train(net(), tmp_path, 1, 13)
    other = net()
    other.compile("adam", "mse")
    with pytest.raises(ValueError, match="that of another optimizer: SGD, this model has Adam"):
        train(other, tmp_path)
    with pytest.raises(ValueError, match=r"within an epoch of \{'samples': 60, .*now there are \{'samples': 30"):
        train(net(), tmp_path, data=rows(30))
    with pytest.raises(ValueError, match="run the same training again, or delete it"):
        train(net(), tmp_path, steps_per_epoch=2)


def test_nothing_is_deleted_that_is_not_ours(tmp_path):
    (tmp_path / "own.txt").write_text("mine")
    train(net(), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["own.txt"]
    model = net()
    kept = BackupAndRestore(tmp_path / "kept", delete_checkpoint=False)
    model.fit(*rows(), 10, epochs=2, verbose=0, callbacks=kept)
    again = net(seed=5)
    again.fit(*rows(), 10, epochs=2, verbose=0, callbacks=kept)  # there is nothing left to do
    assert same(model, again)
    assert dict(again.history) == {}


def test_a_time_limit_is_a_crash_that_can_be_gone_on_from(engine, tmp_path):
    x = rows(600)
    unbroken, first, second = (net(engine, seed=seed, rate=1e-3) for seed in (1, 1, 99))
    unbroken.fit(*x, 1, epochs=2, verbose=0)
    kept = BackupAndRestore(tmp_path / "a", delete_checkpoint=False)
    first.fit(*x, 1, epochs=2, verbose=0, callbacks=[kept, TimeLimit(0.0)])
    assert 0 < first.optimizer.iterations < 1200
    second.fit(*x, 1, epochs=2, verbose=0, callbacks=kept)
    assert same(unbroken, second)
