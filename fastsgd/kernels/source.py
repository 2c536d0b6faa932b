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
FORMULAS = ("elementary", "activations", "losses", "row_losses", "updates")
LOOPS = (
    "shuffle", "products", "thin", "groups", "rows", "noise", "softmax", "normalization", "steps", "columns", "lanes",
    "one", "finish", "driver",
)  # fmt: skip
LANES = 16  # rows that a row loss works on side by side
PLACES = ("p", "y", "other", "first", "level")  # what a row loss is told of the output
LOWEST = -3e38  # where the largest output begins
SLOTS = "vsu"  # memories of an update rule, in this order
ARRAYS = f"wgd{SLOTS}"  # what its functions take and assign by the element; d lives within one step only
AVERAGE, GATHERED = "m", "k"  # further memories, behind the rule's: moving average of w, sum of gradients
CLIPS = ("clipnorm", "clipvalue", "global_clipnorm")  # ways to clip, by the names of Keras's arguments
FINISH = ("now", "part", "decay", "limit", "keep", "overwrite")  # numbers of a step behind the rule's: see finish.py
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
class RowLoss:
    """A loss of whole rows: what it computes in order, as ``name_x`` says, before the slope; its parameters."""

    name: str
    steps: tuple[str, ...]
    parameters: tuple[str, ...]

    def arguments(self, step: str) -> tuple[str, ...]:
        """Names of what ``name_step`` takes."""
        return signatures("row_losses")[f"{self.name}_{step}"]

    def is_gathered(self, step: str) -> bool:
        """It is summed (or the largest found) over the outputs; False: computed once a row."""
        return step in self.arguments(step)


@dataclass(frozen=True)
class Rule:
    """One update rule.

    Attributes
    ----------
    name : str
    functions : tuple of str
        Evaluated in this order; the last letter of each is what it assigns.
    slots : str
        Letters of the memories it keeps.
    numbers : tuple of str
        What it takes besides arrays: its numbers per step.
    """

    name: str
    functions: tuple[str, ...]
    slots: str
    numbers: tuple[str, ...]


@dataclass(frozen=True)
class Added:
    """A formula that stands in no file, because a user wrote it: see :func:`add`."""

    entry: Formula | Rule
    functions: str
    loops: str = ""


ADDED: dict[str, Added] = {}  # by the names of formulas, functions and loops


class Table(dict[str, Any]):
    """What the formula files define, by name. What users add is found in it too, but not listed."""

    def __init__(self, listed: dict[str, Any], find: Callable[[str], Any]) -> None:
        super().__init__(listed)
        self._find = find

    def __missing__(self, name: str) -> Any:
        if name not in ADDED:
            raise KeyError(name)
        return self._find(name)


def add(part: str, entry: Formula | Rule, functions: str) -> None:
    """Make a formula known that stands in no file; its loops are rendered as those of all others.

    Parameters
    ----------
    part : {"activations", "losses", "updates"}
        The file in which it would stand.
    entry : Formula or Rule
        Its name must be that of no other formula: with a digest of its text in it.
    functions : str
        What would stand in the file.
    """
    ADDED.update(dict.fromkeys([entry.name, *_signatures(functions)], Added(entry, functions)))
    render: Any = {"activations": _activation_loops, "losses": _loss_loop, "updates": _update_loops}[part]
    whole = Added(entry, functions, render(entry))
    ADDED.update(dict.fromkeys([entry.name, *_signatures(functions), *_signatures(whole.loops)], whole))


def read(part: str) -> str:
    return (HERE / f"{part}.py").read_text(encoding="utf-8").replace("from __future__ import annotations\n", "")


@cache
def signatures(part: str) -> dict[str, tuple[str, ...]]:
    """The functions of a formula file and their parameters, in order."""
    return Table(_signatures(read(part)), lambda name: _signatures(ADDED[name].functions)[name])


def _signatures(text: str) -> dict[str, tuple[str, ...]]:
    functions = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return {f.name: tuple(a.arg for a in f.args.args) for f in functions}


def _formulas(part: str, own: int) -> dict[str, Formula]:
    found = signatures(part)
    names = [n for n in found if f"{n}_slope" in found]
    listed = {n: Formula(n, found[n][own:], found[f"{n}_slope"][0] != "z") for n in names}
    return Table(listed, lambda name: ADDED[name].entry)


@cache
def activation_table() -> dict[str, Formula]:
    return _formulas("activations", 1)


@cache
def loss_table() -> dict[str, Formula]:
    return _formulas("losses", 2)


@cache
def row_loss_table() -> dict[str, RowLoss]:
    found = signatures("row_losses")
    table: dict[str, RowLoss] = {}
    for name in (function.removesuffix("_slope") for function in found if function.endswith("_slope")):
        own = {f.rpartition("_")[2]: names for f, names in found.items() if f.rpartition("_")[0] == name}
        known = {*PLACES, *own}
        parameters = dict.fromkeys(n for names in own.values() for n in names if n not in known)
        table[name] = RowLoss(name, tuple(step for step in own if step != "slope"), tuple(parameters))
    return table


@cache
def update_table() -> dict[str, Rule]:
    """All rules by name, and each once more as ``name_decayed``: with decoupled weight decay (``decay_w``) before it."""
    found: dict[str, tuple[str, ...]] = {}
    for function in signatures("updates"):
        name, _, assigned = function.rpartition("_")
        if len(assigned) == 1 and name != "decay":
            found[name] = (*found.get(name, ()), function)
    listed = {
        name: _rule(name, functions)
        for plain, rest in found.items()
        for name, functions in ((plain, rest), (f"{plain}_decayed", ("decay_w", *rest)))
    }
    return Table(listed, lambda name: ADDED[name].entry)


def _rule(name: str, functions: tuple[str, ...]) -> Rule:
    used = [p for f in functions for p in (f[-1], *signatures("updates")[f])]
    numbers = tuple(dict.fromkeys(p for p in used if p not in ARRAYS))
    return Rule(name, functions, "".join(s for s in SLOTS if s in used), numbers)


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


def _apart_loop(f: Formula) -> str:
    """As ``activate_...``, where z is kept for a loss that reads it."""
    loads, value = _arguments("z[i]", f.parameters)
    return f"""
def apart_{f.name}(a: reals, z: reals, n: i64, c: reals) -> None:
{loads}    for i in range(n):
        a[i] = {f.name}({value})

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
    text = ADDED[f.name].functions if f.name in ADDED else read("losses")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
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


def _row_loss_loop(f: RowLoss) -> str:
    """Sixteen rows side by side: output i of row r at [i * step + r], its target at [i % m * 16 + r].

    Every inner loop is one or two vectors. What is computed on the way stands in ``s``.
    """
    loads = "".join(f"    {name}: real = c[{i}]\n" for i, name in enumerate(f.parameters))
    loads += "".join(f"    {name}: reals = at(s, {LANES * i})\n" for i, name in enumerate(f.steps))
    elements = {"p": "output[r]", "y": "target[r]", "other": "beside[r]"} | {step: f"{step}[r]" for step in f.steps}

    def call(step: str) -> str:
        return f"{f.name}_{step}({', '.join(elements.get(name, name) for name in f.arguments(step))})"

    blocks = any(name in PLACES[2:] for step in (*f.steps, "slope") for name in f.arguments(step))

    def over_outputs(step: str, line: str) -> str:
        wanted = {
            "p": "output: reals = at(p, i * step)",
            "y": f"target: reals = at(y, {'i % m' if blocks else 'i'} * {LANES})",
            "other": "beside: reals = at(p, (i + m) % n * step)",
            "first": "first: real = real(max(0, 1 - i // m))",
            "level": "level: real = c[i // m]",
        }
        places = "".join(f"        {wanted[name]}\n" for name in f.arguments(step) if name in wanted)
        return f"    for i in range(n):\n{places}{line}"

    body = ""
    for step in f.steps:
        every = f"    for r in range({LANES}):\n        "
        if f.is_gathered(step):
            body += f"{every}{step}[r] = real({LOWEST if step == 'top' else 0})\n"
            body += over_outputs(step, f"        for r in range({LANES}):\n            {step}[r] = {call(step)}\n")
        else:
            body += f"{every}{step}[r] = {call(step)}\n"
    line = f"""        slope: reals = at(d, i * step)
        for r in range({LANES}):
            slope[r] = {call("slope")} * scale
"""
    return f"""
def judge_{f.name}(
    d: reals, p: reals, y: reals, n: i64, m: i64, step: i64, scale: real, c: reals, s: reals, sums: doubles
) -> None:
{loads}{body}{over_outputs("slope", line)}    for r in range({LANES}):
        sums[r] = f8(loss[r])

"""


def _update_of_one(r: Rule, gradient: str, i: str, indent: str) -> str:
    """Through locals: what one function assigned, and roots that two of them take, need not come from memory again."""
    lines = [f"g_i: real = {gradient}", *(f"{x}_i: real = {x}[{i}]" for x in ("w", *r.slots))]
    for function in r.functions:
        called = ", ".join(f"{p}_i" if p in ARRAYS else f"n_{p}" for p in signatures("updates")[function])
        kind = "" if function[-1] in ("w", "g", *r.slots) else ": real"
        lines.append(f"{function[-1]}_i{kind} = {function}({called})")
    lines += [f"{x}[{i}] = {x}_i" for x in (*r.slots, "w")]
    return "".join(f"{indent}{line}\n" for line in lines)


def _banks(r: Rule, kind: str) -> str:
    """Memories as parameters: banks without gaps; what follows is not there."""
    return ", ".join(f"{x}: {kind}" for x in (*r.slots, *(x for x in SLOTS if x not in r.slots)))


def _numbers(r: Rule) -> str:
    """Under names of their own: a rule may call its numbers like something in the loops."""
    return "".join(f"    n_{name}: real = h[{i}]\n" for i, name in enumerate(r.numbers))


def _update_loops(r: Rule) -> str:
    return _update_loop(r) + _rank_loop(r)


def _update_loop(r: Rule) -> str:
    return f"""
def update_{r.name}(w: reals, g: reals, {_banks(r, "reals")}, n: i64, h: reals) -> None:
{_numbers(r)}    full_width()
    for i in range(n):
{_update_of_one(r, "g[i]", "i", " " * 8)}
"""


def _rank_loop(r: Rule) -> str:
    """The update of rows in batch 1: the gradient, inputs x times deltas e, is made on the way and never stored."""
    return f"""
def rank_{r.name}(
    w: apart, x: apart, e: apart, {_banks(r, "apart")}, rows: i64, width: i64, h: apart
) -> None:
{_numbers(r)}    full_width()
    for k in range(rows):
        x_k: real = x[k]
        q = 0
        while q < width:
            o = k * width + q
            for j in range(strip(width)):
{_update_of_one(r, "x_k * e[q + j]", "o + j", " " * 16)}            q = q + strip(width)

"""


@cache
def rendered() -> str:
    """One loop for every formula."""
    return "".join(
        [_activation_loops(f) for f in activation_table().values()]
        + [_apart_loop(activation_table()["sigmoid"])]
        + [_loss_loop(f) for f in loss_table().values()]
        + [_row_loss_loop(f) for f in row_loss_table().values()]
        + [_update_loops(r) for r in update_table().values()]
    )


def text() -> str:
    """The whole source, in the order in which its parts use each other."""
    return "".join([*map(read, FORMULAS), rendered(), *map(read, LOOPS)])


# -- Loading
def define(code: str, names: Names) -> None:
    """Define the functions of ``code``, which is in no file, in ``names``; annotations stay text."""
    head = "from __future__ import annotations\n"
    exec(compile(head + code, "<rendered by fastsgd.kernels.source>", "exec"), names)


def load(names: Names, parts: tuple[str, ...] = FORMULAS + LOOPS) -> Names:
    """The functions of these parts in a namespace where the borrowed names mean what ``names`` says."""
    for part in parts:
        code = compile((HERE / f"{part}.py").read_text(encoding="utf-8"), str(HERE / f"{part}.py"), "exec")
        exec(code, names)
        if part == FORMULAS[-1]:
            define(rendered(), names)
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
    space = load({"__name__": __name__, **borrowed}, FORMULAS)

    def find(name: str) -> Any:
        define(ADDED[name].functions, space)
        return space[name]

    return Table(space, find)


def update_arrays(rule: Rule, numbers: dict[str, Any], arrays: dict[str, Any]) -> None:
    """One step of a rule on NumPy arrays, in place.

    Parameters
    ----------
    rule : Rule
    numbers : dict
        Its numbers by name.
    arrays : dict of numpy.ndarray
        The weights ``w``, their gradient ``g`` and the slots, by letter: of one shape and dtype.
    """
    real = arrays["w"].dtype.type
    formulas, values = on_arrays(real), {**arrays, **{name: real(n) for name, n in numbers.items()}}
    for function in rule.functions:
        result = formulas[function](*(values[p] for p in signatures("updates")[function]))
        if function[-1] in arrays:
            arrays[function[-1]][...] = result
        else:
            values[function[-1]] = result
