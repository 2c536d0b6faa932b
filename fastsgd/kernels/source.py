"""Formulas and loops as one text, and that text with the meanings that an engine lends to its names.

The kernel files import nothing: ``real``, ``where``, ``sqrt``, ``tile12`` and the like are borrowed from whoever
loads them. :func:`on_arrays` lends NumPy's, Numba jits what :func:`load` returns, the build compiles :func:`text` with
Cython (types come from the annotations), and an interpreter steps through it. A formula's loop over memory is
rendered here from its signature, so adding a formula means writing its functions and nothing else.

This module needs the standard library only; the build runs it before the package exists.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
FORMULAS = ("elementary", "activations", "losses", "updates")
LOOPS = (
    "shuffle", "products", "thin", "rows", "noise", "softmax", "normalization", "steps", "columns", "lanes", "one",
    "driver",
)  # fmt: skip
SLOTS = "vsu"  # memories of an update rule, in this order
Names = dict[str, Any]


@dataclass(frozen=True)
class Formula:
    """One activation or loss of the table.

    Attributes
    ----------
    name : str
    parameters : tuple of str
        What it takes after ``z`` (activation) or ``p, y`` (loss).
    from_output : bool
        The slope is a function of the output ``a``; False: of the pre-activation ``z``, which the layout then keeps.
    """

    name: str
    parameters: tuple[str, ...]
    from_output: bool


@dataclass(frozen=True)
class Rule:
    """One update rule: the functions ``name_x`` that assign x, the slots it keeps, its numbers per step."""

    name: str
    assigns: str
    slots: str
    numbers: tuple[str, ...]


def read(part: str) -> str:
    return (HERE / f"{part}.py").read_text(encoding="utf-8").replace("from __future__ import annotations\n", "")


@cache
def signatures(part: str) -> dict[str, tuple[str, ...]]:
    """The functions of a formula file and their parameters, in order."""
    functions = (node for node in ast.parse(read(part)).body if isinstance(node, ast.FunctionDef))
    return {f.name: tuple(a.arg for a in f.args.args) for f in functions}


def _formulas(part: str, own: int) -> dict[str, Formula]:
    found = signatures(part)
    names = [n for n in found if f"{n}_slope" in found]
    return {n: Formula(n, found[n][own:], found[f"{n}_slope"][0] != "z") for n in names}


@cache
def activation_table() -> dict[str, Formula]:
    return _formulas("activations", 1)


@cache
def loss_table() -> dict[str, Formula]:
    return _formulas("losses", 2)


@cache
def update_table() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    arrays = "wg" + SLOTS
    for function, parameters in signatures("updates").items():
        name, _, assigned = function.rpartition("_")
        old = rules.get(name, Rule(name, "", "", ()))
        used = [s for s in SLOTS if s in parameters or s == assigned or s in old.slots]
        numbers = old.numbers + tuple(p for p in parameters if p not in arrays and p not in old.numbers)
        rules[name] = Rule(name, old.assigns + assigned, "".join(used), numbers)
    return rules


# -- Loops rendered from formulas
def _arguments(first: str, parameters: tuple[str, ...]) -> tuple[str, str]:
    """Lines that take a formula's parameters out of ``c``, and its list of arguments."""
    loads = "".join(f"    {name}: real = c[{i}]\n" for i, name in enumerate(parameters))
    return loads, ", ".join((first, *parameters))


def _activation_loops(f: Formula) -> str:
    name = f.name
    read_from = "a" if f.from_output else "z"  # in place where z is not kept: two names for one array do not vectorise
    loads, value = _arguments(f"{read_from}[i]", f.parameters)
    slope = _arguments(f"{read_from}[i]", f.parameters)[1]
    return f"""
def activate_{name}(a: reals, z: reals, n: i64, c: reals) -> None:
{loads}    for i in range(n):
        a[i] = {name}({value})


def slope_{name}(d: reals, {read_from}: reals, n: i64, c: reals) -> None:
{loads}    for i in range(n):
        d[i] = d[i] * {name}_slope({slope})

"""


def _loss_loop(f: Formula) -> str:
    head = f"""
def loss_{f.name}(
    d: reals, p: reals, y: reals, order: ints, rows: i64, n: i64, row: i64, column: i64, stride: i64, scale: real, c: reals, sums: doubles
) -> None:
"""
    return head + (_loss_in_passes(f) if _calls_functions(f) else _loss_in_one(f))


def _calls_functions(f: Formula) -> bool:
    """Whether a loss needs an exponential, a logarithm or the like, in its value or in its slope."""
    known = {*signatures("elementary"), *signatures("activations")}
    functions = [node for node in ast.parse(read("losses")).body if isinstance(node, ast.FunctionDef)]
    own = [function for function in functions if function.name in (f.name, f"{f.name}_slope")]
    return any(isinstance(node, ast.Name) and node.id in known for function in own for node in ast.walk(function))


def _loss_in_one(f: Formula) -> str:
    loads, arguments = _arguments("output[i * column], target[i]", f.parameters)
    return f"""{loads}    for r in range(rows):
        target: reals = at(y, order[r] * stride)
        slope: reals = at(d, r * row)
        output: reals = at(p, r * row)
        total: real = real(0)
        for i in range(n):
            total = total + {f.name}({arguments})
            slope[i * column] = {f.name}_slope({arguments}) * scale
        sums[r] = sums[r] + f8(total)

"""


def _loss_in_passes(f: Formula) -> str:
    """For dear formulas: loops without a sum vectorise, so the losses wait in the place of the slopes to be summed.

    Where the rows of an output adjoin (thin layers), the targets wait there.
    """
    loads, arguments = _arguments("output[i], target[i]", f.parameters)
    gathered = _arguments("output[r], slope[r]", f.parameters)[1]
    return f"""{loads}    if column == 1:
        for r in range(rows):
            target: reals = at(y, order[r] * stride)
            slope: reals = at(d, r * row)
            output: reals = at(p, r * row)
            for i in range(n):
                slope[i] = {f.name}({arguments})
            total: real = real(0)
            for i in range(n):
                total = total + slope[i]
            for i in range(n):
                slope[i] = {f.name}_slope({arguments}) * scale
            sums[r] = sums[r] + f8(total)
    else:
        for i in range(n):
            slope = at(d, i * column)
            output = at(p, i * column)
            for r in range(rows):
                slope[r] = y[order[r] * stride + i]
            for r in range(rows):
                sums[r] = sums[r] + f8({f.name}({gathered}))
            for r in range(rows):
                slope[r] = {f.name}_slope({gathered}) * scale

"""


def _update_loop(r: Rule) -> str:
    arrays = {"w", "g", *SLOTS}
    loads = "".join(f"    {name}: real = h[{i}]\n" for i, name in enumerate(r.numbers))
    lines = ""
    for x in r.assigns:
        parameters = signatures("updates")[f"{r.name}_{x}"]
        called = ", ".join(f"{p}[i]" if p in arrays else p for p in parameters)
        lines += f"        {x}[i] = {r.name}_{x}({called})\n"
    return f"""
def update_{r.name}(w: reals, g: reals, v: reals, s: reals, u: reals, n: i64, h: reals) -> None:
{loads}    for i in range(n):
{lines}
"""


@cache
def rendered() -> str:
    """One loop for every formula."""
    return "".join(
        [_activation_loops(f) for f in activation_table().values()]
        + [_loss_loop(f) for f in loss_table().values()]
        + [_update_loop(r) for r in update_table().values()]
    )


def text() -> str:
    """The whole source, in the order in which its parts use each other."""
    return "".join([*map(read, FORMULAS), rendered(), *map(read, LOOPS)])


# -- Loading
def run(code: str, filename: str, names: Names) -> None:
    """Define the functions of ``code`` in ``names``; annotations stay text."""
    exec(compile("from __future__ import annotations\n" + code, filename, "exec"), names)


def load(names: Names, parts: tuple[str, ...] = FORMULAS + LOOPS) -> Names:
    """The functions of these parts in a namespace where the borrowed names mean what ``names`` says."""
    for part in parts:
        code = compile((HERE / f"{part}.py").read_text(encoding="utf-8"), str(HERE / f"{part}.py"), "exec")
        exec(code, names)
        if part == FORMULAS[-1]:
            run(rendered(), "<rendered by fastsgd.kernels.source>", names)
    return names


@cache
def on_arrays(dtype: Any) -> Names:
    """All formulas, evaluated on NumPy arrays (or scalars) of this dtype.

    Parameters
    ----------
    dtype : {numpy.float32, numpy.float64}

    Returns
    -------
    dict
        Function name -> function of arrays that broadcast. It must not be changed.
    """
    import numpy as np

    real = np.dtype(dtype).type

    def minimum(a: Any, b: Any) -> Any:
        return np.where(a < b, a, b)

    def maximum(a: Any, b: Any) -> Any:
        return np.where(a > b, a, b)

    def pow2(n: Any) -> Any:
        return np.ldexp(real(1), np.nan_to_num(n, nan=0.0).astype(np.int32))

    def exponent(x: Any) -> Any:
        return (np.frexp(x)[1] - 1).astype(real)

    def mantissa(x: Any) -> Any:
        return np.frexp(x)[0] * real(2)

    borrowed: dict[str, Callable[..., Any] | bool] = {
        "real": real, "DOUBLE": real is np.float64, "where": np.where, "minimum": minimum, "maximum": maximum,
        "sqrt": np.sqrt, "floor": np.floor, "absolute": np.abs,
        "pow2": pow2, "exponent": exponent, "mantissa": mantissa,
    }  # fmt: skip
    return load({"__name__": __name__, **borrowed}, FORMULAS)
