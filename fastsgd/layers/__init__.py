"""Layers: what the user writes down of a network. They hold settings; the weights are the model's.

Names, arguments and defaults are Keras 3's, and some old spellings of Keras 1 and 2.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import absent
from .base import Input, InputLayer, Layer
from .dense import Activation, Dense
from .preprocessing import Normalization, Rescaling

__all__ = ["Activation", "Dense", "Input", "InputLayer", "Layer", "Normalization", "Rescaling"]

if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.LAYERS, __all__)
