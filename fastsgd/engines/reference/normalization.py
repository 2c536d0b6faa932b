"""Layer and batch normalization: a = gamma h + beta, h = (x - mean) / sqrt(variance + epsilon)."""

from __future__ import annotations

from typing import Any

import numpy as np

from .layers import Layer, Moment


class _Normalization(Layer):
    """gamma and beta, which both have."""

    def forward(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, Any]:
        h, inverse = self.normalize(x, moment)
        a = h * self.weights["gamma"] if self.op.use_scale else h
        return a + self.weights["beta"] if self.op.use_bias else a, (h, inverse)

    def normalize(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, np.ndarray]:
        """h, and 1 / sqrt(variance + epsilon)."""
        raise NotImplementedError

    def standardize(self, x: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """h, 1 / sqrt(variance + epsilon), mean and variance, along an axis."""
        mean = x.mean(axis, keepdims=True)
        variance = ((x - mean) ** 2).mean(axis, keepdims=True)
        inverse = self._inverse(variance)
        return (x - mean) * inverse, inverse, mean, variance

    def _inverse(self, variance: np.ndarray) -> np.ndarray:
        return 1 / np.sqrt(variance + self.dtype.type(self.op.constants[0]))

    def backward(self, Da: np.ndarray, kept: Any, first: bool, below: bool) -> np.ndarray:
        h, inverse = kept
        if self.op.use_scale:
            self.learn("gamma", (Da * h).sum(axis=0), first)
        if self.op.use_bias:
            self.learn("beta", Da.sum(axis=0), first)
        return self.through_mean(Da * self.weights["gamma"] if self.op.use_scale else Da, h) * inverse

    def through_mean(self, Dh: np.ndarray, h: np.ndarray, axis: int = 1) -> np.ndarray:
        """Dh without what mean and variance take away."""
        return Dh - Dh.mean(axis, keepdims=True) - h * (Dh * h).mean(axis, keepdims=True)


class LayerNorm(_Normalization):
    """Mean and variance are those of a row."""

    def normalize(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, np.ndarray]:
        return self.standardize(x, axis=1)[:2]


class BatchNorm(_Normalization):
    """Mean and variance are those of a column over the batch; without training, and frozen, the moving ones."""

    def normalize(self, x: np.ndarray, moment: Moment | None) -> tuple[np.ndarray, np.ndarray]:
        moving_mean, moving_variance = self.weights["moving_mean"], self.weights["moving_variance"]
        if moment is None or not self.op.trainable:
            inverse = self._inverse(moving_variance)
            return (x - moving_mean) * inverse, inverse
        h, inverse, mean, variance = self.standardize(x, axis=0)
        momentum = self.dtype.type(self.op.constants[1])
        new = self.dtype.type(1 - self.op.constants[1])
        moving_mean[:] = moving_mean * momentum + mean[0] * new
        moving_variance[:] = moving_variance * momentum + variance[0] * new
        return h, inverse

    def through_mean(self, Dh: np.ndarray, h: np.ndarray, axis: int = 0) -> np.ndarray:
        return super().through_mean(Dh, h, axis=0) if self.op.trainable else Dh
