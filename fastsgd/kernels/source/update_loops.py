"""Loops over weights of an update rule, made from the signatures of its functions: by the gradient, and by row."""

from __future__ import annotations

from .tables import ARRAYS, SLOTS, Rule, signatures


def render(r: Rule) -> str:
    return _update_loop(r) + _rank_loop(r) + _descend_loop(r)


def _update_loop(r: Rule) -> str:
    return f"""
def update_{r.name}(w: reals, g: reals, {_banks(r, "reals")}, n: i64, h: reals) -> None:
{_numbers(r)}    full_width()
    for i in range(n):
{_update_of_one(r, "g[i]", "i", " " * 8)}
"""


def _rank_loop(r: Rule) -> str:
    """The update of rows in batch 1: the gradient, inputs x times deltas e, is made on the way and never stored.

    A row is straight code for either width, in vectors of 16: 0.7 of the time of a loop that ends after one or two rounds
    (0.8 to 0.85 of a step of batch 1).
    """
    return f"""
def rank_{r.name}(
    w: apart, x: apart, e: apart, {_banks(r, "apart")}, rows: i64, width: i64, h: apart
) -> None:
{_numbers(r)}    short_loops()
    if width == 32:
{_rank_rows(r, 32)}    else:
{_rank_rows(r, 16)}
"""


def _rank_rows(r: Rule, width: int) -> str:
    parts = "".join(
        f"            for j in range({q}, {q + 16}):\n{_update_of_one(r, 'x_k * e[j]', f'k * {width} + j', ' ' * 16)}"
        for q in range(0, width, 16)
    )
    return f"        for k in range(rows):\n            x_k: real = x[k]\n{parts}"


def _descend_loop(r: Rule) -> str:
    """The gradient of n rows of weights and their update, a tile at a time: meanwhile memory brings those of the next.

    In batches of one block; g has room for a tile. 0.87 to 0.95 of a step with 8 rows, 0.96 to 0.98 with 32, against all
    gradients of a panel first.
    """
    return f"""
def descend_{r.name}(
    product: i64, x: reals, stride: i64, rows: i64, d: reals, g: reals,
    w: apart, {_banks(r, "apart")}, n: i64, width: i64, h: apart,
) -> None:
{_numbers(r)}    short_loops()
    k = 0
    while k < n:
        done = gradient_tile(product, at(x, k), stride, rows, d, g, n - k, width)
        for q in range(0, done * width, 16):
            o = k * width + q
            for j in range(16):
{_update_of_one(r, "g[q + j]", "o + j", " " * 16)}        k = k + done
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
