"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..names import lookup
from .base import HOOKS, Callback


class LambdaCallback(Callback):
    """A callback made of functions on the spot.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end : callable, optional
        Called with ``(epoch, logs)``.
    on_train_begin, on_train_end : callable, optional
        Called with ``(logs)``.
    on_train_batch_begin, on_train_batch_end : callable, optional
        Called with ``(batch, logs=logs)``.
    **kwargs
        Functions for other hooks of :class:`Callback`, and attributes by any name that does not start with ``on_``.

    Raises
    ------
    ValueError
        There is no such hook.

    Examples
    --------
    >>> show = LambdaCallback(on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        named = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for name, value in (named | kwargs).items():
            if name.startswith("on_"):
                name = lookup("callback hook", name, {hook: hook for hook in HOOKS})
            if value is not None:
                setattr(self, name, value)
