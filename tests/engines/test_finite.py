"""One bad number anywhere in a table of any form is found; what overflows is left to a closer look."""

import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd.engines import finite
from fastsgd.engines.finite import FEW, total_is_finite

BAD = [np.nan, np.inf, -np.inf]
PART = 1 << 16


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(finite, "PART", PART)


@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 3), st.sampled_from(["f4", "f8"]), st.data())
def test_one_bad_number(rows, columns, more, dtype, data):
    table = np.linspace(-5, 5, rows * (columns + more)).reshape(rows, -1).astype(dtype)[:, :columns]
    assert total_is_finite(table)
    place = data.draw(st.integers(0, rows - 1)), data.draw(st.integers(0, columns - 1))
    table[place] = data.draw(st.sampled_from(BAD))
    assert not total_is_finite(table)


@pytest.mark.filterwarnings("error")
def test_infinities_that_cancel_and_an_overflow():
    many = FEW // 2 + 1
    for rows in (1, many):
        assert not total_is_finite(np.array([[np.inf, -np.inf]] * rows))
    assert total_is_finite(np.full((3, 2), np.finfo("f4").max, "f4"))  # of few numbers each one counts, of more the sum
    assert not total_is_finite(np.full((many, 2), np.finfo("f4").max, "f4"))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("threads", [2, 3, 5])
@pytest.mark.usefixtures("small_parts")
def test_every_row_is_some_threads(threads):
    table = np.ones((2 * threads + 1, PART // 4), "f4")
    assert total_is_finite(table, lambda: threads)
    for row in range(len(table)):
        table[row, -1] = BAD[row % 3]
        assert not total_is_finite(table, lambda: threads)
        table[row, -1] = np.finfo("f4").max
    assert not total_is_finite(table, lambda: threads)


@pytest.mark.usefixtures("small_parts")
def test_the_table_may_go_afterwards():
    table = np.ones((4, PART // 4), "f4")
    gone = weakref.ref(table)
    assert total_is_finite(table, lambda: 2)
    del table
    assert gone() is None


def test_no_rows():
    assert total_is_finite(np.zeros((0, 3)))
