"""Activation functions as in Keras 3, for NumPy arrays; and which formula of the kernels an ``activation`` means.

Nothing is computed here: each function names a formula of ``kernels/activations.py`` and its constants, and that very
formula runs. A formula without parameters that is added there appears here by itself.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from . import absent
from .arguments import number
from .kernels import source
from .names import lookup

Function = Callable[..., Any]


class Choice(NamedTuple):
    """A formula of the kernels by name, and the values of its parameters."""

    name: str
    constants: tuple[float, ...] = ()


def _values(x: ArrayLike, choice: Choice) -> Any:
    """The formula at x: float32 for float32, otherwise float64; a new array, or a NumPy scalar for a scalar."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"x has dtype {array.dtype}, but activations take real numbers")
    z = array.astype(np.float32 if array.dtype == np.float32 else np.float64, copy=False)
    formulas = source.on_arrays(z.dtype)
    with np.errstate(all="ignore"):  # both sides of a where() are evaluated, overflow in the one not taken is no news
        y = formulas[choice.name](z, *map(z.dtype.type, choice.constants))
    return (y.copy() if y is z else y)[()]


# -- Functions with settings, each after the rule that turns the settings into a formula -------------------------------
def _relu(negative_slope: float, max_value: float | None, threshold: float) -> Choice:
    slope = number("relu: negative_slope", negative_slope)
    most = math.inf if max_value in (None, math.inf) else number("relu: max_value", max_value, 0)
    start = number("relu: threshold", threshold, 0)
    if most == math.inf and start == 0 and slope >= 0:
        return _leaky_relu(slope) if slope > 0 else Choice("relu")
    return Choice("relu_general", (slope, most, start))


def relu(x: ArrayLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Rectified linear unit: max(x, 0).

    With settings: ``min(x, max_value) if x > threshold else negative_slope (x - threshold)``.

    Parameters
    ----------
    x : array_like
    negative_slope : float
        Slope at and below the threshold.
    max_value : float >= 0, optional
        The largest value; None: no limit.
    threshold : float >= 0

    Returns
    -------
    ndarray of float32 if x is one, otherwise of float64; of the shape of x. A scalar for a scalar.

    Raises
    ------
    ValueError
        A setting is not finite or out of its range.
    """
    return _values(x, _relu(negative_slope, max_value, threshold))


def _leaky_relu(negative_slope: float) -> Choice:
    slope = number("leaky_relu: negative_slope", negative_slope)
    if slope < 0:  # the output no longer tells the sign of the input
        return Choice("relu_general", (slope, math.inf, 0.0))
    return Choice("leaky_relu", (slope,))


def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Any:
    """``x if x > 0 else negative_slope x``; shape, dtype and errors as for :func:`relu`."""
    return _values(x, _leaky_relu(negative_slope))


def _elu(alpha: float) -> Choice:
    return Choice("elu", (number("elu: alpha", alpha, 0),))


def elu(x: ArrayLike, alpha: float = 1.0) -> Any:
    """Exponential linear unit (Clevert et al., 2016): ``x if x > 0 else alpha (exp(x) - 1)``, alpha >= 0."""
    return _values(x, _elu(alpha))


def _gelu(approximate: bool) -> Choice:
    return Choice("gelu_tanh" if approximate else "gelu")


def gelu(x: ArrayLike, approximate: bool = False) -> Any:
    """Gaussian error linear unit (Hendrycks and Gimpel, 2016): x times the normal distribution function of x.

    ``approximate``: ``x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3)))`` instead.
    """
    return _values(x, _gelu(approximate))


_SETTINGS: dict[Function, Callable[..., Choice]] = {relu: _relu, leaky_relu: _leaky_relu, elu: _elu, gelu: _gelu}


# -- Functions without settings ----------------------------------------------------------------------------------------
def linear(x: ArrayLike) -> Any:
    """x itself, in a new array."""
    return _values(x, Choice("linear"))


def selu(x: ArrayLike) -> Any:
    """Scaled exponential linear unit (Klambauer et al., 2017): 1.0507 elu(x, alpha=1.67326)."""
    return _values(x, Choice("selu"))


def tanh(x: ArrayLike) -> Any:
    """Hyperbolic tangent."""
    return _values(x, Choice("tanh"))


def sigmoid(x: ArrayLike) -> Any:
    """1 / (1 + exp(-x))."""
    return _values(x, Choice("sigmoid"))


def softplus(x: ArrayLike) -> Any:
    """log(1 + exp(x))."""
    return _values(x, Choice("softplus"))


def softsign(x: ArrayLike) -> Any:
    """x / (1 + abs(x))."""
    return _values(x, Choice("softsign"))


def silu(x: ArrayLike) -> Any:
    """x sigmoid(x), also called swish (Ramachandran et al., 2017)."""
    return _values(x, Choice("silu"))


swish = silu


def _further(name: str) -> Function:
    """The function of a formula that nobody has written out above."""

    def function(x: ArrayLike) -> Any:
        return _values(x, Choice(name))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The formula ``{name}`` of ``kernels/activations.py``."
    return function


_FUNCTIONS: dict[str, Function] = {
    function.__name__: function
    for function in (linear, relu, leaky_relu, elu, selu, tanh, sigmoid, softplus, softsign, silu, gelu)
}
for _name, _formula in source.activation_table().items():
    if not _formula.parameters and _name not in _FUNCTIONS:
        _FUNCTIONS[_name] = globals()[_name] = _further(_name)
_ALIASES = {"swish": "silu"}


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
        return lookup("activation", identifier, _FUNCTIONS, _ALIASES, absent.ACTIVATIONS)
    if isinstance(identifier, dict):
        function = lookup("activation", identifier.get("class_name", ""), _FUNCTIONS, _ALIASES, absent.ACTIVATIONS)
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
    if function not in _FUNCTIONS.values():
        names = ", ".join(sorted(_FUNCTIONS))
        raise ValueError(
            f"activation {identifier!r} is no function of fastsgd.activations, and training has no formula for it. "
            f"Names: {names}"
        )
    try:
        bound = inspect.signature(function).bind(None, **settings)
    except TypeError as error:
        raise ValueError(f"activation {function.__name__}: {error}") from None
    bound.apply_defaults()
    if function in _SETTINGS:
        return _SETTINGS[function](*bound.args[1:])
    return Choice(function.__name__)


def serialize(activation: Any) -> str | dict[str, Any]:
    """The name of an activation, with its settings if it has any; :func:`get` turns it back."""
    function = get(activation)
    if not isinstance(function, functools.partial):
        return function.__name__
    return {"class_name": function.func.__name__, "config": dict(function.keywords)}


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.ACTIVATIONS, _FUNCTIONS)
