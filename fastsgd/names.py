"""Looking up a thing by its name: one rule and one error message for every registry of the package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import TypeVar

T = TypeVar("T")
NONE: Mapping[str, str] = MappingProxyType({})


@lru_cache(maxsize=4096)  # every layer asks for a dozen
def fold(name: str) -> str:
    """The name without what only distinguishes spellings: ``"GlorotUniform"`` and ``"glorot_uniform"`` are one."""
    return name.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


@lru_cache(maxsize=4096)
def snake(name: str) -> str:
    """``"layer_normalization"`` of ``"LayerNormalization"``, ``"rm_sprop"`` of ``"RMSprop"``, as Keras has it."""
    words = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", words).lower()


def lookup(
    kind: str, name: str, table: Mapping[str, T], aliases: Mapping[str, str] = NONE, absent: Mapping[str, str] = NONE
) -> T:
    """The entry of ``table`` that ``name`` means; case and underscores do not matter.

    Parameters
    ----------
    kind : str
        What the table holds, for the error message: ``"activation"``, ``"loss"``.
    name : str
        What the user wrote.
    table : mapping of str
        The entries by their proper names.
    aliases : mapping of str to str, optional
        Other names -> proper names: short forms and names of former Keras versions.
    absent : mapping of str to str, optional
        Names that are not there, though a user has reason to think so -> what to say of them (:mod:`fastsgd.absent`).

    Raises
    ------
    TypeError
        ``name`` is not a string.
    ValueError
        There is no such entry; the message lists the names, with the other ones in brackets, and the nearest match.
    """
    if not isinstance(name, str):
        raise TypeError(f"{kind} must be a name, got {name!r} of type {type(name).__name__}")
    if name in table:
        return table[name]
    spellings = {fold(proper): proper for proper in table} | {fold(a): proper for a, proper in aliases.items()}
    folded = fold(name)
    if folded in spellings:
        return table[spellings[folded]]
    raise ValueError(f"unknown {kind} {name!r}{_hint(folded, spellings, absent)} Names: {_listed(table, aliases)}")


def _hint(folded: str, spellings: Mapping[str, str], absent: Mapping[str, str]) -> str:
    for name, note in absent.items():
        if fold(name) == folded:
            return f": {note}."
    from difflib import get_close_matches  # 4 ms, for this message only

    nearest = get_close_matches(folded, spellings, n=1)
    return f": did you mean {spellings[nearest[0]]!r}?" if nearest else "."


def _listed(table: Mapping[str, T], aliases: Mapping[str, str]) -> str:
    others = {proper: [alias for alias, meant in aliases.items() if meant == proper] for proper in table}
    return ", ".join(f"{name} ({', '.join(others[name])})" if others[name] else name for name in sorted(table))
