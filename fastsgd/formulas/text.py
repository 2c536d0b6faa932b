"""A formula in the language of the kernels: typed locals, no control flow, names that each engine lends a meaning."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from .tape import COMPARISONS, Tape, operands

FUNCTIONS = {"abs": "absolute"}  # others have the same name


def function(
    name: str,
    own: Sequence[str],
    settings: Sequence[str],
    tape: Tape,
    root: int,
    given: Mapping[int, str] | None = None,
) -> str:
    """The text of a function that returns a node.

    Parameters
    ----------
    own, settings : sequence of str
        Its parameters: those that differ from element to element, and those that do not.
    given : mapping, optional
        Nodes that are parameters.

    Raises
    ------
    ValueError
        The node needs an argument of the tape that is none of the parameters.
    """
    return _Writer(tape, given or {}, own, settings).function(name, root)


class _Writer:
    def __init__(self, tape: Tape, given: Mapping[int, str], own: Sequence[str], settings: Sequence[str]) -> None:
        self.tape, self.own, self.parameters = tape, own, (*own, *settings)
        self.known = dict(given)

    def function(self, name: str, root: int) -> str:
        root = self._lowered(root)
        order = self.tape.needed([root], self.known)
        used = Counter(k for i in order if i not in self.known for k in operands(self.tape.nodes[i]))
        written: dict[int, str] = {}
        lines = []
        for i in order:
            node = self.tape.nodes[i]
            if i in self.known:
                written[i] = self.known[i]
                continue
            text = self._expression(node, written)
            if used[i] > 1 and node[0] not in ("value", "argument", *COMPARISONS):
                lines.append(f"    t{i}: real = {_bare(text)}\n")
                text = f"t{i}"
            written[i] = text
        signature = ", ".join(f"{p}: real" for p in self.parameters)
        result, x = _bare(written[root]), self.own[0]
        if not any(self.tape.nodes[i] == ("argument", p) or i in self.known for i in order for p in self.own):
            result = f"where({x} == {x}, {result}, {result})"  # on arrays a constant, too, has to have their shape
        return f"def {name}({signature}) -> real:\n{''.join(lines)}    return {result}\n"

    def _lowered(self, root: int) -> int:
        """The same with powers in terms of products, roots, exponentials and logarithms."""
        new: dict[int, int] = {}
        for i in self.tape.needed([root], self.known):
            node = self.tape.nodes[i]
            if i in self.known or not operands(node):
                new[i] = i
            elif node[0] == "pow":
                exponent = self.tape.constant(node[2])
                assert exponent is not None
                new[i] = self._power(new[node[1]], exponent)
            else:
                new[i] = self.tape.apply(node[0], *(new[k] for k in operands(node)))
        return new[root]

    def _power(self, x: int, exponent: float) -> int:
        by, value = self.tape.apply, self.tape.value
        if exponent < 0:
            return by("/", value(1), self._power(x, -exponent))
        whole, rest = divmod(exponent, 1)
        if rest not in (0, 0.5) or whole > 8:
            return by("exp", by("*", value(exponent), by("log", x)))
        y = by("sqrt", x) if rest else value(1)
        for _ in range(int(whole)):
            y = by("*", y, x)
        return y

    def _expression(self, node: tuple, written: Mapping[int, str]) -> str:
        op, *taken = node
        if op == "value":
            return f"real({_literal(taken[0])})"
        if op == "argument":
            if taken[0] not in self.parameters:
                raise ValueError(f"it needs {taken[0]}")
            return taken[0]
        texts = [written[k] for k in taken]
        match op:
            case "+" | "-" | "*" | "/" | "<" | "<=" | ">" | ">=" | "==" | "!=":
                return f"({texts[0]} {op} {texts[1]})"
            case "neg":
                return f"(-{texts[0]})"
            case "min":  # as Python has it: the first one unless the second is less
                return f"minimum({_bare(texts[1])}, {_bare(texts[0])})"
            case "max":
                return f"maximum({_bare(texts[1])}, {_bare(texts[0])})"
        return f"{FUNCTIONS.get(op, op)}({', '.join(map(_bare, texts))})"


def _literal(x: float) -> str:
    if math.isfinite(x):
        return repr(x)
    return "1e999 - 1e999" if math.isnan(x) else "1e999" if x > 0 else "-1e999"


def _bare(text: str) -> str:
    """Without the brackets round the whole."""
    if not text.startswith("("):
        return text
    depth = 0
    for i, c in enumerate(text):
        depth += (c == "(") - (c == ")")
        if depth == 0:
            return text[1:-1] if i == len(text) - 1 else text
    return text
