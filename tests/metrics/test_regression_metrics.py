"""Metrics alone on arrays, against scikit-learn and the expected numbers of Keras 3's own tests."""

import pickle
import tracemalloc

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given
from hypothesis import strategies as st

from fastsgd import losses, metrics

ORACLES = {
    "mse": sk.mean_squared_error,
    "mae": sk.mean_absolute_error,
    "rmse": lambda *a, **k: sk.mean_squared_error(*a, **k) ** 0.5,
    "r2": sk.r2_score,
}
TRUE = np.array([[0, 1, 0, 1, 0], [0, 0, 1, 1, 1], [1, 1, 1, 1, 0], [0, 0, 0, 0, 1]])
PRED = np.array([[0, 0, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 0, 1, 0], [1, 1, 1, 1, 1]])


@pytest.mark.parametrize("name", ORACLES)
@given(
    rows=st.integers(2, 60),
    outputs=st.integers(1, 4),
    cut=st.integers(0, 60),
    weighted=st.booleans(),
    seed=st.integers(0, 99),
)
def test_agrees_with_scikit_learn_over_any_batches(name, rows, outputs, cut, weighted, seed):
    rng = np.random.default_rng(seed)
    true, pred = rng.normal(5, 2, size=(2, rows, outputs))
    weight = rng.uniform(0.1, 2, size=rows) if weighted else None
    metric = metrics.get(name)
    cut = min(cut, rows)
    for part in (slice(0, cut), slice(cut, rows)):
        metric.update_state(true[part], pred[part], None if weight is None else weight[part])
    assert isinstance(metric.result(), float)
    assert metric.result() == pytest.approx(ORACLES[name](true, pred, sample_weight=weight), rel=1e-9, abs=1e-12)
    metric.reset_state()
    if name != "r2":
        assert metric.result() == 0.0
    assert metric(true, pred) == pytest.approx(ORACLES[name](true, pred), rel=1e-9, abs=1e-12)


def test_numbers_of_keras():  # Keras 3: regression_metrics_test.py and docstrings
    assert metrics.MeanSquaredError()(TRUE, PRED) == pytest.approx(0.5)
    assert metrics.MeanSquaredError()(TRUE, PRED, sample_weight=[1.0, 1.5, 2.0, 2.5]) == pytest.approx(
        0.54285, abs=1e-5
    )
    pair = [[0, 1], [0, 0]], [[1, 1], [0, 0]]
    assert metrics.RootMeanSquaredError()(*pair, sample_weight=[1, 0]) == pytest.approx(0.5**0.5)
    assert metrics.MeanAbsoluteError()(*pair, sample_weight=[1, 0]) == 0.5
    assert metrics.R2Score()([[1], [4], [3]], [[2], [4], [4]]) == pytest.approx(0.57142854)


@pytest.mark.parametrize(
    ("aggregation", "regressors", "expected"),
    [  # Keras 3: regression_metrics_test.py, from TensorFlow Addons
        (None, 0, [0.17305559, -8.836666, -0.521]),
        (None, 1, [-0.65388882, -18.673332, -2.042]),
        ("uniform_average", 0, -3.0615367889404297),
        ("uniform_average", 1, -7.123073577880859),
        ("variance_weighted_average", 0, -1.3710224628448486),
        ("variance_weighted_average", 1, -3.742044448852539),
    ],
)
def test_r2_of_several_outputs(aggregation, regressors, expected):
    true = [[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    pred = [[0.4, 0.9, 1.6], [0.1, 1.2, 0.6], [1.5, 0.8, 0.6]]
    metric = metrics.R2Score(aggregation, regressors)
    assert metric(true, pred, [0.8, 0.1, 0.4]) == pytest.approx(expected, rel=1e-6)


def test_r2_of_constant_targets():
    true = np.full((7, 1), 0.1)
    assert metrics.R2Score()(true, true) == 1.0
    assert metrics.R2Score()(true, true + 1) == 0.0
    assert np.isnan(metrics.R2Score().result())


def test_r2_does_not_cancel_far_from_zero():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(500, 1)) + 1e9
    pred = true + 0.1 * rng.normal(size=true.shape)
    assert metrics.R2Score()(true, pred) == pytest.approx(sk.r2_score(true, pred), rel=1e-6)


def test_r2_adjusted_without_freedom_warns():
    with pytest.warns(UserWarning, match="plain R2"):
        score = metrics.R2Score(num_regressors=2)([[1], [4], [3]], [[2], [4], [4]])
    assert score == pytest.approx(0.57142854)


def test_two_million_rows_need_no_big_temporaries_and_give_the_same_bits():
    rng = np.random.default_rng(0)
    true = rng.normal(size=(2_000_000, 1)).astype("f4")
    pred = true + np.float32(0.5)
    everything = metrics.compiled(["mse", "mae", "rmse", "r2"])
    tracemalloc.start()
    try:
        first = [m(true, pred) for m in everything]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 << 20
    assert first == [m(true, pred) for m in metrics.compiled(["mse", "mae", "rmse", "r2"])]
    assert first[1] == pytest.approx(0.5, rel=1e-6)


def test_blocks_do_not_show_in_the_result(monkeypatch):
    true, pred = np.random.default_rng(1).normal(size=(2, 1000, 3))
    weight = np.linspace(0, 1, 1000)
    whole = [m(true, pred, weight) for m in metrics.compiled(["mse", "mae", "rmse", "r2"])]
    monkeypatch.setattr("fastsgd.metrics.base.BLOCK", 21)
    assert [m(true, pred, weight) for m in metrics.compiled(["mse", "mae", "rmse", "r2"])] == pytest.approx(
        whole, rel=1e-12
    )


def test_flat_targets_and_weights_of_other_shapes():
    true, pred = np.arange(4.0), np.array([1.0, 1.0, 2.0, 5.0])
    column = metrics.MeanSquaredError()(true[:, None], pred[:, None])
    assert metrics.MeanSquaredError()(true, pred) == metrics.MeanSquaredError()(true, pred[:, None]) == column == 1.25
    for weight in (2.0, [2.0], [2, 2, 2, 2], [[2], [2], [2], [2]]):
        assert metrics.MeanSquaredError()(true, pred[:, None], weight) == 1.25
        assert metrics.R2Score()(true, pred[:, None], weight) == metrics.R2Score()(true, pred[:, None])


def test_bad_input():
    metric = metrics.MeanSquaredError()
    with pytest.raises(ValueError, match=r"\(3,\).*\(3, 3\)"):
        metric(np.zeros(3), np.zeros((3, 3)))
    with pytest.raises(ValueError, match="sample_weight has 2 rows"):
        metric(np.zeros((3, 1)), np.zeros((3, 1)), np.ones(2))
    with pytest.raises(ValueError, match="sample_weight has shape"):
        metrics.R2Score()(np.zeros((3, 1)), np.zeros((3, 1)), np.ones(2))
    with pytest.raises(TypeError, match="y_pred must be real numbers"):
        metric(np.zeros(1), np.array(["a"]))
    with pytest.raises(ValueError, match="single number"):
        metric(1.0, 2.0)
    with pytest.raises(ValueError, match="expects 2D inputs with shape"):
        metrics.R2Score()([0.0, 1.0], [0.0, 1.0])
    with pytest.raises(ValueError, match="Invalid value for argument `class_aggregation`"):
        metrics.R2Score(class_aggregation="wrong")
    with pytest.raises(ValueError, match="Invalid value for argument `num_regressors`"):
        metrics.R2Score(num_regressors=-1)
    r2 = metrics.R2Score()
    r2.update_state(np.zeros((2, 2)), np.zeros((2, 2)))
    with pytest.raises(ValueError, match="3 outputs"):
        r2.update_state(np.zeros((2, 3)), np.zeros((2, 3)))


def test_mean():  # Keras 3: reduction_metrics_test.py
    assert metrics.Mean()([1, 3, 5, 7]) == 4.0
    assert metrics.Mean()([1, 3, 5, 7], sample_weight=[1, 1, 0, 0]) == 2.0
    assert metrics.Mean()([1, 3, 5, 7], sample_weight=[-1, -1, 0, 0]) == 2.0
    assert metrics.Mean()([[1, 3], [5, 7]], sample_weight=[[1, 1], [1, 0]]) == 3.0
    assert metrics.Mean()([[1, 3], [5, 7]], sample_weight=[[1, 0]]) == 3.0
    assert metrics.Mean()(5) == 5.0
    with pytest.raises(ValueError, match="sample_weight"):
        metrics.Mean()([1, 2], sample_weight=[1, 2, 3])


def test_functions():
    assert (
        metrics.mae([[1.0, 2.0]], [[2.0, 4.0]]).tolist()
        == metrics.mean_absolute_error([1.0, 2.0], [2.0, 4.0]).reshape(1).tolist()
    )
    assert metrics.mse is losses.mean_squared_error


def test_names_as_keras_reports_them():
    def worst(y_true, y_pred):
        return abs(y_true - y_pred).max(axis=-1)

    made = metrics.compiled(
        [
            *("mae", "mean_absolute_error", "r2"),
            *(metrics.RootMeanSquaredError(), metrics.MeanSquaredError(name="m")),
            *(worst, losses.MeanSquaredError(), metrics.MeanAbsoluteError),
            *({"class_name": "R2Score", "config": {"name": "q"}}, "mae"),
        ]
    )
    for metric in made:
        metric.update_state(TRUE, PRED)
    found = metrics.Report(made).results()
    assert list(found) == [
        "mae", "mean_absolute_error", "r2", "root_mean_squared_error", "m", "worst",
        "mean_squared_error", "mean_absolute_error_1", "q", "mae_1",
    ]  # fmt: skip
    assert found["mae"] == found["mean_absolute_error_1"] == found["mae_1"]
    assert found["m"] == found["mean_squared_error"]
    assert found["worst"] == 1.0
    assert metrics.compiled(None) == []
    assert [m.name for m in metrics.compiled("rmse")] == ["rmse"]


@pytest.mark.parametrize("name", ["mse", "mae", "rmse", "r2", "MeanSquaredError", "r2_score", "R2Score", "MAE"])
def test_get_and_configs(name):
    metric = metrics.get(name)
    assert metric.direction == ("up" if "r2" in name.lower() else "down")
    for made in (metrics.get(metrics.serialize(metric)), type(metric).from_config(metric.get_config())):
        assert type(made) is type(metric)
        assert made.get_config() == metric.get_config()
    metric.update_state(TRUE, PRED)
    assert pickle.loads(pickle.dumps(metric)).result() == metric.result()


def test_unknown():
    with pytest.raises(ValueError, match="did you mean"):
        metrics.get("r2_scor")
    with pytest.raises(TypeError, match="metric"):
        metrics.compiled([3])
    with pytest.raises(TypeError, match="None"):
        metrics.compiled([None])
    assert metrics.get(None) is None
    with pytest.raises(NotImplementedError):
        metrics.Metric().update_state([1], [1])
