import numpy as np
import pytest

from fastsgd.arguments import fraction, not_yet, rows_of_batch, whole


@pytest.mark.parametrize("value", [3, np.int8(3), np.uint64(3), np.array(3)])
def test_whole_numbers(value):
    assert whole("k", value) == 3
    assert type(whole("k", value)) is int


@pytest.mark.parametrize("value", [0, -1, 2.5, 3.0, True, np.True_, "3", None, [3], np.array([1, 2]), np.float64(3)])
def test_what_is_none(value):
    with pytest.raises(ValueError, match="k must be a whole number, at least 1; got"):
        whole("k", value)


def test_least():
    assert whole("epochs", 0, 0) == 0
    with pytest.raises(ValueError, match="epochs must be a whole number, at least 0; got -1"):
        whole("epochs", -1, 0)


@pytest.mark.parametrize(("value", "rows"), [(None, 32), (7, 7), (100, 100), (101, 100), ("full", 100)])
def test_rows_of_a_batch(value, rows):
    assert rows_of_batch("batch_size", value, 100) == rows


def test_rows_of_a_batch_of_few_rows():
    assert rows_of_batch("batch_size", None, 5) == 5


@pytest.mark.parametrize("value", ["x", "FULL", "", 0, -1, 2.5, True])
def test_no_batch_size(value):
    with pytest.raises(ValueError, match="batch_size must be a whole number, at least 1"):
        rows_of_batch("batch_size", value, 100)


@pytest.mark.parametrize(("value", "wanted"), [(None, 0), (0, 0), (0.25, 0.25), (np.float32(0.5), 0.5)])
def test_fractions(value, wanted):
    assert fraction("v", value) == wanted


@pytest.mark.parametrize("value", [1, 1.0, -0.1, 2, float("nan"), float("inf"), True, "0.1", [0.1], 1j])
def test_no_fractions(value):
    with pytest.raises(ValueError, match="v must be a number between 0 and 1"):
        fraction("v", value)


def test_not_yet():
    not_yet(class_weight=None, sample_weight=None)
    with pytest.raises(NotImplementedError, match="sample_weight is not supported yet"):
        not_yet(class_weight=None, sample_weight=np.ones(3))
