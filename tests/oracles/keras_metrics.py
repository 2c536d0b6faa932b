"""Asks Keras 3 in float64 for every metric: ``python tests/oracles/keras_metrics.py`` writes keras_metrics.json.

The file holds the data too, so that replaying needs neither Keras nor random numbers. Weighted results were taken in
over three batches.
"""

from __future__ import annotations

import os

os.environ |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "2"}  # others turn float64 into float32

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import keras
import numpy as np

keras.config.set_floatx("float64")

ROWS, CLASSES = 30, 4
CUTS = (0, 7, 20, ROWS)
EVEN = [0.25, 0.5, 0.75]
UNEVEN = [0.9, 0.1, 0.35]


def data() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Targets and predictions of each kind; numbers of few digits, ties among them."""
    rng = np.random.default_rng(7)
    labels = rng.integers(0, CLASSES, ROWS)
    logits = (rng.normal(size=(ROWS, CLASSES)) + 1.5 * np.eye(CLASSES)[labels]).round(2)
    softmax = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    binary = rng.integers(0, 2, (ROWS, 1)).astype(float)
    scores = np.clip(0.25 + 0.5 * binary + 0.3 * rng.normal(size=(ROWS, 1)), 0, 1).round(2)
    several = rng.integers(0, 2, (ROWS, 3)).astype(float)
    many = np.clip(0.3 + 0.4 * several + 0.3 * rng.normal(size=several.shape), 0, 1).round(2)
    real = rng.normal(1.0, 2.0, (ROWS, 3)).round(2)
    near = (real + rng.normal(0.0, 0.7, real.shape)).round(2)
    positive = rng.uniform(0.0, 3.0, (2, ROWS, 3)).round(2)
    distribution = rng.dirichlet(np.ones(CLASSES), ROWS)
    return {
        "real": (real, near),
        "positive": (positive[0], positive[1]),
        "equal": (labels[:, None].astype(float), rng.integers(0, CLASSES, (ROWS, 1)).astype(float)),
        "binary": (binary, scores),
        "binary_logits": (binary, (6 * scores - 3).round(2)),
        "several": (several, many),
        "several_logits": (several, (6 * many - 3).round(2)),
        "labels": (labels[:, None].astype(float), softmax),
        "label_logits": (labels[:, None].astype(float), logits),
        "one_hot": (np.eye(CLASSES)[labels], softmax),
        "one_hot_logits": (np.eye(CLASSES)[labels], logits),
        "distributions": (distribution, softmax),
        "signs": (2 * several - 1, (2 * many - 1).round(2)),
    }


def cases() -> list[tuple[str, str, dict[str, Any]]]:
    """Kind of data, class, settings."""
    found: list[tuple[str, str, dict[str, Any]]] = []
    regression = (
        "MeanSquaredError", "RootMeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError",
        "CosineSimilarity", "LogCoshError", "R2Score", "PearsonCorrelation", "ConcordanceCorrelation",
    )  # fmt: skip
    found += [("real", name, {}) for name in regression]
    found += [("positive", name, {}) for name in ("MeanSquaredLogarithmicError", "Poisson", "CosineSimilarity")]
    found += [("real", "R2Score", {"class_aggregation": a}) for a in (None, "variance_weighted_average")]
    found.append(("equal", "Accuracy", {}))
    found += [(kind, "BinaryAccuracy", {"threshold": t}) for kind in ("binary", "several") for t in (0.5, 0.3)]
    found += [(kind, "CategoricalAccuracy", {}) for kind in ("one_hot", "one_hot_logits")]
    found += [(kind, "SparseCategoricalAccuracy", {}) for kind in ("labels", "label_logits")]
    found += [("one_hot", "TopKCategoricalAccuracy", {"k": k}) for k in (1, 2, 3, 4)]
    found += [("labels", "SparseTopKCategoricalAccuracy", {"k": k}) for k in (1, 2, 3, 4)]
    for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives", "Precision", "Recall"):
        for thresholds in (None, 0.3, EVEN, UNEVEN, [0.0, 0.5, 1.0]):
            found += [(kind, name, {"thresholds": thresholds}) for kind in ("binary", "several")]
    for name in ("Precision", "Recall"):
        found += [("one_hot", name, {"top_k": k}) for k in (1, 2, 4)]
        found += [("one_hot", name, {"class_id": i}) for i in (0, 3)]
        found += [("one_hot", name, {"top_k": 2, "class_id": 1}), ("one_hot", name, {"top_k": 2, "thresholds": EVEN})]
    for name, argument in (
        ("SensitivityAtSpecificity", "specificity"), ("SpecificityAtSensitivity", "sensitivity"),
        ("PrecisionAtRecall", "recall"), ("RecallAtPrecision", "precision"),
    ):  # fmt: skip
        for value in (0.0, 0.4, 0.7, 0.95, 1.0):
            found.append(("binary", name, {argument: value}))
        found += [("several", name, {argument: 0.6, "num_thresholds": n}) for n in (1, 2, 11)]
        found.append(("several", name, {argument: 0.6, "class_id": 2}))
    for curve in ("ROC", "PR", "PRGAIN"):
        for method in ("interpolation", "majoring", "minoring"):
            chosen = {"curve": curve, "summation_method": method}
            found += [(kind, "AUC", chosen) for kind in ("binary", "several")]
            found.append(("several", "AUC", {**chosen, "multi_label": True}))
            found.append(("several", "AUC", {**chosen, "multi_label": True, "label_weights": [1.0, 0.0, 2.5]}))
            found.append(("several_logits", "AUC", {**chosen, "from_logits": True, "num_thresholds": 7}))
            found.append(("binary", "AUC", {**chosen, "thresholds": UNEVEN}))
    found.append(("several", "AUC", {"label_weights": [1.0, 0.0, 2.5]}))
    found.append(("several", "AUC", {"multi_label": True, "num_labels": 3, "thresholds": EVEN}))
    for average in (None, "micro", "macro", "weighted"):
        found += [("one_hot", "F1Score", {"average": average}), ("several", "F1Score", {"average": average})]
        found.append(("several", "FBetaScore", {"average": average, "beta": 2.0, "threshold": 0.4}))
    found += [("signs", name, {}) for name in ("Hinge", "SquaredHinge")] + [("one_hot", "CategoricalHinge", {})]
    found += [("several", name, {}) for name in ("Hinge", "SquaredHinge")]
    found += [("distributions", "KLDivergence", {}), ("one_hot", "KLDivergence", {})]
    for smoothing in (0.0, 0.1):
        for kind in ("binary", "several", "one_hot"):
            found.append((kind, "BinaryCrossentropy", {"label_smoothing": smoothing}))
        for kind in ("one_hot", "distributions"):
            found.append((kind, "CategoricalCrossentropy", {"label_smoothing": smoothing}))
        logits = {"label_smoothing": smoothing, "from_logits": True}
        found += [(kind, "BinaryCrossentropy", logits) for kind in ("binary_logits", "several_logits")]
        found.append(("one_hot_logits", "CategoricalCrossentropy", logits))
    found.append(("labels", "SparseCategoricalCrossentropy", {}))
    found.append(("labels", "SparseCategoricalCrossentropy", {"ignore_class": 1}))
    found.append(("label_logits", "SparseCategoricalCrossentropy", {"from_logits": True}))
    for ignored in (None, 2):
        found.append(("equal", "MeanIoU", {"num_classes": CLASSES, "ignore_class": ignored}))
        found.append(("one_hot", "OneHotMeanIoU", {"num_classes": CLASSES, "ignore_class": ignored}))
    found.append(("equal", "IoU", {"num_classes": CLASSES, "target_class_ids": [0, 2]}))
    found.append(("one_hot", "OneHotIoU", {"num_classes": CLASSES, "target_class_ids": [1]}))
    found.append(("binary", "BinaryIoU", {"target_class_ids": [0, 1], "threshold": 0.3}))
    return found


def plain(value: Any) -> Any:
    return keras.ops.convert_to_numpy(value).astype(np.float64).tolist()


if __name__ == "__main__":
    rows = data()
    weights = np.random.default_rng(8).uniform(0.0, 2.0, ROWS).round(2)
    weights[3] = 0.0
    records = []
    for kind, name, settings in cases():
        true, pred = rows[kind]
        if "TopK" in name:  # TensorFlow ranks float32 only
            pred = pred.astype(np.float32)
        made = getattr(keras.metrics, name)(dtype="float64", **settings)
        made.update_state(true, pred)
        record = {"data": kind, "class_name": name, "config": settings, "plain": plain(made.result())}
        made.reset_state()
        for start, stop in pairwise(CUTS):
            part = slice(start, stop)
            made.update_state(true[part], pred[part], sample_weight=weights[part])
        records.append({**record, "weighted": plain(made.result())})
    listed = ",\n  ".join(json.dumps(record) for record in records)
    arrays = {kind: [true.tolist(), pred.tolist()] for kind, (true, pred) in rows.items()}
    head = {"made_with": {"keras": keras.__version__}, "cuts": CUTS, "weights": weights.tolist(), "data": arrays}
    path = Path(__file__).with_suffix(".json")
    path.write_text(f'{json.dumps(head)[:-1]}, "cases": [\n  {listed}\n]}}\n')
