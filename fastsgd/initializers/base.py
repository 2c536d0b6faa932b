"""What all initializers share: seeds, shapes, dtypes and settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..arguments import whole
from ..identifiers import Configured
from . import draws

Shape = tuple[int, ...]


class Initializer(Configured):
    """Base of all initializers; subclasses override :meth:`values`, or :meth:`__call__` as in Keras.

    Parameters
    ----------
    seed : int >= 0, optional
        Each call with a seed gives the same numbers. Without one, a model draws the numbers from its own generator,
        and a call by itself uses a seed that the initializer then keeps.
    """

    seed: int | None = None  # here too, as a subclass need not call __init__
    _own_seed: int | None = None

    def __init__(self, seed: int | None = None) -> None:
        self.seed = None if seed is None else whole("seed", seed, 0)

    def values(self, shape: Shape, rng: np.random.Generator) -> draws.Floats:
        """The float64 array of this shape, its numbers drawn from ``rng``."""
        raise NotImplementedError(f"{type(self).__name__} defines neither values() nor __call__()")

    def __call__(self, shape: int | Sequence[int], dtype: DTypeLike = "float32") -> NDArray[Any]:
        """An array of this shape.

        Parameters
        ----------
        shape : int or sequence of int
        dtype : a floating-point dtype; None is float32

        Raises
        ------
        ValueError, TypeError
            The shape has a negative number, or something else in it; the dtype is no floating-point one.
        """
        seed = self._own_seed if self.seed is None else self.seed
        if seed is None:
            seed = self._own_seed = int(np.random.SeedSequence().generate_state(1, np.uint64)[0])
        return self.values(_shape(shape), draws.generator(seed)).astype(_dtype(dtype))

    def draw(self, shape: int | Sequence[int], dtype: DTypeLike, rng: np.random.Generator) -> NDArray[Any]:
        """As a call, but without a seed of its own the numbers come from ``rng``: what a model uses."""
        own = type(self).__call__ is not Initializer.__call__ or self.seed is not None
        return _checked(self(shape, dtype=dtype) if own else self.values(_shape(shape), rng), shape, dtype, self)

    def get_config(self) -> dict[str, Any]:
        """The settings as a dict of plain values; ``type(self)(**config)`` is an equal initializer."""
        return {"seed": self.seed}


class FromFunction(Initializer):
    """A user's function ``f(shape, dtype=...)`` that returns an array of this shape."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def __call__(self, shape: int | Sequence[int], dtype: DTypeLike = "float32") -> NDArray[Any]:
        return _checked(self.function(_shape(shape), dtype=_dtype(dtype).name), shape, dtype, self.function)

    def get_config(self) -> dict[str, Any]:
        return {"function": self.function}


def _shape(shape: int | Sequence[int]) -> Shape:
    numbers = tuple(shape) if isinstance(shape, Sequence | np.ndarray) else (shape,)
    return tuple(whole("shape", n, 0) for n in numbers)


def _dtype(dtype: DTypeLike) -> np.dtype[Any]:
    wanted = np.dtype(np.float32 if dtype is None else dtype)
    if wanted.kind != "f":
        raise TypeError(f"dtype must be a floating-point dtype, got {wanted}")
    return wanted


def _checked(array: Any, shape: int | Sequence[int], dtype: DTypeLike, maker: Any) -> NDArray[Any]:
    """A copy of what an initializer returned, which may be somebody else's, if it is fit for weights."""
    result = np.array(array, dtype=_dtype(dtype))
    if result.shape != _shape(shape):
        raise ValueError(f"initializer {maker!r} returned shape {result.shape}, wanted {_shape(shape)}")
    return result
