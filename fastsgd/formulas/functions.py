"""The functions that formulas may use, under the names of ``math`` and of NumPy; of plain numbers and of symbols."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from . import symbols
from .symbols import Symbol
from .tape import UNARY


def _function(name: str) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        return symbols.apply(name, x) if isinstance(x, Symbol) else UNARY[name](x)

    function.__name__ = function.__qualname__ = name
    return function


exp, expm1, log1p, sqrt, tanh, erf, sigmoid, softplus, floor, sin, cos = map(
    _function, ("exp", "expm1", "log1p", "sqrt", "tanh", "erf", "sigmoid", "softplus", "floor", "sin", "cos")
)


def log(x: Any, base: Any = None) -> Any:
    y = symbols.apply("log", x) if isinstance(x, Symbol) else math.log(x)
    return y if base is None else y / log(base)


def log2(x: Any) -> Any:
    return log(x) * (1 / math.log(2))


def log10(x: Any) -> Any:
    return log(x) * (1 / math.log(10))


def exp2(x: Any) -> Any:
    return exp(x * math.log(2))


def sinh(x: Any) -> Any:
    u = expm1(x)
    return 0.5 * (u + u / (u + 1))


def cosh(x: Any) -> Any:
    e = exp(x)
    return 0.5 * (e + 1 / e)


def ceil(x: Any) -> Any:
    return -floor(-x)


def hypot(x: Any, y: Any) -> Any:
    return sqrt(x * x + y * y)


def logaddexp(x: Any, y: Any) -> Any:
    return maximum(x, y) + log1p(exp(-abs(x - y)))


def sign(x: Any) -> Any:
    return where(x > 0, 1.0, where(x < 0, -1.0, 0.0))


def copysign(x: Any, y: Any) -> Any:
    """|x| with the sign of y, that of zero being plus."""
    return where(y < 0, -abs(x), abs(x))


def where(condition: Any, x: Any, y: Any) -> Any:
    return symbols.choose(condition, x, y)


def minimum(*numbers: Any, **settings: Any) -> Any:
    return _best("min", min, numbers, settings)


def maximum(*numbers: Any, **settings: Any) -> Any:
    return _best("max", max, numbers, settings)


def _best(op: str, plain: Callable[..., Any], numbers: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    of = tuple(numbers[0]) if len(numbers) == 1 else numbers
    if settings or not any(isinstance(x, Symbol) for x in of):
        return plain(*numbers, **settings)
    best = of[0]
    for x in of[1:]:
        best = symbols.apply(op, best, x) if isinstance(best, Symbol) or isinstance(x, Symbol) else plain(best, x)
    return best


def clip(x: Any, low: Any, high: Any) -> Any:
    return minimum(maximum(x, low), high)


def square(x: Any) -> Any:
    return x * x


def number(x: Any = 0.0) -> Any:
    """``float`` of plain numbers, and symbols as they are."""
    return x if isinstance(x, Symbol) else float(x)


KNOWN: dict[str, Callable[..., Any]] = {
    f.__name__: f
    for f in (
        exp, expm1, exp2, log, log1p, log2, log10, sqrt, sin, cos, tanh, sinh, cosh, erf, sigmoid, softplus, floor,
        ceil, hypot, logaddexp, sign, copysign, where, minimum, maximum, clip, square,
    )
}  # fmt: skip
KNOWN |= {"fabs": abs, "abs": abs, "absolute": abs, "pow": pow, "power": pow, "fmin": minimum, "fmax": maximum}
KNOWN |= {"float32": number, "float64": number}
