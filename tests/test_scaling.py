"""Moments of columns."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd.scaling import Moments


@given(
    n=st.integers(1, 200),
    columns=st.integers(1, 5),
    shift=st.sampled_from([0.0, 1.0, -1e6, 1e12]),
    dtype=st.sampled_from(["f4", "f8", "i4", "f2"]),
    cut=st.integers(0, 200),
    chunk=st.sampled_from([1, 7, 1 << 15]),
)
def test_moments_are_those_of_long_doubles(n, columns, shift, dtype, cut, chunk):
    shift = shift if dtype in ("f4", "f8") else min(abs(shift), 100.0)
    x = (np.random.default_rng(n).normal(shift, 10, (n, columns))).astype(dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fastsgd.scaling.CHUNK", chunk)
        moments = Moments()
        for part in (x[:cut], x[cut:]):
            moments.add(part)
    exact = x.astype(np.longdouble)
    assert moments.count == n
    np.testing.assert_allclose(moments.mean, exact.mean(axis=0).astype(float), rtol=1e-14, atol=1e-13)
    variance = exact.var(axis=0).astype(float)
    seen = variance > (1e-6 * exact.mean(axis=0).astype(float)) ** 2
    np.testing.assert_allclose(moments.variance[seen], variance[seen], rtol=1e-7)


def test_an_outlier_comes_first_and_nothing_cancels():
    x = np.append(1e9, np.random.default_rng(0).normal(size=100_000))[:, None]
    moments = Moments()
    moments.add(x[1:])
    tail = moments.variance[0]
    assert tail == pytest.approx(np.var(x[1:].astype(np.longdouble)), rel=1e-12)
    moments = Moments()
    moments.add(x)
    assert moments.variance[0] == pytest.approx(float(np.var(x.astype(np.longdouble))), rel=1e-12)


@pytest.mark.parametrize("value", [0.1, 1 / 3, -1e30, 0.0, 7])
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_constant_columns_have_no_variance(value, dtype):
    moments = Moments()
    moments.add(np.full((100_001, 1), value, dtype))
    assert moments.variance[0] == 0.0
    assert moments.mean[0] == np.dtype(dtype).type(value)
    noisy = np.full((1000, 1), value, dtype)
    noisy[::2] = np.nextafter(noisy[::2], noisy[::2] + 1)
    moments = Moments()
    moments.add(noisy)
    assert moments.variance[0] == 0.0 or value == 0.0
