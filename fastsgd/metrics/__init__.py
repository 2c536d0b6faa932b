"""Metrics: what is reported beside the loss, gathered over any number of batches in float64.

Names, arguments and weighting are Keras 3's. Large arrays are worked through in blocks of rows, in row order, so that
memory stays small and the same input always gives the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import absent
from ..identifiers import instance, serialized
from ..losses import mean_squared_error
from .base import Mean, MeanMetricWrapper, Metric
from .regression import MeanAbsoluteError, MeanSquaredError, R2Score, RootMeanSquaredError, mean_absolute_error

__all__ = [
    "Mean", "MeanAbsoluteError", "MeanMetricWrapper", "MeanSquaredError", "Metric", "R2Score", "RootMeanSquaredError",
    "compiled", "deserialize", "get", "mae", "mean_absolute_error", "mean_squared_error", "mse", "names", "results",
    "serialize",
]  # fmt: skip

mse, mae = mean_squared_error, mean_absolute_error

CLASSES: Mapping[str, type[Metric]] = {
    "mean_squared_error": MeanSquaredError,
    "mean_absolute_error": MeanAbsoluteError,
    "root_mean_squared_error": RootMeanSquaredError,
    "r2_score": R2Score,
}
ALIASES = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "rmse": "root_mean_squared_error",
    "r2": "r2_score",
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


def deserialize(config: Any) -> Metric:
    """The metric that :func:`serialize` made a dict of."""
    return instance("metric", config, Metric, CLASSES, ALIASES, absent.METRICS)


def compiled(metrics: Any) -> list[Metric]:
    """The metrics to report: of one identifier or a sequence of them.

    A metric given by a string is named as the string is (``"mae"`` is reported as ``"mae"``), as in Keras 3; a
    function is wrapped in :class:`MeanMetricWrapper`.

    Raises
    ------
    ValueError, TypeError
        As :func:`get`.
    """
    if metrics is None:
        return []
    made: list[Metric] = []
    for identifier in metrics if isinstance(metrics, Sequence) and not isinstance(metrics, str) else [metrics]:
        metric = get(identifier)
        if metric is None:
            raise TypeError("metrics must be names or metrics, got None among them")
        if not isinstance(metric, Metric):
            metric = MeanMetricWrapper(metric)
        if isinstance(identifier, str):
            metric.name = identifier
        made.append(metric)
    return made


def names(metrics: Sequence[Metric]) -> list[str]:
    """What the metrics are reported as, in order: the second one of a name as ``name_1``, as in Keras 3."""
    times: Counter[str] = Counter()
    found = []
    for metric in metrics:
        found.append(f"{metric.name}_{times[metric.name]}" if times[metric.name] else metric.name)
        times[metric.name] += 1
    return found


def results(metrics: Sequence[Metric]) -> dict[str, Any]:
    """Name -> result, in order."""
    return dict(zip(names(metrics), (metric.result() for metric in metrics), strict=True))


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.METRICS, [cls.__name__ for cls in CLASSES.values()])
