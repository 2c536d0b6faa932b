"""What a formula must pass before it is taken: it computes what the function returns, and its slope is its slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..kernels.source.arrays import on_arrays
from .recipe import Recipe

STEP = 1e-5
Function = Callable[..., Any]


def check(recipe: Recipe, functions: Sequence[Function], over: tuple[float, float]) -> None:
    """Hold a formula against the functions it was made of, and its slope against differences of its values.

    In float64, at some hundred places within ``over``. A slope passes if it is near the central difference, or between
    the differences to both sides, as at a kink; places without a finite value or difference, and jumps, prove nothing.

    Parameters
    ----------
    recipe : Recipe
    functions : sequence
        The function of the value and, where there is one, that of the slope.
    over : tuple of float

    Raises
    ------
    ValueError
        It does not hold, or the value is nowhere finite.
    """
    formulas = on_arrays(np.float64)
    name, constants = recipe.register(), recipe.constants({})
    what = f"{recipe.kind} {recipe.name}"
    rest, x = _places(recipe.kind, over)

    def value(at: np.ndarray) -> np.ndarray:
        return np.broadcast_to(formulas[name](at, *rest, *constants), at.shape)

    with np.errstate(all="ignore"):
        y = value(x)
        if not np.isfinite(y).any():
            raise ValueError(
                f"{what} is finite nowhere from {over[0]:g} to {over[1]:g}; over=(low, high) names its range"
            )
        seen = (y,) if recipe.from_output else (x, *rest)
        slope = np.broadcast_to(formulas[f"{name}_slope"](*seen, *constants), x.shape)
        _same(what, functions[0], y, (*rest, x))
        if len(functions) > 1:
            _same(f"slope of {what}", functions[1], slope, (y,) if recipe.from_output else (*rest, x))
        h = STEP * np.maximum(1, np.abs(x))
        right, left = (value(x + h) - y) / h, (y - value(x - h)) / h
        middle = (right + left) / 2
        finer = (value(x + h / 2) - value(x - h / 2)) / h
    rough = 10 * np.abs(finer - middle) + 1e-6 * (np.abs(middle) + np.abs(y) + 1)
    near = np.abs(slope - middle) <= rough
    between = (slope >= np.minimum(left, right) - rough) & (slope <= np.maximum(left, right) + rough)
    proves = np.isfinite(middle + finer) & (np.abs(right - left) < 1e-2 / STEP)
    wrong = proves & ~(near | between)
    if wrong.any():
        i = int(np.argmax(wrong))
        where = ", ".join(
            f"{p}={v:.6g}" for p, v in zip(_names(functions[0]), (*(r[i] for r in rest), x[i]), strict=False)
        )
        raise ValueError(
            f"slope of {what} at {where} is {slope[i]:.6g}, but differences of its values say {middle[i]:.6g}"
        )


def _places(kind: str, over: tuple[float, float]) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Targets of a loss, and what it is derived by: no round numbers but 0; of a loss also equal ones."""
    low, high = over
    if kind == "activation":
        x = np.linspace(low, high, 499) + (high - low) * 1e-4 * math.sqrt(2)
        return (), np.append(x, [0.0] if low <= 0 <= high else [])
    p, y = np.meshgrid(np.linspace(low, high, 43), np.linspace(low, high, 17))
    shift = (high - low) * 1e-4 * math.sqrt(2)
    p, y = np.append(p, y[:, 0]) + shift, np.append(y, y[:, 0]) + shift
    return (y,), p


def _same(what: str, function: Function, formula: np.ndarray, arguments: Sequence[np.ndarray]) -> None:
    """A function as Python runs it must give what the formula gives, where it gives something at all."""
    for i in range(0, len(formula), max(1, len(formula) // 60)):
        numbers = [float(a[i]) for a in arguments]
        try:
            plain = float(function(*numbers))
        except (ArithmeticError, ValueError):
            continue
        if math.isfinite(plain) and not math.isclose(plain, formula[i], rel_tol=1e-8, abs_tol=1e-10):
            where = ", ".join(f"{p}={v:.6g}" for p, v in zip(_names(function), numbers, strict=False))
            raise ValueError(
                f"{what} at {where} is {plain:.6g}, but {formula[i]:.6g} as a formula; does the function depend on "
                "something that changes?"
            )


def _names(function: Function) -> tuple[str, ...]:
    return function.__code__.co_varnames


def check_at_zero(what: str, made: type[Any]) -> None:
    """Of the optimizers of an update rule: the first step of a weight of 0 with a gradient of 0, in either dtype.

    Units that are dead have such, biases begin like that, and so does the padding of the compiled engines.

    Raises
    ------
    ValueError
        A new weight or memory is not finite.
    """
    for dtype in (np.float32, np.float64):
        optimizer, w = made(), np.zeros(1, dtype)
        optimizer.apply([np.zeros(1, dtype)], [w])
        if not all(np.isfinite(value).all() for value in (w, *optimizer.get_weights())):
            raise ValueError(
                f"{what} is not finite in {np.dtype(dtype)} where a weight and its gradient are 0, as those of dead "
                "units are; keep what it divides by away from 0"
            )
