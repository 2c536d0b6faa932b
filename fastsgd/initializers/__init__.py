"""What the weights of a new layer begin with: the initializers of Keras 3, for NumPy arrays.

Numbers are drawn as float64 and then cast, so that a float32 model begins with the rounded weights of the float64 one.
The same seed gives the same array on every machine and in every call.
"""

from __future__ import annotations

from typing import Any

from .. import absent
from ..identifiers import instance, serialized
from .base import FromFunction, Initializer
from .distributions import Constant, Identity, Ones, Orthogonal, RandomNormal, RandomUniform, TruncatedNormal, Zeros
from .scaled import GlorotNormal, GlorotUniform, HeNormal, HeUniform, LecunNormal, LecunUniform, VarianceScaling

__all__ = [
    "Constant", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "Identity", "Initializer", "LecunNormal",
    "LecunUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal", "VarianceScaling",
    "Zeros", "get", "serialize",
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
    "orthogonal_initializer": "orthogonal", "IdentityInitializer": "identity",
}  # fmt: skip


def get(identifier: Any) -> Initializer:
    """The initializer that ``identifier`` means.

    Parameters
    ----------
    identifier : str, dict, Initializer, type, callable or None
        A name (``"he_normal"``, ``"HeNormal"``, Keras 1's ``"uniform"``); ``{"class_name": name, "config": settings}``;
        an initializer; its class; a function ``f(shape, dtype=...)``; None is Keras's default, ``glorot_uniform``.

    Raises
    ------
    ValueError
        There is no such name; the message has the list and the nearest.
    TypeError
        None of these kinds, or settings that the initializer does not have.
    """
    if identifier is None:
        return GlorotUniform()
    if callable(identifier) and not isinstance(identifier, Initializer | type):
        return FromFunction(identifier)
    return instance("initializer", identifier, Initializer, _CLASSES, _ALIASES, absent.INITIALIZERS)


serialize = serialized
_refuse = absent.refusing(__name__, absent.INITIALIZERS, _CLASSES)


def __getattr__(name: str) -> type[Initializer]:
    """Keras's other names of the classes: ``initializers.he_normal``, ``initializers.zeros``."""
    proper = _ALIASES.get(name, name)
    return _CLASSES[proper] if proper in _CLASSES else _refuse(name)
