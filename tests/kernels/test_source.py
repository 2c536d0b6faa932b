"""The files of the source as one: a name stands for one thing."""

from collections import Counter

import numpy as np
import pytest

from fastsgd.engines.workspace import has_pole
from fastsgd.kernels.source import parts
from fastsgd.kernels.source.tables import activation_table


def test_no_two_functions_share_a_name():
    """The later one would silently take the place of the other."""
    names = Counter(name for part in (*parts.FORMULAS, *parts.LOOPS) for name in parts.parameters_of(parts.read(part)))
    assert [name for name, count in names.items() if count > 1] == []


@pytest.mark.parametrize("name", activation_table())
def test_no_activation_of_the_package_has_a_pole(name):
    """Padding, which is 0, stays finite."""
    parameters = activation_table()[name].parameters
    assert not has_pole(name, tuple(np.ones(len(parameters))))
