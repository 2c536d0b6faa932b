"""Derivatives of formulas, on the same tape: what both need is computed once."""

from __future__ import annotations

import math

from .tape import Tape, operands


def derivative(tape: Tape, of: int, by: str) -> int:
    """The node of the derivative of a node by an argument.

    Branches are derived one by one. At its kink the absolute value has slope 0, minimum and maximum have that of the
    operand which they take there.
    """
    argument = tape.argument(by)
    slopes: dict[int, int] = {}
    for i in tape.needed([of]):
        node = tape.nodes[i]
        if i == argument:
            slopes[i] = tape.value(1)
        elif node[0] == "where":
            slopes[i] = tape.apply("where", node[1], slopes[node[2]], slopes[node[3]])
        else:
            inner = [slopes[k] for k in operands(node)]
            constant = all(tape.constant(k) == 0 for k in inner)
            slopes[i] = tape.value(0) if constant else _of_node(tape, i, inner)
    return slopes[of]


def _of_node(tape: Tape, i: int, inner: list[int]) -> int:
    """Derivative of an operation, by the chain rule."""
    op, a, *rest = tape.nodes[i]
    da = inner[0]

    def value(x: float) -> int:
        return tape.value(x)

    def by(op: str, *taken: int) -> int:
        return tape.apply(op, *taken)

    if rest:
        b, db = rest[0], inner[1]
        match op:
            case "+" | "-":
                return by(op, da, db)
            case "*":
                return by("+", by("*", da, b), by("*", a, db))
            case "/":  # (da - (a / b) db) / b
                return by("/", by("-", da, by("*", i, db)), b)
            case "min":
                return by("where", by("<", b, a), db, da)
            case "max":
                return by("where", by(">", b, a), db, da)
            case "pow":
                return by("*", by("*", b, by("pow", a, by("-", b, value(1)))), da)
            case _:  # a comparison
                return value(0)
    match op:
        case "neg":
            return by("neg", da)
        case "abs":
            left = by("where", by("<", a, value(0)), by("neg", da), value(0))
            return by("where", by(">", a, value(0)), da, left)
        case "floor":
            return value(0)
        case "sqrt":
            return by("/", by("*", value(0.5), da), i)
        case "log":
            return by("/", da, a)
        case "log1p":
            return by("/", da, by("+", value(1), a))
        case "exp":
            outer = i
        case "expm1":
            outer = by("exp", a)
        case "sin":
            outer = by("cos", a)
        case "cos":
            outer = by("neg", by("sin", a))
        case "tanh":
            outer = by("*", by("-", value(1), i), by("+", value(1), i))
        case "sigmoid":
            outer = by("*", i, by("-", value(1), i))
        case "softplus":
            outer = by("sigmoid", a)
        case _:
            assert op == "erf"
            outer = by("*", value(2 / math.sqrt(math.pi)), by("exp", by("neg", by("*", a, a))))
    return by("*", outer, da)
