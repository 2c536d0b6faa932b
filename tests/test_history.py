"""The history of a fit: a dict that JSON, pandas, pickle and matplotlib take."""

import copy
import json
import pickle
import subprocess
import sys

import matplotlib
import numpy as np
import pytest

from fastsgd.callbacks import History as KerasName
from fastsgd.history import History


@pytest.fixture
def history():
    h = History({"epochs": 3, "steps": 4})
    h.append(0, {"loss": np.float32(0.5), "mae": np.array(2)})
    h.append(1, {"loss": np.float64(0.25), "mae": 1, "val_loss": 0.75})
    h.append(2, {"loss": 0.125, "mae": 0.5})
    return h


def test_is_a_dict_of_plain_floats(history):
    assert history == {"loss": [0.5, 0.25, 0.125], "mae": [2.0, 1.0, 0.5], "val_loss": [0.75]}
    assert {type(v) for values in history.values() for v in values} == {float}
    assert history.history["loss"] is history["loss"]
    assert (history.epoch, history.params) == ([0, 1, 2], {"epochs": 3, "steps": 4})
    assert json.loads(json.dumps(history)) == history
    assert repr(history) == "<History of 3 epochs: loss=0.125, mae=0.5, val_loss=0.75>"
    assert repr(History()) == "<History of 0 epochs>"


def test_arrays_become_lists(history):
    history.append(3, {"r2": np.array([1, 2])})
    assert history["r2"] == [[1.0, 2.0]]
    json.dumps(history)
    assert "r2" in repr(history)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, History.copy, lambda h: pickle.loads(pickle.dumps(h))])
def test_copies_keep_everything(history, duplicate):
    other = duplicate(history)
    assert type(other) is History
    assert other == history
    assert (other.epoch, other.params, other.history) == (history.epoch, history.params, other)
    assert other.to_frame().equals(history.to_frame())


def test_deep_copies_are_independent(history):
    other = copy.deepcopy(history)
    other.append(3, {"loss": 0.0})
    assert len(history["loss"]) == len(history.epoch) == 3


def test_extend(history):
    history.extend(3, "loss", [])
    history.extend(3, "loss", [0.1, 0.2])
    assert (history["loss"], history.epoch) == ([0.5, 0.25, 0.125, 0.1, 0.2], [0, 1, 2, 3, 4])
    assert history.to_frame()["loss"].to_list() == history["loss"]
    empty = History()
    empty.extend(0, "loss", [])
    assert empty == {}


def test_truncate(history):
    history["by hand"] = [1.0, 2.0, 3.0]
    history.truncate(5)
    assert len(history.epoch) == 3
    history.truncate(2)
    assert history == {"loss": [0.5, 0.25], "mae": [2.0, 1.0], "val_loss": [0.75], "by hand": [1.0, 2.0]}
    history.truncate(1)
    assert (history, history.epoch) == ({"loss": [0.5], "mae": [2.0], "by hand": [1.0]}, [0])
    history.append(1, {"val_loss": 0.5})
    assert history.to_frame()["val_loss"].to_list()[1:] == [0.5]
    history.truncate(0)
    assert (history, history.epoch) == ({}, [])


def test_is_the_callback_of_keras():
    assert KerasName is History
    h = KerasName()
    h.set_params({"epochs": 2})
    h.on_epoch_end(0, {"loss": 1})
    h.on_epoch_end(1)
    assert (h, h.epoch, h.params) == ({"loss": [1.0]}, [0, 1], {"epochs": 2})


def test_frame(history):
    frame = history.to_frame()
    assert frame.index.tolist() == [0, 1, 2]
    assert frame.index.name == "epoch"
    assert frame["loss"].tolist() == [0.5, 0.25, 0.125]
    assert frame["val_loss"].isna().tolist() == [True, False, True]
    assert History().to_frame().shape == (0, 0)
    history.append(0, {"loss": 1.0, "val_loss": 2.0})  # a second fit into the same history
    assert history.to_frame().index.tolist() == [0, 1, 2, 0]
    by_hand = History()
    by_hand.append(0, {"loss": 1.0})
    by_hand["own"] = [3.0]
    assert by_hand.to_frame()["own"].tolist() == [3.0]


def test_plot(history):
    matplotlib.use("agg")
    ax = history.plot()
    lines = {line.get_label(): line for line in ax.get_lines()}
    assert list(lines) == ["loss", "val_loss", "mae"]
    assert lines["loss"].get_xdata().tolist() == [1, 2, 3]
    assert lines["val_loss"].get_xdata().tolist() == [2]
    assert lines["loss"].get_color() == lines["val_loss"].get_color() != lines["mae"].get_color()
    assert (lines["loss"].get_linestyle(), lines["val_loss"].get_linestyle()) == ("-", "--")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("epoch", "")
    own = ax.figure.add_subplot()
    assert history.plot(ax=own, metrics="mae") is own
    assert [line.get_label() for line in own.get_lines()] == [own.get_ylabel()] == ["mae"]
    with pytest.raises(ValueError, match="did you mean 'mae'"):
        history.plot(ax=own, metrics=["mea"])
    assert History().plot(ax=own) is own
    matplotlib.pyplot.close("all")


@pytest.mark.parametrize(
    ("method", "module", "extra"), [("to_frame", "pandas", "frame"), ("plot", "matplotlib", "plot")]
)
def test_missing_packages_are_named(history, monkeypatch, method, module, extra):
    for name in [name for name in sys.modules if name.split(".")[0] == module]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf"{module}.*pip install 'fastsgd\[{extra}\]'"):
        getattr(history, method)()


def test_nothing_optional_is_imported():
    optional = "{'pandas', 'matplotlib', 'tqdm', 'numba'}"
    names = "callbacks, history, losses, metrics, optimizers, progress"
    code = f"import sys; from fastsgd import {names}; print({optional} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"
