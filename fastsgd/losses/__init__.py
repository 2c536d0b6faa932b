"""Losses: how far predictions are from targets.

The values come from the formulas in ``kernels/losses.py``, which are those that the engines train with; here they are
evaluated on NumPy arrays, with Keras 3's call signatures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import absent
from ..identifiers import instance, serialized
from ..names import lookup
from .arrays import real_array, same_rank, settled
from .base import MEANS, REDUCTIONS, FunctionLoss, Loss, Terms
from .binary import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    Hinge,
    SquaredHinge,
    binary_crossentropy,
    binary_focal_crossentropy,
    hinge,
    squared_hinge,
)
from .categorical import (
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalHinge,
    SparseCategoricalCrossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    sparse_categorical_crossentropy,
)
from .distributions import (
    GaussianNLL,
    KLDivergence,
    Poisson,
    Quantile,
    gaussian_nll,
    kl_divergence,
    poisson,
    quantile,
)
from .regression import (
    Huber,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    huber,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
)
from .similarity import (
    CosineSimilarity,
    Dice,
    Tversky,
    cosine_similarity,
    dice,
    tversky,
)

mse = MSE = mean_squared_error
mae = MAE = mean_absolute_error
mape = MAPE = mean_absolute_percentage_error
msle = MSLE = mean_squared_logarithmic_error
bce = BCE = binary_crossentropy
kld = KLD = kullback_leibler_divergence = kl_divergence
logcosh = log_cosh
pinball = quantile

__all__ = [
    "ALIASES",
    "BCE",
    "CLASSES",
    "FUNCTIONS",
    "KLD",
    "MAE",
    "MAPE",
    "MEANS",
    "MSE",
    "MSLE",
    "REDUCTIONS",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Dice",
    "FunctionLoss",
    "GaussianNLL",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "Quantile",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Terms",
    "Tversky",
    "bce",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "compiled",
    "cosine_similarity",
    "deserialize",
    "dice",
    "gaussian_nll",
    "get",
    "hinge",
    "huber",
    "kl_divergence",
    "kld",
    "kullback_leibler_divergence",
    "log_cosh",
    "logcosh",
    "mae",
    "mape",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "mse",
    "msle",
    "pinball",
    "poisson",
    "quantile",
    "real_array",
    "same_rank",
    "serialize",
    "settled",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

_CLASSES: tuple[type[FunctionLoss], ...] = (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    CategoricalHinge,
    CosineSimilarity,
    Dice,
    GaussianNLL,
    Hinge,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    Quantile,
    SparseCategoricalCrossentropy,
    SquaredHinge,
    Tversky,
)
FUNCTIONS: dict[str, Callable[..., Any]] = {cls.function.__name__: cls.function for cls in _CLASSES}
CLASSES: dict[str, type[Loss]] = {cls.function.__name__: cls for cls in _CLASSES}
ALIASES = {
    "mse": "mean_squared_error", "mae": "mean_absolute_error", "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error", "bce": "binary_crossentropy", "kld": "kl_divergence",
    "kullback_leibler_divergence": "kl_divergence", "huber_loss": "huber", "pinball": "quantile",
}  # fmt: skip


# -- Names -------------------------------------------------------------------------------------------------------------
def get(identifier: Any) -> Any:
    """A loss by name, as Keras 3 has it.

    Parameters
    ----------
    identifier : str, dict, Loss, function or None
        The name of a function (``"mse"``, ``"mean_squared_error"``) or of a class (``"MeanSquaredError"``), a dict
        ``{"class_name": ..., "config": ...}``, a loss or function (returned as it is), a class.

    Returns
    -------
    Loss, function or None

    Raises
    ------
    ValueError
        Unknown name.
    TypeError
        None of these.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str) and identifier not in {cls.__name__ for cls in CLASSES.values()}:
        return lookup("loss", identifier, FUNCTIONS, ALIASES, absent.LOSSES)
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    return deserialize(identifier)


def serialize(loss: Loss) -> dict[str, Any]:
    """The dict from which :func:`get` makes an equal loss."""
    return serialized(loss)


def deserialize(name: Any, custom_objects: dict[str, type[Loss]] | None = None) -> Loss:
    """The loss that :func:`serialize` made a dict of; ``custom_objects`` are classes of your own by name."""
    if isinstance(name, dict) and name.get("class_name") == "CustomLoss":
        from ..formulas import CustomLoss

        return CustomLoss.from_config(name.get("config") or {})
    return instance("loss", name, Loss, {**CLASSES, **(custom_objects or {})}, ALIASES, absent.LOSSES)


def compiled(identifier: Any) -> Loss:
    """The loss to train with: what :func:`get` takes, and always a :class:`Loss` that has a formula.

    Raises
    ------
    TypeError
        A function or class of the user's own, which no engine can run.
    ValueError
        Unknown name, or a reduction that is not a mean.
    """
    loss = get(identifier)
    for name, function in FUNCTIONS.items():
        if loss is function:
            loss = deserialize(name)
    if getattr(loss, "formula", None) is None:
        raise TypeError(
            f"loss must be one of {', '.join(FUNCTIONS)} to be trained with; {identifier!r} has no "
            "formula, which fastsgd.formulas.loss makes of a function of two numbers"
        )
    if getattr(loss, "axis", -1) != -1:
        raise ValueError(f"loss must have axis=-1 to be trained with, a loss for each row; got {loss!r}")
    if loss.reduction not in MEANS:
        raise ValueError(f"loss must have a reduction of {MEANS} to be trained with, got {loss.reduction!r}")
    return loss


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.LOSSES, [cls.__name__ for cls in CLASSES.values()])
