"""Loops over the rows and outputs of a loss that is a mean over its elements, and one of them, from its signature."""

from __future__ import annotations

import ast

from .activation_loops import arguments
from .parts import read
from .tables import ADDED, Formula, signatures

EACH_ROW = """        for r in range(rows):
            target: reals = at(y, order[r] * stride)
            slope: reals = at(d, r * row)
            output: reals = at(p, r * row)
"""


def render(f: Formula) -> str:
    head = f"""
def loss_{f.name}(
    d: reals, p: reals, y: reals, order: ints, rows: i64, n: i64, row: i64, column: i64, stride: i64, scale: real, c: reals, sums: doubles
) -> None:
"""
    loads, _ = arguments("", f.parameters)
    rows = _rows_in_passes(f) if _calls_functions(f) else _rows_in_one(f)
    return f"{head}{loads}    if column == 1:\n{rows}    else:\n{_columns(f)}\n{_point(f)}"


def _calls_functions(f: Formula) -> bool:
    """Whether a loss needs an exponential, a logarithm or the like, in its value or in its slope."""
    known = {*signatures("elementary"), *signatures("activations")}
    text = ADDED[f.name].functions if f.name in ADDED else read("losses")
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    own = [function for function in functions if function.name in (f.name, f"{f.name}_slope")]
    return any(isinstance(node, ast.Name) and node.id in known for function in own for node in ast.walk(function))


def _rows_in_one(f: Formula) -> str:
    called = arguments("output[i], target[i]", f.parameters)[1]
    return f"""{EACH_ROW}            total: f8 = f8(0)
            for i in range(n):
                total = total + f8({f.name}({called}))
                slope[i] = {f.name}_slope({called}) * scale
            sums[r] = sums[r] + total
"""


def _rows_in_passes(f: Formula) -> str:
    """For dear formulas: loops without a sum vectorise, so the losses wait in the place of the slopes to be summed."""
    called = arguments("output[i], target[i]", f.parameters)[1]
    return f"""{EACH_ROW}            for i in range(n):
                slope[i] = {f.name}({called})
            total: real = real(0)
            for i in range(n):
                total = total + slope[i]
            for i in range(n):
                slope[i] = {f.name}_slope({called}) * scale
            sums[r] = sums[r] + f8(total)
"""


def _columns(f: Formula) -> str:
    """Where the rows of an output adjoin (thin layers) loops over rows vectorise, and take whole groups of 16 of them.

    The targets wait in the place of the slopes: see ``place_targets``.
    """
    called = arguments("output[r], slope[r]", f.parameters)[1]
    return f"""        whole = (rows + 15) // 16 * 16
        for i in range(n):
            slope = at(d, i * column)
            output = at(p, i * column)
            for r in range(whole):
                sums[r] = sums[r] + f8({f.name}({called}))
            for r in range(whole):
                slope[r] = {f.name}_slope({called}) * scale
"""


def _point(f: Formula) -> str:
    """One output of one row, which would be shorter than the loops round it."""
    loads, called = arguments("p[0], y[0]", f.parameters)
    return f"""
def point_{f.name}(d: reals, p: reals, y: reals, scale: real, c: reals, sum: doubles) -> None:
{loads}    sum[0] = sum[0] + f8({f.name}({called}))
    d[0] = {f.name}_slope({called}) * scale
"""
