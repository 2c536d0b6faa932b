"""Activations of one element: each function names a formula of ``kernels/activations.py`` and its constants.

Nothing is computed here, that very formula runs. A formula without parameters that is added there appears here by
itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import number
from ..kernels.source.arrays import on_arrays
from ..kernels.source.tables import activation_table

Function = Callable[..., Any]


class Choice(NamedTuple):
    """A formula of the kernels by name, and the values of its parameters."""

    name: str
    constants: tuple[float, ...] = ()


class OwnActivation:
    """Base of activations that are no function of this package, but know a formula."""

    __name__: str

    def choice(self, **settings: Any) -> Choice:
        """The formula with these settings in place of its own ones; ValueError for others than it has."""
        raise NotImplementedError

    def using(self, **settings: Any) -> OwnActivation:
        """The same activation with these settings."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        raise NotImplementedError


def real_array(x: ArrayLike) -> np.ndarray:
    """x as it is if it is of float32, otherwise as float64; TypeError if it has no real numbers."""
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"x has dtype {array.dtype}, but activations take real numbers")
    return array.astype(np.float32 if array.dtype == np.float32 else np.float64, copy=False)


def evaluate(x: ArrayLike, choice: Choice) -> Any:
    """The formula at x: float32 for float32, otherwise float64; a new array, or a NumPy scalar for a scalar."""
    z = real_array(x)
    formulas = on_arrays(z.dtype)
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
    return evaluate(x, _relu(negative_slope, max_value, threshold))


def _leaky_relu(negative_slope: float) -> Choice:
    slope = number("leaky_relu: negative_slope", negative_slope)
    if slope < 0:  # the output no longer tells the sign of the input
        return Choice("relu_general", (slope, math.inf, 0.0))
    return Choice("leaky_relu", (slope,))


def leaky_relu(x: ArrayLike, negative_slope: float = 0.2) -> Any:
    """``x if x > 0 else negative_slope x``; shape, dtype and errors as for :func:`relu`."""
    return evaluate(x, _leaky_relu(negative_slope))


def _elu(alpha: float) -> Choice:
    return Choice("elu", (number("elu: alpha", alpha, 0),))


def elu(x: ArrayLike, alpha: float = 1.0) -> Any:
    """Exponential linear unit (Clevert et al., 2016): ``x if x > 0 else alpha (exp(x) - 1)``, alpha >= 0."""
    return evaluate(x, _elu(alpha))


def _gelu(approximate: bool) -> Choice:
    return Choice("gelu_tanh" if approximate else "gelu")


def gelu(x: ArrayLike, approximate: bool = False) -> Any:
    """Gaussian error linear unit (Hendrycks and Gimpel, 2016): x times the normal distribution function of x.

    ``approximate``: ``x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x**3)))`` instead.
    """
    return evaluate(x, _gelu(approximate))


def _celu(alpha: float) -> Choice:
    return Choice("celu", (_positive("celu: alpha", alpha),))


def celu(x: ArrayLike, alpha: float = 1.0) -> Any:
    """Continuously differentiable elu (Barron, 2017): ``x if x > 0 else alpha (exp(x / alpha) - 1)``, alpha > 0."""
    return evaluate(x, _celu(alpha))


def _squareplus(b: float) -> Choice:
    return Choice("squareplus", (number("squareplus: b", b, 0),)) if b else Choice("relu")


def squareplus(x: ArrayLike, b: float = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2`` (Barron, 2021), b >= 0."""
    return evaluate(x, _squareplus(b))


def _soft_shrink(threshold: float) -> Choice:
    return Choice("soft_shrink", (number("soft_shrink: threshold", threshold, 0),))


def soft_shrink(x: ArrayLike, threshold: float = 0.5) -> Any:
    """x moved towards 0 by the threshold (>= 0), and 0 where it is nearer than that."""
    return evaluate(x, _soft_shrink(threshold))


def _hard_shrink(threshold: float) -> Choice:
    return Choice("hard_shrink", (number("hard_shrink: threshold", threshold, 0),))


def hard_shrink(x: ArrayLike, threshold: float = 0.5) -> Any:
    """``x if abs(x) > threshold else 0``, threshold >= 0."""
    return evaluate(x, _hard_shrink(threshold))


def _threshold(threshold: float, default_value: float) -> Choice:
    value = number("threshold: default_value", default_value)
    return Choice("thresholded", (number("threshold: threshold", threshold), value))


def threshold(x: ArrayLike, threshold: float, default_value: float) -> Any:
    """``x if x > threshold else default_value``."""
    return evaluate(x, _threshold(threshold, default_value))


def _positive(name: str, value: Any) -> float:
    checked = number(name, value, 0)
    if checked == 0:
        raise ValueError(f"{name} must be positive, got {value!r}")
    return checked


SETTINGS: dict[Function, Callable[..., Choice]] = {
    relu: _relu, leaky_relu: _leaky_relu, elu: _elu, gelu: _gelu, celu: _celu, squareplus: _squareplus,
    soft_shrink: _soft_shrink, hard_shrink: _hard_shrink, threshold: _threshold,
}  # fmt: skip


# -- Functions without settings ----------------------------------------------------------------------------------------
def linear(x: ArrayLike) -> Any:
    """x itself, in a new array."""
    return evaluate(x, Choice("linear"))


def selu(x: ArrayLike) -> Any:
    """Scaled exponential linear unit (Klambauer et al., 2017): 1.0507 elu(x, alpha=1.67326)."""
    return evaluate(x, Choice("selu"))


def tanh(x: ArrayLike) -> Any:
    """Hyperbolic tangent."""
    return evaluate(x, Choice("tanh"))


def sigmoid(x: ArrayLike) -> Any:
    """1 / (1 + exp(-x))."""
    return evaluate(x, Choice("sigmoid"))


def softplus(x: ArrayLike) -> Any:
    """log(1 + exp(x))."""
    return evaluate(x, Choice("softplus"))


def softsign(x: ArrayLike) -> Any:
    """x / (1 + abs(x))."""
    return evaluate(x, Choice("softsign"))


def silu(x: ArrayLike) -> Any:
    """x sigmoid(x), also called swish (Ramachandran et al., 2017)."""
    return evaluate(x, Choice("silu"))


def relu6(x: ArrayLike) -> Any:
    """min(max(x, 0), 6)."""
    return evaluate(x, Choice("relu6"))


def mish(x: ArrayLike) -> Any:
    """x tanh(softplus(x)) (Misra, 2019)."""
    return evaluate(x, Choice("mish"))


def exponential(x: ArrayLike) -> Any:
    """exp(x)."""
    return evaluate(x, Choice("exponential"))


def log_sigmoid(x: ArrayLike) -> Any:
    """log(sigmoid(x)) = -softplus(-x)."""
    return evaluate(x, Choice("log_sigmoid"))


def hard_sigmoid(x: ArrayLike) -> Any:
    """x / 6 + 1/2, but at least 0 and at most 1."""
    return evaluate(x, Choice("hard_sigmoid"))


def hard_silu(x: ArrayLike) -> Any:
    """x hard_sigmoid(x), also called hard_swish (Howard et al., 2019)."""
    return evaluate(x, Choice("hard_silu"))


def hard_tanh(x: ArrayLike) -> Any:
    """x, but at least -1 and at most 1."""
    return evaluate(x, Choice("hard_tanh"))


def tanh_shrink(x: ArrayLike) -> Any:
    """x - tanh(x)."""
    return evaluate(x, Choice("tanh_shrink"))


def sparse_plus(x: ArrayLike) -> Any:
    """0 up to -1, (x + 1)**2 / 4 between -1 and 1, x from there on."""
    return evaluate(x, Choice("sparse_plus"))


def sparse_sigmoid(x: ArrayLike) -> Any:
    """(x + 1) / 2, but at least 0 and at most 1 (Blondel et al., 2019)."""
    return evaluate(x, Choice("sparse_sigmoid"))


def _further(name: str) -> Function:
    """The function of a formula that nobody has written out above."""

    def function(x: ArrayLike) -> Any:
        return evaluate(x, Choice(name))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The formula ``{name}`` of ``kernels/activations.py``."
    return function


FUNCTIONS: dict[str, Function] = {
    function.__name__: function
    for function in (
        linear, relu, leaky_relu, relu6, elu, selu, celu, tanh, sigmoid, softplus, softsign, silu, mish, gelu,
        exponential, log_sigmoid, squareplus, hard_sigmoid, hard_silu, hard_tanh, soft_shrink, hard_shrink, tanh_shrink,
        threshold, sparse_plus, sparse_sigmoid,
    )
}  # fmt: skip
for _name, _formula in activation_table().items():
    if not _formula.parameters and _name not in FUNCTIONS:
        FUNCTIONS[_name] = globals()[_name] = _further(_name)
