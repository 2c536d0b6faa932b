"""Logs for TensorBoard, by whatever writer is installed."""

from __future__ import annotations

import os
from importlib import import_module
from time import perf_counter
from typing import Any

import numpy as np

from ..arguments import flag, not_yet, whole
from .base import Callback, Logs


class TensorBoard(Callback):
    """Write losses, metrics and weights to files that TensorBoard shows. Tags and folders are Keras 3's.

    It writes with tensorboardX, or else with PyTorch's writer or TensorFlow's, which need tensorboard.

    Parameters
    ----------
    log_dir : path
        Training goes to ``train`` in it, validation to ``validation``.
    histogram_freq : int
        Write histograms of all weights after every so many epochs; 0: never.
    write_graph : bool
        Accepted as in Keras 3, which writes none without TensorFlow either.
    write_steps_per_second : bool
    update_freq : "epoch", "batch" or int
        Write after epochs only, or after every so many batches too ("batch": 1), for which training returns to Python
        after every batch.
    write_images, profile_batch, embeddings_freq, embeddings_metadata
        Not supported.

    Raises
    ------
    ImportError
        There is no writer.
    TypeError, ValueError
        An argument of another kind, or out of range.
    NotImplementedError
        An argument that is not supported.
    """

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: Any = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: Any = None,
    ) -> None:
        super().__init__()
        not_yet(write_images=write_images or None, profile_batch=profile_batch or None)
        not_yet(embeddings_freq=embeddings_freq or None, embeddings_metadata=embeddings_metadata)
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = whole("histogram_freq", histogram_freq, 0)
        self.write_graph = flag("write_graph", write_graph)
        self.write_steps_per_second = flag("write_steps_per_second", write_steps_per_second)
        self.update_freq: str | int = "epoch"
        if update_freq != "epoch":
            often = 1 if update_freq == "batch" else update_freq
            self.update_freq = whole("update_freq", often, or_else=', "epoch" or "batch"')
            self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]
        self._open = _opener()
        self._writers: dict[str, Any] = {}
        self._batch = 0  # of this training
        self._epoch_began, self._epoch_step = 0.0, 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        self._batch = 0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch_began, self._epoch_step = perf_counter(), self.model.optimizer.iterations

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        logs = logs or {}
        seconds, steps = perf_counter() - self._epoch_began, self.model.optimizer.iterations - self._epoch_step
        training = {name: value for name, value in logs.items() if not name.startswith("val_")}
        training["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            training["steps_per_second"] = steps / seconds
        self._scalars("train", {f"epoch_{name}": value for name, value in training.items()}, epoch)
        validation = {f"epoch_{name[4:]}": value for name, value in logs.items() if name.startswith("val_")}
        self._scalars("validation", validation, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            for layer in self.model.layers:
                for part, w in zip(layer.parts(), layer.get_weights(), strict=True):
                    self._writer("train").histogram(f"{layer.name}/{part}/histogram", w, epoch)

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        self._batch += 1
        if self._batch % int(self.update_freq) == 0:
            self._scalars("train", {f"batch_{name}": value for name, value in (logs or {}).items()}, self._batch)

    def on_test_end(self, logs: Logs | None = None) -> None:
        step = self.model.optimizer.iterations
        named = {f"evaluation_{name}_vs_iterations": value for name, value in (logs or {}).items()}
        self._scalars("validation", named, step)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def _scalars(self, kind: str, values: dict[str, Any], step: int) -> None:
        for name, value in values.items():
            if np.ndim(value) == 0:
                self._writer(kind).scalar(name, float(value), step)

    def _writer(self, kind: str) -> Any:
        if kind not in self._writers:
            self._writers[kind] = self._open(os.path.join(self.log_dir, kind))
        return self._writers[kind]

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_writers": {}}


# -- Writers: what is called of them is `scalar`, `histogram` and `close`
class _Summaries:
    """That of tensorboardX or PyTorch."""

    def __init__(self, folder: str) -> None:
        made = None
        for module in ("tensorboardX", "torch.utils.tensorboard"):
            if (found := _module(module)) is not None:
                made = found.SummaryWriter(folder)
                break
        assert made is not None
        self.scalar, self.histogram, self.close = made.add_scalar, made.add_histogram, made.close


class _TensorFlow:
    """That of TensorFlow."""

    def __init__(self, folder: str) -> None:
        self._summary = import_module("tensorflow").summary
        self._file = self._summary.create_file_writer(folder)
        self.close = self._file.close

    def scalar(self, name: str, value: float, step: int) -> None:
        with self._file.as_default():
            self._summary.scalar(name, value, step=step)

    def histogram(self, name: str, values: np.ndarray, step: int) -> None:
        with self._file.as_default():
            self._summary.histogram(name, values, step=step)


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError:
        return None


def _opener() -> type[_Summaries] | type[_TensorFlow]:
    """What makes a writer for a folder."""
    if _module("tensorboardX") is not None or _module("torch.utils.tensorboard") is not None:
        return _Summaries
    if _module("tensorboard") is not None and _module("tensorflow") is not None:
        return _TensorFlow
    raise ImportError(
        "TensorBoard needs a writer, tensorboardX, PyTorch's or TensorFlow's: pip install 'fastsgd[tensorboard]'"
    )
