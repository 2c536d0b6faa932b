"""Loops over weights of an update rule, made from the signatures of its functions: by gradient, row, line, and tile."""

from __future__ import annotations

from .tables import ARRAYS, SLOTS, Rule, signatures

LONG = 64  # rows from which gradients take the full tile: 0.98 of a step of 8-32-32-1 at 200


def render(r: Rule) -> str:
    return _update_loop(r) + _rank_loop(r) + _line_loop(r) + _descend_loop(r)


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
{_numbers(r)}    short_loops()
{_rows(r, "k", "rows", "x[k] * e[j]", "k * {width} + j", " " * 4)}
"""


def _line_loop(r: Rule) -> str:
    """The update of a thin layer's weights in batch 1, 16 at a time: the gradient is inputs x times an output's delta d."""
    return f"""
def line_{r.name}(w: apart, x: apart, d: apart, {_banks(r, "apart")}, n: i64, h: apart) -> None:
{_numbers(r)}    short_loops()
    delta: real = d[0]
    for i in range(0, n, 16):
        for j in range(16):
{_update_of_one(r, "x[i + j] * delta", "i + j", " " * 12)}
"""


def _descend_loop(r: Rule) -> str:
    """The gradient of n rows of weights and their update, a tile at a time: meanwhile memory brings those of the next.

    In batches of one block; g has room for a tile. The last tile may read columns of x behind the last input, or a few of
    the row that follows, of which there is always one; their gradients go nowhere. 0.87 to 0.95 of a step with 8 rows,
    0.96 to 0.98 with 32, against all gradients of 32 inputs first.
    """
    return f"""
def descend_{r.name}(
    x: reals, stride: i64, rows: i64, d: reals, g: reals,
    w: apart, {_banks(r, "apart")}, n: i64, width: i64, h: apart,
) -> None:
{_numbers(r)}    short_loops()
    k = 0
    while k < n:
        done = min(GRADIENT_ROWS, n - k)
        if rows >= {LONG} and n - k >= TILE_ROWS + GRADIENT_ROWS:
            gradient_full(at(x, k), stride, rows, d, g, width)
            done = TILE_ROWS
        else:
            gradient_tile(at(x, k), stride, rows, d, g, width)
{_rows(r, "i", "done", "g[i * {width} + j]", "(k + i) * {width} + j", " " * 8)}        k = k + done
"""


def _rows(r: Rule, row: str, rows: str, gradient: str, place: str, indent: str) -> str:
    """The update of rows of a panel, of 32 columns or 16; ``{width}`` in an expression stands for that.

    A row is straight code, in vectors of 16: 0.7 of the time of a loop that ends after one or two rounds.
    """
    text = ""
    for case, width in (("if width == 32:", 32), ("else:", 16)):
        text += f"{indent}{case}\n{indent}    for {row} in range({rows}):\n"
        for q in range(0, width, 16):
            text += f"{indent}        for j in range({q}, {q + 16}):\n"
            text += _update_of_one(r, gradient.format(width=width), place.format(width=width), indent + " " * 12)
    return text


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
