"""The loop of a loss of whole rows, made from its signatures."""

from __future__ import annotations

from .tables import LOWEST, PLACES, RowLoss

LANES = 16  # rows that a row loss works on side by side


def render(f: RowLoss) -> str:
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
    short_loops()
{loads}{body}{over_outputs("slope", line)}    for r in range({LANES}):
        sums[r] = f8(loss[r])

"""
