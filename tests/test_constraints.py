"""Limits of weights: alone on arrays, and in training."""

import numpy as np
import pytest

import fastsgd
from fastsgd import constraints
from fastsgd.layers import Dense

W = np.array([[3.0, 0.3, 0.0], [-4.0, 0.4, 0.0]])  # norms 5, 0.5, 0


@pytest.mark.parametrize(
    ("constraint", "norms"),
    [
        (constraints.MaxNorm(2.0), [2.0, 0.5, 0.0]),
        (constraints.UnitNorm(), [1.0, 1.0, 0.0]),
        (constraints.MinMaxNorm(1.0, 2.0), [2.0, 1.0, 0.0]),
        (constraints.MinMaxNorm(1.0, 2.0, rate=0.5), [3.5, 0.75, 0.0]),
        (constraints.MaxNorm(0.0), [0.0, 0.0, 0.0]),
        (constraints.Constraint(), [5.0, 0.5, 0.0]),
    ],
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_norms_of_columns(constraint, norms, dtype):
    limited = constraint(W.astype(dtype))
    assert limited.dtype == np.dtype(dtype)
    np.testing.assert_allclose(np.linalg.norm(limited, axis=0), norms, rtol=1e-6, atol=1e-7)
    assert (np.sign(limited) == np.sign(W))[:, np.array(norms) > 0].all()


def test_other_axes_and_signs():
    np.testing.assert_allclose(np.linalg.norm(constraints.UnitNorm(axis=1)(W), axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(constraints.MaxNorm(1, axis=[0, 1])(W)), 1, rtol=1e-6)
    assert constraints.NonNeg()(W).tolist() == [[3.0, 0.3, 0.0], [0.0, 0.4, 0.0]]
    assert np.isnan(constraints.NonNeg()(np.array([np.nan]))).all()
    assert W[1, 0] == -4.0


def test_names_dicts_and_configs():
    assert constraints.get(None) is None
    for name, made in [("max_norm", "MaxNorm"), ("NonNeg", "NonNeg"), ("nonneg", "NonNeg"), ("unit_norm", "UnitNorm")]:
        assert type(constraints.get(name)).__name__ == made
    for item in (constraints.MaxNorm(3, axis=1), constraints.min_max_norm(0.1, 0.2, 0.3), constraints.non_neg()):
        again = constraints.get(constraints.serialize(item))
        assert type(again) is type(item)
        assert again.get_config() == item.get_config()
    assert constraints.MaxNorm().get_config() == {"max_value": 2, "axis": 0}
    with pytest.raises(ValueError, match="unknown constraint 'typo'"):
        constraints.get("typo")


@pytest.mark.parametrize(
    ("make", "name"),
    [
        (lambda: constraints.MaxNorm(-1), "max_value"),
        (lambda: constraints.MaxNorm("1"), "max_value"),
        (lambda: constraints.MinMaxNorm(2, 1), "min_value"),
        (lambda: constraints.MinMaxNorm(rate=1.5), "rate"),
        (lambda: constraints.UnitNorm(axis="0"), "axis"),
    ],
)
def test_bad_arguments(make, name):
    with pytest.raises((TypeError, ValueError), match=name):
        make()


def test_what_a_layer_does_not_take():
    with pytest.raises(NotImplementedError, match="axis 0, UnitNorm has axis=1"):
        Dense(3, kernel_constraint=constraints.UnitNorm(axis=1))

    class Own(constraints.Constraint):
        pass

    with pytest.raises(NotImplementedError, match="Own is for arrays"):
        Dense(3, bias_constraint=Own())


@pytest.mark.parametrize(("units", "inputs"), [(1, 5), (3, 70), (40, 20), (70, 33)])
@pytest.mark.parametrize("threads", [1, 3])
def test_limits_hold_after_training(engine, units, inputs, threads):
    """In thin layers and in several panels, and the transposed copies follow: a second fit is the first one's end."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, inputs)), rng.normal(size=(60, units))
    model = fastsgd.Sequential(
        [
            Dense(17, "relu", kernel_constraint=constraints.MaxNorm(0.5), bias_constraint="non_neg"),
            Dense(units, kernel_constraint="unit_norm", bias_constraint=constraints.MaxNorm(0.1)),
        ],
        seed=0,
    )
    model.compile(fastsgd.optimizers.SGD(0.1, momentum=0.9), "mse", backend=engine, num_threads=threads)
    model.fit(x, y, batch_size=16, epochs=3, verbose=0)
    kernel, bias, top, top_bias = model.get_weights()
    norms = np.linalg.norm(kernel, axis=0)
    assert norms.max() <= 0.5001
    assert norms.max() > 0.49
    assert bias.min() >= 0
    np.testing.assert_allclose(np.linalg.norm(top, axis=0), 1, rtol=1e-5)
    assert np.linalg.norm(top_bias) <= 0.1001
