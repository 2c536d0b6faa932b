"""The options that all optimizers have, as each takes them behind the parameters of its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from .base import Optimizer

Init = TypeVar("Init", bound=Callable[..., None])


def with_options(init: Init) -> Init:
    """The ``__init__(self, ..., *options, **named)`` of an optimizer, with the options in what it shows as signature.

    They have the order of :class:`Optimizer`, which is Keras's, less those that the optimizer takes by itself. What it
    does not take is refused in the name of the class that it is written for.
    """
    own: list[Any] = list(inspect.signature(init).parameters.values())
    names = {p.name for p in own}
    options = [p for p in inspect.signature(Optimizer).parameters.values() if p.name not in names]
    shown = [p for p in (*own, *options) if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    signature = inspect.Signature(sorted(shown, key=lambda p: p.kind))
    owner, takes = init.__qualname__.partition(".")[0], ", ".join(list(signature.parameters)[1:])

    @wraps(init)
    def checked(self: Optimizer, *positional: Any, **named: Any) -> None:
        try:
            init(self, *positional, **named)
        except TypeError:
            try:
                signature.bind(self, *positional, **named)
            except TypeError as error:
                raise TypeError(f"{owner} {error}; it takes {takes}") from None
            raise

    checked.__signature__ = signature  # type: ignore[attr-defined]
    return cast("Init", checked)
