"""Numbers that write down what is done with them: a Python function called with these leaves its formula on a tape.

Where the function asks whether a condition holds, both answers are followed one after the other, and the results meet
in a ``where``: so ``if``, ``and``, ``min`` and loops of known length need no rules of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .tape import Tape, compute

MOST_PATHS = 256


class Fork(BaseException):
    """The function asks for a condition that has not been decided. No Exception: the function must not catch it."""

    def __init__(self, condition: int) -> None:
        self.condition = condition


class Symbol:
    """A number on a tape."""

    __array_ufunc__ = None  # NumPy's scalars leave operations with it to it

    def __init__(self, tape: Tape, node: int) -> None:
        self.tape, self.node = tape, node

    def __bool__(self) -> bool:
        return bool(self != 0)

    def __neg__(self) -> Symbol:
        return apply("neg", self)

    def __pos__(self) -> Symbol:
        return self

    def __abs__(self) -> Symbol:
        return apply("abs", self)

    def __floor__(self) -> Symbol:
        return apply("floor", self)

    def __ceil__(self) -> Symbol:
        return -apply("floor", -self)

    def __floordiv__(self, other: Any) -> Any:
        return apply("floor", self / other)

    def __rfloordiv__(self, other: Any) -> Any:
        return apply("floor", other / self)

    def __mod__(self, other: Any) -> Any:
        return self - other * (self // other)

    def __rmod__(self, other: Any) -> Any:
        return other - self * (other // self)

    def __pow__(self, other: Any) -> Any:
        return power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return power(other, self)

    def __hash__(self) -> int:
        return hash((Symbol, self.node))

    def __repr__(self) -> str:
        return "an argument of a formula"

    def _refuse(self) -> Any:
        raise TypeError("a formula can use its arguments only in arithmetic, comparisons and the functions it knows")

    __float__ = __int__ = __index__ = __complex__ = __round__ = __len__ = __iter__ = _refuse


class Condition(Symbol):
    """A comparison on a tape; as a number it is 1 or 0."""

    def __init__(self, tape: Tape, condition: int) -> None:
        self.condition = condition
        super().__init__(tape, tape.apply("where", condition, tape.value(1), tape.value(0)))

    def __bool__(self) -> bool:
        try:
            return self.tape.path[self.condition]
        except KeyError:
            raise Fork(self.condition) from None


def _binary(op: str, turned: bool, kind: type[Symbol]) -> Callable[[Symbol, Any], Any]:
    def method(self: Symbol, other: Any) -> Any:
        if not isinstance(other, Symbol):
            try:
                other = Symbol(self.tape, self.tape.value(other))
            except (TypeError, ValueError):
                return NotImplemented
        pair = (other.node, self.node) if turned else (self.node, other.node)
        values = [self.tape.constant(i) for i in pair]
        if kind is Condition and None not in values:
            return compute(op, *values)  # type: ignore[arg-type]
        return kind(self.tape, self.tape.apply(op, *pair))

    return method


for _op, _name in {"+": "add", "-": "sub", "*": "mul", "/": "truediv"}.items():
    setattr(Symbol, f"__{_name}__", _binary(_op, False, Symbol))
    setattr(Symbol, f"__r{_name}__", _binary(_op, True, Symbol))
for _op, _name in {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}.items():
    setattr(Symbol, f"__{_name}__", _binary(_op, False, Condition))


def apply(op: str, *operands: Any) -> Any:
    """An operation of a tape, at least one of whose operands is a Symbol."""
    tape = next(x.tape for x in operands if isinstance(x, Symbol))
    nodes = [x.node if isinstance(x, Symbol) else tape.value(x) for x in operands]
    return Symbol(tape, tape.apply(op, *nodes))


def choose(condition: Any, a: Any, b: Any) -> Any:
    """``a if condition else b`` without a fork."""
    if not isinstance(condition, Symbol):
        return a if condition else b
    if not isinstance(condition, Condition):
        condition = condition != 0
    tape = condition.tape
    nodes = [x.node if isinstance(x, Symbol) else tape.value(x) for x in (a, b)]
    return Symbol(tape, tape.apply("where", condition.condition, *nodes))


def power(x: Any, n: Any) -> Any:
    """x**n: products for whole numbers, roots for halves of them, else ``exp(n log(x))``, which wants x >= 0."""
    if isinstance(n, Symbol):
        from .functions import exp, log

        return exp(n * log(x))
    if float(n) != int(n):
        return apply("sqrt", x) if n == 0.5 else apply("pow", x, n)
    whole = abs(int(n))
    result, square = None, x
    while whole:
        if whole & 1:
            result = square if result is None else result * square
        whole >>= 1
        square = square * square if whole else square
    if result is None:
        return 1.0
    return result if n > 0 else 1 / result


def results(tape: Tape, function: Callable[[], Any]) -> tuple[int, ...]:
    """The nodes of what a function returns, over all its branches.

    Raises
    ------
    TypeError
        It returns something else than a number, or a tuple of numbers of one length.
    ValueError
        It has too many branches.
    """
    paths = 0

    def follow(path: dict[int, bool]) -> tuple[int, ...]:
        nonlocal paths
        tape.path = path
        try:
            found = function()
        except Fork as fork:
            condition = fork.condition
        else:
            paths += 1
            if paths > MOST_PATHS:
                raise ValueError(f"it has more than {MOST_PATHS} branches; does a loop wait for a condition?")
            return tuple(_node(tape, x) for x in (found if isinstance(found, tuple) else (found,)))
        if len(path) > MOST_PATHS:
            raise ValueError(f"it asks for more than {MOST_PATHS} conditions in a row; does a loop wait for one?")
        yes = follow({**path, condition: True})
        no = follow({**path, condition: False})
        if len(yes) != len(no):
            raise TypeError(f"it returns {len(yes)} numbers in one branch and {len(no)} in another")
        return tuple(tape.apply("where", condition, a, b) for a, b in zip(yes, no, strict=True))

    return follow({})


def _node(tape: Tape, x: Any) -> int:
    if isinstance(x, Symbol):
        return x.node
    try:
        return tape.value(x)
    except (TypeError, ValueError):
        hint = " (a branch without return?)" if x is None else ""
        raise TypeError(f"it must return a number, got {x!r}{hint}") from None
