"""The files of the source as one: a name stands for one thing."""

from collections import Counter

from fastsgd.kernels import records
from fastsgd.kernels.source import parts


def test_no_two_functions_share_a_name():
    """The later one would silently take the place of the other."""
    names = Counter(name for part in (*parts.FORMULAS, *parts.LOOPS) for name in parts.parameters_of(parts.read(part)))
    assert [name for name, count in names.items() if count > 1] == []


def test_no_two_constants_share_a_name():
    """The later one would silently take the place of the other."""
    for names in (records.KINDS, records.FINISH):
        assert [records.CONSTANTS[name.upper()] for name in names] == list(range(len(names)))
