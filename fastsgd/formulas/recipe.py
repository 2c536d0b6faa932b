"""An activation or a loss as plain data, from which its text for the kernels is made."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..arguments import number
from ..kernels.source.tables import ADDED, Formula
from ..kernels.source.text import add_formula
from .tape import Tape
from .text import function

OWN = {"activation": ("z",), "loss": ("p", "y")}  # what the kernels call the arguments
PART = {"activation": "activations", "loss": "losses"}
SETTING = "k_"  # before the names of settings, which thus are no name that the loops use


@dataclass(frozen=True)
class Recipe:
    """A formula as plain data.

    Attributes
    ----------
    kind : {"activation", "loss"}
    name : str
        What messages call it.
    nodes : tuple of tuple
        A :class:`fastsgd.formulas.tape.Tape`.
    value, slope : int
        Their nodes.
    settings : tuple of (str, float)
        Parameters of the formula and their defaults.
    from_output : bool
        The slope is a function of the activation's output, argument ``a`` of the tape.
    """

    kind: str
    name: str
    nodes: tuple[tuple[Any, ...], ...]
    value: int
    slope: int
    settings: tuple[tuple[str, float], ...] = ()
    from_output: bool = False

    def __post_init__(self) -> None:
        whole = all(type(i) is int and 0 <= i < len(self.nodes) for i in (self.value, self.slope))
        if self.kind not in OWN or not whole or not all(p.isidentifier() for p, _ in self.settings):
            raise ValueError(f"{self!r} is no formula")

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__post_init__()
        self.register()  # other objects of the pickle may know the formula by its name alone

    def register(self) -> str:
        """Make the formula known to the kernels; returns its name there, which has a digest of its text in it."""
        tape, own = Tape(self.nodes), OWN[self.kind]
        parameters = [f"{SETTING}{p}" for p, _ in self.settings]
        seen = ("a",) if self.from_output else own
        value = function("it", own, parameters, tape, self.value)
        slope = function("it_slope", seen, parameters, tape, self.slope)
        digest = hashlib.sha256((value + slope).encode()).hexdigest()[:12]
        name = f"{''.join(c if c.isalnum() and c.isascii() else '_' for c in self.name)}_{digest}"
        if name not in ADDED:
            text = (value + "\n\n" + slope + "\n\n").replace("def it", f"def {name}")
            add_formula(PART[self.kind], Formula(name, tuple(parameters), self.from_output), text)
        return name

    def constants(self, settings: Mapping[str, Any]) -> tuple[float, ...]:
        """Values of all settings in order.

        Raises
        ------
        ValueError
            A setting that the formula does not have.
        TypeError
            One that is no number.
        """
        known = dict(self.settings)
        for name in settings:
            if name not in known:
                has = f"has {', '.join(known)}" if known else "has none"
                raise ValueError(f"{self.kind} {self.name} has no setting {name!r}, it {has}")
        return tuple(number(f"{self.name}: {p}", settings.get(p, default)) for p, default in self.settings)

    def to_config(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Recipe:
        """The recipe that :meth:`to_config` made a dict of, perhaps by way of JSON."""
        nodes = tuple(tuple(node) for node in config["nodes"])
        settings = tuple((str(p), float(v)) for p, v in config["settings"])
        return cls(**{**config, "nodes": nodes, "settings": settings})


def recipe(
    kind: str, name: str, tape: Tape, roots: Sequence[int], settings: Mapping[str, float], **more: Any
) -> Recipe:
    """The recipe of a value and a slope on a tape, with nothing else on it."""
    nodes, (value, slope) = pruned(tape, roots)
    return Recipe(kind, name, nodes, value, slope, tuple(settings.items()), **more)


def pruned(tape: Tape, roots: Sequence[int]) -> tuple[tuple[tuple[Any, ...], ...], tuple[int, ...]]:
    """The nodes of these roots alone, and the roots among them."""
    kept = tape.needed(roots)
    place = {old: new for new, old in enumerate(kept)}
    plain = ("value", "argument")
    nodes = tuple(n if n[0] in plain else (n[0], *(place[k] for k in n[1:])) for n in (tape.nodes[i] for i in kept))
    return nodes, tuple(place[i] for i in roots)
