"""What is written for TensorBoard, with writers that only note it."""

import contextlib
import pickle
import sys
import types

import numpy as np
import pytest

from fastsgd.callbacks import CallbackList, TensorBoard
from fastsgd.layers import Dense
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD

WRITERS = ("tensorboardX", "torch", "torch.utils.tensorboard", "tensorflow", "tensorboard")


class SummaryWriter:
    """Of tensorboardX and PyTorch."""

    files: dict = {}  # noqa: RUF012

    def __init__(self, folder):
        self.seen = self.files.setdefault(folder, [])

    def add_scalar(self, name, value, step):
        self.seen.append((name, value, step))

    def add_histogram(self, name, values, step):
        self.seen.append((name, values.shape, step))

    def close(self):
        self.seen.append("closed")


class TensorFlowSummary:
    """Of TensorFlow, which writes to the file that was last made the default."""

    def create_file_writer(self, folder):
        seen = SummaryWriter.files.setdefault(folder, [])
        return types.SimpleNamespace(as_default=lambda: self.into(seen), close=lambda: seen.append("closed"))

    @contextlib.contextmanager
    def into(self, seen):
        self.seen = seen
        yield

    def scalar(self, name, value, step):
        self.seen.append((name, value, step))

    def histogram(self, name, values, step):
        self.seen.append((name, values.shape, step))


@pytest.fixture(params=["tensorboardX", "torch.utils.tensorboard", "tensorflow"])
def files(request, monkeypatch):
    """By folder, what was written to it; with one of the writers installed."""
    for name in WRITERS:
        monkeypatch.setitem(sys.modules, name, None)
    summaries = types.SimpleNamespace(SummaryWriter=SummaryWriter, summary=TensorFlowSummary())
    needed = {"torch.utils.tensorboard": ["torch", "torch.utils"], "tensorflow": ["tensorboard"]}
    for name in needed.get(request.param, []):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, request.param, summaries)
    SummaryWriter.files.clear()
    return SummaryWriter.files


def fit(callback, **more):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 3))
    model = Sequential([Dense(2, "tanh"), Dense(1)], seed=1)
    model.compile(SGD(0.1), "mse", ["mae"], backend="numpy")
    return model.fit(x, x.sum(axis=1), 5, epochs=3, verbose=0, callbacks=callback, **more)


def test_epochs(files):
    history = fit(TensorBoard("logs", histogram_freq=2), validation_split=0.5)
    train, validation = files["logs/train"], files["logs/validation"]
    scalars = [item for item in train if isinstance(item[1], float)]
    names = ["epoch_loss", "epoch_mae", "epoch_learning_rate"]
    assert [(name, step) for name, _, step in scalars] == [(name, epoch) for epoch in range(3) for name in names]
    assert [value for name, value, _ in scalars if name == "epoch_loss"] == history["loss"]
    shapes = {"dense/kernel": (3, 2), "dense/bias": (2,), "dense_1/kernel": (2, 1), "dense_1/bias": (1,)}
    assert [item for item in train if "histogram" in item[0]] == [
        (f"{name}/histogram", shape, epoch) for epoch in (0, 2) for name, shape in shapes.items()
    ]
    assert [item for item in validation if item[0] == "epoch_mae"] == [
        ("epoch_mae", value, epoch) for epoch, value in enumerate(history["val_mae"])
    ]
    assert [item for item in validation if item[0] == "evaluation_loss_vs_iterations"] == [
        ("evaluation_loss_vs_iterations", value, 2 * epoch + 2) for epoch, value in enumerate(history["val_loss"])
    ]
    assert train[-1] == "closed"


def test_batches(files):
    fit(TensorBoard("logs", update_freq=3, write_steps_per_second=True))
    seen = files["logs/train"]
    assert [step for name, _, step in seen[:-1] if name == "batch_loss"] == [3, 6, 9, 12]
    assert [step for name, _, step in seen[:-1] if name == "batch_mae"] == [3, 6, 9, 12]
    assert all(value > 0 for name, value, _ in seen[:-1] if name == "epoch_steps_per_second")
    assert "logs/validation" not in files


def test_python_is_entered_at_batches_only_if_it_must_be(files):
    assert not CallbackList(TensorBoard()).has_batch_hooks
    assert CallbackList(TensorBoard(update_freq="batch")).has_batch_hooks
    again = pickle.loads(pickle.dumps(TensorBoard("logs", update_freq="batch")))
    fit(again)
    assert [step for name, _, step in files["logs/train"][:-1] if name == "batch_loss"] == list(range(1, 13))


@pytest.mark.parametrize("there", [None, "tensorflow"])
def test_no_writer(monkeypatch, there):
    for name in WRITERS:
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name) if name == there else None)
    with pytest.raises(ImportError, match=r"pip install 'fastsgd\[tensorboard\]'"):
        TensorBoard()


@pytest.mark.parametrize(
    ("settings", "error", "match"),
    [
        ({"update_freq": "epochs"}, TypeError, 'update_freq must be a whole number, at least 1, "epoch" or "batch"'),
        ({"update_freq": 0}, ValueError, "update_freq must be a whole number"),
        ({"histogram_freq": -1}, ValueError, "histogram_freq"),
        ({"write_images": True}, NotImplementedError, "write_images is not supported yet"),
        ({"profile_batch": (1, 2)}, NotImplementedError, "profile_batch is not supported yet"),
        ({"embeddings_freq": 1}, NotImplementedError, "embeddings_freq is not supported yet"),
    ],
)
def test_bad_settings(files, settings, error, match):
    with pytest.raises(error, match=match):
        TensorBoard(**settings)
