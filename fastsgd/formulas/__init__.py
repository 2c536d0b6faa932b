"""Activations, losses and update rules of one's own, written as plain Python functions of numbers.

The function is called with symbols in place of numbers, once for each way through its branches; what it does with them
becomes a formula, its slope is derived, and both run in the same loops as those of the package: compiled by Numba for
the engines ``cython`` and ``numba``, on arrays for ``numpy``, in float32 and in float64, with the same bits on any
number of threads.

A function may use arithmetic, comparisons, ``if`` and conditional expressions, ``abs``, ``min``, ``max``, the functions
of :data:`KNOWN` from ``math`` or NumPy, other functions of this kind, loops of a known length, and numbers from
outside, which are read once. Parameters with defaults are settings: ``snake.using(a=2.0)``.

What comes out is plain data. It can be pickled and copied, also if the function was a lambda.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, overload

from ..arguments import number
from ..kernels.source.tables import SLOTS
from . import functions
from .check import check, check_at_zero
from .functions import sigmoid, softplus
from .own import CustomActivation, CustomLoss
from .recipe import OWN, SETTING, pruned, recipe
from .rule import CustomOptimizer, RuleRecipe, optimizer_of
from .slopes import derivative
from .tape import Tape
from .tracing import parameters_of, trace

__all__ = [
    "KNOWN", "CustomActivation", "CustomLoss", "CustomOptimizer", "activation", "loss", "sigmoid", "softplus",
    "update_rule",
]  # fmt: skip

Function = Callable[..., Any]
KNOWN = tuple(sorted(functions.KNOWN))
OVER = (-10.0, 10.0)


@overload
def activation(
    f: Function, *, slope: Function | None = None, output_slope: Function | None = None, over: Any = OVER
) -> CustomActivation: ...
@overload
def activation(
    f: None = None, *, slope: Function | None = None, output_slope: Function | None = None, over: Any = OVER
) -> Callable[[Function], CustomActivation]: ...
def activation(
    f: Function | None = None,
    *,
    slope: Function | None = None,
    output_slope: Function | None = None,
    over: Any = OVER,
) -> Any:
    """An activation from a Python function ``f(z)`` of one number; also a decorator.

    Parameters
    ----------
    f : function
        Value at z. Further parameters must have numbers as defaults: they are settings.
    slope : function, optional
        Slope at z, with the same settings; derived from f if not given.
    output_slope : function, optional
        The slope by the output: a function of f(z) instead of z. It spares training an array.
    over : tuple of float
        The range of z in which value and slope are checked.

    Returns
    -------
    CustomActivation
        To be used as ``Dense(32, activation=...)``, or called with an array.

    Raises
    ------
    TypeError
        The function does something that no formula can.
    ValueError
        The slope is not that of the function; the message says where. Or the function has too many branches, or is
        nowhere finite.

    Examples
    --------
    >>> @activation
    ... def snake(z, a=1.0):
    ...     return z + math.sin(a * z) ** 2 / a
    >>> layer = fastsgd.layers.Dense(32, activation=snake.using(a=2.0))
    """
    if slope is not None and output_slope is not None:
        raise ValueError("activation: slope and output_slope exclude each other")
    if f is None:
        return lambda f: activation(f, slope=slope, output_slope=output_slope, over=over)
    made = _made("activation", f, slope, output_slope, over)
    return CustomActivation(made)


@overload
def loss(f: Function, *, slope: Function | None = None, over: Any = OVER) -> CustomLoss: ...
@overload
def loss(f: None = None, *, slope: Function | None = None, over: Any = OVER) -> Callable[[Function], CustomLoss]: ...
def loss(f: Function | None = None, *, slope: Function | None = None, over: Any = OVER) -> Any:
    """A loss from a Python function ``f(y_true, y_pred)`` of two numbers; also a decorator.

    Training takes the mean over outputs and rows, as for the losses of the package.

    Parameters
    ----------
    f : function
        Loss of one output; the target comes first, as everywhere in Keras. Further parameters must have numbers as
        defaults: they are settings.
    slope : function, optional
        Its slope by the prediction: a function of the same parameters; derived from f if not given.
    over : tuple of float
        The range of both numbers in which value and slope are checked.

    Returns
    -------
    CustomLoss
        To be used as ``compile(loss=...)``, or called with arrays ``(y_true, y_pred)``.

    Raises
    ------
    TypeError, ValueError
        As for :func:`activation`.

    Examples
    --------
    >>> @loss
    ... def asymmetric(y_true, y_pred, under=3.0):
    ...     error = y_true - y_pred
    ...     return under * error**2 if error > 0 else error**2
    >>> asymmetric([1.0], [0.0])
    3.0
    """
    if f is None:
        return lambda f: loss(f, slope=slope, over=over)
    return CustomLoss(_made("loss", f, slope, None, over))


@overload
def update_rule(f: Function, *, starts: Mapping[str, float] | None = None) -> type[CustomOptimizer]: ...
@overload
def update_rule(
    f: None = None, *, starts: Mapping[str, float] | None = None
) -> Callable[[Function], type[CustomOptimizer]]: ...
def update_rule(f: Function | None = None, *, starts: Mapping[str, float] | None = None) -> Any:
    """An optimizer from a Python function that makes one step of one weight; also a decorator.

    Parameters
    ----------
    f : function
        ``f(w, g, ..., lr)``: the weight, its gradient, up to three memories under any names, and the learning rate;
        after that, if it is wanted, ``t``, the number of this update (1, 2, ...). It returns the new weight, or a tuple
        of the new weight and the new memories. Further parameters must have numbers as defaults: they are settings.
        What takes none of the elements is computed once a step, in float64.
    starts : dict, optional
        What memories begin with, by name, if not with 0.

    Returns
    -------
    type
        An optimizer class, with the settings and all options of :class:`fastsgd.optimizers.Optimizer`.

    Raises
    ------
    TypeError
        The function does something that no formula can, or has other parameters or results.
    ValueError
        It leaves the weight as it is, has too many branches, has memories that take each other's old values, or is not
        finite where weight and gradient are 0, as those of dead units are.

    Examples
    --------
    >>> @update_rule
    ... def heavy_ball(w, g, v, lr, mu=0.9):
    ...     v = mu * v - lr * g
    ...     return w + v, v
    >>> optimizer = heavy_ball(learning_rate=0.1, mu=0.8, clipnorm=1.0)
    """
    if f is None:
        return lambda f: update_rule(f, starts=starts)
    arguments, settings = parameters_of(f, "update rule", 3)
    what, tail = f"update rule {f.__name__.strip('<>')}", arguments[2:]
    memories = tail[: tail.index("lr")] if "lr" in tail else tail
    if tail[len(memories) :] not in (["lr"], ["lr", "t"]) or len(memories) > len(SLOTS):
        raise TypeError(f"{what} must take w, g, up to {len(SLOTS)} memories, lr, and t or not; takes {arguments}")
    taken = [p for p in settings if hasattr(CustomOptimizer, p) or p in ("name", "steps", "recipe")]
    if taken:
        raise TypeError(f"{what}: the setting {taken[0]!r} has the name of something that every optimizer has")
    unknown = [m for m in starts or () if m not in memories]
    if unknown:
        raise ValueError(f"{what}: starts has {unknown[0]!r}, which is no memory; memories: {', '.join(memories)}")
    tape = Tape()
    letters = dict(zip(arguments, ["w", "g", *SLOTS[: len(memories)], *tail[len(memories) :]], strict=True))
    roots = trace(tape, f, {**letters, **{p: f"{SETTING}{p}" for p in settings}}, what)
    if len(roots) != 1 + len(memories):
        raise TypeError(f"{what} must return {1 + len(memories)} numbers, w and its memories; returns {len(roots)}")
    if roots[0] == tape.argument("w"):
        raise ValueError(f"{what} leaves the weight as it is")
    nodes, roots = pruned(tape, roots)
    begin = tuple(number(f"{what}: starts of {m}", (starts or {}).get(m, 0.0)) for m in memories)
    made = optimizer_of(RuleRecipe(f.__name__.strip("<>"), nodes, roots, tuple(settings.items()), begin))
    check_at_zero(what, made)
    return made


def _made(kind: str, f: Function, slope: Function | None, output_slope: Function | None, over: Any) -> Any:
    """The recipe of a function and of its slope, checked."""
    own = OWN[kind]
    low, high = _range(kind, over)
    parameters, settings = _arguments(kind, f)
    name = f.__name__.strip("<>")
    tape = Tape()
    order = own if kind == "activation" else own[::-1]  # losses take the target first, their formulas the output
    inner = {p: f"{SETTING}{p}" for p in settings}
    value = _one(trace(tape, f, {**dict(zip(parameters, order, strict=True)), **inner}, f"{kind} {name}"), kind, name)
    given = slope or output_slope
    if given is None:
        at = derivative(tape, value, own[0])
    else:
        theirs, more = _arguments(f"slope of {kind}", given, len(own))
        unknown = [p for p in more if p not in settings]
        if unknown:
            raise TypeError(f"slope of {kind} {name} has the setting {unknown[0]!r}, which {name} has not")
        seen = ("a",) if output_slope else order
        inner = {p: f"{SETTING}{p}" for p in more}
        what = f"slope of {kind} {name}"
        at = _one(trace(tape, given, {**dict(zip(theirs, seen, strict=True)), **inner}, what), f"slope of {kind}", name)
    made = recipe(kind, name, tape, (value, at), settings, from_output=output_slope is not None)
    check(made, [f] if given is None else [f, given], (low, high))
    return made


def _arguments(kind: str, f: Function, own: int | None = None) -> tuple[list[str], dict[str, float]]:
    own = len(OWN[kind]) if own is None else own
    parameters, settings = parameters_of(f, kind, own)
    if len(parameters) != own:
        raise TypeError(f"{kind} {f.__name__}: {parameters[own]} needs a number as its default, to be a setting")
    return parameters, settings


def _one(found: tuple[int, ...], kind: str, name: str) -> int:
    if len(found) != 1:
        raise TypeError(f"{kind} {name} must return one number, returns {len(found)}")
    return found[0]


def _range(kind: str, over: Any) -> tuple[float, float]:
    try:
        low, high = over
    except (TypeError, ValueError):
        raise TypeError(f"{kind}: over must be a pair (low, high), got {over!r}") from None
    low, high = number(f"{kind}: over", low), number(f"{kind}: over", high)
    if low >= high:
        raise ValueError(f"{kind}: over must be a pair (low, high) with low below high, got {over!r}")
    return low, high
