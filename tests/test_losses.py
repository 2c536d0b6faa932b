"""Losses alone on arrays; expected numbers of Keras 3's own tests where marked so."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import mean_squared_error as sklearn_mse

from fastsgd import formulas, losses
from fastsgd.kernels.source.tables import loss_table, row_loss_table

TRUE = np.array([[1, 9, 2], [-5, -2, 6]])
PRED = np.array([[4, 8, 12], [8, 1, 3]], dtype="float32")


@pytest.mark.parametrize(
    ("reduction", "weight", "expected"),
    [  # Keras 3: losses_test.py
        ("sum_over_batch_size", None, 49.5),
        ("mean", None, 49.5),
        ("sum_over_batch_size", 2.3, 113.85),
        ("sum_over_batch_size", [[1.2], [3.4]], 767.8 / 6),
        ("sum_over_batch_size", [1.2, 3.4], 767.8 / 6),
        ("sum_over_batch_size", 0, 0.0),
        ("sum", 2.3, 227.69998),
        ("mean_with_sample_weight", [[1.2], [3.4]], (110 / 3 * 1.2 + 187 / 3 * 3.4) / (1.2 + 3.4)),
        (None, 2.3, [84.3333, 143.3666]),
        ("none", 2.3, [84.3333, 143.3666]),
    ],
)
def test_reductions_and_weights_are_those_of_keras(reduction, weight, expected):
    loss = losses.MeanSquaredError(reduction=reduction)(TRUE, PRED, sample_weight=weight)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert isinstance(loss, np.ndarray if reduction in (None, "none") else float)


def test_weights_of_time_steps():  # Keras 3: losses_test.py
    true = np.array([1, 9, 2, -5, -2, 6]).reshape(2, 3, 1)
    pred = np.array([4, 8, 12, 8, 1, 3]).reshape(2, 3, 1)
    weight = np.array([3, 6, 5, 0, 4, 2]).reshape(2, 3)
    assert losses.MeanSquaredError()(true, pred, weight) == pytest.approx(97.833336)


@given(rows=st.integers(1, 40), outputs=st.integers(1, 5), seed=st.integers(0, 99))
def test_agrees_with_scikit_learn(rows, outputs, seed):
    true, pred = np.random.default_rng(seed).normal(size=(2, rows, outputs))
    weight = np.random.default_rng(seed).uniform(0.1, 2, size=rows)
    assert losses.MeanSquaredError()(true, pred) == pytest.approx(sklearn_mse(true, pred), rel=1e-12)
    own = losses.MeanSquaredError("mean_with_sample_weight")(true, pred, weight)
    assert own == pytest.approx(sklearn_mse(true, pred, sample_weight=weight), rel=1e-12)


def test_a_flat_target_belongs_to_a_column_of_predictions():
    true, pred = np.array([4, 8, 12]), np.array([[3], [0], [1]])
    column = losses.MeanSquaredError()(true[:, None], pred)
    assert losses.MeanSquaredError()(true, pred) == losses.MeanSquaredError()(true[:, None], pred[:, 0]) == column
    assert column == pytest.approx((1 + 64 + 121) / 3)
    assert losses.mean_squared_error(true, pred).tolist() == [1.0, 64.0, 121.0]


def test_a_mean_of_single_numbers():
    y_true, y_pred = np.array([[1.0], [5.0]]), np.array([[3.0], [4.0]])
    values = losses.mean_squared_error(y_true, y_pred)
    np.testing.assert_array_equal(values, [4.0, 1.0])
    assert type(losses.mean_squared_error([1.0], [3.0])) is np.float64
    output = formulas.loss(lambda y_true, y_pred: y_pred).using(reduction=None)
    assert not np.shares_memory(output(y_true, y_pred), y_pred)


@pytest.mark.parametrize("pred_shape", [(3, 2), (4, 1), (4,), (1,), (1, 1), (3, 3)])
def test_other_shapes_raise_and_are_named(pred_shape):
    for loss in (losses.MeanSquaredError(), losses.mse):
        with pytest.raises(ValueError, match=r"\(3,\)") as error:
            loss(np.zeros(3), np.zeros(pred_shape))
        assert str(pred_shape) in str(error.value)


@pytest.mark.parametrize("weight", [np.ones(2), np.ones((3, 2)), np.ones((3, 3))])
def test_weights_that_do_not_fit(weight):
    with pytest.raises(ValueError, match="sample_weight has shape"):
        losses.MeanSquaredError()(np.zeros((3, 2)), np.zeros((3, 2)), weight)


@pytest.mark.parametrize("bad", [np.array([1j]), np.array(["a"]), np.array([None]), np.array(["2020"], "M8[Y]")])
def test_something_else_than_real_numbers(bad):
    with pytest.raises(TypeError, match="y_true must be real numbers"):
        losses.MeanSquaredError()(bad, np.zeros(1))


@pytest.mark.parametrize(
    ("given", "computed"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8"), (">f4", "f4"), ("i4", "f8"), ("?", "f8")]
)
def test_values_have_the_dtype_of_the_predictions(given, computed):
    pred = np.ones((2, 2), dtype=given)
    assert losses.mse(np.zeros((2, 2)), pred).dtype == np.dtype(computed)
    assert losses.MeanSquaredError(reduction=None, dtype="float64")(np.zeros((2, 2)), pred).dtype == np.float64


def test_a_diverged_model_has_a_loss_too():
    assert losses.MeanSquaredError()([[0.0]], np.array([[1e30]], "f4")) == np.inf
    assert np.isnan(losses.MeanSquaredError()([[0.0]], [[np.nan]]))


def test_own_loss():
    class Cubic(losses.Loss):
        def call(self, y_true, y_pred):
            return abs(y_pred - y_true) ** 3

    assert Cubic()([1.0, 2.0], [1.0, 4.0]) == 4.0
    assert Cubic(reduction="sum")([1.0, 2.0], [[1.0], [4.0]]) == 8.0  # (n,) beside (n, 1) is settled here too
    assert Cubic().name == "Cubic"
    with pytest.raises(NotImplementedError, match="call"):
        losses.Loss()([1.0], [1.0])


def test_get_and_configs():
    assert losses.get("mse") is losses.get("MSE") is losses.get("mean_squared_error") is losses.mean_squared_error
    assert losses.get(None) is None
    assert losses.get(max) is max
    loss = losses.MeanSquaredError(reduction="sum", name="mine")
    assert losses.get(loss) is loss
    for made in (
        losses.get(losses.serialize(loss)),
        losses.get({"class_name": "MeanSquaredError", "config": {"reduction": "sum", "name": "mine"}}),
        losses.MeanSquaredError.from_config(loss.get_config()),
        pickle.loads(pickle.dumps(loss)),
    ):
        assert type(made) is losses.MeanSquaredError
        assert made.get_config() == loss.get_config() == {"name": "mine", "reduction": "sum"}
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.MeanSquaredError), losses.MeanSquaredError)


@pytest.mark.parametrize(
    "identifier", ["mse", "MeanSquaredError", losses.mse, losses.MeanSquaredError, {"class_name": "mse"}]
)
def test_compiled_gives_what_an_engine_needs(identifier):
    loss = losses.compiled(identifier)
    assert (loss.formula, loss.constants) == ("mse", ())


def test_bad_settings():
    with pytest.raises(ValueError, match="Invalid value for argument `reduction`"):
        losses.MeanSquaredError(reduction="abc")
    with pytest.raises(ValueError, match="dtype"):
        losses.MeanSquaredError(dtype="int32")
    with pytest.raises(ValueError, match="mean_squared_error"):
        losses.get("mean_square_error")
    with pytest.raises(ValueError, match="class_name"):
        losses.get({"config": {}})
    with pytest.raises(TypeError, match="loss must be"):
        losses.get(3)
    with pytest.raises(TypeError, match="no formula"):
        losses.compiled(lambda y_true, y_pred: 0)
    with pytest.raises(TypeError, match="no formula"):
        losses.compiled(losses.Loss)
    with pytest.raises(ValueError, match="reduction"):
        losses.compiled(losses.MeanSquaredError("sum"))


@pytest.mark.parametrize("cls", losses.CLASSES.values())
def test_every_loss_has_its_formula_in_the_kernels(cls):
    loss = losses.compiled(cls(axis=-1) if "axis" in cls.settings else cls)
    known = loss_table() | row_loss_table()
    assert len(loss.constants) == len(known[loss.formula].parameters)
