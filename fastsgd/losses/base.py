"""What all losses are made of: reductions, weights, settings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ..identifiers import Configured
from ..program import Op
from .arrays import real_array, same_rank
from .checks import probabilities

SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
MEANS = (SUM_OVER_BATCH_SIZE, "mean", "mean_with_sample_weight")
REDUCTIONS = (*MEANS, "sum", "none", None)


@dataclass(frozen=True)
class Terms:
    """What an engine is told of a loss: fields of :class:`fastsgd.program.Program`, by their names there."""

    loss: str
    loss_constants: tuple[float, ...] = ()
    loss_elements: int | None = None
    targets: int | None = None
    labels: bool = False
    on_logits: bool = False


class Loss(Configured):
    """Base of all losses. A subclass that overrides ``call(y_true, y_pred)`` can be used alone on arrays.

    Parameters
    ----------
    name : str, optional
        By default the name of the class.
    reduction : {"sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None}
        What becomes of the losses of the samples: the mean over them (``"sum_over_batch_size"`` and ``"mean"``: the
        divisor is their number, not the sum of weights), their sum, the sum divided by the sum of weights, or nothing.
    dtype : {None, "float32", "float64"}
        Of the computation; None: float32 if the predictions are, else float64.

    Raises
    ------
    ValueError
        An unknown reduction or dtype.

    Attributes
    ----------
    formula : str or None
        Name of the loss in ``kernels/losses.py`` or ``kernels/row_losses.py`` that the engines train with; None: the
        loss is for arrays only.
    constants : tuple of float
        The formula's parameters.
    takes : str
        What targets the loss takes, for messages.
    """

    formula: str | None = None
    constants: tuple[float, ...] = ()
    takes: str = ""

    # -- For training
    def terms(self, outputs: int, last: Op) -> Terms:
        """What an engine is told, for a network with so many outputs and this last step.

        Raises
        ------
        ValueError
            The loss has no meaning for so many outputs.
        """
        assert self.formula is not None
        return Terms(self.formula, self.constants)

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        """Targets (n, columns) as the formula takes them: ``y`` itself unless something has to be done to it.

        Raises
        ------
        ValueError
            Targets that the loss has no meaning for; ``name`` is what the message calls them.
        """
        return y

    # -- On arrays

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        if reduction not in REDUCTIONS:
            raise ValueError(
                f"Invalid value for argument `reduction`. Expected one of {REDUCTIONS}. "
                f"Received: reduction={reduction!r}"
            )
        if dtype is not None and np.dtype(dtype) not in (np.float32, np.float64):
            raise ValueError(f"dtype of a loss must be None, float32 or float64, got {dtype!r}")
        self.name = name or type(self).__name__
        self.reduction = reduction
        self.dtype = None if dtype is None else np.dtype(dtype).name

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> Any:
        """Losses of the samples, shape (n,): what subclasses define."""
        raise NotImplementedError(f"{type(self).__name__} defines no call(y_true, y_pred)")

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """The loss of predictions.

        Parameters
        ----------
        y_true, y_pred : array_like, shape (n, outputs)
            A target of shape (n,) and a prediction of shape (n, 1) belong together.
        sample_weight : array_like, optional
            Scalar, or of a shape that broadcasts to that of the samples' losses, usually (n,).

        Returns
        -------
        float or numpy.ndarray
            The reduced loss; with reduction None the (weighted) losses of the samples, shape (n,).

        Raises
        ------
        TypeError
            Something else than real numbers.
        ValueError
            Shapes that do not fit.
        """
        pred = real_array("y_pred", y_pred, self.dtype)
        true = real_array("y_true", y_true, pred.dtype)
        if true.shape[:1] != pred.shape[:1]:
            raise ValueError(
                f"y_true has shape {true.shape}, y_pred has shape {pred.shape}: they must have the same rows"
            )
        values = np.asarray(self.call(*same_rank(true, pred)))
        weight = None
        if sample_weight is not None:
            values, weight = weighted(values, real_array("sample_weight", sample_weight, pred.dtype))
        counted = self._counted(true)
        if counted is not None:
            part = counted.mean() if self.reduction in MEANS[:2] else 1.0
            own = counted.reshape(values.shape).astype(values.dtype) / (part or 1.0)
            values, weight = values * own, own if weight is None else weight * own
        if self.reduction in (None, "none"):
            return values if values.ndim else float(values)
        total = float(values.sum(dtype=np.float64))
        if self.reduction == "sum":
            return total
        count = float(values.size)
        if self.reduction == "mean_with_sample_weight" and weight is not None:
            count = float(weight.sum(dtype=np.float64))
        return total / count if count else 0.0

    def _counted(self, y_true: np.ndarray) -> np.ndarray | None:
        """Which samples the mean is taken over; None: all."""
        return None

    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal loss."""
        return {"name": self.name, "reduction": self.reduction}

    def __repr__(self) -> str:
        return f"{type(self).__name__}(reduction={self.reduction!r})"


def weighted(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses times weights, and the weights; ValueError where the weights would make the losses more."""
    values, weight = same_rank(values, weight)
    try:
        fits = np.broadcast_shapes(values.shape, weight.shape) == values.shape
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"sample_weight has shape {weight.shape}, the losses of the samples have shape {values.shape}")
    return values * weight, weight


class FunctionLoss(Loss):
    """A loss that is a function of this package with settings, each an attribute and a part of the config."""

    function: ClassVar[Callable[..., Any]]
    settings: ClassVar[tuple[str, ...]] = ()

    def call(self, y_true: np.ndarray, y_pred: np.ndarray) -> Any:
        return type(self).function(y_true, y_pred, **{name: getattr(self, name) for name in self.settings})

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), **{name: getattr(self, name) for name in self.settings}}

    def __repr__(self) -> str:
        settings = [f"{name}={getattr(self, name)!r}" for name in (*self.settings, "reduction")]
        return f"{type(self).__name__}({', '.join(settings)})"


class RowLoss(FunctionLoss):
    """A loss of whole rows, a formula of ``kernels/row_losses.py``."""

    def terms(self, outputs: int, last: Op) -> Terms:
        assert self.formula is not None
        return Terms(self.formula, self.constants, loss_elements=1)


class ShareLoss(RowLoss):
    """A loss of rows whose targets are shares: from 0 to 1."""

    def targets(self, y: np.ndarray, outputs: int, name: str = "y") -> np.ndarray:
        return probabilities(y, name, self.name)
