"""Metrics: what is reported beside the loss, gathered over any number of batches in float64.

Names, arguments and weighting are Keras 3's. Large arrays are worked through in blocks of rows, in row order, so that
memory stays small and the same input always gives the same bits.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..identifiers import instance, serialized
from ..losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from .accuracy import (
    Accuracy,
    AccuracyByShape,
    BinaryAccuracy,
    CategoricalAccuracy,
    SparseCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TopKCategoricalAccuracy,
    binary_accuracy,
    categorical_accuracy,
    sparse_categorical_accuracy,
    sparse_top_k_categorical_accuracy,
    top_k_categorical_accuracy,
)
from .auc import AUC, ExactAUC
from .base import Metric, snake
from .confusion import FalseNegatives, FalsePositives, TrueNegatives, TruePositives
from .correlation import (
    ConcordanceCorrelation,
    CosineSimilarity,
    PearsonCorrelation,
    concordance_correlation,
    pearson_correlation,
)
from .f_score import F1Score, FBetaScore
from .iou import BinaryIoU, IoU, MeanIoU, OneHotIoU, OneHotMeanIoU
from .precision_recall import (
    Precision,
    PrecisionAtRecall,
    Recall,
    RecallAtPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from .probabilistic import (
    BinaryCrossentropy,
    CategoricalCrossentropy,
    CategoricalHinge,
    Hinge,
    KLDivergence,
    Poisson,
    SparseCategoricalCrossentropy,
    SquaredHinge,
)
from .reduction import Mean, MeanMetricWrapper, Sum
from .regression import (
    LogCoshError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    R2Score,
    RootMeanSquaredError,
)
from .report import Report

__all__ = [
    "AUC", "Accuracy", "BinaryAccuracy", "BinaryCrossentropy", "BinaryIoU", "CategoricalAccuracy",
    "CategoricalCrossentropy", "CategoricalHinge", "ConcordanceCorrelation", "CosineSimilarity", "ExactAUC", "F1Score",
    "FBetaScore", "FalseNegatives", "FalsePositives", "Hinge", "IoU", "KLDivergence", "LogCoshError", "Mean",
    "MeanAbsoluteError", "MeanAbsolutePercentageError", "MeanIoU", "MeanMetricWrapper", "MeanSquaredError",
    "MeanSquaredLogarithmicError", "Metric", "OneHotIoU", "OneHotMeanIoU", "PearsonCorrelation", "Poisson", "Precision",
    "PrecisionAtRecall", "R2Score", "Recall", "RecallAtPrecision", "Report", "RootMeanSquaredError",
    "SensitivityAtSpecificity", "SparseCategoricalAccuracy", "SparseCategoricalCrossentropy",
    "SparseTopKCategoricalAccuracy", "SpecificityAtSensitivity", "SquaredHinge", "Sum", "TopKCategoricalAccuracy",
    "TrueNegatives", "TruePositives", "binary_accuracy", "binary_crossentropy", "binary_focal_crossentropy",
    "categorical_accuracy", "categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge",
    "compiled", "concordance_correlation", "deserialize", "get", "hinge", "huber", "kl_divergence", "log_cosh", "mae",
    "mape", "mean_absolute_error", "mean_absolute_percentage_error", "mean_squared_error",
    "mean_squared_logarithmic_error", "mse", "msle", "pearson_correlation", "poisson", "serialize",
    "sparse_categorical_accuracy", "sparse_categorical_crossentropy", "sparse_top_k_categorical_accuracy",
    "squared_hinge", "top_k_categorical_accuracy",
]  # fmt: skip

mse, mae = mean_squared_error, mean_absolute_error
mape, msle = mean_absolute_percentage_error, mean_squared_logarithmic_error

_CLASSES: tuple[type[Metric], ...] = (
    Mean, Sum, MeanSquaredError, MeanAbsoluteError, RootMeanSquaredError, MeanAbsolutePercentageError,
    MeanSquaredLogarithmicError, LogCoshError, R2Score, CosineSimilarity, PearsonCorrelation, ConcordanceCorrelation,
    BinaryCrossentropy, CategoricalCrossentropy, SparseCategoricalCrossentropy, KLDivergence, Poisson, Hinge,
    SquaredHinge, CategoricalHinge,
    Accuracy, BinaryAccuracy, CategoricalAccuracy, SparseCategoricalAccuracy, TopKCategoricalAccuracy,
    SparseTopKCategoricalAccuracy,
    TruePositives, FalsePositives, TrueNegatives, FalseNegatives, Precision, Recall, SensitivityAtSpecificity,
    SpecificityAtSensitivity, PrecisionAtRecall, RecallAtPrecision, AUC, ExactAUC, FBetaScore, F1Score,
    IoU, BinaryIoU, MeanIoU, OneHotIoU, OneHotMeanIoU,
)  # fmt: skip
CLASSES: Mapping[str, type[Metric]] = {snake(cls.__name__): cls for cls in _CLASSES}
ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "logcosh": "log_cosh_error",
    "rmse": "root_mean_squared_error",
    "r2": "r2_score",
    "acc": "accuracy",
}


def get(identifier: Any) -> Any:
    """A metric by name, dict or class; a metric or a function is returned as it is, None as None.

    Raises
    ------
    ValueError
        Unknown name.
    TypeError
        None of these.
    """
    if identifier is None or (callable(identifier) and not isinstance(identifier, type)):
        return identifier
    return deserialize(identifier)


def serialize(metric: Metric) -> dict[str, Any]:
    """The dict from which :func:`get` makes an equal metric."""
    return serialized(metric)


def deserialize(config: Any, custom_objects: dict[str, type[Metric]] | None = None) -> Metric:
    """The metric that :func:`serialize` made a dict of; ``custom_objects`` are classes of your own by name."""
    return instance("metric", config, Metric, {**CLASSES, **(custom_objects or {})}, ALIASES)


def compiled(metrics: Any) -> list[Metric]:
    """The metrics to report: of one identifier or a sequence of them.

    A metric given by a string is named as the string is (``"mae"`` is reported as ``"mae"``), as in Keras 3; a
    function is wrapped in :class:`MeanMetricWrapper`. What ``"accuracy"`` and ``"acc"`` mean is settled by the shapes
    of targets and outputs: see :class:`Accuracy`.

    Raises
    ------
    ValueError, TypeError
        As :func:`get`.
    """
    if metrics is None:
        return []
    made: list[Metric] = []
    for identifier in metrics if isinstance(metrics, Sequence) and not isinstance(metrics, str) else [metrics]:
        by_shape = isinstance(identifier, str) and identifier.lower() in ("accuracy", "acc")
        metric = AccuracyByShape() if by_shape else get(identifier)
        if metric is None:
            raise TypeError("metrics must be names or metrics, got None among them")
        if not isinstance(metric, Metric):
            metric = MeanMetricWrapper(metric)
        if isinstance(identifier, str):
            metric.name = identifier
        made.append(metric)
    return made
