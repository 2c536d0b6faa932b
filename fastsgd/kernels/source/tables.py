"""The formulas by name: what the formula files define, and what users add to it.

A function's name and its parameters say all that there is to know of a formula: see the dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from .parts import parameters_of, read

PLACES = ("p", "y", "other", "first", "level")  # what a row loss is told of the output
LOWEST = -3e38  # where the largest output begins
SLOTS = "vsu"  # memories of an update rule, in this order
ARRAYS = f"wgd{SLOTS}"  # what its functions take and assign by the element; d lives within one step only
AVERAGE, GATHERED = "m", "k"  # further memories, behind the rule's: moving average of w, sum of gradients


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

    @property
    def in_blocks(self) -> bool:
        """Its formulas need more than an output and its target: the outputs are blocks of one for each target."""
        return any(name in PLACES[2:] for step in (*self.steps, "slope") for name in self.arguments(step))


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
    """A formula that stands in no file, because a user wrote it: see :func:`~fastsgd.kernels.source.text.add_formula`."""

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


@cache
def signatures(part: str) -> dict[str, tuple[str, ...]]:
    """The functions of a formula file and their parameters, in order."""
    return Table(parameters_of(read(part)), lambda name: parameters_of(ADDED[name].functions)[name])


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
