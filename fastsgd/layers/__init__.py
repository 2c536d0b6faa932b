"""Layers: what the user writes down of a network. They hold settings; the weights are the model's.

Names, arguments and defaults are Keras 3's, and some old spellings of Keras 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import absent
from ..names import lookup
from .activated import ELU, Flatten, LeakyReLU, ReLU, Softmax
from .base import Input, InputLayer, Layer
from .dense import Activation, ActivityRegularization, Dense
from .noise import AlphaDropout, Dropout, GaussianDropout, GaussianNoise
from .normalization import BatchNormalization, LayerNormalization
from .preprocessing import Normalization, Rescaling
from .residual import Residual

__all__ = [
    "ELU", "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dense", "Dropout", "Flatten",
    "GaussianDropout", "GaussianNoise", "Input", "InputLayer", "Layer", "LayerNormalization", "LeakyReLU",
    "Normalization", "ReLU", "Rescaling", "Residual", "Softmax",
]  # fmt: skip


def made(settings: dict[str, Any]) -> Layer:
    """The layer of ``{"class_name": name, "config": what get_config returned}``.

    Raises
    ------
    ValueError
        There is no such layer.
    """
    classes = {name: item for name, item in globals().items() if isinstance(item, type) and issubclass(item, Layer)}
    return lookup("layer", settings["class_name"], classes, absent=absent.LAYERS).from_config(settings["config"])


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.LAYERS, __all__)
