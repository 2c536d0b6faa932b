"""Layers that bring features to another scale, before the network learns anything of them.

At the beginning of a model they are applied to the rows once, in float64, when ``fit`` or ``predict`` begins: they cost
an epoch nothing, and the rows of a fit are copied. Further on, they are a step of the network.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..data import features
from ..losses import real_array
from ..program import Op
from ..scaling import Moments, Standard
from .base import Layer


class Preprocessing(Layer):
    """Base of layers that are an affine function of every feature."""

    def apply(self, rows: np.ndarray) -> np.ndarray:
        """What comes out for rows in float64."""
        raise NotImplementedError

    def check_features(self, features: int) -> None:
        """ValueError if the layer has numbers for more or fewer features."""
        raise NotImplementedError

    @property
    def leads(self) -> bool:
        """Nothing but layers of this kind comes before it in its model."""
        return self.model is not None and self in self.model.preprocessing

    def terms(self) -> tuple[Any, Any, Any]:
        """Shift, factor and summand: ``(rows - shift) * factor + summand``; numbers, or one for every feature."""
        raise NotImplementedError

    def check_inputs(self, inputs: int | None) -> None:
        super().check_inputs(inputs)
        if inputs is not None:
            self.check_features(inputs)

    def op(self) -> Op | None:
        if self.leads:
            return None
        assert self.inputs is not None
        terms = np.array([np.broadcast_to(np.ravel(term), self.inputs) for term in self.terms()])
        if np.ptp(terms, axis=1).any():
            return Op("scaling", self.inputs, self.inputs, constants=tuple(terms.ravel().tolist()))
        shift, factor, summand = terms[:, 0].tolist()
        line = factor, summand - shift * factor
        return Op("activation", self.inputs, self.inputs, activation="affine", constants=line)

    def __call__(self, inputs: Any, training: bool = False) -> np.ndarray:
        """What comes out for an array of shape (..., features): float32 where that comes in, else float64."""
        array = real_array("inputs", inputs)
        return np.asarray(self.apply(array.astype(np.float64)), array.dtype)


class Rescaling(Preprocessing):
    """``inputs * scale + offset``.

    Parameters
    ----------
    scale : float or array_like, shape (features,)
    offset : float or array_like, shape (features,)
    name, input_shape, input_dim, dtype
        See :class:`Layer`.

    Raises
    ------
    TypeError, ValueError
        No finite numbers; of another shape than the features.

    Examples
    --------
    >>> Rescaling(1 / 127.5, offset=-1)(np.float32([0, 127.5, 255]))
    array([-1.,  0.,  1.], dtype=float32)
    """

    def __init__(
        self,
        scale: Any,
        offset: Any = 0.0,
        *,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape, input_dim=input_dim, dtype=dtype)
        self.scale, self.offset = scale, offset
        self._scale, self._offset = numbers("scale", scale), numbers("offset", offset)

    def check_features(self, features: int) -> None:
        for what, values in (("scale", self._scale), ("offset", self._offset)):
            if values.size not in (1, features) or (values.ndim and values.shape[-1] != values.size):
                raise ValueError(
                    f"{what} of layer {self.name!r} has shape {values.shape}, its inputs have {features} features"
                )

    def apply(self, rows: np.ndarray) -> np.ndarray:
        self.check_features(rows.shape[-1])
        return rows * self._scale + self._offset

    def terms(self) -> tuple[Any, Any, Any]:
        return 0.0, self._scale, self._offset

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "scale": self._scale.tolist(), "offset": self._offset.tolist()}

    def _shown(self) -> list[str]:
        return [repr(self.scale), repr(self.offset)]


class Normalization(Preprocessing):
    """``(inputs - mean) / sqrt(variance)``, by feature. A feature of variance 0 is only shifted.

    Mean and variance are given, learned by :meth:`adapt`, or else by the first ``fit``: from the rows trained on, not
    from those that validate. (Keras must be told by ``adapt``, and divides by 1e-7 at least.) ``fit`` teaches only
    those at the beginning of a model; elsewhere what does not know mean and variance changes nothing.

    Parameters
    ----------
    axis : {-1, 1, None}
        -1: each feature has its own mean and variance. None: all have the same.
    mean, variance : float or array_like, shape (features,), optional
        Both or neither.
    invert : bool
        The other way round, ``inputs * sqrt(variance) + mean``.
    name, input_shape, input_dim, dtype
        See :class:`Layer`.

    Attributes
    ----------
    mean, variance : numpy.ndarray or None
        Shape (features,), or (1,) where all have the same; None as long as they are not known. They are weights of
        the model, with the number of rows as the third.

    Raises
    ------
    TypeError, ValueError
        An argument of another kind or out of range; one of mean and variance without the other.

    Examples
    --------
    >>> layer = Normalization()
    >>> layer.adapt(np.array([[0.0, 7.0, 4.0], [2.0, 9.0, 6.0], [0.0, 7.0, 4.0], [2.0, 9.0, 6.0]]))
    >>> layer([[0.0, 7.0, 4.0]])
    array([[-1., -1., -1.]])
    """

    def __init__(
        self,
        axis: int | Sequence[int] | None = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        *,
        name: str | None = None,
        input_shape: Any = None,
        input_dim: int | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, input_shape=input_shape, input_dim=input_dim, dtype=dtype)
        axes = () if axis is None else tuple(axis) if isinstance(axis, Sequence) else (axis,)
        if axes not in ((), (-1,), (1,)):
            raise ValueError(f"axis must be -1 or 1 (each feature by itself), or None (all together), got {axis!r}")
        if (mean is None) != (variance is None):
            raise ValueError(
                "When setting values directly, both `mean` and `variance` must be set. "
                f"Received: mean={mean} and variance={variance}"
            )
        self.axis, self.invert = axes, bool(invert)
        self.given = mean is not None
        self.count = 0
        self.mean: np.ndarray | None = None
        self.variance: np.ndarray | None = None
        if self.given:
            self.mean, self.variance = (
                np.atleast_1d(numbers(n, v)) for n, v in (("mean", mean), ("variance", variance))
            )
            if self.mean.shape != self.variance.shape or self.mean.ndim != 1:
                raise ValueError(
                    "When setting values directly, `mean` and `variance` must have the same shape. Received: "
                    f"mean shape {np.shape(mean)} and variance shape {np.shape(variance)}"
                )
            if (self.variance < 0).any():
                raise ValueError(f"variance must be at least 0, got {variance!r}")

    @property
    def adapted(self) -> bool:
        """Mean and variance are known."""
        return self.mean is not None

    def adapt(self, data: Any) -> None:
        """Learn mean and variance, anew.

        Parameters
        ----------
        data : array_like, shape (n, features), or an iterator of such
            Real numbers of any dtype.

        Raises
        ------
        TypeError, ValueError
            Data that cannot be, or mean and variance were given.
        """
        if self.given:
            raise ValueError(f"layer {self.name!r} was given its mean and variance, there is nothing to adapt")
        moments = Moments()
        for part in data if isinstance(data, Iterator) else [data]:
            known = moments.mean.size or self.inputs
            moments.add(features(part, known, None, name="data"))
        self.take(moments)

    def take(self, moments: Moments) -> None:
        """Learn mean and variance from moments."""
        if not moments.count:
            raise ValueError(f"layer {self.name!r} cannot adapt to no rows at all")
        mean, variance, self.count = moments.mean, moments.variance, moments.count
        if not self.axis:
            mean, variance = moments.mean.mean(keepdims=True), moments.variance + moments.mean**2
            variance = (moments.variance + (moments.mean - mean) ** 2).mean(keepdims=True)
            self.count *= moments.mean.size
        self.mean, self.variance = mean, variance

    def check_features(self, features: int) -> None:
        if self.mean is not None and self.mean.size not in (1, features):
            raise ValueError(
                f"layer {self.name!r} has mean and variance of {self.mean.size} features, its inputs have {features}"
            )

    def apply(self, rows: np.ndarray) -> np.ndarray:
        if self.mean is None or self.variance is None:
            return rows
        self.check_features(rows.shape[-1])
        scale = Standard(self.mean, self.variance)
        return scale.back(rows) if self.invert else scale.to(rows)

    def terms(self) -> tuple[Any, Any, Any]:
        if self.mean is None or self.variance is None:
            return 0.0, 1.0, 0.0
        deviation = Standard(self.mean, self.variance).deviation
        return (0.0, deviation, self.mean) if self.invert else (self.mean, 1 / deviation, 0.0)

    # -- Weights that the layer keeps itself
    def kept_shapes(self) -> dict[str, tuple[int, ...]]:
        if self.given or self.inputs is None:
            return {}
        shape = (self.inputs if self.axis else 1,)
        return {"mean": shape, "variance": shape, "count": ()}

    def kept(self) -> list[np.ndarray]:
        shapes = self.kept_shapes()
        if not shapes:
            return []
        if self.mean is None or self.variance is None:
            return [np.zeros(shapes["mean"]), np.ones(shapes["variance"]), np.array(0)]
        return [self.mean.copy(), self.variance.copy(), np.array(self.count)]

    def keep(self, arrays: Sequence[np.ndarray]) -> None:
        mean, variance, count = (np.array(array, np.float64) for array in arrays)
        if int(count) > 0 or (mean != 0.0).any() or (variance != 1.0).any():
            self.mean, self.variance, self.count = mean, variance, int(count)
        else:
            self.mean, self.variance, self.count = None, None, 0

    def get_config(self) -> dict[str, Any]:
        own: dict[str, Any] = {"axis": self.axis[0] if self.axis else None, "invert": self.invert}
        if self.given and self.mean is not None and self.variance is not None:
            own |= {"mean": self.mean.tolist(), "variance": self.variance.tolist()}
        return {**super().get_config(), **own}


def numbers(name: str, values: Any) -> np.ndarray:
    """Finite numbers, in float64.

    Raises
    ------
    TypeError, ValueError
        They are none.
    """
    array = real_array(name, values, np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, got {values!r}")
    return array
