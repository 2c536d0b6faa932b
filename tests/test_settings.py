"""Numbers that users set."""

import math

import numpy as np
import pytest

from fastsgd.settings import number


@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0)])
def test_numbers(value):
    got = number("x", value)
    assert got == 2.0
    assert type(got) is float


@pytest.mark.parametrize("value", [True, np.True_, "2", None, 2j, [2.0], np.array([2.0])])
def test_what_is_no_number(value):
    with pytest.raises(TypeError, match="x must be a number, got"):
        number("x", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite(value):
    with pytest.raises(ValueError, match="x must be finite, got"):
        number("x", value)


def test_the_smallest():
    assert number("x", 0, least=0) == 0.0
    with pytest.raises(ValueError, match=r"x must be at least 0, got -0\.5"):
        number("x", -0.5, least=0)
