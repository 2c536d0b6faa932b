"""Options of optimizers: what they refuse, copies that go on, states, PyTorch's momentum."""

import copy
import pickle

import numpy as np
import pytest

import fastsgd
from fastsgd import layers, optimizers
from fastsgd.layers import Dense

CLASSES = [getattr(optimizers, name) for name in optimizers.CLASSES]
ALL_OPTIONS = {
    "weight_decay": 0.01, "clipnorm": 0.1, "use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 4,
    "gradient_accumulation_steps": 3,
}  # fmt: skip


def model_of(optimizer, engine="auto", **settings):
    model = fastsgd.Sequential(
        [Dense(6, "tanh", kernel_regularizer="l2", bias_constraint="unit_norm"), Dense(2)], seed=0
    )
    model.compile(optimizer, "mse", backend=engine, **settings)
    return model


def rows(n=40):
    rng = np.random.default_rng(5)
    return rng.normal(size=(n, 3)), rng.normal(size=(n, 2))


# -- Settings --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("made", CLASSES)
def test_configs_names_and_dicts(made):
    optimizer = made(0.02, **{**ALL_OPTIONS, "name": "mine"})
    for again in (made.from_config(optimizer.get_config()), optimizers.get(optimizers.serialize(optimizer))):
        assert type(again) is made
        assert again.get_config() == optimizer.get_config()
    assert type(optimizers.get(made.__name__.lower())) is made
    assert type(optimizers.get({"class_name": made.__name__, "config": {}})) is made
    default = {"AdamW": "adam_w", "RMSprop": "rm_sprop"}.get(made.__name__, made.__name__.lower())  # as in Keras
    assert eval(repr(optimizer), vars(optimizers)).get_config() == {**optimizer.get_config(), "name": default}
    assert made(lr=0.5).learning_rate == 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("clipnorm", "clipvalue", "global_clipnorm") for value in (0, -1.0, True, "1")),
        ("weight_decay", -0.1), ("weight_decay", "0.1"), ("use_ema", 1), ("ema_momentum", 1.5), ("ema_momentum", None),
        ("ema_overwrite_frequency", 0), ("ema_overwrite_frequency", 2.5), ("gradient_accumulation_steps", 1),
        ("gradient_accumulation_steps", 2.0), ("loss_scale_factor", 0), ("loss_scale_factor", "1"),
    ],
)  # fmt: skip
def test_bad_options(name, value):
    optimizer = optimizers.Adam()
    before = optimizer.get_config()
    with pytest.raises((TypeError, ValueError), match=name):
        optimizers.Adam(**{name: value})
    with pytest.raises((TypeError, ValueError), match=name):
        setattr(optimizer, name, value)
    assert optimizer.get_config() == before


@pytest.mark.parametrize(
    ("made", "settings"),
    [
        (optimizers.Adam, {"beta_1": 1.0}), (optimizers.Adam, {"beta_2": -0.1}), (optimizers.Adam, {"epsilon": -1e-7}),
        (optimizers.Adam, {"amsgrad": 1}), (optimizers.AdamW, {"weight_decay": None}), (optimizers.Lion, {"beta_1": 0}),
        (optimizers.RMSprop, {"rho": 1.1}), (optimizers.RMSprop, {"momentum": -1}),
        (optimizers.RMSprop, {"centered": "no"}),
        (optimizers.Adagrad, {"initial_accumulator_value": -1}), (optimizers.Adadelta, {"rho": "0.9"}),
        (optimizers.Adamax, {"beta_2": 1}), (optimizers.Nadam, {"beta_1": float("nan")}),
        (optimizers.SGD, {"momentum_style": "jax"}), (optimizers.SGD, {"momentum": 2}),
    ],
)  # fmt: skip
def test_bad_settings_of_one(made, settings):
    (name,) = settings
    with pytest.raises((TypeError, ValueError), match=name):
        made(**settings)


def test_only_one_way_of_clipping():
    with pytest.raises(
        ValueError, match="Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set: clipnorm is"
    ):
        optimizers.Adam(clipnorm=1.0, clipvalue=2.0)
    optimizer = optimizers.Adam(clipnorm=1.0)
    with pytest.raises(ValueError, match="Only one"):
        optimizer.global_clipnorm = 2.0
    assert optimizer.global_clipnorm is None
    optimizer.clipnorm = None
    optimizer.global_clipnorm = 2.0


def test_options_cannot_change_amid_training():
    class Change(fastsgd.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.optimizer.clipvalue = 0.1

    model = model_of(optimizers.Adam())
    with pytest.raises(ValueError, match="options were changed amid training"):
        model.fit(*rows(), epochs=3, verbose=0, callbacks=[Change()])
    model.fit(*rows(), verbose=0)


@pytest.mark.parametrize("change", [{"weight_decay": 0.5}, {"weight_decay": None}, {"names": ["kernel"]}])
def test_decay_with_exclusions_may_change_between_fits_only(change, engine):
    def apply(optimizer):
        if "names" in change:
            optimizer.exclude_from_weight_decay(var_names=change["names"])
        else:
            optimizer.weight_decay = change["weight_decay"]

    optimizer = optimizers.SGD(0.1, weight_decay=None if change.get("weight_decay") else 0.25)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    model = fastsgd.Sequential([Dense(1)])
    model.compile(optimizer, "mse", dtype="float64", backend=engine)
    hook = fastsgd.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: apply(optimizer))
    with pytest.raises(ValueError, match="options were changed amid training"):
        model.fit([[0.0]], [1.0], epochs=2, verbose=0, callbacks=hook)
    model.set_weights([[[1.0]], [1.0]])
    model.train_on_batch([[0.0]], [1.0])
    decays = {"names": [1.0, 0.975]}.get(*change, [1 - 0.1 * (optimizer.weight_decay or 0), 1.0])
    np.testing.assert_allclose([w.item() for w in model.get_weights()], decays)


@pytest.mark.parametrize(
    ("before", "after", "wanted", "iterations"),
    [
        (2, 3, [2.0, 1.500000395284, 1.500000395284, 1.500000395284, 1.500000395284, 1.004596980298], 2),
        (3, 2, [2.0, 2.0, 1.500000279024, 1.343745905413, 1.343745905413, 1.024439985307], 3),
        (2, None, [2.0, 1.500000395284, 1.500000395284, 1.563542665329, 1.354789082508, 1.119746044054], 6),
        (2, 4, [2.0, 1.500000395284, 1.500000395284, 0.941906191348, 0.941906191348, 0.941906191348], 1),
    ],
)  # fmt: skip
def test_another_count_of_gradients_to_an_update(before, after, wanted, iterations, engine):
    """As Keras 3.15 does it: gradients go on being counted, and updates are what that makes of the new count."""
    w, slopes, found = np.array([2.0]), [3.0, 5.0, 9.0, -5.0, 11.0, 3.0], []
    alone, trained = (optimizers.Adam(0.5, gradient_accumulation_steps=before) for _ in range(2))
    model = fastsgd.Sequential([Dense(1, use_bias=False)])
    model.compile(trained, "mae", dtype="float64", backend=engine)
    model.build((None, 1))
    model.set_weights([[[2.0]]])
    for i, slope in enumerate(slopes):
        if i == 3:
            alone.gradient_accumulation_steps = trained.gradient_accumulation_steps = after
        alone.apply([[slope]], [w])
        model.train_on_batch([[slope]], [-1e3])
        found.append([w.item(), model.get_weights()[0].item()])
    np.testing.assert_allclose(found, np.transpose([wanted, wanted]), rtol=1e-11)
    assert alone.iterations == trained.iterations == iterations


def test_averages_of_arrays_that_are_wanted_later_begin_with_the_arrays():
    w, optimizer = np.array([1.0]), optimizers.SGD(0.5, ema_momentum=0.75)
    optimizer.apply([[1.0]], [w])
    optimizer.use_ema = True
    optimizer.apply([[1.0]], [w])
    optimizer.finalize_variable_values([w])
    assert w.item() == 0.75 * 0.5 + 0.25 * 0.0


def test_exclusions():
    w, b = np.ones(2), np.ones(2)
    optimizer = optimizers.SGD(0.1, weight_decay=0.5)
    optimizer.exclude_from_weight_decay(var_list=[b])
    optimizer.apply([np.zeros(2), np.zeros(2)], [w, b])
    assert w.tolist() == [0.95, 0.95]
    assert b.tolist() == [1, 1]
    with pytest.raises(ValueError, match="give var_names for a model's weights"):
        model_of(optimizer).fit(*rows(), verbose=0)
    with pytest.raises(TypeError, match="var_list must hold arrays"):
        optimizer.exclude_from_weight_decay(var_list=["bias"])
    for names, kernel_decays in ((["bias"], True), (["dense/"], False), (["kernel", "bias"], False)):
        optimizer = optimizers.SGD(0.1, weight_decay=0.5)
        optimizer.exclude_from_weight_decay(var_names=names)
        model = fastsgd.Sequential([Dense(1)])
        model.compile(optimizer, "mse", dtype="float64")
        model.build(1)
        model.set_weights([[[1.0]], [1.0]])
        model.train_on_batch([[0.0]], [1.0])
        assert model.get_weights()[0] == pytest.approx(0.95 if kernel_decays else 1.0)


# -- Going on --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("made", CLASSES)
@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_a_copy_of_a_model_goes_on_bit_for_bit(made, duplicate):
    """In the middle of an accumulation, with averages: 7 batches an epoch, 3 to an update."""
    x, y = rows()
    model = model_of(made(0.01, **ALL_OPTIONS))
    model.fit(x, y, batch_size=6, epochs=2, verbose=0)
    other = duplicate(model)
    for m in (model, other):
        m.fit(x, y, batch_size=6, epochs=2, verbose=0)
    for a, b in zip(model.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert other.optimizer.steps == 28
    assert other.optimizer.iterations == 9
    for a, b in zip(model.optimizer.variables, other.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("made", CLASSES)
def test_alone_it_does_what_a_model_does(made, engine):
    """Gradients of a linear model, written out; options and all."""
    x, y = rows(12)
    options = {**ALL_OPTIONS, "gradient_accumulation_steps": 2}
    model = fastsgd.Sequential([Dense(2, use_bias=False)], seed=1)
    model.compile(made(0.05, **options), "mse", backend=engine, dtype="float64")
    model.build(3)
    (w,) = model.get_weights()
    optimizer = made(0.05, **options)
    for i in range(8):
        p = x @ w
        optimizer.apply([2 * x.T @ (p - y) / y.size], [w])
        model.train_on_batch(x, y)
        np.testing.assert_allclose(model.get_weights()[0], w, rtol=1e-11, err_msg=str(i))
    for ours, alone in zip(model.optimizer.variables, optimizer.variables, strict=True):
        np.testing.assert_allclose(ours, alone, rtol=1e-9, atol=1e-14)
    optimizer.finalize_variable_values([w])
    np.testing.assert_array_equal(w, optimizer.variables[-2])


def test_state_of_a_model_can_be_put_back():
    x, y = rows()
    model = model_of(optimizers.Adam(0.01, clipnorm=0.1))
    assert len(model.optimizer.variables) == 2
    model.fit(x, y, epochs=2, verbose=0)
    kept, weights = model.optimizer.get_weights(), model.get_weights()
    assert [v.shape for v in kept[2:]] == [(3, 6), (3, 6), (6,), (6,), (6, 2), (6, 2), (2,), (2,)]
    model.fit(x, y, epochs=1, shuffle=False, verbose=0)
    after = model.get_weights()
    store = {}
    model.optimizer.save_own_variables(store)
    assert len(store) == 10
    model.set_weights(weights)
    model.optimizer.set_weights(kept)
    model.fit(x, y, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(after, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="weights have shapes"):
        model.optimizer.set_weights(kept[:-1])
    w = np.ones(3)
    alone = optimizers.Adam()
    alone.apply([np.ones(3)], [w])
    other = optimizers.Adam()
    with pytest.raises(ValueError, match="build it first"):
        other.set_weights(alone.get_weights())
    other.build([w])
    other.load_own_variables({str(i): v for i, v in enumerate(alone.get_weights())})
    assert [np.sum(v) for v in other.variables] == [np.sum(v) for v in alone.variables]


def test_averages_replace_weights_at_the_end_of_a_fit_only(engine):
    x, y = rows()
    model = fastsgd.Sequential([Dense(6, "tanh"), Dense(2)], seed=0)
    model.compile(optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5), "mse", backend=engine, dtype="float64")
    model.train_on_batch(x, y)
    weights = model.get_weights()
    averages = model.optimizer.variables[2:]
    model.train_on_batch(x, y)
    for w, old, a, average in zip(model.get_weights(), averages, model.optimizer.variables[2:], averages, strict=True):
        np.testing.assert_allclose(a, 0.5 * average + 0.5 * w, rtol=1e-13)
        assert (old != w).any()
    for w, average in zip(weights, averages, strict=True):
        np.testing.assert_array_equal(w, average)
    model.fit(x, y, epochs=2, verbose=0)
    for w, average in zip(model.get_weights(), model.optimizer.variables[2:], strict=True):
        np.testing.assert_array_equal(w, average)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {"weight_decay": 0.1},
        {"clipnorm": 0.05, "use_ema": True, "ema_overwrite_frequency": 5},
        {"global_clipnorm": 0.05, "weight_decay": 0.05, "gradient_accumulation_steps": 2},
    ],
)
def test_layers_of_all_kinds(options, frozen, engine):
    """Normalization, dropout and residual blocks take part in every option as the NumPy engine has it."""
    x, y = rows(70)
    results = []
    for backend in ("numpy", engine):
        optimizer = optimizers.Adam(0.01, **options)
        if "global_clipnorm" in options:
            optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
        block = [layers.LayerNormalization(), Dense(20, "tanh", trainable=not frozen)]
        stack = [
            Dense(20, use_bias=False, kernel_regularizer="l2", bias_regularizer="l1"), layers.BatchNormalization(),
            layers.Activation("relu"), layers.Residual(block), layers.Dropout(0.2),
            Dense(2, kernel_constraint="max_norm"),
        ]  # fmt: skip
        model = fastsgd.Sequential(stack, seed=3)
        model.compile(optimizer, "mse", backend=backend, dtype="float64")
        history = model.fit(x, y, batch_size=16, epochs=3, verbose=0, validation_split=0.2)
        results.append([*model.get_weights(), np.array(history["loss"]), np.array(history["val_loss"])])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


# -- PyTorch's momentum ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("nesterov", [False, True])
def test_momentum_as_in_pytorch(nesterov):
    """Steps of torch.optim.SGD(lr=0.1, momentum=0.9), float64, lr halved after the second."""
    frozen = {
        False: [[0.95, -1.2], [0.905, -1.38], [0.90725, -1.5685]],
        True: [[0.905, -1.38], [0.8645, -1.542], [0.889025, -1.81915]],
    }[nesterov]
    w = np.array([1.0, -1.0])
    optimizer = optimizers.SGD(0.1, momentum=0.9, nesterov=nesterov, momentum_style="torch")
    for t, expected in enumerate(frozen):
        optimizer.learning_rate = 0.1 if t < 2 else 0.05
        optimizer.apply([[[0.5, 2.0], [0.0, 0.0], [-0.45, 2.15]][t]], [w])
        np.testing.assert_allclose(w, expected, rtol=1e-12)
