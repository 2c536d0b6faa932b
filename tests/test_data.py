import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.testing import assert_array_equal

from fastsgd import data

F4, F8 = np.dtype(np.float32), np.dtype(np.float64)
REAL = ["?", "i1", "u2", "<i4", ">i4", "u8", "e", ">f4", "<f4", ">f8", "<f8", "g"]


def real_arrays():
    """Arrays of any real dtype and byte order, of values that every dtype holds."""
    small = {"b": st.booleans(), "i": st.integers(-100, 100), "u": st.integers(0, 100), "f": st.integers(-100, 100)}
    shapes = st.tuples(st.integers(1, 9), st.integers(1, 6))
    return st.sampled_from(REAL).flatmap(
        lambda dtype: npst.arrays(np.dtype(dtype), shapes, elements=small[np.dtype(dtype).kind])
    )


def laid_out(array, how):
    """The same numbers, otherwise in memory."""
    n, k = array.shape
    if how == "fortran":
        return np.asfortranarray(array)
    if how == "rows":
        wide = np.zeros((3 * n, k), array.dtype)
        wide[::3] = array
        return wide[::3]
    if how == "columns":
        wide = np.zeros((n, 2 * k), array.dtype)
        wide[:, ::2] = array
        return wide[:, ::2]
    if how == "backwards":
        return array[::-1].copy()[::-1]
    if how == "mirrored":
        return array[:, ::-1].copy()[:, ::-1]
    if how == "misaligned":
        raw = np.zeros(array.nbytes + 1, np.uint8)[1:]
        shifted = raw.view(array.dtype).reshape(n, k)
        shifted[...] = array
        return shifted
    if how == "field":
        records = np.zeros(n, [("pad", "i1"), ("x", array.dtype, (k,))])
        records["x"] = array
        return records["x"]
    return array


LAYOUTS = ["plain", "fortran", "rows", "columns", "backwards", "mirrored", "misaligned", "field"]


# -- Any array -------------------------------------------------------------------------------------------------------
@given(real_arrays(), st.sampled_from(LAYOUTS), st.sampled_from([F4, F8]), st.booleans())
def test_any_real_array_is_taken_and_left_alone(array, how, dtype, writeable):
    x = laid_out(array, how)
    x.flags.writeable = writeable
    before = x.tobytes()
    rows = data.features(x, x.shape[1], dtype)
    assert rows.dtype == dtype
    assert rows.flags.aligned
    assert rows.shape[1] == 1 or rows.strides[1] == dtype.itemsize
    assert rows.strides[0] % dtype.itemsize == 0
    assert_array_equal(rows, array.astype(dtype))
    assert x.tobytes() == before


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a,
        lambda a: a[:, :-1],
        lambda a: a[::2],
        lambda a: a[::-1],
        lambda a: a[:, 1:2],
        lambda a: np.broadcast_to(a[0], a.shape),
    ],
)
def test_rows_that_can_be_read_where_they_stand_are_not_copied(view):
    x = view(np.ones((10, 6), np.float32))
    x = x.view() if x.flags.owndata else x
    assert np.shares_memory(data.features(x, None, F4), x)


def test_a_strided_vector_of_targets_is_not_copied():
    y = np.ones(20, np.float32)[::2]
    rows = data.targets(y, 10, 1, F4)
    assert rows.shape == (10, 1)
    assert np.shares_memory(rows, y)


def test_memory_maps(tmp_path):
    x = np.memmap(tmp_path / "x", np.float32, "w+", shape=(7, 3))
    x[:] = 2
    rows = data.features(np.memmap(tmp_path / "x", np.float32, "r", shape=(7, 3)), 3, F4)
    assert_array_equal(rows, np.full((7, 3), 2))


def test_lists_and_things_with_an_array():
    class Tensor:
        def __array__(self, dtype=None, copy=None):
            return np.array([[1, 2], [3, 4]], dtype)

    for x in ([[1, 2], [3, 4]], ((1.0, 2.0), (3.0, 4.0)), Tensor(), [Tensor().__array__()[0], (3, 4)]):
        assert_array_equal(data.features(x, 2, F4), [[1, 2], [3, 4]])


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"a": [1, 2, 3], "b": [0.5, 1.5, 2.5], "c": [True, False, True]})
    wanted = [[1, 0.5, 1], [2, 1.5, 0], [3, 2.5, 1]]
    assert_array_equal(data.features(frame, 3, F8), wanted)
    assert_array_equal(data.features(frame.convert_dtypes(), 3, F8), wanted)
    assert_array_equal(data.features(frame.astype({"a": "Int64"}), 3, F4), wanted)
    assert_array_equal(data.targets(frame["b"], 3, 1, F8), [[0.5], [1.5], [2.5]])
    assert_array_equal(data.targets(frame["a"].astype("Int64"), 3, 1, F8), [[1], [2], [3]])
    assert_array_equal(data.targets(frame[["b"]], 3, 1, F8), [[0.5], [1.5], [2.5]])
    with pytest.raises(ValueError, match="x holds nan in row 1, column 'a'"):
        data.features(pandas.DataFrame({"a": [1, None, 3]}, dtype="Int64"), 1, F8)
    with pytest.raises(TypeError, match=r"Python objects \(DataFrame\)"):
        data.features(pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]}), 2, F8)


def test_masked_arrays():
    x = np.ma.masked_array(np.ones((3, 2)), mask=np.zeros((3, 2)))
    assert_array_equal(data.features(x, 2, F8), np.ones((3, 2)))
    x[1, 1] = np.ma.masked
    with pytest.raises(ValueError, match="x has masked entries"):
        data.features(x, 2, F8)


def test_both_spellings_of_one_output():
    y = np.arange(5.0)
    assert_array_equal(data.targets(y, 5, 1, F4), data.targets(y[:, None], 5, 1, F4))


# -- Finiteness ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("place", [(0, 0), (49_999, 2), (31_234, 1)])
def test_what_is_not_finite_is_named(value, place):
    x = np.ones((50_000, 3))
    x[place] = value
    with pytest.raises(ValueError, match=f"x holds {value} in row {place[0]}, column {place[1]}; it must be finite"):
        data.features(x, 3, F4)
    with pytest.raises(ValueError, match=f"y holds {value} in row {place[0]}, column {place[1]}"):
        data.targets(x, 50_000, 3, F8)


def test_infinities_that_cancel_are_found():
    x = np.ones((10, 2))
    x[3, 1], x[5, 0] = np.inf, -np.inf
    with pytest.raises(ValueError, match="row 3, column 1"):
        data.features(x, 2, F8)


def test_too_large_for_float32():
    x = np.ones((10, 2))
    x[4, 1] = 1e39
    with pytest.raises(ValueError, match=r"x holds 1e\+39, which is too large for float32 in row 4, column 1"):
        data.features(x, 2, F4)
    assert data.features(x, 2, F8)[4, 1] == 1e39


def test_sums_that_overflow_are_no_infinities():
    x = np.full((100, 3), 3e38, np.float32)
    assert_array_equal(data.features(x, 3, F4), x)


def test_prediction_lets_nan_through():
    x = np.full((2, 2), np.nan)
    assert np.isnan(data.features(x, 2, F4, finite=False)).all()


def test_checks_need_little_memory():
    x = np.ones((300_000, 32), np.float32)
    for finite in (True, False):
        x[-1, -1] = 1 if finite else np.nan
        tracemalloc.start()
        try:
            data.features(x, 32, F4)
        except ValueError:
            assert not finite
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 2 << 20
