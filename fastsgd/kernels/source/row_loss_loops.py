"""The loops of a loss of whole rows, made from its signatures."""

from __future__ import annotations

from .tables import LOWEST, RowLoss

LANES = 16  # rows that a row loss works on side by side, or outputs of a single row


def render(f: RowLoss) -> str:
    return f"{_sixteen_rows(f)}{'' if f.in_blocks else _single_row(f)}"


def _sixteen_rows(f: RowLoss) -> str:
    """Sixteen rows side by side: output i of row r at [i * step + r], its target at [i % m * 16 + r].

    Every inner loop is one or two vectors. What is computed on the way stands in ``s``.
    """
    loads = _parameters(f)
    loads += "".join(f"    {name}: reals = at(s, {LANES * i})\n" for i, name in enumerate(f.steps))
    elements = {"p": "output[r]", "y": "target[r]", "other": "beside[r]"} | {step: f"{step}[r]" for step in f.steps}

    def call(step: str) -> str:
        return _call(f, step, elements)

    def over_outputs(step: str, line: str) -> str:
        wanted = {
            "p": "output: reals = at(p, i * step)",
            "y": f"target: reals = at(y, {'i % m' if f.in_blocks else 'i'} * {LANES})",
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
    short_loops()
{loads}{body}{over_outputs("slope", line)}    for r in range({LANES}):
        sums[r] = f8(loss[r])

"""


def _single_row(f: RowLoss) -> str:
    """A row whose outputs stand side by side, and its targets, up to a multiple of 16; what padding makes is dropped.

    It is called as ``_sixteen_rows`` is, and has its bits: numbers to be summed are made first, in vectors, each by
    adding it to nothing, and then summed one by one.
    """
    elements = {"p": "p[i + j]", "y": "y[i + j]"}

    def each(line: str) -> str:
        return f"    for i in range(0, n, {LANES}):\n        for j in range({LANES}):\n            {line}\n"

    body = ""
    for step in f.steps:
        if not f.is_gathered(step):
            body += f"    {step}: real = {_call(f, step, {})}\n"
        elif step == "top":
            found = _call(f, step, {"p": "p[i]", "y": "y[i]"})
            body += f"    {step}: real = real({LOWEST})\n    for i in range(n):\n        {step} = {found}\n"
        else:
            body += each(f"d[i + j] = {_call(f, step, elements | {step: 'real(0)'})}")
            body += f"    {step}: real = real(0)\n    for i in range(n):\n        {step} = {step} + d[i]\n"
    return f"""
def judge_row_{f.name}(
    d: apart, p: reals, y: reals, n: i64, m: i64, step: i64, scale: real, c: reals, s: reals, sums: doubles
) -> None:
    short_loops()
{_parameters(f)}{body}{each(f"d[i + j] = {_call(f, 'slope', elements)} * scale")}    sums[0] = f8(loss)

"""


def _parameters(f: RowLoss) -> str:
    return "".join(f"    {name}: real = c[{i}]\n" for i, name in enumerate(f.parameters))


def _call(f: RowLoss, step: str, elements: dict[str, str]) -> str:
    return f"{f.name}_{step}({', '.join(elements.get(name, name) for name in f.arguments(step))})"
