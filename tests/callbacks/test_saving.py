"""Weights in files, checkpoints, and going on after a crash."""

import os
import pickle
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import fastsgd
from fastsgd import optimizers, state
from fastsgd.callbacks import BackupAndRestore, LambdaCallback, ModelCheckpoint, TimeLimit
from fastsgd.files import write_whole
from fastsgd.layers import Dense, Normalization
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD, schedules


def rows(n=60, inputs=5, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, inputs))
    return x, np.tanh(x @ rng.normal(size=(inputs, 1)))


def net(engine="numpy", *, seed=1, rate=0.05, dtype="float64", metrics=None):
    model = Sequential([Dense(7, "tanh"), Dense(1)], seed=seed)
    model.compile(SGD(rate, momentum=0.9), "mse", metrics, backend=engine, dtype=dtype)
    return model


def same(one, other):
    return all((a == b).all() for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


# -- Files -----------------------------------------------------------------------------------------------------------
def test_files_are_written_whole(tmp_path):
    path = tmp_path / "deep" / "file"
    write_whole(path, lambda file: file.write(b"old"))
    inode = path.stat().st_ino

    def half(file):
        file.write(b"ne")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_whole(path, half)
    assert (path.read_bytes(), path.stat().st_ino) == (b"old", inode)
    write_whole(path, lambda file: file.write(b"new"))
    assert path.read_bytes() == b"new"
    assert [p.name for p in path.parent.iterdir()] == ["file"]
    with pytest.raises(IsADirectoryError, match="is a directory"):
        write_whole(tmp_path, lambda file: None)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_weights_in_files(engine, dtype, tmp_path):
    x, y = rows()
    model, other = net(engine, dtype=dtype), net(engine, dtype=dtype, seed=2)
    model.fit(x, y, verbose=0)
    other.build((None, 5))
    path = tmp_path / "new folder" / "model.weights.npz"
    model.save_weights(path)
    with np.load(path) as file:
        assert file.files == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"]
        assert {file[name].dtype.name for name in file.files} == {dtype}
    other.load_weights(str(path))
    assert same(model, other)
    model.save_weights(path)
    with pytest.raises(FileExistsError, match="overwrite=False"):
        model.save_weights(path, overwrite=False)


def scaled(engine, seed):
    model = Sequential([Normalization(), Dense(7, "tanh"), Dense(1)], seed=seed)
    model.compile(SGD(0.05), "mse", backend=engine, dtype="float64", scale_target=True)
    return model


def test_scales_go_with_weights(engine, tmp_path):
    x, y = rows()
    x, y = 100 + 7 * x, 1000 + 50 * y
    model, other, third = (scaled(engine, seed) for seed in range(3))
    model.fit(x, y, verbose=0)
    model.save_weights(tmp_path / "a.npz")
    other.build((None, 5))
    other.load_weights(tmp_path / "a.npz")
    assert_array_equal(model.predict(x), other.predict(x))
    for one in (model, other):
        one.fit(x, y, verbose=0, shuffle=False)
    assert same(model, other)
    whole, broken = scaled(engine, 1), scaled(engine, 1)
    whole.fit(x, y, 10, epochs=5, verbose=0)
    with pytest.raises(Crash):
        train(broken, tmp_path / "backup", 1, 13, x=(x, y))
    train(third, tmp_path / "backup", 1, x=(x, y))
    assert same(whole, third)
    assert_array_equal(whole.predict(x), third.predict(x))


def test_files_that_are_not_weights(tmp_path):
    model = net()
    with pytest.raises(ValueError, match="not built"):
        model.save_weights(tmp_path / "a.npz")
    model.build((None, 5))
    before = model.get_weights()
    for name in ("a.weights.h5", "a.keras", "A.HDF5"):
        with pytest.raises(ValueError, match="no HDF5 and no Keras files"):
            model.save_weights(tmp_path / name)
        with pytest.raises(ValueError, match="no HDF5 and no Keras files"):
            model.load_weights(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        model.load_weights(tmp_path / "none.npz")
    path = tmp_path / "model.npz"
    model.save_weights(path)
    whole = path.read_bytes()
    evil = tmp_path / "evil.npz"
    np.savez(evil, a=np.array([{}], dtype=object))
    for content in (b"", b"0", whole[: len(whole) // 2], whole[:-1], pickle.dumps(3), evil.read_bytes()):
        path.write_bytes(content)
        with pytest.raises(OSError, match=r"model\.npz' holds no arrays, or is damaged"):
            model.load_weights(path)
    np.savez(path, *[np.ones((3, 3))] * 4)
    with pytest.raises(ValueError, match=r"shape \(3, 3\), the kernel of layer 'dense'"):
        model.load_weights(path)
    for w, old in zip(model.get_weights(), before, strict=True):
        assert_array_equal(w, old)


# -- ModelCheckpoint -------------------------------------------------------------------------------------------------
def losses(values, key="val_loss"):
    """A callback that says these are the values of the epochs."""
    each = iter(values)
    return LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update({key: next(each)}))


def test_a_checkpoint_after_every_epoch(engine, tmp_path):
    x, y = rows()
    model, kept = net(engine), []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()))
    path = str(tmp_path / "deep" / "{epoch:02d}-{val_loss:.2f}.npz")
    save = ModelCheckpoint(path, save_weights_only=True)
    model.fit(x, y, 8, epochs=3, verbose=0, callbacks=[losses([0.5, 0.25, 1]), keep, save])
    names = sorted(p.name for p in (tmp_path / "deep").iterdir())
    assert names == ["01-0.50.npz", "02-0.25.npz", "03-1.00.npz"]
    for name, weights in zip(names, kept, strict=True):
        model.load_weights(tmp_path / "deep" / name)
        for w, at_the_time in zip(model.get_weights(), weights, strict=True):
            assert_array_equal(w, at_the_time)


BEST = [
    ({}, [3.0, 1.0, 2.0, 0.5, 0.5], [1, 2, 4]),
    ({"mode": "max"}, [3.0, 1.0, 4.0, 4.0, 5.0], [1, 3, 5]),
    ({"initial_value_threshold": 2.5}, [3.0, 2.5, 2.0, 4.0, 1.0], [3, 5]),
    ({"initial_value_threshold": 0}, [3.0, 2.5, 2.0, 4.0, 1.0], []),
    ({"monitor": "mine", "mode": "max"}, [1.0, 2.0, float("nan"), 1.5, 3.0], [1, 2, 5]),
    ({"save_best_only": False}, [3.0, 4.0, 5.0, 6.0, 7.0], [1, 2, 3, 4, 5]),
]


@pytest.mark.parametrize(("settings", "values", "saved"), BEST)
def test_only_the_best(settings, values, saved, tmp_path):
    x, y = rows()
    settings = {"save_best_only": True, **settings}
    save = ModelCheckpoint(tmp_path / "{epoch}.pkl", **settings)
    net().fit(x, y, epochs=5, verbose=0, callbacks=[losses(values, settings.get("monitor", "val_loss")), save])
    assert sorted(int(p.stem) for p in tmp_path.iterdir()) == saved


def test_the_best_lives_on_in_the_next_fit(tmp_path):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "{epoch}.pkl", save_best_only=True)
    model = net()
    model.fit(x, y, epochs=1, verbose=0, callbacks=[losses([1.0]), save])
    model.fit(x, y, initial_epoch=1, epochs=3, verbose=0, callbacks=[losses([2.0, 0.5]), save])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["1.pkl", "3.pkl"]


@pytest.mark.parametrize(("freq", "saved"), [(15, [3, 6]), (5, [1, 2, 3, 4, 5, 6]), (7, [2, 3, 5, 6])])
def test_a_checkpoint_after_so_many_batches(freq, saved, tmp_path):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "{epoch}", save_freq=freq)
    net().fit(x, y, 12, epochs=6, verbose=0, callbacks=save)
    assert sorted(int(p.name) for p in tmp_path.iterdir()) == saved


def test_batches_in_names(tmp_path):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "{epoch}-{batch:02d}-{loss:.1f}.npz", save_freq=1, save_weights_only=True)
    net().fit(x, y, 30, epochs=2, verbose=0, callbacks=save)
    assert sorted(p.name[:4] for p in tmp_path.iterdir()) == ["1-01", "1-02", "2-01", "2-02"]


def test_best_of_batches(tmp_path):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "{epoch}-{batch}", "loss", save_best_only=True, save_freq=1)
    net().fit(x, y, 30, epochs=2, verbose=0, callbacks=save)
    assert (tmp_path / "1-1").exists()


def test_a_whole_model_goes_on_bit_for_bit(engine, tmp_path):
    x, y = rows()
    model = net(engine, dtype="float32")
    model.fit(x, y, 8, epochs=4, verbose=0, callbacks=ModelCheckpoint(tmp_path / "{epoch}.pkl"))
    with open(tmp_path / "2.pkl", "rb") as file:
        other = pickle.load(file)
    assert other.history["loss"] == model.history["loss"][:1]  # the epoch is not in it yet
    other.fit(x, y, 8, initial_epoch=2, epochs=4, verbose=0)
    assert same(model, other)


def test_what_a_checkpoint_says(tmp_path, capsys):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "m", verbose=1, save_best_only=True)
    net().fit(x, y, epochs=3, verbose=0, callbacks=[losses([2.0, 3.0, 1.0]), save])
    net().fit(x, y, epochs=1, verbose=0, callbacks=[ModelCheckpoint(tmp_path / "{epoch}", verbose=1)])
    assert capsys.readouterr().out == (
        f"\nEpoch 1: val_loss improved from None to 2.00000, saving model to {tmp_path}/m\n"
        "\nEpoch 2: val_loss did not improve from 2.00000\n"
        f"\nEpoch 3: val_loss improved from 2.00000 to 1.00000, saving model to {tmp_path}/m\n"
        f"\nEpoch 1: saving model to {tmp_path}/1\n"
    )


def test_checkpoints_without_the_monitored_number(tmp_path):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "{epoch}", save_best_only=True)
    with pytest.warns(UserWarning, match="Can save best model only with val_loss available") as caught:
        net().fit(x, y, epochs=3, verbose=0, callbacks=save)
    assert len(caught) == 1
    assert len(list(tmp_path.iterdir())) == 3
    with warnings.catch_warnings():  # but not where validation is left out
        warnings.simplefilter("error")
        save = ModelCheckpoint(tmp_path / "freq{epoch}", save_best_only=True)
        net().fit(x, y, epochs=4, verbose=0, callbacks=save, validation_split=0.2, validation_freq=2)
    assert not (tmp_path / "freq1").exists()
    assert (tmp_path / "freq2").exists()
    with pytest.raises(KeyError, match=r"Failed to format.*'val_mae'; there are epoch, loss"):
        net().fit(x, y, verbose=0, callbacks=ModelCheckpoint(tmp_path / "{val_mae}"))
    with pytest.raises(ValueError, match="'r3' should rise or fall"):
        net().fit(x, y, verbose=0, callbacks=[losses([1.0], "r3"), ModelCheckpoint(tmp_path / "a", "r3", 0, True)])
    with pytest.raises(ValueError, match="one number"):
        net().fit(
            x, y, verbose=0, callbacks=[losses([np.ones(2)]), ModelCheckpoint(tmp_path / "a", "val_loss", 0, True)]
        )


@pytest.mark.parametrize("freq", ["batch", 0.15, 0, -1, True, None])
def test_bad_frequencies(freq):
    with pytest.raises(ValueError, match="Unrecognized save_freq"):
        ModelCheckpoint("a", save_freq=freq)
    with pytest.raises(ValueError, match="Invalid value for argument `save_freq`"):
        BackupAndRestore("a", save_freq=freq)


def test_other_bad_checkpoints():
    for name in ("a.h5", "a.weights.h5", "a.keras"):
        with pytest.raises(ValueError, match="no HDF5 and no Keras files"):
            ModelCheckpoint(name)
    with pytest.raises(ValueError, match="mode must be"):
        ModelCheckpoint("a", mode="unknown")
    for folder in ("", None):
        with pytest.raises(ValueError, match="Empty `backup_dir` argument passed"):
            BackupAndRestore(folder)


def test_only_those_that_save_by_batches_want_batches():
    for make in (ModelCheckpoint, BackupAndRestore):
        assert not fastsgd.callbacks.CallbackList(make("a")).has_batch_hooks
        assert fastsgd.callbacks.CallbackList(make("a", save_freq=3)).has_batch_hooks


# -- BackupAndRestore ------------------------------------------------------------------------------------------------
class Crash(Exception):
    pass


def crash_at(step, model):
    def crash(*args, **kwargs):
        if model.optimizer.iterations == step:
            raise Crash

    return LambdaCallback(on_train_batch_end=crash)


def train(model, folder=None, freq="epoch", crash=None, epochs=5, x=None, **more):
    data = rows() if x is None else x
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
        train(net(), tmp_path, x=rows(30))
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
    x = rows(3000)
    unbroken, first, second = (net(engine, seed=seed, rate=1e-3) for seed in (1, 1, 99))
    unbroken.fit(*x, 1, epochs=2, verbose=0)
    kept = BackupAndRestore(tmp_path / "a", delete_checkpoint=False)
    first.fit(*x, 1, epochs=2, verbose=0, callbacks=[kept, TimeLimit(0.0)])
    assert 0 < first.optimizer.iterations < 6000
    second.fit(*x, 1, epochs=2, verbose=0, callbacks=kept)
    assert same(unbroken, second)


def test_states_in_files(tmp_path):
    original = {"a": [np.arange(3), {"b": None}], "c": 0.1, "d": np.float64(2.5), "e": (1, "text"), "f": 2**63}
    state.write(tmp_path / "s.npz", original)
    found = state.read(tmp_path / "s.npz")
    assert_array_equal(found["a"].pop(0), np.arange(3))
    assert found == {"a": [{"b": None}], "c": 0.1, "d": 2.5, "e": [1, "text"], "f": 2**63}


PROGRAM = """
import hashlib, sys, time
import numpy as np
from fastsgd.callbacks import BackupAndRestore, LambdaCallback
from fastsgd.layers import Dense, Normalization
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD
rng = np.random.default_rng(0)
x = rng.normal(size=(200, 5)); y = np.tanh(x.sum(axis=1))
model = Sequential([Dense(7, "tanh"), Dense(1)], seed=1)
model.compile(SGD(0.05, momentum=0.9), "mse", backend="numpy")
called = [BackupAndRestore(sys.argv[1], eval(sys.argv[2]))] if sys.argv[1:] else []
if called:  # so that there is time to kill it
    called.append(LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.03)))
print("begun", flush=True)
model.fit(x, y, 10, epochs=15, verbose=0, callbacks=called)
print(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""


HOME = str(Path(fastsgd.__file__).parents[1])


def program(*arguments):
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": HOME})


@pytest.fixture(scope="module")
def unbroken():
    with program() as process:
        return process.communicate()[0].split()[-1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("freq", ["'epoch'", "3"])
def test_a_killed_process_is_gone_on_from(unbroken, tmp_path, freq):
    folder = tmp_path / "backup"
    for times in (4, 8):  # killed when it has written so often, and once more
        with program(str(folder), freq) as process:
            process.stdout.readline()
            seen = set()
            while len(seen) < times and process.poll() is None:
                try:
                    seen.add((folder / "latest.npz").stat().st_mtime_ns)
                except OSError:
                    continue
            process.kill()
            said = process.communicate()[0].split()
        if process.returncode == 0:  # it was over before anybody looked
            assert said[-1] == unbroken
            return
        assert process.returncode == -signal.SIGKILL
        assert (folder / "latest.npz").exists()
    with program(str(folder), freq) as process:
        assert process.communicate()[0].split()[-1] == unbroken
    assert not (folder / "latest.npz").exists()
