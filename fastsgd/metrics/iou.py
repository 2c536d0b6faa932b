"""Intersection over union of what is, and what is predicted to be, of a class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..arguments import whole
from ..losses import real_array
from .base import Metric, row_weights, rows_of
from .confusion import EPSILON


class IoU(Metric):
    """Mean over classes of ``true positives / (true positives + false positives + false negatives)``.

    Classes that neither targets nor predictions have are left out of the mean. Elements whose label is no class count
    for nothing.

    Parameters
    ----------
    num_classes : int
    target_class_ids : list of int
        Which classes the mean is over.
    name, dtype
        See :class:`Metric`.
    ignore_class : int, optional
        Elements of this class count for nothing.
    sparse_y_true, sparse_y_pred : bool
        Labels; else scores, whose greatest one along ``axis`` is the label.
    axis : int

    Raises
    ------
    TypeError, ValueError
        A class out of range.

    Examples
    --------
    >>> round(IoU(2, [0])([0, 0, 1, 1], [0, 1, 0, 1]), 6)
    0.333333
    """

    direction = "up"
    state = ("total_cm",)

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype, name)
        self.num_classes = whole("num_classes", num_classes)
        self.target_class_ids = [whole("target_class_ids", i, 0) for i in target_class_ids]
        if max(self.target_class_ids, default=0) >= num_classes:
            raise ValueError(f"Target class id {max(target_class_ids)} is out of range, which is [{0}, {num_classes}).")
        self.ignore_class, self.axis = ignore_class, axis
        self.sparse_y_true, self.sparse_y_pred = sparse_y_true, sparse_y_pred
        self.reset_state()

    def reset_state(self) -> None:
        self.total_cm = np.zeros((self.num_classes, self.num_classes))  # targets by predictions

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        """Take in labels or scores, and weights of rows or of elements."""
        true = self._labels(rows_of("y_true", y_true), self.sparse_y_true)
        pred = self._labels(rows_of("y_pred", y_pred), self.sparse_y_pred)
        if true.shape != pred.shape:
            raise ValueError(f"y_true has {true.size} labels, y_pred has {pred.size}")
        known = (true >= 0) & (true < self.num_classes) & (pred >= 0) & (pred < self.num_classes)
        if self.ignore_class is not None:
            known &= true != self.ignore_class
        cell = true[known].astype(np.intp) * self.num_classes + pred[known].astype(np.intp)
        elements = None if sample_weight is None else real_array("sample_weight", sample_weight, np.float64).ravel()
        weight = row_weights(elements, len(true))
        flat = None if weight is None else weight[known]
        self.total_cm = self.total_cm + np.bincount(cell, flat, self.total_cm.size).reshape(self.total_cm.shape)

    def _labels(self, values: np.ndarray, sparse: bool) -> np.ndarray:
        return (values if sparse else values.argmax(axis=self.axis)).ravel()

    def result(self) -> float:
        found = np.diag(self.total_cm)
        union = (self.total_cm.sum(axis=0) + self.total_cm.sum(axis=1) - found)[self.target_class_ids]
        there = union > 1e-9
        return float((found[self.target_class_ids][there] / (union[there] + EPSILON)).sum() / (there.sum() + EPSILON))

    def get_config(self) -> dict[str, Any]:
        own = {
            "num_classes": self.num_classes, "target_class_ids": self.target_class_ids,
            "ignore_class": self.ignore_class, "sparse_y_true": self.sparse_y_true,
            "sparse_y_pred": self.sparse_y_pred, "axis": self.axis,
        }  # fmt: skip
        return {**super().get_config(), **own}

    def _config_without(self, *names: str) -> dict[str, Any]:
        """What a subclass that settles some of the arguments itself has left."""
        return {name: value for name, value in IoU.get_config(self).items() if name not in names}


class BinaryIoU(IoU):
    """:class:`IoU` of targets 0 and 1 and scores that are at least a threshold.

    Parameters
    ----------
    target_class_ids : list of int
    threshold : float
    name, dtype
        See :class:`Metric`.

    Examples
    --------
    >>> round(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]), 6)
    0.333333
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> None:
        super().update_state(y_true, rows_of("y_pred", y_pred) >= self.threshold, sample_weight)

    def get_config(self) -> dict[str, Any]:
        own = self._config_without("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")
        return {**own, "threshold": self.threshold}


class MeanIoU(IoU):
    """:class:`IoU` of all classes. Parameters: as of :class:`IoU`.

    Examples
    --------
    >>> round(MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1]), 6)
    0.333333
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        every = range(whole("num_classes", num_classes))
        super().__init__(num_classes, every, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("target_class_ids")


class OneHotIoU(IoU):
    """:class:`IoU` of one-hot targets. Parameters: as of :class:`IoU`.

    Examples
    --------
    >>> round(OneHotIoU(2, [0])([[1, 0], [1, 0], [0, 1]], [[0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]), 6)
    0.333333
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("sparse_y_true")


class OneHotMeanIoU(MeanIoU):
    """:class:`MeanIoU` of one-hot targets. Parameters: as of :class:`IoU`.

    Examples
    --------
    >>> round(OneHotMeanIoU(2)([[1, 0], [1, 0], [0, 1]], [[0.6, 0.4], [0.2, 0.8], [0.7, 0.3]]), 6)
    0.166667
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: Any = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, name, dtype, ignore_class, False, sparse_y_pred, axis)

    def get_config(self) -> dict[str, Any]:
        return self._config_without("target_class_ids", "sparse_y_true")
