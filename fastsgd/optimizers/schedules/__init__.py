"""Learning rate schedules: the learning rate as a function of the update count.

Those of Keras 3, by its names, and :class:`OneCycle`. An optimizer takes any of them, or any function of the update
count, as its ``learning_rate``::

    SGD(learning_rate=CosineDecay(0.1, decay_steps=1000))
    SGD(learning_rate=lambda step: 0.1 / (1 + step))

Each can be called alone with one count, or with an array of them.
"""

from __future__ import annotations

from typing import Any

from ...identifiers import instance, serialized
from .base import LearningRateSchedule
from .cosine import CosineDecay, CosineDecayRestarts, OneCycle
from .decays import ExponentialDecay, InverseTimeDecay, PiecewiseConstantDecay, PolynomialDecay

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "LearningRateSchedule", "OneCycle",
    "PiecewiseConstantDecay", "PolynomialDecay", "deserialize", "serialize",
]  # fmt: skip

CLASSES: dict[str, type[LearningRateSchedule]] = {
    "CosineDecay": CosineDecay,
    "CosineDecayRestarts": CosineDecayRestarts,
    "ExponentialDecay": ExponentialDecay,
    "InverseTimeDecay": InverseTimeDecay,
    "OneCycle": OneCycle,
    "PiecewiseConstantDecay": PiecewiseConstantDecay,
    "PolynomialDecay": PolynomialDecay,
}


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The dict from which :func:`deserialize` makes an equal schedule."""
    return serialized(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, type[LearningRateSchedule]] | None = None) -> Any:
    """The schedule that :func:`serialize` made a dict of.

    Parameters
    ----------
    config : dict
        ``{"class_name": name, "config": settings}``.
    custom_objects : dict, optional
        Classes of your own by name.

    Raises
    ------
    TypeError, ValueError
        Not such a dict, an unknown name, or settings that the schedule does not have.
    """
    return instance("schedule", config, LearningRateSchedule, CLASSES | (custom_objects or {}))
