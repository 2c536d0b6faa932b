"""Checkpoints: after epochs, after batches, and of the best."""

import pickle
import warnings

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import net, rows, same, telling

import fastsgd
from fastsgd.callbacks import BackupAndRestore, LambdaCallback, ModelCheckpoint


def test_a_checkpoint_after_every_epoch(engine, tmp_path):
    x, y = rows()
    model, kept = net(engine), []
    keep = LambdaCallback(on_epoch_end=lambda epoch, logs: kept.append(model.get_weights()))
    path = str(tmp_path / "deep" / "{epoch:02d}-{val_loss:.2f}.npz")
    save = ModelCheckpoint(path, save_weights_only=True)
    model.fit(x, y, 8, epochs=3, verbose=0, callbacks=[telling([0.5, 0.25, 1]), keep, save])
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
    net().fit(x, y, epochs=5, verbose=0, callbacks=[telling(values, settings.get("monitor", "val_loss")), save])
    assert sorted(int(p.stem) for p in tmp_path.iterdir()) == saved


def test_the_best_lives_on_in_the_next_fit(tmp_path):
    x, y = rows()
    save = ModelCheckpoint(tmp_path / "{epoch}.pkl", save_best_only=True)
    model = net()
    model.fit(x, y, epochs=1, verbose=0, callbacks=[telling([1.0]), save])
    model.fit(x, y, initial_epoch=1, epochs=3, verbose=0, callbacks=[telling([2.0, 0.5]), save])
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
    net().fit(x, y, epochs=3, verbose=0, callbacks=[telling([2.0, 3.0, 1.0]), save])
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
        net().fit(x, y, verbose=0, callbacks=[telling([1.0], "r3"), ModelCheckpoint(tmp_path / "a", "r3", 0, True)])
    with pytest.raises(ValueError, match="one number"):
        net().fit(
            x, y, verbose=0, callbacks=[telling([np.ones(2)]), ModelCheckpoint(tmp_path / "a", "val_loss", 0, True)]
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
