"""The metrics of a model, as they are named and reported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from .base import Metric


class Report:
    """Metrics that know nothing of weights, and such that do.

    Parameters
    ----------
    metrics, weighted : iterable of Metric
        As ``metrics`` and ``weighted_metrics`` of ``compile``.

    Attributes
    ----------
    metrics : list of Metric
        All of them, those of weighted rows last.
    """

    def __init__(self, metrics: Iterable[Metric] = (), weighted: Iterable[Metric] = ()) -> None:
        plain = list(metrics)
        self.metrics = [*plain, *weighted]
        self._plain = len(plain)

    def __bool__(self) -> bool:
        return bool(self.metrics)

    def reset(self) -> None:
        """Forget everything taken in."""
        for metric in self.metrics:
            metric.reset_state()

    def update(self, y_true: np.ndarray, y_pred: np.ndarray, weights: np.ndarray | None) -> None:
        """Take in a batch: y_true (n, columns), y_pred (n, outputs), weights (n,) or None."""
        for metric in self.metrics[: self._plain]:
            metric.update_state(y_true, y_pred)
        for metric in self.metrics[self._plain :]:
            metric.update_state(y_true, y_pred, sample_weight=weights)

    @property
    def names(self) -> list[str]:
        """What the metrics are reported as, in order.

        As in Keras 3 the second one of a name is ``name_1``; one of weighted rows whose name is taken is
        ``weighted_name`` first.
        """
        times: dict[str, int] = {}
        found = []
        for i, metric in enumerate(self.metrics):
            name = metric.name
            if i >= self._plain and name in times:
                name = f"weighted_{name}"
            seen = times.get(name, 0)
            times[name] = seen + 1
            found.append(f"{name}_{seen}" if seen else name)
        return found

    def results(self) -> dict[str, Any]:
        """Name -> result, in order."""
        return dict(zip(self.names, (metric.result() for metric in self.metrics), strict=True))
