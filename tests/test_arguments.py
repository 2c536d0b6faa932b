"""One rule for all plain arguments: another kind of thing is a TypeError, out of range a ValueError."""

import math

import numpy as np
import pytest

from fastsgd.arguments import flag, fraction, is_due, not_yet, number, rows_of_batch, whole


# -- Numbers ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", [2, 2.0, np.float32(2), np.int64(2), np.array(2.0)])
def test_numbers(value):
    got = number("x", value)
    assert got == 2.0
    assert type(got) is float


@pytest.mark.parametrize("value", [True, np.True_, np.array(True), "2", None, 2j, [2.0], np.array([2.0])])
def test_what_is_no_number(value):
    with pytest.raises(TypeError, match=r"x must be a number, got .* of type \w+"):
        number("x", value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite(value):
    with pytest.raises(ValueError, match="x must be finite, got"):
        number("x", value)


def test_limits():
    assert (number("x", 0, 0), number("x", 1, 0, 1)) == (0.0, 1.0)
    with pytest.raises(ValueError, match=r"x must be at least 0, got -0\.5"):
        number("x", -0.5, 0)
    with pytest.raises(ValueError, match=r"x must be from 0 to 1, got 1\.5"):
        number("x", 1.5, 0, 1)


@pytest.mark.parametrize(("value", "wanted"), [(None, 0), (0, 0), (0.25, 0.25), (np.float32(0.5), 0.5)])
def test_fractions(value, wanted):
    assert fraction("v", value) == wanted


@pytest.mark.parametrize("value", [1, 1.0, -0.1, 2])
def test_no_fractions(value):
    with pytest.raises(ValueError, match="v must be between 0 and 1"):
        fraction("v", value)
    with pytest.raises(TypeError, match="v must be a number, got 'half' of type str"):
        fraction("v", "half")


# -- Whole numbers ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_whole_numbers(value):
    assert whole("k", value) == 3
    assert type(whole("k", value)) is int


@pytest.mark.parametrize("value", [2.5, 3.0, True, np.True_, "3", None, [3], np.array([1, 2]), np.float64(3)])
def test_what_is_no_whole_number(value):
    with pytest.raises(TypeError, match=r"k must be a whole number, at least 1, got .* of type \w+"):
        whole("k", value)


@pytest.mark.parametrize(("value", "least"), [(0, 1), (-1, 1), (-1, 0)])
def test_whole_numbers_that_are_too_small(value, least):
    with pytest.raises(ValueError, match=f"k must be a whole number, at least {least}, got {value}"):
        whole("k", value, least)
    assert whole("k", least, least) == least


@pytest.mark.parametrize(("value", "rows"), [(None, 32), (7, 7), (100, 100), (101, 100), ("full", 100)])
def test_rows_of_a_batch(value, rows):
    assert rows_of_batch("batch_size", value, 100) == rows


def test_rows_of_a_batch_of_few_rows():
    assert rows_of_batch("batch_size", None, 5) == 5


@pytest.mark.parametrize("value", ["x", "FULL", "", 0, -1, 2.5, True])
def test_no_batch_size(value):
    wanted = r'batch_size must be a whole number, at least 1 \(or "full": all rows\), got'
    with pytest.raises(ValueError if value in (0, -1) else TypeError, match=wanted):
        rows_of_batch("batch_size", value, 100)


# -- Others ----------------------------------------------------------------------------------------------------------
def test_flags():
    assert flag("f", True) is flag("f", np.True_) is True
    assert flag("f", False) is False
    for value in (0, 1, None, "yes", np.array([True])):
        with pytest.raises(TypeError, match=r"f must be True or False, got .* of type"):
            flag("f", value)


@pytest.mark.parametrize(("frequency", "due"), [(1, [0, 1, 2, 3]), (2, [1, 3]), ([1, 4], [0, 3]), ({3}, [2])])
def test_validation_is_due(frequency, due):
    assert [epoch for epoch in range(4) if is_due(epoch, frequency)] == due


def test_not_yet():
    not_yet(class_weight=None, sample_weight=None)
    with pytest.raises(NotImplementedError, match="sample_weight is not supported yet"):
        not_yet(class_weight=None, sample_weight=np.ones(3))
