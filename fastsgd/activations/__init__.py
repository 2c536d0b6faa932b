"""Activation functions as in Keras 3, for NumPy arrays; and which formula of the kernels an ``activation`` means."""

from __future__ import annotations

import functools
import inspect
from typing import Any

from ..names import lookup
from . import elementwise, rowwise
from .elementwise import (
    SETTINGS,
    Choice,
    Function,
    OwnActivation,
    celu,
    elu,
    exponential,
    gelu,
    hard_shrink,
    hard_sigmoid,
    hard_silu,
    hard_tanh,
    leaky_relu,
    linear,
    log_sigmoid,
    mish,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    soft_shrink,
    softplus,
    softsign,
    sparse_plus,
    sparse_sigmoid,
    squareplus,
    tanh,
    tanh_shrink,
    threshold,
)  # fmt: skip
from .rowwise import glu, log_softmax, softmax, sparsemax

__all__ = [
    "Choice", "celu", "deserialize", "elu", "exponential", "formula", "gelu", "get", "glu", "hard_shrink",
    "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax",
    "mish", "relu", "relu6", "selu", "serialize", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip

_FUNCTIONS: dict[str, Function] = {**elementwise.FUNCTIONS, **rowwise.FUNCTIONS}
globals().update(elementwise.FUNCTIONS)  # also those that only the kernels name
OF_ROWS = ("softmax", "log_softmax")  # those of rowwise.py that engines know
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}
swish, hard_swish = silu, hard_silu


# -- What users write: names, functions, functions with settings -------------------------------------------------------
def get(identifier: Any) -> Function:
    """The activation that ``identifier`` means.

    Parameters
    ----------
    identifier : None, str, dict or callable
        None is ``linear``; a name (``"relu"``); what :func:`serialize` returned; a function of this module, also with
        settings in ``functools.partial(leaky_relu, negative_slope=0.1)``.

    Raises
    ------
    ValueError
        No such name (the message has the list and the nearest), or a function that is none of this module.
    TypeError
        Neither of these kinds.
    """
    if identifier is None:
        return linear
    if isinstance(identifier, str):
        return lookup("activation", identifier, _FUNCTIONS, _ALIASES)
    if isinstance(identifier, dict):
        if identifier.get("class_name") == "CustomActivation":
            from ..formulas import CustomActivation

            return CustomActivation.from_config(identifier.get("config", {}))
        function = lookup("activation", identifier.get("class_name", ""), _FUNCTIONS, _ALIASES)
        chosen = functools.partial(function, **identifier.get("config", {}))
        formula(chosen)
        return chosen
    if callable(identifier):
        formula(identifier)
        return identifier
    raise TypeError(f"activation must be a name or a function, got {identifier!r}")


def formula(identifier: Any) -> Choice:
    """What ``identifier`` means to the kernels: formula and constants. Identifiers and errors as for :func:`get`."""
    if not callable(identifier):
        identifier = get(identifier)
    function, settings = identifier, {}
    if isinstance(identifier, functools.partial):
        if identifier.args:
            raise ValueError(f"activation {identifier!r}: settings are given by name, as in partial(elu, alpha=0.5)")
        function, settings = identifier.func, identifier.keywords
    if isinstance(function, OwnActivation):
        return function.choice(**settings)
    if function not in _FUNCTIONS.values():
        names = ", ".join(sorted(_FUNCTIONS))
        raise ValueError(
            f"activation {identifier!r} is no function of fastsgd.activations, and training has no formula for it: "
            f"fastsgd.formulas.activation makes one of a Python function. Names: {names}"
        )
    return _choice(function, settings) if settings else _default(function)


def _choice(function: Function, settings: dict[str, Any]) -> Choice:
    """Of one of the package's functions."""
    try:
        bound = inspect.signature(function).bind(None, **settings)
    except TypeError as error:
        name = function.__name__
        raise ValueError(
            f"activation {name}: {error}; settings are given by name, in functools.partial(activations.{name}, ...)"
        ) from None
    bound.apply_defaults()
    if function in rowwise.FUNCTIONS.values():
        if function.__name__ in OF_ROWS:
            if bound.arguments["axis"] not in (-1, 1):
                raise ValueError(f"{function.__name__}: axis must be -1 or 1, the features, got {settings['axis']!r}")
            return Choice(function.__name__)
        raise NotImplementedError(
            f"activation {function.__name__} works on whole rows; as part of a model it is not supported yet"
        )
    if function in SETTINGS:
        return SETTINGS[function](*bound.args[1:])
    return Choice(function.__name__)


_default = functools.cache(lambda function: _choice(function, {}))  # every layer asks


def serialize(activation: Any) -> str | dict[str, Any]:
    """The name of an activation, with its settings if it has any; :func:`get` turns it back."""
    function = get(activation)
    if isinstance(function, functools.partial) and isinstance(function.func, OwnActivation):
        function = function.func.using(**function.keywords)
    if isinstance(function, OwnActivation):
        return {"class_name": "CustomActivation", "config": function.get_config()}
    if not isinstance(function, functools.partial):
        return function.__name__
    return {"class_name": function.func.__name__, "config": dict(function.keywords)}
