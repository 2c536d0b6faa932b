"""Weights and states in files."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from small_models import net, rows, same

from fastsgd import state
from fastsgd.files import write_whole
from fastsgd.layers import Normalization
from fastsgd.optimizers import SGD


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


def test_scales_go_with_weights(engine, tmp_path):
    x, y = rows()
    x, y = 100 + 7 * x, 1000 + 50 * y
    model, other = (
        net(engine, seed=seed, before=[Normalization()], optimizer=SGD(0.05), scale_target=True) for seed in range(2)
    )
    model.fit(x, y, verbose=0)
    model.save_weights(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as file:
        names = file.files
    assert names[:4] == ["normalization/mean", "normalization/variance", "normalization/count", "dense/kernel"]
    assert names[-2:] == ["target_scale/mean", "target_scale/variance"]
    other.build((None, 5))
    other.load_weights(tmp_path / "a.npz")
    assert_array_equal(model.predict(x), other.predict(x))
    for one in (model, other):
        one.fit(x, y, verbose=0, shuffle=False)
    assert same(model, other)


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


def test_states_in_files(tmp_path):
    original = {"a": [np.arange(3), {"b": None}], "c": 0.1, "d": np.float64(2.5), "e": (1, "text"), "f": 2**63}
    state.write(tmp_path / "s.npz", original)
    found = state.read(tmp_path / "s.npz")
    assert_array_equal(found["a"].pop(0), np.arange(3))
    assert found == {"a": [{"b": None}], "c": 0.1, "d": 2.5, "e": [1, "text"], "f": 2**63}
