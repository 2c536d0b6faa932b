"""Optimizers: the settings of an update rule, and the rule itself for NumPy arrays.

The rules are the formulas of ``kernels/updates.py``. An engine asks an optimizer for the name of its rule and for its
numbers at given update counts; :meth:`Optimizer.apply` evaluates the same formulas on arrays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import absent
from ..identifiers import instance, serialized
from . import schedules
from .base import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Optimizer", "deserialize", "get", "schedules", "serialize"]

CLASSES: dict[str, type[Optimizer]] = {"SGD": SGD}


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


def deserialize(config: Any) -> Optimizer:
    """The optimizer that :func:`serialize` made a dict of."""
    return instance("optimizer", config, Optimizer, CLASSES, absent=absent.OPTIMIZERS)


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.OPTIMIZERS, CLASSES)
