"""Layers of a model, and their weights."""

import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from small_models import net, rows, same

import fastsgd
from fastsgd.layers import Activation, Dense, Input
from fastsgd.models import NotReadyError, Sequential


# -- Structure -------------------------------------------------------------------------------------------------------
def test_shapes_are_known_as_soon_as_they_can_be():
    model = Sequential([Dense(3), Activation("relu"), Dense(2)])
    assert (model.inputs, model.outputs, model.built) == (None, 2, False)
    model.build((None, 4))
    assert (model.inputs, model.outputs, model.built) == (4, 2, True)
    assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))
    assert [w.shape for w in model.get_weights()] == [(4, 3), (3,), (3, 2), (2,)]
    assert model.count_params() == 23


@pytest.mark.parametrize("first", [[Input((4,)), Dense(3)], [Dense(3, input_dim=4)], [Dense(3, input_shape=(4,))]])
def test_models_that_say_their_inputs_are_built_at_once(first):
    model = Sequential(first)
    assert model.built
    model.add(Dense(2))
    assert [w.shape for w in model.get_weights()] == [(4, 3), (3,), (3, 2), (2,)]
    assert len(model.layers) == 2


@pytest.mark.parametrize("shape", [(None, 4), (4,), [None, 4], 4, np.int64(4)])
def test_build(shape):
    model = Sequential([Dense(3)])
    model.build(shape)
    model.build()
    assert model.inputs == 4


def test_a_linear_model():
    x, _ = rows(200, 3)
    model = Sequential([Dense(1)], seed=0)
    model.compile(fastsgd.optimizers.SGD(0.1), "mse")
    model.fit(x, x @ [1, 2, 3] + 4, epochs=50, verbose=0)
    kernel, bias = model.get_weights()
    assert_allclose(kernel[:, 0], [1, 2, 3], atol=1e-3)
    assert_allclose(bias, 4, atol=1e-3)


def test_pop():
    model = Sequential([Input((4,)), Dense(3), Dense(2)], seed=0)
    kept = model.get_weights()[:2]
    assert model.pop().units == 2
    assert (model.outputs, model.count_params()) == (3, 15)
    for w, before in zip(model.get_weights(), kept, strict=True):
        assert_array_equal(w, before)
    model.pop()
    with pytest.raises(ValueError, match="there is no layer to take off"):
        model.pop()


def test_changing_layers_after_training():
    x, y = rows()
    model = net()
    model.fit(x, y, epochs=2, verbose=0)
    below = model.get_weights()[:2]
    model.pop()
    model.add(Dense(3, "relu"))
    model.add(Dense(1))
    assert_array_equal(model.get_weights()[0], below[0])
    assert len(model.fit(x, y, epochs=2, verbose=0)["loss"]) == 2


def test_wrong_layers():
    with pytest.raises(TypeError, match="a model is made of layers, got 'relu' of type str"):
        Sequential(["relu"])
    for layers in (Dense(4), "dense", 4):
        with pytest.raises(TypeError, match=r"layers must be a list, as in Sequential\(\[Dense\(1\)\]\), got"):
            Sequential(layers)
    with pytest.raises(ValueError, match="an Input comes first in a model, and once"):
        Sequential([Dense(3), Input((3,))])
    with pytest.raises(ValueError, match="an Input comes first in a model, and once"):
        Sequential([Input((3,)), Input((3,))])
    with pytest.raises(
        ValueError, match=r"layer 'last' takes 5 features, shape \(None, 5\), but gets 3, shape \(None, 3\)"
    ):
        Sequential([Dense(3), Dense(2, input_dim=5, name="last")])
    with pytest.raises(ValueError, match="layer 'dense' takes 5 features"):
        Sequential([Activation("relu"), Dense(2, input_dim=5)]).build(4)
    with pytest.raises(ValueError, match=r"the model takes 5 features, build got input_shape=\(None, 4\)"):
        Sequential([Dense(2, input_dim=5)]).build((None, 4))


def test_get_layer():
    model = Sequential([Dense(3), Dense(2, name="top")])
    assert model.get_layer("top") is model.get_layer(index=-1) is model.layers[1]
    with pytest.raises(ValueError, match="unknown layer 'topp': did you mean 'top'"):
        model.get_layer("topp")
    with pytest.raises(ValueError, match="there is no layer at index 2"):
        model.get_layer(index=2)
    with pytest.raises(ValueError, match="a name or an index"):
        model.get_layer()


def test_summary(capsys):
    model = Sequential([Input((4,)), Dense(300), Activation("relu"), Dense(1)], name="mine")
    model.summary()
    shown = capsys.readouterr().out
    for text in ("'mine'", "dense (Dense)", "(None, 300)", "1,500", "activation (Activation)", "Total params: 1,801"):
        assert text in shown
    lines = []
    Sequential([Dense(3)]).summary(print_fn=lines.append)
    assert "(the model is not built)" in lines[0]


def test_models_are_shown_briefly():
    assert repr(Sequential()) == "<Sequential 'sequential': no layers>"
    model = Sequential([Input((4,)), Dense(300), Activation("relu"), Dense(1, "tanh")], name="mine")
    assert str(model) == "<Sequential 'mine': Dense(300), Activation('relu'), Dense(1, 'tanh')>"


# -- Weights ---------------------------------------------------------------------------------------------------------
def test_weights_are_set_and_read_back(engine):
    model = net(engine, outputs=2)
    with pytest.raises(NotReadyError, match="not built"):
        model.get_weights()
    model.build(5)
    wanted = [np.full(w.shape, i + 0.5) for i, w in enumerate(model.get_weights())]
    model.set_weights(wanted)
    for network_exists in (False, True):
        for w, value in zip(model.get_weights(), wanted, strict=True):
            assert_array_equal(w, value)
            w[:] = 9  # a copy
        if not network_exists:
            model.predict(np.ones((3, 5)))
    with pytest.raises(ValueError, match=r"weights\[1\] has shape \(6,\), the bias of layer 'dense' has shape \(7,\)"):
        model.set_weights([wanted[0], np.zeros(6), *wanted[2:]])
    with pytest.raises(ValueError, match=r"weights has 3 arrays, wanted are 4: the kernel of layer 'dense' \(5, 7\)"):
        model.set_weights(wanted[:3])
    with pytest.raises(TypeError, match=r"weights\[0\] must hold real numbers"):
        model.set_weights([wanted[0] * 1j, *wanted[1:]])
    assert_array_equal(model.get_weights()[0], wanted[0])


def test_a_seed_is_no_name():
    with pytest.raises(TypeError, match="name of a model must be text, got 0"):
        Sequential([Dense(1)], 0)


def test_the_seed_makes_the_weights():
    weights = [net(seed=seed) for seed in (3, 3, 4)]
    for model in weights:
        model.build(5)
    assert same(weights[0], weights[1])
    assert not same(weights[0], weights[2])
    for model in (one := net(seed=None)), (other := net(seed=None)):
        model.build(5)
    assert not same(one, other)


def test_an_initializer_s_own_seed_wins():
    def kernel(seed):
        maker = fastsgd.initializers.GlorotUniform(seed=5)
        return Sequential([Input((4,)), Dense(3, kernel_initializer=maker)], seed=seed).get_weights()[0]

    assert_array_equal(kernel(1), kernel(2))
    maker = fastsgd.initializers.GlorotUniform(seed=5)
    assert_array_equal(kernel(1), maker((4, 3), "float32"))


def test_nothing_global_is_touched():
    x, y = rows()
    np.random.seed(0)  # noqa: NPY002
    before = pickle.dumps(np.random.get_state())  # noqa: NPY002
    model = net(seed=None)
    model.fit(x, y, epochs=2, verbose=0, validation_split=0.2, validation_shuffle=True)
    assert pickle.dumps(np.random.get_state()) == before  # noqa: NPY002


def test_float32_begins_with_the_rounded_weights_of_float64():
    models = [net(dtype=dtype) for dtype in ("float32", "float64")]
    for model in models:
        model.build(5)
    for single, double in zip(*(model.get_weights() for model in models), strict=True):
        assert_array_equal(single, double.astype(np.float32))


@pytest.mark.parametrize("seed", [-1, 2.5, "x", True])
def test_no_seed(seed):
    with pytest.raises(ValueError if seed == -1 else TypeError, match="seed must be a whole number, at least 0"):
        Sequential(seed=seed)
