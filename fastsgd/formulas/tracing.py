"""A Python function brought onto a tape: called with symbols, with ``math`` and NumPy replaced by what knows symbols.

No source text is needed, so functions made by ``exec``, in notebooks and in the interpreter's prompt are as good as
those in files; numbers that a function takes from outside, from its module or from a closure, become constants.
"""

from __future__ import annotations

import builtins
import inspect
import math
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from . import functions
from .symbols import Symbol, results
from .tape import Tape

Function = Callable[..., Any]


class _Module:
    """What stands for ``math`` and ``numpy``."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return _replaced(getattr(self._module, name), {})


def _importing(name: str, *arguments: Any) -> Any:
    module = __import__(name, *arguments)
    return _Module(module) if module in (math, np) else module


BUILTINS = {
    **vars(builtins), "min": functions.minimum, "max": functions.maximum, "float": functions.number,
    "__import__": _importing,
}  # fmt: skip


def _replaced(thing: Any, known: dict[int, Any]) -> Any:
    """What a formula gets instead of something that it names: functions that take symbols."""
    if thing is math or thing is np:
        return _Module(thing)
    if isinstance(thing, types.ModuleType) or not callable(thing):
        return thing
    home = "numpy" if isinstance(thing, np.ufunc) else (getattr(thing, "__module__", None) or "").partition(".")[0]
    if home == "builtins":
        return BUILTINS.get(thing.__name__, thing)
    if home in ("math", "numpy"):
        return functions.KNOWN.get(thing.__name__, thing)
    if isinstance(thing, types.FunctionType) and thing.__module__ != functions.__name__:
        return _copy(thing, known)
    return thing


def _copy(function: types.FunctionType, known: dict[int, Any]) -> types.FunctionType:
    """The function with everything replaced that it takes from outside."""
    if id(function) in known:
        return known[id(function)]
    space: dict[str, Any] = {"__builtins__": BUILTINS, "__name__": function.__module__}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    copy = types.FunctionType(function.__code__, space, function.__name__, function.__defaults__, cells or None)
    copy.__kwdefaults__ = function.__kwdefaults__
    known[id(function)] = copy
    for name in _names(function.__code__):
        if name in function.__globals__:
            space[name] = _replaced(function.__globals__[name], known)
    for cell, old in zip(cells, function.__closure__ or (), strict=True):
        try:
            cell.cell_contents = _replaced(old.cell_contents, known)
        except ValueError:  # still empty
            continue
    return copy


def _names(code: types.CodeType) -> set[str]:
    inner = (_names(c) for c in code.co_consts if isinstance(c, types.CodeType))
    return set(code.co_names).union(*inner)


def parameters_of(function: Function, kind: str, own: int) -> tuple[list[str], dict[str, float]]:
    """Names of the arguments of a formula, and its settings: further parameters, whose defaults are numbers.

    Parameters
    ----------
    function : callable
        A Python function.
    kind : str
        For messages.
    own : int
        How many arguments such a formula has at least.

    Raises
    ------
    TypeError
        It is no Python function, or has too few parameters, or of kinds that a formula cannot have.
    """
    if not isinstance(function, types.FunctionType):
        raise TypeError(f"{kind} must be a function written in Python, got {function!r}")
    arguments: list[str] = []
    settings: dict[str, float] = {}
    for p in inspect.signature(function).parameters.values():
        if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD):
            raise TypeError(f"{kind} {function.__name__}: parameters must have names, got {p}")
        if p.default is p.empty:
            arguments.append(p.name)
        elif isinstance(p.default, int | float | np.floating | np.integer) and math.isfinite(p.default):
            settings[p.name] = float(p.default)
        else:
            raise TypeError(f"{kind} {function.__name__}: {p.name} has the default {p.default!r}, which is no number")
    if len(arguments) < own:
        raise TypeError(f"{kind} {function.__name__} must take {own} arguments without defaults, takes {arguments}")
    return arguments, settings


def trace(tape: Tape, function: Function, arguments: dict[str, str], what: str) -> tuple[int, ...]:
    """The nodes of what a function returns.

    Parameters
    ----------
    tape : Tape
    function : types.FunctionType
    arguments : dict
        Its parameters and the names that they have on the tape.
    what : str
        What messages call it.

    Raises
    ------
    TypeError
        It does something with its arguments that no formula can.
    ValueError
        It has too many branches, or fails with the constants in it.
    """
    copy = _copy(function, {})  # type: ignore[arg-type]
    symbols = {p: Symbol(tape, tape.argument(name)) for p, name in arguments.items()}
    try:
        return results(tape, lambda: copy(**symbols))
    except (ArithmeticError, ValueError) as error:
        raise ValueError(f"{what}: {error}") from error
    except RecursionError as error:
        raise ValueError(f"{what}: it calls itself without end") from error
    except (TypeError, AttributeError, NameError) as error:
        unknown = isinstance(error, AttributeError) or "functions it knows" in str(error) or "ufunc" in str(error)
        known = f". Functions of math and NumPy that formulas know: {', '.join(sorted(functions.KNOWN))}"
        raise TypeError(f"{what}: {error}{known if unknown else ''}") from error
