"""What the weights of a new layer begin with: the initializers of Keras 3, for NumPy arrays.

Numbers are drawn as float64 and then cast, so that a float32 model begins with the rounded weights of the float64 one.
The same seed gives the same array on every machine and in every call.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import absent
from ..identifiers import instance, serialized
from .base import FromFunction, Initializer
from .distributions import Constant, Identity, Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, Zeros
from .scaled import GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, VarianceScaling

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "Initializer", "LecunNormal",
    "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
    "Zeros", "deserialize", "get", "serialize",
]  # fmt: skip

_CLASSES: dict[str, type[Initializer]] = {
    "glorot_uniform": GlorotUniform,
    "glorot_normal": GlorotNormal,
    "he_uniform": HeUniform,
    "he_normal": HeNormal,
    "lecun_uniform": LecunUniform,
    "lecun_normal": LecunNormal,
    "variance_scaling": VarianceScaling,
    "zeros": Zeros,
    "ones": Ones,
    "constant": Constant,
    "identity": Identity,
    "orthogonal": Orthogonal,
    "random_normal": RandomNormal,
    "random_uniform": RandomUniform,
    "truncated_normal": TruncatedNormal,
}
_ALIASES = {
    "uniform": "random_uniform", "normal": "random_normal", "zero": "zeros", "one": "ones",
    "orthogonal_initializer": "orthogonal", "OrthogonalInitializer": "orthogonal", "IdentityInitializer": "identity",
}  # fmt: skip


def get(identifier: Any) -> Initializer | None:
    """The initializer that ``identifier`` means.

    Parameters
    ----------
    identifier : str, dict, Initializer, type, callable, numpy.ndarray or None
        A name (``"he_normal"``, ``"HeNormal"``, Keras 1's ``"uniform"``); ``{"class_name": name, "config": settings}``;
        an initializer; its class; a function ``f(shape, dtype=...)``; an array of the weights' shape. None stays None.

    Raises
    ------
    ValueError
        There is no such name; the message has the list and the nearest.
    TypeError
        None of these kinds, or settings that the initializer does not have.
    """
    if identifier is None:
        return None
    if isinstance(identifier, np.ndarray):
        return Constant(identifier)
    if callable(identifier) and not isinstance(identifier, Initializer | type):
        return FromFunction(identifier)
    return instance("initializer", identifier, Initializer, _CLASSES, _ALIASES, absent.INITIALIZERS)


def chosen(identifier: Any, default: str) -> Initializer:
    """As :func:`get`, with what None means."""
    made = get(default if identifier is None else identifier)
    assert made is not None
    return made


def deserialize(config: Any, custom_objects: dict[str, type[Initializer]] | None = None) -> Initializer:
    """The initializer that :func:`serialize` made a dict of; ``custom_objects`` are classes of your own by name."""
    return instance("initializer", config, Initializer, {**_CLASSES, **(custom_objects or {})}, _ALIASES)


serialize = serialized
_refuse = absent.refusing(__name__, absent.INITIALIZERS, _CLASSES)


def __getattr__(name: str) -> type[Initializer]:
    """Keras's other names of the classes: ``initializers.he_normal``, ``initializers.zeros``."""
    proper = _ALIASES.get(name, name)
    return _CLASSES[proper] if proper in _CLASSES else _refuse(name)
