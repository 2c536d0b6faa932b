"""Activations and losses of one's own: objects that stand wherever those of the package do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import losses
from ..activations.elementwise import Choice, OwnActivation, evaluate
from ..losses.arrays import elementwise
from .recipe import Recipe


class CustomActivation(OwnActivation):
    """An activation made of a Python function by :func:`fastsgd.formulas.activation`.

    Called with an array it returns the values there, in float32 for float32 and otherwise in float64.

    Attributes
    ----------
    recipe : Recipe
    settings : dict
        The settings that are not those of the function.
    """

    def __init__(self, recipe: Recipe, settings: Mapping[str, Any] | None = None) -> None:
        self.recipe, self.settings = recipe, dict(settings or {})
        self.__name__ = recipe.name
        self.choice()

    def __call__(self, x: ArrayLike, **settings: Any) -> Any:
        return evaluate(x, self.choice(**settings))

    def choice(self, **settings: Any) -> Choice:
        return Choice(self.recipe.register(), self.recipe.constants({**self.settings, **settings}))

    def using(self, **settings: Any) -> CustomActivation:
        return CustomActivation(self.recipe, {**self.settings, **settings})

    def get_config(self) -> dict[str, Any]:
        """Plain data, from which :meth:`from_config` makes an equal activation without the Python function."""
        return {"recipe": self.recipe.to_config(), "settings": dict(self.settings)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> CustomActivation:
        return cls(Recipe.from_config(config["recipe"]), config["settings"])

    def __repr__(self) -> str:
        return f"<activation {_shown(self.recipe.name, self.settings)}>"


class CustomLoss(losses.Loss):
    """A loss made of a Python function by :func:`fastsgd.formulas.loss`.

    Called with arrays it does what every loss does: ``loss(y_true, y_pred, sample_weight=None)``.

    Attributes
    ----------
    recipe : Recipe
    settings : dict
        The settings that are not those of the function.
    """

    def __init__(
        self,
        recipe: Recipe,
        settings: Mapping[str, Any] | None = None,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name or recipe.name, reduction=reduction, dtype=dtype)
        self.recipe, self.settings = recipe, dict(settings or {})
        self.__name__ = self.name
        recipe.constants(self.settings)

    @property
    def formula(self) -> str:  # type: ignore[override]
        return self.recipe.register()

    @property
    def constants(self) -> tuple[float, ...]:  # type: ignore[override]
        return self.recipe.constants(self.settings)

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> Any:
        return elementwise(self.formula, self.constants, y_true, y_pred)

    def using(self, *, reduction: str | None = "sum_over_batch_size", **settings: Any) -> CustomLoss:
        """The same loss with these settings, and with this reduction."""
        return CustomLoss(self.recipe, {**self.settings, **settings}, reduction, self.name, self.dtype)

    def get_config(self) -> dict[str, Any]:
        """Plain data, from which :meth:`from_config` makes an equal loss without the Python function."""
        return {**super().get_config(), "recipe": self.recipe.to_config(), "settings": dict(self.settings)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> CustomLoss:
        return cls(**{**config, "recipe": Recipe.from_config(config["recipe"])})

    def __repr__(self) -> str:
        return f"<loss {_shown(self.recipe.name, self.settings)}>"


def _shown(name: str, settings: Mapping[str, Any]) -> str:
    return f"{name}({', '.join(f'{k}={v!r}' for k, v in settings.items())})" if settings else name
