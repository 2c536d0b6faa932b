"""Everything that cannot be trained with is refused before training, by an error that says what is wrong."""

import numpy as np
import pytest
import scipy.sparse

import fastsgd
from fastsgd.layers import Dense, Input
from fastsgd.models import NotReadyError, Sequential

X, Y = np.random.default_rng(0).normal(size=(20, 4)), np.random.default_rng(1).normal(size=(20, 2))


def spoiled(array, value, place=(7, 1)):
    copy = array.copy()
    copy[place] = value
    return copy


@pytest.fixture
def model(engine):
    model = Sequential([Input((4,)), Dense(3, "relu"), Dense(2)], seed=0)
    model.compile("sgd", "mse", backend=engine)
    return model


ROWS = {
    "mismatched rows": (X, Y[:-1], ValueError, "y has 19 rows, x has 20"),
    "mismatched rows, y flat": (X, Y[:-1, 0], ValueError, "y has 19 rows, x has 20"),
    "too few features": (X[:, :3], Y, ValueError, "x has 3 features, the model takes 4"),
    "too many features": (np.hstack([X, X]), Y, ValueError, "x has 8 features, the model takes 4"),
    "0 rows": (X[:0], Y, ValueError, "x has 0 rows"),
    "0 features": (X[:, :0], Y, ValueError, "x has 0 features"),
    "1-D x": (X[:, 0], Y, ValueError, r"x must have shape .* 1 dimensions.*reshape\(-1, 1\).*reshape\(1, -1\)"),
    "0-D x": (1.0, Y, ValueError, r"x must have shape \(rows, features\), it has 0 dimensions"),
    "3-D x": (X[None], Y, ValueError, r"x must have shape \(rows, features\), it has 3 dimensions, shape \(1, 20, 4\)"),
    "ragged x": ([[1, 2], [3]], Y, ValueError, "x cannot be made an array"),
    "NaN in x": (spoiled(X, np.nan), Y, ValueError, "x holds nan in row 7, column 1"),
    "inf in x": (spoiled(X, np.inf), Y, ValueError, "x holds inf in row 7, column 1"),
    "-inf in x": (spoiled(X, -np.inf), Y, ValueError, "x holds -inf in row 7, column 1"),
    "NaN in y": (X, spoiled(Y, np.nan), ValueError, "y holds nan in row 7, column 1"),
    "inf in y": (X, spoiled(Y, np.inf), ValueError, "y holds inf in row 7, column 1"),
    "x too large": (spoiled(X, 1e39), Y, ValueError, r"x holds 1e\+39, which is too large for float32 in row 7"),
    "y too large": (X, spoiled(Y, -1e39), ValueError, r"y holds -1e\+39, which is too large for float32 in row 7"),
    "objects in x": (X.astype(object), Y, TypeError, "x must hold real numbers, it holds Python objects"),
    "nothing for x": (None, Y, TypeError, r"x must hold real numbers, it holds Python objects \(NoneType\)"),
    "a generator for x": ((i for i in X), Y, TypeError, r"it holds Python objects \(generator\)"),
    "complex x": (X * 1j, Y, TypeError, "x must hold real numbers, it holds complex numbers"),
    "text in x": (X.astype(str), Y, TypeError, "x must hold real numbers, it holds text"),
    "bytes in x": (X.astype("S"), Y, TypeError, "x must hold real numbers, it holds bytes"),
    "dates in x": (X.astype("M8[s]"), Y, TypeError, "x must hold real numbers, it holds dates"),
    "times in x": (X.astype("m8[s]"), Y, TypeError, "x must hold real numbers, it holds time differences"),
    "records in x": (np.zeros((20, 4), "f4,f4"), Y, TypeError, "x must hold real numbers, it holds records"),
    "sparse x": (scipy.sparse.csr_matrix(X), Y, TypeError, r"x is sparse \(csr_matrix\); pass what its toarray"),
    "sparse y": (X, scipy.sparse.csr_array(Y), TypeError, r"y is sparse \(csr_array\); pass what its toarray"),
    "objects in y": (X, Y.astype(object), TypeError, "y must hold real numbers, it holds Python objects"),
    "nothing for y": (X, None, TypeError, r"y must hold real numbers, it holds Python objects \(NoneType\)"),
    "complex y": (X, Y * 1j, TypeError, "y must hold real numbers, it holds complex numbers"),
    "text in y": (X, Y.astype(str), TypeError, "y must hold real numbers, it holds text"),
    "dates in y": (X, Y.astype("M8[s]"), TypeError, "y must hold real numbers, it holds dates"),
    "flat y for two outputs": (X, Y[:, 0], ValueError, r"y has 1 column, shape \(20,\); the model has 2 outputs"),
    "y too narrow": (X, Y[:, :1], ValueError, r"y has 1 column, shape \(20, 1\); the model has 2 outputs"),
    "y too wide": (X, np.hstack([Y, Y]), ValueError, r"y has 4 columns, shape \(20, 4\); the model has 2 outputs"),
    "3-D y": (X, Y[:, :, None], ValueError, r"y must have shape \(rows,\) or \(rows, outputs\), it has 3 dimensions"),
    "0-D y": (X, 1.0, ValueError, r"y must have shape \(rows,\) or \(rows, outputs\), it has 0 dimensions"),
}  # fmt: skip
SIZES = {0: ValueError, -1: ValueError, 2.5: TypeError, True: TypeError, "x": TypeError}
BATCH = "must be a whole number, at least 1"
ARGUMENTS = {
    **{f"batch_size {size!r}": ({"batch_size": size}, error, f"batch_size {BATCH}") for size, error in SIZES.items()},
    "epochs": ({"epochs": -1}, ValueError, "epochs must be a whole number, at least 0, got -1"),
    **{f"epochs {n!r}": ({"epochs": n}, TypeError, "epochs must be a whole number, at least 0, got .* of type")
       for n in (1.5, "3", None, True)},
    "initial_epoch": ({"initial_epoch": -1}, ValueError, "initial_epoch must be a whole number, at least 0"),
    **{f"validation_split {v!r}": ({"validation_split": v}, ValueError, "validation_split must be between 0 and 1")
       for v in (1, 1.0, -0.1, 1.5)},
    "validation_split NaN": ({"validation_split": float("nan")}, ValueError, "validation_split must be finite"),
    **{f"validation_split {v!r}": ({"validation_split": v}, TypeError, "validation_split must be a number, got")
       for v in ("half", True)},
    "no rows left": ({"validation_split": 0.99}, ValueError, "validation_split=0.99 of 20 rows leaves 0 to train on"),
    "validation_data": ({"validation_data": X}, ValueError, r"validation_data must be a tuple \(x, y\)"),
    "validation rows": ({"validation_data": (X, Y[:3])}, ValueError, "y of validation_data has 3 rows, x of"),
    "validation NaN": ({"validation_data": (spoiled(X, np.nan), Y)}, ValueError, "x of validation_data holds nan"),
    "validation weights": ({"validation_data": (X, Y, X[:3, 0])}, ValueError, "sample_weight of validation_data has"),
    "validation_freq": ({"validation_freq": 0}, ValueError, "validation_freq must be a whole number, at least 1"),
    "validation_batch_size": ({"validation_batch_size": 0}, ValueError, f"validation_batch_size {BATCH}"),
    "shuffle": ({"shuffle": "batch"}, TypeError, "shuffle must be True or False, got 'batch' of type str"),
    "verbose": ({"verbose": 3}, ValueError, "verbose must be 'auto', 0, 1 or 2, got 3"),
    "callbacks": ({"callbacks": [print]}, TypeError, "callbacks must have hooks"),
    "both weights": ({"class_weight": {0: 2.0}, "sample_weight": abs(X[:, 0])}, ValueError, "class_weight and sample"),
    "class_weight": ({"class_weight": [1.0, 2.0]}, TypeError, "class_weight must be a dict from classes to weights"),
    "class": ({"class_weight": {"a": 2.0}}, TypeError, "a class in class_weight must be a whole number"),
    "negative class_weight": ({"class_weight": {0: -2.0}}, ValueError, r"class_weight\[0\] must be at least 0"),
    "sample_weight": ({"sample_weight": X[:, 0]}, ValueError, "sample_weight holds -.* weights must be at least 0"),
    "few sample_weights": ({"sample_weight": abs(X[:5, 0])}, ValueError, r"sample_weight has shape \(5,\); it must be"),
    "wide sample_weight": ({"sample_weight": abs(X)}, ValueError, r"sample_weight has shape \(20, 4\); it must be"),
    "NaN sample_weight": ({"sample_weight": np.full(20, np.nan)}, ValueError, "sample_weight holds nan in row 0"),
    "text sample_weight": ({"sample_weight": ["a"] * 20}, TypeError, "sample_weight must hold real numbers, it holds"),
    "steps_per_epoch": ({"steps_per_epoch": 0}, ValueError, "steps_per_epoch must be a whole number, at least 1"),
    "validation_steps": ({"validation_steps": 1.5}, TypeError, "validation_steps must be a whole number, at least 1"),
    "max_seconds": ({"max_seconds": -1}, ValueError, "max_seconds must be at least 0, got -1"),
    "record": ({"record": "grad_nrm"}, ValueError, "unknown record 'grad_nrm': did you mean 'grad_norm'"),
    "records": ({"record": 3}, TypeError, "record must be names out of learning_rate, grad_norm, epoch_time, loss_end"),
}  # fmt: skip
COMPILE = {
    "optimizer": ({"optimizer": "sdg"}, ValueError, "unknown optimizer 'sdg': did you mean 'SGD'"),
    "no optimizer": ({"optimizer": None}, TypeError, "optimizer must be a name or an Optimizer, got None"),
    "optimizer of Keras": ({"optimizer": "ftrl"}, ValueError, "'ftrl': not supported yet. Names: "),
    "loss_weights": ({"loss_weights": [1.0]}, NotImplementedError, "loss_weights is not supported yet"),
    "loss that is a metric": ({"loss": "rmse"}, ValueError, r"unknown loss 'rmse': a metric, not a loss\. Names: .*"
                              r"mean_squared_error \(mse\)"),
    "loss": ({"loss": "mean_square_error"}, ValueError, "unknown loss .*: did you mean 'mean_squared_error'"),
    "metric": ({"metrics": ["r2_scor"]}, ValueError, "unknown metric .*: did you mean 'r2_score'"),
    "backend": ({"backend": "numbaa"}, ValueError, "unknown backend 'numbaa': did you mean 'numba'"),
    "dtype": ({"dtype": "float16"}, ValueError, "dtype must be 'float32' or 'float64', got 'float16'"),
    "no dtype": ({"dtype": "floaty"}, ValueError, "dtype must be 'float32' or 'float64', got 'floaty'"),
    "num_threads": ({"num_threads": 0}, ValueError, 'num_threads must be .*, at least 1 .or "auto"., got 0'),
    "too few words": ({"num_threads": "many"}, TypeError, "num_threads must be a whole number"),
}  # fmt: skip


def unchanged(model, before):
    return all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


@pytest.mark.parametrize("case", ROWS)
def test_rows(model, case):
    x, y, error, message = ROWS[case]
    before = model.get_weights()
    for call in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(error, match=message):
            call(x, y)
    assert unchanged(model, before)
    assert model.optimizer.iterations == 0
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("case", [case for case, (_, y, *_) in ROWS.items() if y is Y])
def test_rows_to_predict(model, case):
    x, _, error, message = ROWS[case]
    if case.startswith(("NaN", "inf", "-inf", "x too large")):  # they give NaN, or what they give
        assert model.predict(x).shape == (20, 2)
    else:
        with pytest.raises(error, match=message):
            model.predict(x)


@pytest.mark.parametrize("case", ARGUMENTS)
def test_arguments_of_fit(model, case):
    arguments, error, message = ARGUMENTS[case]
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.fit(X, Y, **arguments)
    assert unchanged(model, before)
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize(("size", "error"), SIZES.items())
def test_batch_sizes_of_evaluation_and_prediction(model, size, error):
    for call in (lambda: model.evaluate(X, Y, size), lambda: model.predict(X, size)):
        with pytest.raises(error, match=f"batch_size {BATCH}"):
            call()


def test_arguments_of_evaluation_and_prediction(model):
    with pytest.raises(ValueError, match="verbose must be 'auto', 0, 1 or 2"):
        model.evaluate(X, Y, verbose="loud")
    with pytest.raises(ValueError, match=r"sample_weight holds .* weights must be at least 0"):
        model.evaluate(X, Y, sample_weight=X[:, 0])
    for ask in (lambda: model.predict(X, steps=0), lambda: model.evaluate(X, Y, steps=0)):
        with pytest.raises(ValueError, match="steps must be a whole number, at least 1, got 0"):
            ask()


def test_a_batch_larger_than_all_rows_is_all_rows(model):
    model.fit(X, Y, batch_size=1000, epochs=3, verbose=0)
    assert model.optimizer.iterations == 3


@pytest.mark.parametrize("case", COMPILE)
def test_arguments_of_compile(case):
    arguments, error, message = COMPILE[case]
    model = Sequential([Dense(1)])
    with pytest.raises(error, match=message):
        model.compile(**{"loss": "mse", **arguments})
    assert model.optimizer is None


@pytest.mark.parametrize("make", [lambda: Dense(3, "rleu"), lambda: fastsgd.layers.Activation("rleu")])
def test_unknown_activation(make):
    with pytest.raises(ValueError, match="unknown activation 'rleu': did you mean 'relu'"):
        make()


def test_unknown_initializer():
    with pytest.raises(ValueError, match="unknown initializer 'glorot_uniformm'"):
        Dense(3, kernel_initializer="glorot_uniformm")


@pytest.mark.parametrize("momentum", [-0.1, 1.1, float("nan")])
def test_momentum(momentum):
    with pytest.raises(ValueError, match="momentum"):
        fastsgd.optimizers.SGD(0.1, momentum=momentum)


@pytest.mark.parametrize("rate", [-0.1, float("nan"), float("inf")])
def test_learning_rate(rate):
    with pytest.raises(ValueError, match="learning_rate"):
        fastsgd.optimizers.SGD(rate)


def test_models_that_are_not_ready():
    bare = Sequential()
    with pytest.raises(NotReadyError, match="the model has no layers"):
        bare.build((None, 3))
    bare.compile("sgd", "mse")
    with pytest.raises(NotReadyError, match="the model has no layers"):
        bare.fit(X, Y)
    unbuilt = Sequential([Dense(2)])
    for call in (
        unbuilt.get_weights,
        unbuilt.count_params,
        lambda: unbuilt.set_weights([]),
        lambda: unbuilt.predict(X),
    ):
        with pytest.raises(NotReadyError, match="is not built, it has no weights yet"):
            call()
    with pytest.raises(NotReadyError, match="the number of features is not known"):
        unbuilt.build()
    for call in (unbuilt.fit, unbuilt.evaluate, unbuilt.train_on_batch, unbuilt.test_on_batch):
        with pytest.raises(NotReadyError, match="is not compiled: call compile"):
            call(X, Y)
    unbuilt.compile("sgd", "mse")
    with pytest.raises(NotReadyError, match="is not built"):
        unbuilt.evaluate(X, Y)
    unbuilt.compile("sgd")
    with pytest.raises(NotReadyError, match="compiled without a loss"):
        unbuilt.fit(X, Y)
    assert issubclass(NotReadyError, ValueError)
    assert issubclass(NotReadyError, RuntimeError)


def test_a_backend_that_is_not_there(monkeypatch):
    def refuse(name):
        raise ImportError("numba is not installed: pip install numba")

    monkeypatch.setattr(fastsgd.engines, "load", refuse)
    with pytest.raises(ImportError, match=r"the numba backend is not available: .*pip install numba"):
        Sequential([Dense(1)]).compile("sgd", "mse", backend="numba")
