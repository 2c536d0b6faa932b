"""All of the source as one text, and its functions with the meanings that an engine lends to borrowed names."""

from __future__ import annotations

from functools import cache
from typing import Any

from . import activation_loops, loss_loops, row_loss_loops, update_loops
from .parts import FORMULAS, HERE, LOOPS, parameters_of, read
from .tables import ADDED, Added, Formula, Rule, activation_table, loss_table, row_loss_table, update_table

Names = dict[str, Any]


@cache
def rendered() -> str:
    """One loop for every formula."""
    return "".join(
        [activation_loops.render(f) for f in activation_table().values()]
        + [activation_loops.render_apart(activation_table()["sigmoid"])]
        + [loss_loops.render(f) for f in loss_table().values()]
        + [row_loss_loops.render(f) for f in row_loss_table().values()]
        + [update_loops.render(r) for r in update_table().values()]
    )


def text() -> str:
    """The whole source, in the order in which its parts use each other."""
    return "".join([*map(read, FORMULAS), rendered(), *map(read, LOOPS)])


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


def add_formula(part: str, entry: Formula | Rule, functions: str) -> None:
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
    ADDED.update(dict.fromkeys([entry.name, *parameters_of(functions)], Added(entry, functions)))
    loops: Any = {"activations": activation_loops, "losses": loss_loops, "updates": update_loops}[part]
    whole = Added(entry, functions, loops.render(entry))
    ADDED.update(dict.fromkeys([entry.name, *parameters_of(functions), *parameters_of(whole.loops)], whole))
