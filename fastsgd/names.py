"""Looking up a thing by its name: one rule and one error message for every registry of the package."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeVar

T = TypeVar("T")
_NONE: Mapping[str, str] = MappingProxyType({})


def fold(name: str) -> str:
    """The name without what only distinguishes spellings: ``"GlorotUniform"`` and ``"glorot_uniform"`` are one."""
    return name.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def lookup(kind: str, name: str, table: Mapping[str, T], aliases: Mapping[str, str] = _NONE) -> T:
    """The entry of ``table`` that ``name`` means; case and underscores do not matter.

    Parameters
    ----------
    kind : str
        What the table holds, for the error message: ``"activation"``, ``"loss"``.
    name : str
        What the user wrote.
    table : mapping of str
        The entries by their proper names; these are what the error message lists.
    aliases : mapping of str to str, optional
        Other names -> proper names: short forms and names of former Keras versions. Understood, but not listed.

    Raises
    ------
    TypeError
        ``name`` is not a string.
    ValueError
        There is no such entry; the message lists the names and the nearest match.
    """
    if not isinstance(name, str):
        raise TypeError(f"{kind} must be a name, got {name!r} of type {type(name).__name__}")
    if name in table:
        return table[name]
    spellings = {fold(proper): proper for proper in table} | {fold(a): proper for a, proper in aliases.items()}
    folded = fold(name)
    if folded in spellings:
        return table[spellings[folded]]
    from difflib import get_close_matches  # 4 ms, for this message only

    nearest = get_close_matches(folded, spellings, n=1)
    hint = f": did you mean {spellings[nearest[0]]!r}?" if nearest else "."
    raise ValueError(f"unknown {kind} {name!r}{hint} Names: {', '.join(sorted(table))}")
