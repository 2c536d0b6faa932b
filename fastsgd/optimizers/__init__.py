"""Optimizers: the settings of an update rule, and the rule itself for NumPy arrays.

The rules are the formulas of ``kernels/updates.py``. An engine asks an optimizer for the name of its rule and for its
numbers at given update counts; :meth:`Optimizer.apply` evaluates the same formulas on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import absent
from ..identifiers import instance, serialized
from . import schedules
from .adadelta import Adadelta
from .adagrad import Adagrad
from .adam import Adam, AdamW
from .adamax import Adamax
from .base import Optimizer
from .lion import Lion
from .nadam import Nadam
from .rmsprop import RMSprop
from .sgd import SGD

__all__ = [
    "SGD", "Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Lion", "Nadam", "Optimizer", "RMSprop", "deserialize",
    "get", "schedules", "serialize",
]  # fmt: skip

CLASSES: dict[str, type[Optimizer]] = {
    made.__name__: made for made in (Adadelta, Adagrad, Adam, AdamW, Adamax, Lion, Nadam, RMSprop, SGD)
}


def get(identifier: Any) -> Any:
    """An optimizer by name (``"sgd"``), dict or class; an optimizer is returned as it is, None as None.

    Raises
    ------
    ValueError
        Unknown name, or a setting out of range.
    TypeError
        None of these.
    """
    return None if identifier is None else deserialize(identifier)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The dict from which :func:`get` makes an equal optimizer."""
    return serialized(optimizer)


def deserialize(config: Any, custom_objects: dict[str, type[Optimizer]] | None = None) -> Optimizer:
    """The optimizer that :func:`serialize` made a dict of; ``custom_objects`` are classes of your own by name."""
    if isinstance(config, dict) and "recipe" in (config.get("config") or {}):
        from ..formulas import CustomOptimizer

        return CustomOptimizer.from_config(config["config"])
    return instance("optimizer", config, Optimizer, {**CLASSES, **(custom_objects or {})}, absent=absent.OPTIMIZERS)


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.OPTIMIZERS, CLASSES)
