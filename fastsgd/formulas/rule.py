"""An update rule as plain data, the text for the kernels made of it, and the optimizer that steps by it.

What depends on no element, such as ``1 - beta**t``, becomes a number of the step: it is worked out once, in float64.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import permutations
from typing import Any, ClassVar

import numpy as np

from ..arguments import number
from ..kernels.source.arrays import on_arrays
from ..kernels.source.tables import ADDED, ARRAYS, SLOTS, Rule, update_table
from ..kernels.source.text import add_formula
from ..optimizers.base import Optimizer, Rate
from .recipe import SETTING
from .tape import COMPARISONS, Tape, operands
from .text import function

UNIFORM = ("lr", "t")  # arguments that are the same for all elements


@dataclass(frozen=True)
class RuleRecipe:
    """An update rule as plain data.

    Attributes
    ----------
    name : str
    nodes : tuple of tuple
        A :class:`fastsgd.formulas.tape.Tape` with the arguments ``w``, ``g``, letters of memories, ``lr``, ``t`` and
        settings.
    roots : tuple of int
        The new weight and the new memories, whose letters are the first of ``SLOTS``.
    settings : tuple of (str, float)
        Parameters of the rule and their defaults.
    starts : tuple of float
        What the memories begin with.
    """

    name: str
    nodes: tuple[tuple[Any, ...], ...]
    roots: tuple[int, ...]
    settings: tuple[tuple[str, float], ...] = ()
    starts: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        whole = all(type(i) is int and 0 <= i < len(self.nodes) for i in self.roots)
        memories = len(self.roots) - 1
        fits = 0 <= memories <= len(SLOTS) and len(self.starts) == memories
        if not whole or not fits or not all(p.isidentifier() for p, _ in self.settings):
            raise ValueError(f"{self!r} is no update rule")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()
        self.register()

    @property
    def slots(self) -> str:
        return SLOTS[: len(self.starts)]

    @property
    def uniform(self) -> list[str]:
        """Arguments that are the same for all elements."""
        return [*UNIFORM, *(f"{SETTING}{p}" for p, _ in self.settings)]

    def register(self) -> str:
        """Make the rule known to the kernels, with weight decay and without; returns its name there."""
        tape = Tape(self.nodes)
        numbers = {i: f"k{i}" for i in self._numbers(tape)}
        functions = self._functions(tape, numbers)
        numbered = [function(f"it_{k}", self.uniform, (), tape, i) for i, k in numbers.items()]
        text = "\n\n".join([*functions.values(), *numbered])
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        name = f"{''.join(c if c.isalnum() and c.isascii() else '_' for c in self.name)}_{digest}"
        if name not in ADDED:
            text = text.replace("def it_", f"def {name}_")
            order = tuple(f"{name}_{x}" for x in functions)
            for suffix, first, more in (("_decayed", ("decay_w",), ("decay",)), ("", (), ())):
                rule = Rule(name + suffix, first + order, self.slots, (*more, *numbers.values()))
                add_formula("updates", rule, text)
        return name

    def _numbers(self, tape: Tape) -> list[int]:
        """The nodes that are numbers of a step: the same for all elements, and taken by one that is not."""
        same: dict[int, bool] = {}
        for i in tape.needed(self.roots):
            node = tape.nodes[i]
            own = node[0] == "argument" and node[1] not in self.uniform
            same[i] = not own and all(same[k] for k in operands(node))
        found: set[int] = set()
        waiting, seen = list(self.roots), set(self.roots)
        while waiting:
            i = waiting.pop()
            if same[i] and tape.nodes[i][0] not in COMPARISONS:
                if tape.constant(i) is None:
                    found.add(i)
                continue
            new = [k for k in operands(tape.nodes[i]) if k not in seen]
            seen.update(new)
            waiting += new
        return sorted(found)

    def _functions(self, tape: Tape, numbers: Mapping[int, str]) -> dict[str, str]:
        """Texts of the functions that assign memories and weight, by letter, in an order in which they may run.

        Each may use what was assigned before it, but nothing that is overwritten by then. If there is no such order,
        the new weight is kept in ``d`` until the memories are done.
        """
        new = dict(zip(f"w{self.slots}", self.roots, strict=True))
        changed = [x for x in (*self.slots, "w") if tape.nodes[new[x]] != ("argument", x)]
        later = [x for x in changed if x != "w"]
        for order in self._orders(changed, later):
            given, texts = dict(numbers), dict[str, str]()
            old: set[str] = set()
            for x in order:
                root = new["w"] if x == "d" else new[x]
                reached = tape.needed([root], given)
                used = {tape.nodes[i][1] for i in reached if i not in given and tape.nodes[i][0] == "argument"}
                if used & old:
                    break
                used.update(given[i] for i in reached if i in given)
                letters = [p for p in ARRAYS if p in used] or ["w"]
                taken = [k for k in numbers.values() if k in used]
                texts[x] = function(f"it_{x}", letters, taken, tape, root, given)
                if operands(tape.nodes[root]):
                    given[root] = x
                old.add(x)
            else:
                return texts
        raise ValueError(f"update rule {self.name}: its memories take each other's old values crosswise")

    def _orders(self, changed: list[str], memories: list[str]) -> Iterator[tuple[str, ...]]:
        yield from ((*order, "w") for order in permutations(memories))
        yield from permutations(changed)
        yield from (("d", *order, "w") for order in permutations(memories))

    def to_config(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> RuleRecipe:
        """The rule that :meth:`to_config` made a dict of, perhaps by way of JSON."""
        return cls(
            str(config["name"]),
            tuple(tuple(node) for node in config["nodes"]),
            tuple(config["roots"]),
            tuple((str(p), float(v)) for p, v in config["settings"]),
            tuple(float(v) for v in config["starts"]),
        )


class CustomOptimizer(Optimizer):
    """Base of the optimizers that :func:`fastsgd.formulas.update_rule` makes, each a class of its own.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    **settings
        Settings of the rule, which are attributes too, and the options of :class:`fastsgd.optimizers.Optimizer`.
    """

    recipe: ClassVar[RuleRecipe]

    def __init__(self, learning_rate: Rate = 0.01, **settings: Any) -> None:
        own = {p: settings.pop(p, default) for p, default in self.recipe.settings}
        super().__init__(learning_rate, **settings)
        for p, value in own.items():
            setattr(self, p, number(p, value))

    def formula(self) -> str:
        return self.recipe.register()

    def starts(self) -> dict[str, float]:
        return dict(zip(self.recipe.slots, self.recipe.starts, strict=True))

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        given = super().numbers(t)
        name = self.formula()
        values = [given["lr"], self.updates(t) + 1, *(getattr(self, p) for p, _ in self.recipe.settings)]
        formulas = on_arrays(np.float64)
        with np.errstate(all="ignore"):
            own = {n: formulas[f"{name}_{n}"](*map(np.float64, values)) for n in update_table()[name].numbers}
        return {**given, **own}

    def get_config(self) -> dict[str, Any]:
        own = {p: getattr(self, p) for p, _ in self.recipe.settings}
        return {**super().get_config(), **own, "recipe": self.recipe.to_config()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> CustomOptimizer:
        settings = dict(config)
        return optimizer_of(RuleRecipe.from_config(settings.pop("recipe")))(**settings)

    def __repr__(self) -> str:
        usual, own = inspect.signature(Optimizer).parameters, dict(self.recipe.settings)
        shown = {k: v for k, v in self.get_config().items() if k not in ("name", "recipe")}
        shown = {k: v for k, v in shown.items() if k in ("learning_rate", *own) or v != usual[k].default}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in shown.items())})"

    def __reduce__(self) -> Any:
        return _blank, (self.recipe,), self.__getstate__()


def _blank(recipe: RuleRecipe) -> CustomOptimizer:
    return object.__new__(optimizer_of(recipe))


def optimizer_of(recipe: RuleRecipe) -> type[CustomOptimizer]:
    """The class of the optimizers that step by this rule."""
    recipe.register()
    return type(recipe.name, (CustomOptimizer,), {"recipe": recipe, "__doc__": f"The update rule {recipe.name}."})
