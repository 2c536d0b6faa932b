"""The base of all callbacks: every moment at which training calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Hook = TypeVar("Hook", bound=Callable[..., Any])
Logs = dict[str, Any]


def default(method: Hook) -> Hook:
    """Mark a hook that does nothing, so that whoever overrides it can be told; the mark is the one Keras 3 uses."""
    method._is_default = True  # type: ignore[attr-defined]
    return method


def is_default(method: Any) -> bool:
    """True for a hook nobody has overridden: calling it can be left out."""
    return getattr(method, "_is_default", False) is True


class Callback:
    """Base of callbacks: override the hooks you need. Names, order and arguments are Keras 3's.

    Epochs and batches count from 0; a batch is one of its epoch. ``logs`` maps names to floats and is shared: what a
    callback adds in ``on_epoch_end`` is seen by those after it and by the history. Train-batch hooks make training
    return to Python after every batch, which costs much more than a small network's batch: use them knowingly.

    Attributes
    ----------
    model
        The model in training: ``get_weights()``, ``set_weights(list)``, ``stop_training`` (set it to True to stop),
        ``optimizer``, ``loss``, ``metrics``.
    params : dict
        ``verbose``, ``epochs``, ``steps`` and others of the arguments of ``fit``.
    """

    def __init__(self) -> None:
        self.params: dict[str, Any] | None = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        return self._model

    def set_model(self, model: Any) -> None:
        self._model = model

    def set_params(self, params: dict[str, Any] | None) -> None:
        self.params = params

    # -- fit -----------------------------------------------------------------------------------------------------------
    @default
    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Before the first epoch of a fit."""

    @default
    def on_train_end(self, logs: Logs | None = None) -> None:
        """After the last one; ``logs`` are that epoch's."""

    @default
    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Before an epoch."""

    @default
    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """After an epoch and its validation; ``logs``: loss and metrics, those of validation with prefix ``val_``."""

    @default
    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch."""
        self.on_batch_begin(batch, logs=logs)

    @default
    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch's update; ``logs``: loss and metrics over the epoch so far."""
        self.on_batch_end(batch, logs=logs)

    @default
    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Old name of ``on_train_batch_begin``."""

    @default
    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Old name of ``on_train_batch_end``."""

    @default
    def on_moment(self, logs: Logs | None = None) -> None:
        """Some 20 to 30 times a second within ``fit``, between two batches; ``logs``: the loss over the epoch so far.

        Keras has no such hook. It costs nothing that could be measured, unlike the hooks of batches.
        """

    # -- evaluate, and validation in fit -------------------------------------------------------------------------------
    @default
    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Before an evaluation or validation."""

    @default
    def on_test_end(self, logs: Logs | None = None) -> None:
        """After it."""

    @default
    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of it."""

    @default
    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of it."""

    # -- predict -------------------------------------------------------------------------------------------------------
    @default
    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Before a prediction."""

    @default
    def on_predict_end(self, logs: Logs | None = None) -> None:
        """After it."""

    @default
    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Before a batch of it."""

    @default
    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """After a batch of it."""


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
