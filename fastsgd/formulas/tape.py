"""Formulas as data: a list of operations, each on the results of earlier ones.

A node is a tuple of an operation and the numbers of the nodes it takes (a constant: its value, an argument: its name).
Equal nodes are one node, operations on constants are done at once. From a tape come the derivative (slopes.py) and the
text for the kernels (text.py); it is plain data, and so can be pickled and written as JSON.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Sequence
from typing import Any

Node = tuple[Any, ...]

COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
BINARY = ("+", "-", "*", "/", "min", "max", "pow")
UNARY: dict[str, Callable[[float], float]] = {  # beside "neg" and "abs" these are functions of the kernels
    "neg": lambda x: -x, "abs": abs, "sqrt": math.sqrt, "floor": lambda x: float(math.floor(x)),
    "exp": math.exp, "expm1": math.expm1, "log": math.log, "log1p": math.log1p,
    "sin": math.sin, "cos": math.cos, "tanh": math.tanh, "erf": math.erf,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)) if x > -700 else math.exp(x),
    "softplus": lambda x: max(x, 0.0) + math.log1p(math.exp(-abs(x))),
}  # fmt: skip
ARITY = {**dict.fromkeys(COMPARISONS + BINARY, 2), **dict.fromkeys(UNARY, 1), "where": 3, "value": 1, "argument": 1}


def compute(op: str, a: float, b: float = 0.0) -> Any:
    """An operation on plain numbers, as Python has it."""
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case "/":
            return a / b
        case "pow":
            return a**b
        case "min":
            return min(a, b)
        case "max":
            return max(a, b)
        case "<":
            return a < b
        case "<=":
            return a <= b
        case ">":
            return a > b
        case ">=":
            return a >= b
        case "==":
            return a == b
        case "!=":
            return a != b
    return UNARY[op](a)


class Tape:
    """The nodes of one formula, and the branches that are being followed while it is made."""

    def __init__(self, nodes: Iterable[Sequence[Any]] = ()) -> None:
        self.nodes: list[Node] = []
        self._numbers: dict[Node, int] = {}
        self.path: dict[int, bool] = {}  # conditions decided so far
        for node in nodes:
            self._add(_checked(tuple(node), len(self.nodes)))

    def _add(self, node: Node) -> int:
        key = (*node, math.copysign(1, node[1])) if node[0] == "value" else node  # 0.0 and -0.0 are equal
        if key not in self._numbers:
            self._numbers[key] = len(self.nodes)
            self.nodes.append(node)
        return self._numbers[key]

    def value(self, x: float) -> int:
        return self._add(("value", float(x)))

    def argument(self, name: str) -> int:
        return self._add(("argument", name))

    def constant(self, i: int) -> float | None:
        """The value of a node that is a constant."""
        return self.nodes[i][1] if self.nodes[i][0] == "value" else None

    def apply(self, op: str, *taken: int) -> int:
        """The node of an operation on others, or a simpler one of the same value."""
        if op == "where":
            return taken[1] if taken[1] == taken[2] else self._add(("where", *taken))
        values = [self.constant(i) for i in taken]
        if op not in COMPARISONS and all(v is not None for v in values):
            return self.value(compute(op, *values))  # type: ignore[arg-type]
        if op in ("+", "*"):
            taken = tuple(sorted(taken))
        simpler = self._simpler(op, *taken) if len(taken) == 2 else None
        return self._add((op, *taken)) if simpler is None else simpler

    def _simpler(self, op: str, a: int, b: int) -> int | None:
        """One of the two operands, or its opposite, where the other is 0 or 1 or -1."""
        x, y = self.constant(a), self.constant(b)
        match op:
            case "+":
                return b if x == 0 else a if y == 0 else self.apply("*", self.value(2), a) if a == b else None
            case "-":
                return a if y == 0 else self.apply("neg", b) if x == 0 else None
            case "*":
                if x is not None:
                    return self._times(x, b)
                return None if y is None else self._times(y, a)
            case "/":
                return a if y == 1 else self.value(0) if x == 0 else None
        return None

    def _times(self, factor: float, other: int) -> int | None:
        if factor in (0, 1, -1):
            return {0: self.value(0), 1: other, -1: self.apply("neg", other)}[int(factor)]
        return None

    def needed(self, roots: Iterable[int], known: Container[int] = ()) -> list[int]:
        """The nodes from which these are made, and these, in an order of computation; nothing behind known ones."""
        found: set[int] = set()
        waiting = list(roots)
        while waiting:
            i = waiting.pop()
            if i not in found:
                found.add(i)
                waiting += () if i in known else operands(self.nodes[i])
        return sorted(found)


def operands(node: Node) -> tuple[int, ...]:
    return () if node[0] in ("value", "argument") else node[1:]


def _checked(node: Node, before: int) -> Node:
    """A node from outside; ValueError if it is none: nothing else may become text of the kernels."""
    op = node[0] if node else None
    good = op in ARITY and len(node) == 1 + ARITY[op]
    if good and op == "value":
        good = type(node[1]) is float
    elif good and op == "argument":
        good = isinstance(node[1], str) and node[1].isidentifier()
    elif good:
        good = all(type(i) is int and 0 <= i < before for i in node[1:])
    if not good:
        raise ValueError(f"{node!r} is no operation of a formula")
    return node
