"""What a fit is to do: its arguments, checked, and the rows it trains on and validates with."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Container
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import recording
from .arguments import flag, fraction, is_due, rows_of_batch, whole
from .engines.reference import row_order
from .evaluation import Rows, first_batches

RowsOf = Callable[..., Rows]


@dataclass(frozen=True)
class Plan:
    """Checked arguments of a fit.

    Parameters
    ----------
    train : Rows
    validation : Rows or None
    batch_size, epochs, initial_epoch : int
    shuffle : bool
    validation_freq : int or container of int
        Validate after every so many epochs, or after those epochs (from 1).
    validation_batch_size : int
        What callbacks see of validation as a batch.
    steps_per_epoch : int or None
        Batches of an epoch; None: all.
    record : tuple of str
        What the history shall have beside loss and metrics: names of :mod:`fastsgd.recording`.
    """

    train: Rows
    validation: Rows | None
    batch_size: int
    epochs: int
    initial_epoch: int = 0
    shuffle: bool = True
    validation_freq: int | Container[int] = 1
    validation_batch_size: int = 32
    steps_per_epoch: int | None = None
    record: tuple[str, ...] = ()

    @property
    def batches(self) -> int:
        """Batches in a pass over all rows."""
        return -(-len(self.train) // self.batch_size)

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return self.steps_per_epoch or self.batches

    def params(self) -> dict[str, Any]:
        """What callbacks and the history are told."""
        return {
            "epochs": self.epochs,
            "steps": self.steps,
            "batch_size": self.batch_size,
            "samples": len(self.train),
            "validation_freq": self.validation_freq,
        }

    def validates_after(self, epoch: int) -> bool:
        """Whether epoch (from 0) is followed by validation."""
        return self.validation is not None and is_due(epoch, self.validation_freq)


def make_plan(
    rows_of: RowsOf,
    x: Any,
    y: Any,
    *,
    batch_size: Any,
    epochs: Any,
    initial_epoch: Any,
    shuffle: Any,
    validation_split: Any,
    validation_data: Any,
    validation_freq: Any,
    validation_batch_size: Any,
    validation_shuffle: Any,
    class_weight: Any,
    sample_weight: Any,
    steps_per_epoch: Any,
    validation_steps: Any,
    record: Any,
    split_seed: int,
) -> Plan:
    """Check the arguments of ``fit``, which see, and then the data.

    Parameters
    ----------
    rows_of : callable
        ``rows_of(x, y, sample_weight, class_weight, of="")`` -> the user's data as :class:`Rows`; ``of`` says in
        messages of what they are.
    split_seed : int
        Of the choice of rows by validation_shuffle.

    Raises
    ------
    TypeError, ValueError
        An argument, or data, that cannot be.
    """
    epochs, initial_epoch = whole("epochs", epochs, 0), whole("initial_epoch", initial_epoch, 0)
    rows_of_batch("batch_size", batch_size, 1)  # how many rows there are is not known yet
    rows_of_batch("validation_batch_size", validation_batch_size, 1)
    if steps_per_epoch is not None:
        steps_per_epoch = whole("steps_per_epoch", steps_per_epoch)
    if validation_steps is not None:
        validation_steps = whole("validation_steps", validation_steps)
    record = recording.wanted(record)
    shuffle, validation_shuffle = flag("shuffle", shuffle), flag("validation_shuffle", validation_shuffle)
    part = fraction("validation_split", validation_split)
    if not isinstance(validation_freq, Container) or isinstance(validation_freq, str):
        validation_freq = whole("validation_freq", validation_freq)
    given = None if validation_data is None else _given(validation_data)

    train, validation = rows_of(x, y, sample_weight, class_weight), None
    if given is not None:
        validation = rows_of(*given, of=" of validation_data")
    elif part:
        train, validation = split(train, part, split_order(split_seed, len(train)) if validation_shuffle else None)
        if class_weight is not None:
            validation = replace(validation, weights=None)
    batch_size = rows_of_batch("batch_size", batch_size, len(train))
    if validation_batch_size is None:
        validation_batch_size = batch_size
    if validation is not None:
        validation_batch_size = rows_of_batch("validation_batch_size", validation_batch_size, len(validation))
        if validation_steps is not None:
            validation = first_batches("validation_steps", validation, validation_steps, validation_batch_size)
    shuffle = shuffle and batch_size < len(train)  # one batch is the same sum in any order
    plan = Plan(
        train, validation, batch_size, epochs, initial_epoch, shuffle, validation_freq, validation_batch_size,
        steps_per_epoch, record,
    )  # fmt: skip
    if plan.batches % plan.steps:
        warnings.warn(
            f"steps_per_epoch={steps_per_epoch} does not divide the {plan.batches} batches of a pass over all rows: "
            f"the last epoch of every pass has only {plan.batches % plan.steps}",
            stacklevel=3,
        )
    return plan


def _given(validation_data: Any) -> tuple[Any, Any, Any]:
    """x, y and sample_weight, or None for it."""
    if not isinstance(validation_data, (tuple, list)) or len(validation_data) not in (2, 3):
        raise ValueError(
            f"validation_data must be a tuple (x, y) or (x, y, sample_weight), got {type(validation_data).__name__}"
        )
    return validation_data[0], validation_data[1], validation_data[2] if len(validation_data) == 3 else None


# -- Splitting -------------------------------------------------------------------------------------------------------
def split(rows: Rows, validation_split: float, order: np.ndarray | None) -> tuple[Rows, Rows]:
    """The rows to train on, and the last ``validation_split`` of them, to validate with.

    Parameters
    ----------
    rows : Rows
    validation_split : float
        In (0, 1); the first ``floor(n * (1 - validation_split))`` rows are trained on.
    order : numpy.ndarray or None
        Which rows are "first": an order of all rows. Within each part they keep theirs. None: as they stand; warns if
        the targets of the last rows are mostly outside the range of the others'.

    Raises
    ------
    ValueError
        One of the parts is empty.
    """
    n = len(rows)
    at = math.floor(n * (1.0 - validation_split))
    if not 0 < at < n:
        raise ValueError(
            f"validation_split={validation_split:g} of {n} rows leaves {at} to train on and {n - at} to validate with"
        )
    if order is not None:
        first, last = np.sort(order[:at]), np.sort(order[at:])
        return rows.part(first), rows.part(last)
    parts = rows.part(slice(0, at)), rows.part(slice(at, n))
    outside = (parts[1].y < parts[0].y.min(axis=0)) | (parts[1].y > parts[0].y.max(axis=0))
    if outside.mean(axis=0).max() > 0.5:
        warnings.warn(
            "most targets of the validation rows (the last ones) lie outside the range of the training rows' targets: "
            "the data seem to be sorted. Shuffle the rows first, or pass validation_shuffle=True",
            stacklevel=4,
        )
    return parts


def split_order(seed: int, n: int) -> np.ndarray:
    """The order of n rows whose last ones validate: that of an epoch which no training reaches."""
    return row_order(n, seed, 2**63)
