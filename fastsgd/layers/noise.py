"""Layers that disturb what goes through them in training, and do nothing in predictions: dropout and noise."""

from __future__ import annotations

from typing import Any

from ..arguments import not_yet, number, whole
from ..program import Op
from .base import Layer


class _Disturbing(Layer):
    """A layer that draws.

    Masks follow from the seed, the number of the update, the layer, the row's place in its batch and the feature: they
    are the same in every engine and on any number of threads.
    """

    step: str  # kind of its Op

    def __init__(self, strength: float, seed: int | None, **settings: Any) -> None:
        super().__init__(**settings)
        self.seed = None if seed is None else whole("seed", seed, -(2**63))
        self._strength = strength

    def op(self) -> Op | None:
        assert self.inputs is not None
        if self._strength == 0:
            return None
        return Op(self.step, self.inputs, self.inputs, constants=(self._strength,), seed=self.seed)

    def _shown(self) -> list[str]:
        return [f"{self._strength:g}"]


class _Dropping(_Disturbing):
    """What layers with a rate have in common."""

    def __init__(self, rate: float, seed: int | None = None, **settings: Any) -> None:
        self.rate = number("rate", rate)
        if not 0 <= self.rate <= 1:
            raise ValueError(
                "Invalid value received for argument `rate`. Expected a float value between 0 and 1. "
                f"Received: rate={rate!r}"
            )
        if self.rate == 1 and self.step != "dropout":
            raise ValueError(f"rate must be below 1, got {rate!r}")
        super().__init__(self.rate, seed, **settings)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


class Dropout(_Dropping):
    """Sets a random part of the inputs to 0 in training, and scales the others by 1 / (1 - rate).

    Parameters
    ----------
    rate : float from 0 to 1
        Probability of each number to be dropped.
    noise_shape
        Not supported yet.
    seed : int, optional
        Of the draws; by default they follow from the model's.
    name, input_shape, input_dim
        See :class:`Layer`.

    Raises
    ------
    TypeError, ValueError
        An argument of another kind, or out of range.
    """

    step = "dropout"

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **settings: Any) -> None:
        not_yet(noise_shape=noise_shape)
        super().__init__(rate, seed, **settings)


class AlphaDropout(_Dropping):
    """Dropout for SELU networks (Klambauer et al., 2017): mean and variance stay as they are. See :class:`Dropout`."""

    step = "alpha_dropout"

    def __init__(self, rate: float, noise_shape: Any = None, seed: int | None = None, **settings: Any) -> None:
        not_yet(noise_shape=noise_shape)
        super().__init__(rate, seed, **settings)


class GaussianDropout(_Dropping):
    """Multiplies by normal noise of mean 1 and standard deviation sqrt(rate / (1 - rate)) in training.

    Parameters are those of :class:`Dropout`, with a rate below 1.
    """

    step = "gaussian_dropout"


class GaussianNoise(_Disturbing):
    """Adds normal noise of mean 0 in training.

    Parameters
    ----------
    stddev : float >= 0
        Its standard deviation.
    seed, name, input_shape, input_dim
        As for :class:`Dropout`.
    """

    step = "gaussian_noise"

    def __init__(self, stddev: float, seed: int | None = None, **settings: Any) -> None:
        self.stddev = number("stddev", stddev, 0)
        super().__init__(self.stddev, seed, **settings)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}
