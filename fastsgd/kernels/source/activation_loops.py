"""Loops over the elements of an activation, made from its signature."""

from __future__ import annotations

from .tables import Formula


def arguments(first: str, parameters: tuple[str, ...]) -> tuple[str, str]:
    """Lines that take a formula's parameters out of ``c``, and its list of arguments."""
    loads = "".join(f"    {name}: real = c[{i}]\n" for i, name in enumerate(parameters))
    return loads, ", ".join((first, *parameters))


def render(f: Formula) -> str:
    name = f.name
    read_from = "a" if f.from_output else "z"  # in place where z is not kept: two names for one array do not vectorise
    loads, value = arguments(f"{read_from}[i]", f.parameters)
    slope = arguments(f"{read_from}[i]", f.parameters)[1]
    return f"""
def activate_{name}(a: reals, z: reals, n: i64, c: reals) -> None:
    full_width()
{loads}    for i in range(n):
        a[i] = {name}({value})


def slope_{name}(d: reals, {read_from}: reals, n: i64, c: reals) -> None:
    full_width()
{loads}    for i in range(n):
        d[i] = d[i] * {name}_slope({slope})

"""


def render_apart(f: Formula) -> str:
    """As ``activate_...``, where z is kept for a loss that reads it."""
    loads, value = arguments("z[i]", f.parameters)
    return f"""
def apart_{f.name}(a: reals, z: reals, n: i64, c: reals) -> None:
    full_width()
{loads}    for i in range(n):
        a[i] = {f.name}({value})

"""
