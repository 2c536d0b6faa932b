"""Settings of optimizers: attributes that are checked whenever they are set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from ..arguments import number
from ..kernels import records


class Setting:
    """An attribute whose values go through ``check(name, value, *limits)``; ``__init__`` must set it.

    Parameters
    ----------
    check : callable
        Returns the value to keep, or raises an error that names the attribute.
    *limits
        Passed on to it.
    """

    def __init__(self, check: Callable[..., Any], *limits: Any) -> None:
        self.check, self.limits = check, limits

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    if TYPE_CHECKING:  # at run time the value in the instance's dict is found without a call: every step reads a dozen

        def __get__(self, instance: Any, owner: type | None = None) -> Any: ...

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.name] = self.check(self.name, value, *self.limits)


class Clip(Setting):
    """A limit above 0, or None, of which only one may be set."""

    KINDS = records.CLIPS

    def __init__(self) -> None:
        super().__init__(optional(number), 2.0**-1022)

    def __set__(self, instance: Any, value: Any) -> None:
        super().__set__(instance, value)
        both = [name for name in self.KINDS if instance.__dict__.get(name) is not None]
        if len(both) > 1:
            instance.__dict__[self.name] = None
            other = next(name for name in both if name != self.name)
            raise ValueError(
                f"Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set: {other} is "
                f"{getattr(instance, other)!r}, got {self.name}={value!r}"
            )


def optional(check: Callable[..., Any]) -> Callable[..., Any]:
    """The check that lets None pass, too."""

    def checked(name: str, value: Any, *limits: Any) -> Any:
        return None if value is None else check(name, value, *limits)

    return checked


def below_one(name: str, value: Any) -> float:
    """The share that a mean keeps of what it was: a number in [0, 1).

    Raises
    ------
    TypeError, ValueError
        Anything else.
    """
    real = number(name, value, 0, 1)
    if real == 1:
        raise ValueError(f"{name} must be below 1, got {value!r}")
    return real


def one_of(name: str, value: Any, values: tuple[str, ...]) -> str:
    """One of these words.

    Raises
    ------
    ValueError
        Anything else.
    """
    if value not in values:
        raise ValueError(f"{name} must be one of {', '.join(map(repr, values))}, got {value!r}")
    return value


def power(beta: float, n: np.ndarray) -> Any:
    """beta**n for rising n; 0 for all of them where 1 - beta**n is 1 anyway."""
    return 0.0 if n.size and beta ** n.flat[0] < 2.0**-60 else beta**n


def positive(epsilon: float) -> float:
    """What is added to a divisor, so that it is never 0, also in float32."""
    return max(epsilon, 2.0**-126)
