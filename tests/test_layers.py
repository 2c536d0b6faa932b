import copy
import functools
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import fastsgd
from fastsgd import activations, initializers
from fastsgd.layers import Activation, Dense, Input, InputLayer, Layer
from fastsgd.program import Op


def test_dense_defaults():
    layer = Dense(3)
    assert layer.units == 3
    assert layer.use_bias is True
    assert layer.activation is activations.linear
    assert isinstance(layer.kernel_initializer, initializers.GlorotUniform)
    assert isinstance(layer.bias_initializer, initializers.Zeros)
    assert layer.weight_shapes() == {}
    assert layer.get_weights() == []


def test_dense_in_the_order_of_keras():
    layer = Dense(3, "relu", False, "he_normal", "ones")
    assert (layer.units, layer.activation, layer.use_bias) == (3, activations.relu, False)
    assert isinstance(layer.kernel_initializer, initializers.HeNormal)
    assert isinstance(layer.bias_initializer, initializers.Ones)


def test_old_spellings():
    layer = Dense(output_dim=3, init="uniform", bias=False, input_dim=4)
    assert (layer.units, layer.use_bias, layer.inputs) == (3, False, 4)
    assert isinstance(layer.kernel_initializer, initializers.RandomUniform)
    assert Dense(3, bias=True).use_bias is True


@pytest.mark.parametrize(
    "both",
    [
        {"units": 3, "output_dim": 3},
        {"units": 3, "init": "zeros", "kernel_initializer": "zeros"},
        {"units": 3, "bias": True, "use_bias": True},
        {"units": 3, "input_dim": 2, "input_shape": (2,)},
    ],
)
def test_old_and_new_spelling_together(both):
    with pytest.raises(ValueError, match="got both"):
        Dense(**both)


@pytest.mark.parametrize("units", [0, -1, 2.5, True, "3"])
def test_units(units):
    with pytest.raises(ValueError if units in (0, -1) else TypeError, match="units must be a whole number, at least 1"):
        Dense(units)
    with pytest.raises(TypeError, match="units is missing"):
        Dense()


@pytest.mark.parametrize("shape", [(4,), [4], 4, (np.int64(4),)])
def test_input_shapes(shape):
    assert Dense(1, input_shape=shape).inputs == 4
    assert Input(shape).inputs == 4
    assert InputLayer(input_shape=shape).inputs == 4


@pytest.mark.parametrize("shape", [(), (4, 5), (None,), (0,), "4", 2.5, (None, 4)])
def test_no_input_shapes(shape):
    with pytest.raises((TypeError, ValueError), match="shape must"):
        Input(shape)


def test_input_without_shape():
    with pytest.raises(ValueError, match="shape must be given once"):
        Input()
    with pytest.raises(ValueError, match="shape must be given once"):
        InputLayer((3,), input_shape=(3,))


def test_options_that_are_not_there_are_refused():
    with pytest.raises(TypeError, match="unexpected keyword argument 'dropout'"):
        Dense(3, dropout=0.5)
    with pytest.raises(TypeError, match="use_bias must be True or False"):
        Dense(3, use_bias="yes")
    with pytest.raises(TypeError, match="name of a layer must be text"):
        Dense(3, name=3)


def test_output_shapes():
    assert Dense(3).compute_output_shape((None, 4)) == (None, 3)
    assert Activation("relu").compute_output_shape((7, 4)) == (7, 4)


def test_ops():
    fastsgd.Sequential([Input((4,)), dense := Dense(3, "elu", use_bias=False), activation := Activation("tanh")])
    assert dense.ops() == (Op("dense", 4, 3, False, "elu", (1.0,)),)
    assert activation.ops() == (Op("activation", 3, 3, False, "tanh", ()),)


@pytest.mark.parametrize(
    "layer",
    [
        Dense(3),
        Dense(3, "leaky_relu", kernel_initializer=initializers.Constant(2.0), name="mine", input_dim=2),
        Activation("gelu", input_shape=(5,)),
        InputLayer((3,)),
    ],
)
def test_configs(layer):
    config = layer.get_config()
    assert type(layer).from_config(config).get_config() == config
    assert pickle.loads(pickle.dumps(layer)).get_config() == config


@pytest.mark.parametrize(
    ("layer", "shown"),
    [
        (Dense(3), "Dense(3)"),
        (Dense(3, "relu", name="mine", input_dim=2), "Dense(3, 'relu')"),
        (Dense(3, functools.partial(activations.relu, max_value=6.0)), "Dense(3, 'relu')"),
        (Activation("gelu"), "Activation('gelu')"),
        (Input((3,)), "InputLayer((3,))"),
        (Layer(), "Layer()"),
    ],
)
def test_layers_are_shown_briefly(layer, shown):
    assert repr(layer) == shown


def test_the_activation_may_change():
    model = fastsgd.Sequential([Dense(2, input_dim=2, kernel_initializer="ones")])
    x = [[-1.0, -2.0]]
    assert_array_equal(model.predict(x), [[-3, -3]])
    model.layers[0].activation = "relu"
    model.compile("sgd", "mse")
    assert_array_equal(model.predict(x), [[0, 0]])
    with pytest.raises(ValueError, match="unknown activation"):
        model.layers[0].activation = "rleu"


def test_weights_of_a_layer():
    layer = Dense(2, name="one")
    model = fastsgd.Sequential([Dense(3), layer, Activation("relu"), Dense(1)], seed=0)
    model.build(4)
    kernel, bias = layer.get_weights()
    assert_array_equal(kernel, model.get_weights()[2])
    assert layer.count_params() == 8
    layer.set_weights([kernel + 1, bias + 2])
    assert_array_equal(model.get_weights()[2], kernel + 1)
    assert_array_equal(model.get_weights()[3], [2, 2])
    assert model.layers[2].get_weights() == []
    with pytest.raises(
        ValueError, match=r"weights\[0\] has shape \(2, 3\), the kernel of layer 'one' has shape \(3, 2\)"
    ):
        layer.set_weights([kernel.T, bias])


def test_a_layer_alone_has_no_weights():
    with pytest.raises(ValueError, match="layer 'dense' has no weights: it is in no model"):
        Dense(3, input_dim=2).set_weights([])


def test_layers_belong_to_one_model():
    layer = Dense(3)
    model = fastsgd.Sequential([layer])
    with pytest.raises(ValueError, match="layer 'dense' belongs to a model; weights are not shared"):
        fastsgd.Sequential([layer])
    assert copy.deepcopy(layer).model is None
    assert model.pop() is layer
    fastsgd.Sequential([layer])


def test_names():
    assert Layer().name == "layer"
    assert InputLayer((3,)).name == "input_layer"
    model = fastsgd.Sequential([Dense(1), Dense(1), Activation("relu"), Dense(1, name="last"), Dense(1)])
    assert [layer.name for layer in model.layers] == ["dense", "dense_1", "activation", "last", "dense_2"]
    model.pop()
    model.add(Dense(1))
    assert model.layers[-1].name == "dense_2"
    with pytest.raises(ValueError, match="there is a layer 'last' already"):
        model.add(Dense(1, name="last"))
    taken = fastsgd.Sequential([Dense(1, name="dense_1"), Dense(1), Dense(1)])
    assert [layer.name for layer in taken.layers] == ["dense_1", "dense", "dense_2"]


@pytest.mark.parametrize("make", [Dense, lambda n, **more: fastsgd.layers.Dropout(0.5, **more)])
def test_a_dtype_is_that_of_the_model(make):
    layer = make(3, dtype="float64")
    assert type(layer).from_config(layer.get_config()).given_dtype == "float64"
    assert "dtype" not in make(3).get_config()
    model = fastsgd.Sequential([Input((2,)), make(3, dtype=np.float64), fastsgd.layers.Residual([layer]), Dense(1)])
    with pytest.raises(
        ValueError, match=r"layer '\w+' has dtype='float64', its model 'float32': .*compile\(dtype='flo"
    ):
        model.compile()
    with pytest.raises(ValueError, match="its model 'float32'"):
        model.predict(np.zeros((1, 2)))
    model.compile(loss="mse", dtype="float64")
    model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)
    assert model.predict(np.zeros((1, 2))).dtype == np.float64
    for layer_dtype in ("mixed_float16", "float16", 3, np.int64):
        with pytest.raises(ValueError, match=r"dtype of a layer must be None, .* set in compile\(dtype=\.\.\.\); got"):
            make(3, dtype=layer_dtype)


def test_a_dtype_within_a_block():
    model = fastsgd.Sequential([fastsgd.layers.Residual([Dense(2, dtype="float32")], input_dim=2)])
    model.compile()
    with pytest.raises(ValueError, match="layer 'dense' has dtype='float32', its model 'float64'"):
        model.compile(dtype="float64")


@pytest.mark.parametrize("activation", ["softmax", "log_softmax"])
def test_a_softmax_of_one_feature_is_warned_of(activation):
    model = fastsgd.Sequential([Dense(1, activation, name="last")])
    model.compile("sgd", "mse")
    with pytest.warns(UserWarning, match=rf"layer 'last': {activation} of a single feature is always [01], .* sigmoid"):
        model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)
