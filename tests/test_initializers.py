"""Distributions, determinism, what get() understands, and what is refused."""

import copy
import hashlib
import json
import math
import pickle

import numpy as np
import pytest
from scipy import special, stats

import fastsgd
from fastsgd import initializers
from fastsgd.initializers import draws

SHAPE = (300, 100)  # inputs, outputs
SCALED = {  # name: (variance, uniform?)
    "glorot_uniform": (2 / 400, True),
    "glorot_normal": (2 / 400, False),
    "he_uniform": (2 / 300, True),
    "he_normal": (2 / 300, False),
    "lecun_uniform": (1 / 300, True),
    "lecun_normal": (1 / 300, False),
}
RANDOM = (*SCALED, "random_normal", "random_uniform", "truncated_normal", "orthogonal", "variance_scaling")
ALL = (*RANDOM, "zeros", "ones", "constant", "identity")


def numbers(name, seed=3, shape=SHAPE, **settings):
    return getattr(initializers, name)(seed=seed, **settings)(shape, "float64")


def rms(w):
    return np.sqrt(np.mean(np.square(w)))


# -- Distributions -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", SCALED)
def test_scaled(name):
    variance, uniform = SCALED[name]
    w = numbers(name).ravel()
    limit = math.sqrt(3 * variance) if uniform else 2 * math.sqrt(variance) / 0.87962566103423978
    assert np.abs(w).max() <= limit
    assert np.abs(w).max() > 0.99 * limit
    assert abs(w.mean()) < 4 * math.sqrt(variance / w.size)
    assert rms(w) == pytest.approx(math.sqrt(variance), rel=0.015)
    law = stats.uniform(-limit, 2 * limit) if uniform else stats.truncnorm(-2, 2, scale=limit / 2)
    assert stats.kstest(w, law.cdf).pvalue > 1e-3


@pytest.mark.parametrize(
    ("name", "settings", "law"),
    [
        ("random_uniform", {}, stats.uniform(-0.05, 0.1)),
        ("random_uniform", {"minval": 1, "maxval": 3}, stats.uniform(1, 2)),
        ("random_normal", {}, stats.norm(0, 0.05)),
        ("random_normal", {"mean": 2.0, "stddev": 3.0}, stats.norm(2, 3)),
        ("truncated_normal", {}, stats.truncnorm(-2, 2, 0, 0.05)),
        ("truncated_normal", {"mean": 2.0, "stddev": 3.0}, stats.truncnorm(-2, 2, 2, 3)),
        ("variance_scaling", {"mode": "fan_out", "scale": 3.0, "distribution": "uniform"}, stats.uniform(-0.3, 0.6)),
        ("variance_scaling", {"distribution": "untruncated_normal"}, stats.norm(0, 300**-0.5)),
    ],
)
def test_laws(name, settings, law):
    w = numbers(name, **settings).ravel()
    assert stats.kstest(w, law.cdf).pvalue > 1e-3
    assert (law.support()[0] <= w).all()
    assert (w <= law.support()[1]).all()


def test_constants():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()(2), np.ones(2))
    np.testing.assert_array_equal(initializers.Constant(1.5)((2, 2)), np.full((2, 2), 1.5))


def test_normal_is_normal_scaled_to_the_inputs():
    assert initializers.VarianceScaling(distribution="normal").distribution == "truncated_normal"
    np.testing.assert_array_equal(numbers("variance_scaling", scale=2.0), numbers("he_normal"))


@pytest.mark.parametrize(
    ("shape", "inputs", "outputs"),
    [((), 1, 1), ((5,), 5, 5), ((3, 4), 3, 4), ((2, 2, 3, 4), 12, 16), ((0, 4), 0, 4)],
)
def test_inputs_and_outputs_of_a_shape(shape, inputs, outputs):
    w = initializers.GlorotUniform(seed=0)(shape)
    assert w.shape == shape
    assert (np.abs(w) <= math.sqrt(6 / max(2, inputs + outputs))).all()


@pytest.mark.parametrize("shape", [(5, 5), (7, 3), (3, 7), (1, 4), (4, 1), (1, 1), (2, 3, 4), (60, 64)])
def test_orthogonal(shape):
    w = initializers.Orthogonal(gain=2.0, seed=1)(shape, "float64").reshape(-1, shape[-1])
    product = w.T @ w if w.shape[0] >= w.shape[1] else w @ w.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-13)


def test_orthogonal_is_the_factor_of_a_normal_matrix():
    a = draws.normal(draws.generator(7), (6, 4))
    q, r = np.linalg.qr(a)
    np.testing.assert_allclose(initializers.Orthogonal(seed=7)((6, 4), "f8"), q * np.sign(np.diag(r)), atol=1e-14)


def test_quantile():
    p = np.concatenate([np.geomspace(1e-16, 0.5, 5001), 1 - np.geomspace(1.2e-16, 0.5, 5001)])
    np.testing.assert_allclose(draws.quantile(p), special.ndtri(p), rtol=2e-15, atol=1e-16)


# -- The same numbers --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", RANDOM)
def test_a_seed_gives_the_same_numbers(name):
    made = getattr(initializers, name)(seed=11)
    first = made((4, 5))
    np.testing.assert_array_equal(first, made((4, 5)))
    np.testing.assert_array_equal(first, made.draw((4, 5), "float32", draws.generator(0)))
    np.testing.assert_array_equal(first, getattr(initializers, name)(seed=np.int64(11))((4, 5)))
    assert not np.array_equal(first, getattr(initializers, name)(seed=12)((4, 5)))


@pytest.mark.parametrize("name", RANDOM)
def test_without_a_seed(name):
    """As in Keras: each instance has numbers of its own, the same in every call. A model lends its generator."""
    one, two = getattr(initializers, name)(), getattr(initializers, name)()
    np.testing.assert_array_equal(one((4, 5)), one((4, 5)))
    assert not np.array_equal(one((4, 5)), two((4, 5)))
    rng, again = draws.generator(5), draws.generator(5)
    first, second = one.draw((4, 5), "float32", rng), one.draw((4, 5), "float32", rng)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(two.draw((4, 5), "float32", again), first)
    np.testing.assert_array_equal(two.draw((4, 5), "float32", again), second)


@pytest.mark.parametrize("name", RANDOM)
def test_float32_is_float64_rounded(name):
    made = getattr(initializers, name)(seed=1)
    assert made((3, 4)).dtype == np.float32
    np.testing.assert_array_equal(made((3, 4), dtype=None), made((3, 4), "float64").astype(np.float32))


BITS = {  # on x86-64, with and without its vector instructions
    "random_uniform": "2d46dd8008924e65",
    "random_normal": "5970894a61058232",
    "truncated_normal": "7d96171ddbf41f4e",
    "orthogonal": "667b0efc9ef05a1a",
}


@pytest.mark.parametrize("name", BITS)
def test_the_same_bits_everywhere(name):
    w = numbers(name, seed=2026, shape=(31, 17))
    assert hashlib.sha256(w.astype("<f8").tobytes()).hexdigest()[:16] == BITS[name]


def test_nothing_global_is_touched():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    initializers.HeNormal()((10, 10))
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


# -- What users write --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("identifier", "kind"),
    [
        ("glorot_uniform", "GlorotUniform"),
        ("GlorotUniform", "GlorotUniform"),
        ("he_normal", "HeNormal"),
        ("uniform", "RandomUniform"),
        ("normal", "RandomNormal"),
        ("zero", "Zeros"),
        ("one", "Ones"),
        ("Orthogonal", "Orthogonal"),
        ("OrthogonalInitializer", "Orthogonal"),
        (None, "NoneType"),
        (np.ones((2, 3)), "Constant"),
        (initializers.LecunNormal, "LecunNormal"),
        ({"class_name": "Constant", "config": {"value": 2}}, "Constant"),
        ({"class_name": "he_uniform"}, "HeUniform"),
    ],
)
def test_get(identifier, kind):
    assert type(initializers.get(identifier)).__name__ == kind


def test_arrays_as_initializers():
    values = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(initializers.get(values)((2, 3)), values)
    np.testing.assert_array_equal(initializers.Constant([1.0, 2.0])((3, 2), dtype="float64"), [[1.0, 2.0]] * 3)
    again = initializers.deserialize(json.loads(json.dumps(initializers.serialize(initializers.Constant(values)))))
    np.testing.assert_array_equal(again((2, 3)), values)
    with pytest.raises(ValueError, match=r"Expected `shape` to be \(2, 3\), that of the value. Received: \(10, 10\)"):
        initializers.get(values)((10, 10))
    model = fastsgd.Sequential([fastsgd.layers.Dense(3, kernel_initializer=values, input_dim=2)])
    np.testing.assert_array_equal(model.get_weights()[0], values)


def test_get_returns_an_initializer_itself():
    made = initializers.HeNormal(seed=1)
    assert initializers.get(made) is made


@pytest.mark.parametrize("name", ALL)
def test_settings_go_round(name):
    made = initializers.get(name)
    config = json.loads(json.dumps(initializers.serialize(made)))
    again = initializers.get(config)
    assert type(again) is type(made)
    assert again.get_config() == made.get_config() == type(made).from_config(made.get_config()).get_config()
    assert repr(again) == repr(made)
    assert getattr(initializers, name) is type(made)


def test_copies_give_the_same_numbers():
    made = initializers.HeNormal()
    w = made((3, 3))
    for twin in (copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        np.testing.assert_array_equal(twin((3, 3)), w)
    assert repr(initializers.VarianceScaling(seed=1)) == (
        "VarianceScaling(scale=1.0, mode='fan_in', distribution='truncated_normal', seed=1)"
    )


def test_functions():
    made = initializers.get(lambda shape, dtype: np.full(shape, 2.0, dtype))
    for w in (made((2, 3)), made.draw((2, 3), "float32", draws.generator(0))):
        assert w.dtype == np.float32
        np.testing.assert_array_equal(w, np.full((2, 3), 2.0))
    with pytest.raises(ValueError, match=r"returned shape \(3, 2\), wanted \(2, 3\)"):
        initializers.get(lambda shape, dtype: np.zeros(shape[::-1]))((2, 3))


def test_subclasses_as_in_keras():
    class Ramp(initializers.Initializer):
        def __init__(self, step):
            self.step = step

        def __call__(self, shape, dtype=None):
            return self.step * np.arange(math.prod(shape)).reshape(shape)

    assert initializers.get(Ramp(2)).draw((1, 2), "float32", draws.generator(0)).tolist() == [[0.0, 2.0]]
    with pytest.raises(NotImplementedError, match="values"):
        initializers.Initializer()((2, 2))


def test_subclasses_of_our_own_kind():
    class Own(initializers.Initializer):
        def __init__(self, array):
            super().__init__()
            self.array = array

        def values(self, shape, rng):
            return self.array

    own = Own(np.full((3, 2), 2.0))
    model = fastsgd.Sequential([fastsgd.Input((3,)), fastsgd.layers.Dense(2, kernel_initializer=own)])
    own.array[:] = 7  # which the model's weights are not
    np.testing.assert_array_equal(model.get_weights()[0], np.full((3, 2), 2.0))
    with pytest.raises(ValueError, match=r"returned shape \(3, 2\), wanted \(3, 4\)"):
        fastsgd.Sequential([fastsgd.Input((3,)), fastsgd.layers.Dense(4, kernel_initializer=own)])


def test_identity():
    assert initializers.get("IdentityInitializer")((2, 3)).tolist() == [[1, 0, 0], [0, 1, 0]]
    assert initializers.Identity(gain=0.5)((2, 2), "float64").tolist() == [[0.5, 0], [0, 0.5]]
    assert initializers.IdentityInitializer is initializers.Identity


# -- What is refused ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.get("glorot"), "unknown initializer 'glorot': did you mean 'glorot_"),
        (lambda: initializers.HeNormal(seed=-1), "seed must be a whole number"),
        (lambda: initializers.VarianceScaling(scale=0), "Argument `scale` must be positive float. Received: scale=0"),
        (lambda: initializers.VarianceScaling(scale=math.nan), "scale must be finite"),
        (lambda: initializers.VarianceScaling(mode="fan"), "unknown mode 'fan': did you mean 'fan_"),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), "unknown distribution 'cauchy'"),
        (lambda: initializers.RandomUniform(1, 0), "minval must not exceed maxval"),
        (lambda: initializers.RandomNormal(stddev=-1), "stddev must be at least 0, got -1"),
        (lambda: initializers.Constant(math.inf), "value must be finite"),
        (lambda: initializers.Orthogonal()((3,)), r"at least two dimensions, got \(3,\)"),
        (lambda: initializers.Identity()((3,)), r"two dimensions, got \(3,\)"),
        (lambda: initializers.HeNormal()((3, -1)), "shape must be a whole number, at least 0, got -1"),
    ],
)
def test_bad_values(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: initializers.get(3), "initializer must be"),
        (lambda: initializers.get({"class_name": "he_normal", "config": {"scale": 1}}), "scale"),
        (lambda: initializers.Constant("1"), "value must be a number, got '1'"),
        (lambda: initializers.RandomNormal(stddev=None), "stddev must be a number, got None"),
        (lambda: initializers.HeNormal(seed=1.5), "seed must be a whole number"),
        (lambda: initializers.HeNormal(seed=True), "seed must be a whole number"),
        (lambda: initializers.HeNormal()((3, None)), "shape must be a whole number, at least 0, got None"),
        (lambda: initializers.HeNormal()((2, 2), "int32"), "dtype must be a floating-point dtype, got int32"),
    ],
)
def test_bad_kinds(make, message):
    with pytest.raises(TypeError, match=message):
        make()


@pytest.mark.parametrize(
    ("inputs", "outputs", "fans"),
    [  # of Keras 3.15.1's compute_fans
        (None, None, (12, 15)),
        ([0], [1, 2], (3, 20)),
        ([0, 1], [2], (12, 5)),
        ([-1], [0], (5, 3)),
        ([], [2], (1, 5)),
        ([0], None, (12, 15)),
    ],
)
def test_axes(inputs, outputs, fans):
    for make, n in ((initializers.HeUniform, fans[0] / 2), (initializers.GlorotUniform, (fans[0] + fans[1]) / 2)):
        made = make(seed=3, input_axes=inputs, output_axes=outputs)
        unit = initializers.RandomUniform(-1, 1, seed=3)((3, 4, 5), "float64")
        np.testing.assert_allclose(made((3, 4, 5), "float64"), unit * math.sqrt(3 / n), rtol=1e-12)
        assert type(made).from_config(made.get_config()).get_config() == made.get_config()


def test_bad_axes():
    with pytest.raises(ValueError, match=r"output_axes must be axes of shape \(3, 4\), got \[2\]"):
        initializers.HeNormal(input_axes=[0], output_axes=[2])((3, 4))
    with pytest.raises(TypeError, match="input_axes must be a list of axes, got 1"):
        initializers.HeNormal(input_axes=1)


def test_no_such_name_in_the_module():
    with pytest.raises(AttributeError, match="no attribute 'glorot'"):
        _ = initializers.glorot
