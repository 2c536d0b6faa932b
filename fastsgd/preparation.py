"""Rows as a network takes them, and its outputs as the user wants them: preprocessing layers and the targets' scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from .data import readable
from .engines.finite import total_is_finite
from .evaluation import Rows
from .layers.preprocessing import Normalization, Preprocessing
from .losses import Loss
from .scaling import Moments, Standard, transformed

SCALABLE = ("mse", "mae", "huber", "log_cosh", "quantile", "quantiles")  # formulas that mean the same on another scale


class TargetScale:
    """The scale that a model's targets are learned on.

    Attributes
    ----------
    wanted : bool
        The targets have a scale of their own.
    standard : Standard or None
        Their mean and variance; None: not known yet, or not wanted.
    """

    def __init__(self) -> None:
        self.wanted = False
        self.standard: Standard | None = None

    def choose(self, wanted: bool, loss: Loss | None) -> None:
        """Whether targets are to have a scale; one that they have already stays.

        Raises
        ------
        ValueError
            The loss has no meaning for targets on another scale.
        """
        if wanted and loss is not None and loss.formula not in SCALABLE:
            raise ValueError(
                f"scale_target wants one of the losses {', '.join(SCALABLE)}; targets of {loss.name!r} have a scale "
                "that must not be changed"
            )
        self.wanted = wanted
        if not wanted:
            self.standard = None

    def learn(self, y: np.ndarray) -> None:
        """Take mean and variance of the targets' columns, unless they are known."""
        if self.wanted and self.standard is None:
            moments = Moments()
            moments.add(y)
            self.standard = Standard(moments.mean, moments.variance)

    def restored(self, outputs: np.ndarray) -> np.ndarray:
        """Outputs in the user's units; those of several quantiles come in blocks of as many as there are targets."""
        if self.standard is None:
            return outputs
        blocks = outputs.shape[1] // len(self.standard.mean)
        mean, deviation = np.tile(self.standard.mean, blocks), np.tile(self.standard.deviation, blocks)
        return np.asarray(outputs * deviation + mean, outputs.dtype)


def learn(layers: Sequence[Preprocessing], rows: np.ndarray) -> None:
    """Let the layers that know no mean and variance yet learn them from these rows, one after the other."""
    for i, layer in enumerate(layers):
        if isinstance(layer, Normalization) and not layer.adapted:
            moments = Moments()
            moments.add(rows, [below.apply for below in layers[:i]])
            layer.take(moments)


def applied(layers: Sequence[Preprocessing], rows: np.ndarray, dtype: np.dtype, name: str = "x") -> np.ndarray:
    """Rows after the layers; NaN stays.

    Raises
    ------
    ValueError
        What was finite is not, in this dtype.
    """
    result = transformed(rows, [layer.apply for layer in layers], dtype)
    if total_is_finite(result):
        return result
    bad = np.isfinite(rows) & ~np.isfinite(result)
    if bad.any():
        row, column = (int(i) for i in np.argwhere(bad)[0])
        names = ", ".join(repr(layer.name) for layer in layers)
        raise ValueError(
            f"{name} holds {rows[row, column]} in row {row}, column {column}: what the layers {names} make of it is "
            f"too large for {dtype}"
        )
    return result


def prepared(rows: Rows, layers: Sequence[Preprocessing], scale: TargetScale, dtype: np.dtype, of: str = "") -> Rows:
    """Rows as the network takes them."""
    changes: dict[str, Any] = {}
    if layers:
        changes["x"] = applied(layers, rows.x, dtype, f"x{of}")
    if scale.standard is not None:
        changes |= {"y": transformed(rows.y, [scale.standard.to], dtype), "truth": rows.y}
    elif rows.y.dtype != dtype and rows.y.dtype.kind == "f":
        changes |= {"y": readable(rows.y, dtype), "truth": rows.y}
    return replace(rows, **changes) if changes else rows
