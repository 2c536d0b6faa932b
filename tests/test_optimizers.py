"""Settings of optimizers, what they tell the engines, and their updates of arrays."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd import optimizers
from fastsgd.kernels.source.tables import update_table
from fastsgd.optimizers import SGD

MOMENTUM = [
    (0.9999, 0.9999),
    (0.99881, 0.98981),
    (0.996829, 0.970729),
    (0.9940461, 0.9435561),
    (0.99054149, 0.90910049),
]
NESTEROV = [
    (0.99981, 0.99981), (0.997829, 0.980729), (0.9950461, 0.9535561), (0.99154149, 0.91910049),
    (0.987387341, 0.878090441),
]  # fmt: skip
NESTEROV_DECAY = [
    (0.99981, 0.99981), (0.9980017272727, 0.9824562727273), (0.9956091303030, 0.9591864030303),
    (0.9927442545688, 0.9311281356876), (0.9895010312431, 0.8992273434309),
]  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "golden"),
    [
        ({"momentum": 0.9}, MOMENTUM),
        ({"momentum": 0.9, "nesterov": True}, NESTEROV),
        ({"momentum": 0.9, "nesterov": True, "decay": 0.1}, NESTEROV_DECAY),
    ],
    ids=["momentum", "nesterov", "decay"],
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_goldens(settings, golden, dtype):
    """Steps of Keras's SGD: one with gradient 0.01 everywhere, the others with 0.1 ... 1.0."""
    w = np.ones(10, dtype)
    grads = np.arange(1, 11) / 10
    optimizer = SGD(**settings)
    optimizer.apply([np.full(10, 0.01)], [w])
    for expected in golden:
        assert w[[0, 9]] == pytest.approx(expected, abs=1e-12 if dtype == "f8" else 1e-6)
        optimizer.apply_gradients(zip([grads], [w], strict=True))
    assert w.dtype == np.dtype(dtype)


def test_single_step():  # Keras 3: sgd_test.py
    w = np.array([1.0, 2.0, 3.0, 4.0])
    optimizer = SGD(learning_rate=0.5)
    assert optimizer.apply_gradients(zip([[1.0, 6.0, 7.0, 2.0]], [w], strict=True)) == 1
    assert w.tolist() == [0.5, -1.0, -0.5, 3.0]
    assert optimizer.variables == [1, 0.5]


@given(
    lr=st.floats(0, 2), momentum=st.floats(0, 1), nesterov=st.booleans(), decay=st.floats(0, 1), seed=st.integers(0, 99)
)
def test_any_settings_follow_the_definition(lr, momentum, nesterov, decay, seed):
    """Keras's update_step, written out; with momentum 0 it is plain descent, Nesterov or not."""
    rng = np.random.default_rng(seed)
    w, v = rng.normal(size=(2, 3)), np.zeros((2, 3))
    own, optimizer = w.copy(), SGD(lr, momentum, nesterov, decay=decay)
    for t in range(4):
        g = rng.normal(size=w.shape)
        rate = lr / (1 + decay * t)
        v = momentum * v - rate * g
        w = w + (momentum * v - rate * g if nesterov else v)
        optimizer.apply([g], [own])
        np.testing.assert_allclose(own, w, rtol=1e-12, atol=1e-12)
    assert optimizer.iterations == 4


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({}, "sgd"),
        ({"nesterov": True}, "sgd"),
        ({"momentum": 0.5}, "momentum"),
        ({"momentum": 0.5, "nesterov": True}, "nesterov"),
    ],
)
def test_what_the_engine_asks(settings, rule):
    optimizer = SGD(0.2, decay=0.5, **settings)
    assert optimizer.rule == rule
    hyper = optimizer.hyper(np.arange(3, 5))
    numbers = update_table()[rule].numbers
    assert hyper.shape == (2, len(numbers))
    assert hyper.dtype == np.float64
    assert hyper[:, numbers.index("lr")].tolist() == [0.2 / 2.5, 0.2 / 3.0]
    if "mu" in numbers:
        assert hyper[:, numbers.index("mu")].tolist() == [0.5, 0.5]
    assert optimizer.hyper(np.arange(0)).shape == (0, len(numbers))


def test_settings_are_settable_and_take_effect():
    optimizer = SGD()
    optimizer.lr = np.float32(0.5)
    assert optimizer.learning_rate == optimizer.lr == 0.5
    assert isinstance(optimizer.learning_rate, float)
    w = np.ones(2)
    optimizer.apply([w.copy()], [w])
    optimizer.momentum = 0.5  # memories are made when they are needed
    optimizer.apply([np.ones(2)], [w])
    optimizer.apply([np.zeros(2)], [w])
    assert w.tolist() == [-0.25, -0.25]


@pytest.mark.parametrize("name", ["learning_rate", "decay", "momentum"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), True, "0.1", None, [0.1], 1j])
def test_bad_numbers_are_refused_by_constructor_and_assignment(name, value):
    optimizer = SGD(momentum=0.5)
    before = optimizer.get_config()
    with pytest.raises((TypeError, ValueError), match=name):
        SGD(**{name: value})
    with pytest.raises((TypeError, ValueError), match=name):
        setattr(optimizer, name, value)
    assert optimizer.get_config() == before


def test_other_bad_settings():
    for momentum in (-1.0, 2.0):
        with pytest.raises(ValueError, match="momentum must be from 0 to 1, got"):
            SGD(momentum=momentum)
    with pytest.raises(ValueError, match="lr is the old name of learning_rate"):
        SGD(learning_rate=0.01, lr=0.1)
    with pytest.raises(ValueError, match="learning_rate"):
        SGD(lr=-1)
    with pytest.raises(TypeError, match="nesterov"):
        SGD(0.1, 0.9, 1e-6)  # Keras 2's third argument was decay
    with pytest.raises(TypeError, match="clipnrm"):
        SGD(clipnrm=1.0)


def test_arrays_that_do_not_fit_change_nothing():
    w = [np.ones((2, 3), "f4"), np.ones(3, "f4")]
    optimizer = SGD(0.1, momentum=0.9)
    optimizer.apply([np.ones((2, 3)), np.ones(3)], w)
    before = [a.copy() for a in w]
    frozen = w[1].view()
    frozen.flags.writeable = False
    for grads, variables, error, message in [
        ([np.ones((2, 3)), np.ones(4)], w, ValueError, r"grads\[1\] has shape \(4,\)"),
        ([np.ones((2, 3))], w, ValueError, "1 gradients for 2 variables"),
        ([np.ones((2, 3)), np.array(["a", "b", "c"])], w, TypeError, r"grads\[1\]"),
        ([np.ones((2, 3)), np.ones(3)], [w[0], w[1].copy()], ValueError, "Unknown variable"),
        ([np.ones((2, 3)), np.ones(3)], [w[0], frozen], ValueError, "read-only"),
        ([np.ones((2, 3)), np.ones(3)], [w[0], [1.0, 1.0, 1.0]], TypeError, r"variables\[1\].*list"),
        ([np.ones((2, 3)), np.ones(3)], [w[0], np.ones(3, int)], TypeError, r"variables\[1\].*int64"),
        ([None, None], w, ValueError, "No gradients provided for any variable."),
    ]:
        with pytest.raises(error, match=message):
            optimizer.apply(grads, variables)
        assert all((a == b).all() for a, b in zip(w, before, strict=True))
    assert optimizer.iterations == 1


def test_a_missing_gradient_leaves_its_variable():  # Keras 3: optimizer_test.py
    v, w = np.ones(2), np.ones(2)
    with pytest.warns(UserWarning, match="no gradients"):
        SGD(1.0).apply_gradients([(None, v), (np.ones(2), w)])
    assert v.tolist() == [1, 1]
    assert w.tolist() == [0, 0]
    SGD().apply([], [])


def test_memories_belong_to_arrays_not_to_positions():
    v, w = np.zeros(2), np.zeros(2)
    optimizer = SGD(1.0, momentum=0.5)
    optimizer.build([v, w])
    optimizer.apply([np.ones(2)], [w])
    optimizer.apply([np.zeros(2)], [v[:]])  # a view is the same variable
    assert (v == 0).all()
    optimizer.apply([np.zeros(2), np.zeros(2)])
    assert (v == 0).all()
    assert w.tolist() == [-1.5, -1.5]


def test_nan_and_inf_pass_through():
    w = np.ones(3, "f4")
    SGD(1.0, momentum=0.9).apply([np.array([np.nan, np.inf, 1e300])], [w])
    assert np.isnan(w[0])
    assert w[1] == w[2] == -np.inf


def test_strided_arrays_and_scalars():
    base = np.zeros((4, 6))
    w, s = base[::2, ::3], np.zeros(())
    SGD(1.0, momentum=0.5, nesterov=True).apply([np.ones((2, 2)), 1.0], [w, s])
    assert (w == -1.5).all()
    assert s == -1.5
    assert base.sum() == -6.0


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))])
def test_a_copy_goes_on_where_the_original_is(duplicate):
    w, g = np.ones(3), np.arange(3.0)
    optimizer = SGD(0.1, momentum=0.9, decay=0.1)
    optimizer.apply([g], [w])
    other, own = copy.deepcopy(optimizer), w.copy()
    optimizer.apply([g], [w])
    other = duplicate(other)
    with pytest.raises(ValueError, match="memories"):
        other.apply([np.ones(4)], [np.ones(4)])
    other.apply([g], [own])
    assert (own == w).all()
    assert other.iterations == 2


def test_get_and_configs():
    optimizer = SGD(0.5, momentum=0.06, nesterov=True, decay=0.1, name="mine")
    assert optimizers.get(optimizer) is optimizer
    for made in (
        optimizers.get(optimizers.serialize(optimizer)),
        SGD.from_config(optimizer.get_config()),
        optimizers.get({"class_name": "sgd", "config": optimizer.get_config()}),
    ):
        assert type(made) is SGD
        assert made.get_config() == optimizer.get_config()
    assert optimizers.get("sgd").get_config() == optimizers.get("SGD").get_config() == SGD().get_config()
    assert SGD(lr=0.3).get_config()["learning_rate"] == 0.3
    assert repr(SGD()) == "SGD(learning_rate=0.01)"
    assert repr(SGD(0.1, nesterov=True, clipnorm=2)) == "SGD(learning_rate=0.1, clipnorm=2.0, nesterov=True)"
    assert optimizers.get(None) is None
    with pytest.raises(ValueError, match="did you mean 'SGD'"):
        optimizers.get("sdg")
    with pytest.raises(TypeError, match="optimizer"):
        optimizers.get(0.1)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop"])
def test_an_unknown_argument_is_refused_in_the_optimizers_own_name(name):
    with pytest.raises(TypeError, match=rf"^{name} got an unexpected keyword argument 'foo'; it takes learning_rate, "):
        getattr(optimizers, name)(0.1, foo=1)
