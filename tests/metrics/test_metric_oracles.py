"""Every metric and option against Keras 3 in float64 (frozen by tests/oracles/keras_metrics.py), and laws of all."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastsgd import metrics

FROZEN = json.loads((Path(__file__).parents[1] / "oracles" / "keras_metrics.json").read_text())
DATA = {kind: tuple(map(np.array, pair)) for kind, pair in FROZEN["data"].items()}
WEIGHTS = np.array(FROZEN["weights"])
CASES = [
    pytest.param(case, id=f"{case['class_name']}-{case['data']}-{json.dumps(case['config'])}")
    for case in FROZEN["cases"]
]
# What Keras works out in float32 in any case, or with a constant in float32.
ROUGH = {"LogCoshError", "SparseCategoricalCrossentropy", "IoU", "BinaryIoU", "MeanIoU", "OneHotIoU", "OneHotMeanIoU"}


def made(case):
    return metrics.get({"class_name": case["class_name"], "config": case["config"]})


def taken_in(metric, true, pred, weights, cuts):
    metric.reset_state()
    for start, stop in pairwise(cuts):
        part = slice(start, stop)
        metric.update_state(true[part], pred[part], None if weights is None else weights[part])
    return metric.result()


@pytest.mark.parametrize("case", CASES)
def test_agrees_with_keras(case):
    true, pred = DATA[case["data"]]
    metric = made(case)
    result = metric(true, pred)
    assert isinstance(result, float if np.ndim(case["plain"]) == 0 else np.ndarray)
    rtol = 2e-7 if case["class_name"] in ROUGH else 1e-10
    np.testing.assert_allclose(result, case["plain"], rtol=rtol, atol=1e-12)
    weighted = taken_in(metric, true, pred, WEIGHTS, FROZEN["cuts"])
    np.testing.assert_allclose(weighted, case["weighted"], rtol=rtol, atol=1e-12)
    again = metrics.get(json.loads(json.dumps(metrics.serialize(metric))))
    assert again.get_config() == metric.get_config()
    np.testing.assert_array_equal(again(true, pred), result)
    assert len(metric.variables) == len(metric.state) > 0


# Keras divides by rows of an ignored class where there are no weights: that is no repetition.
@given(
    case=st.sampled_from([c for c in FROZEN["cases"] if c["config"].get("ignore_class") != 1]),
    cuts=st.lists(st.integers(0, 30), max_size=4),
    repeats=st.lists(st.integers(0, 3), min_size=30, max_size=30).filter(any),
)
def test_batches_do_not_matter_and_weights_are_repeats(case, cuts, repeats):
    true, pred = DATA[case["data"]]
    metric = made(case)
    whole = taken_in(metric, true, pred, np.array(repeats, float), [0, 30])
    parts = taken_in(metric, true, pred, np.array(repeats, float), [0, *sorted(cuts), 30])
    np.testing.assert_allclose(parts, whole, rtol=1e-9, atol=1e-12)
    repeated = metric.__class__.from_config(metric.get_config())
    repeated.update_state(np.repeat(true, repeats, axis=0), np.repeat(pred, repeats, axis=0))
    np.testing.assert_allclose(repeated.result(), whole, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", sorted({case["class_name"] for case in FROZEN["cases"]}))
def test_float32_predictions_and_no_rows_at_all(name):
    case = next(case for case in FROZEN["cases"] if case["class_name"] == name)
    true, pred = DATA[case["data"]]
    metric = made(case)
    metric.update_state(true[:0], pred[:0])
    metric.reset_state()
    result = metric(true.astype("f4"), np.asfortranarray(pred.astype("f4")))
    np.testing.assert_allclose(result, case["plain"], rtol=1e-5, atol=1e-6)


def test_all_are_covered():
    covered = {case["class_name"] for case in FROZEN["cases"]}
    assert {cls.__name__ for cls in metrics.CLASSES.values()} - covered == {"Mean", "Sum", "ExactAUC"}
