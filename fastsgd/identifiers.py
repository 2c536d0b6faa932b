"""What users may write where an object is wanted: its name, a dict, its class, or the object itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from .names import NONE, lookup

T = TypeVar("T")


class Configured:
    """Base of what can be made again from a dict of its settings; they are its attributes, if it says nothing else."""

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal object."""
        return dict(vars(self))

    @classmethod
    def from_config(cls: type[T], config: dict[str, Any]) -> T:
        return cls(**config)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_config().items())})"


def instance(
    kind: str,
    identifier: Any,
    base: type[T],
    classes: Mapping[str, type[T]],
    aliases: Mapping[str, str] = NONE,
    absent: Mapping[str, str] = NONE,
) -> T:
    """The object that an identifier means, in the sense of Keras's ``get``.

    Parameters
    ----------
    kind : str
        What is wanted, for error messages: ``"optimizer"``.
    identifier : str, dict, type or object
        A name (made with its defaults), ``{"class_name": ..., "config": {...}}``, a class (likewise), or an instance
        of ``base``, which is returned as it is.
    base : type
        What every such object is an instance of.
    classes, aliases, absent : mapping
        As for :func:`fastsgd.names.lookup`.

    Raises
    ------
    TypeError
        The identifier is none of these, or the config has settings which the class does not know.
    ValueError
        The name is unknown, or a setting is out of range.
    """
    if isinstance(identifier, base):
        return identifier
    if isinstance(identifier, type) and issubclass(identifier, base):
        return identifier()
    if isinstance(identifier, str):
        return lookup(kind, identifier, classes, aliases, absent)()
    if isinstance(identifier, dict):
        if "class_name" not in identifier:
            raise ValueError(f"{kind} as a dict needs 'class_name' (and may have 'config'), got {identifier!r}")
        made: Any = lookup(kind, identifier["class_name"], classes, aliases, absent)
        return made.from_config(identifier.get("config") or {})
    raise TypeError(
        f"{kind} must be a name, a dict with 'class_name' and 'config', or of type {base.__name__}, "
        f"got {identifier!r} of type {type(identifier).__name__}"
    )


def serialized(item: Any) -> dict[str, Any]:
    """The dict from which :func:`instance` makes an equal object; JSON-ready where the object's config is."""
    return {"class_name": type(item).__name__, "config": item.get_config()}
