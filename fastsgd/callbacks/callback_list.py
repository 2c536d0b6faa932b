"""Many callbacks called as one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .base import HOOKS, Logs, is_default

OLD_NAMES = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _flat(callbacks: Any) -> Iterator[Any]:
    if callbacks is None:
        return
    if isinstance(callbacks, CallbackList):
        yield from callbacks.callbacks
    elif isinstance(callbacks, (list, tuple)):
        for callback in callbacks:
            yield from _flat(callback)
    elif isinstance(callbacks, type):
        raise TypeError(
            f"callbacks must be objects, got the class {callbacks.__name__}: write {callbacks.__name__}(...)"
        )
    elif not any(callable(getattr(callbacks, hook, None)) for hook in HOOKS):
        raise TypeError(
            f"callbacks must have hooks as Callback has, got {callbacks!r} of type {type(callbacks).__name__}"
        )
    else:
        yield callbacks


class CallbackList:
    """Callbacks in their order, as one.

    Parameters
    ----------
    callbacks : Callback, list (nested too) or None
        Instances of :class:`Callback`, Keras's own, or any object that has some of the hooks.
    model, **params
        Given to every callback that has ``set_model`` and ``set_params``.

    Raises
    ------
    TypeError
        A class instead of an object, or something without hooks.
    """

    def __init__(self, callbacks: Any = None, model: Any = None, **params: Any) -> None:
        self.callbacks = list(_flat(callbacks))
        self.params: dict[str, Any] = {}
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)

    def append(self, callback: Any) -> None:
        self.callbacks.extend(_flat(callback))

    def set_model(self, model: Any) -> None:
        self._call("set_model", model)

    def set_params(self, params: dict[str, Any]) -> None:
        self.params = params
        self._call("set_params", params)

    # -- What the training loop asks -----------------------------------------------------------------------------------
    def overrides(self, *hooks: str) -> bool:
        """True if any callback does something at one of these moments."""
        found = (getattr(callback, hook, None) for callback in self.callbacks for hook in hooks)
        return any(callable(hook) and not is_default(hook) for hook in found)

    @property
    def has_batch_hooks(self) -> bool:
        """True if training must return to Python at every batch."""
        return self.overrides(*OLD_NAMES, *OLD_NAMES.values())

    @property
    def has_epoch_hooks(self) -> bool:
        """True if training must return to Python at every epoch."""
        return self.overrides("on_epoch_begin", "on_epoch_end")

    # -- Hooks ---------------------------------------------------------------------------------------------------------
    def _call(self, name: str, *args: Any, **kwargs: Any) -> None:
        for callback in self.callbacks:
            hook = getattr(callback, name, None)
            if hook is None and name in OLD_NAMES:
                hook = getattr(callback, OLD_NAMES[name], None)
            if hook is not None:
                hook(*args, **kwargs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._call("on_train_end", logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_begin", epoch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_end", epoch, logs)

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_begin", batch, logs=logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_train_batch_end", batch, logs=logs)

    def on_moment(self, logs: Logs | None = None) -> None:
        self._call("on_moment", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._call("on_test_end", logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_begin", batch, logs=logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_test_batch_end", batch, logs=logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._call("on_predict_end", logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_begin", batch, logs=logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call("on_predict_batch_end", batch, logs=logs)
