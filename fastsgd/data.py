"""The user's x and y -> rows that an engine can read: real numbers of one dtype, finite, elements of a row contiguous.

Nothing is copied that can be read where it stands: the distance between rows is free, so ``x[:, :-1]``, every second
row, a memory map or a read-only array are taken as they are. Nothing is ever written to.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .arguments import number, whole
from .engines.finite import one_thread, total_is_finite

CHUNK = 1 << 16  # elements looked at in one go
KINDS = {
    "O": "Python objects", "c": "complex numbers", "U": "text", "S": "bytes", "T": "text",
    "M": "dates", "m": "time differences", "V": "records",
}  # fmt: skip


def to_array(name: str, value: Any) -> np.ndarray:
    """Anything with numbers in it as an array, without a copy where it is one.

    Raises
    ------
    TypeError
        What it holds are no real numbers, or it is sparse, or cannot be an array at all.
    ValueError
        It is ragged, or a masked array with masked entries.
    """
    masked = sys.modules.get("numpy.ma")  # not imported yet: then nobody made one
    if masked is not None and type(value) is not np.ndarray and masked.is_masked(value):
        raise ValueError(f"{name} has masked entries; fill or drop them first")
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name} cannot be made an array: {error}") from None
    if array.dtype.kind == "O" and hasattr(value, "to_numpy"):
        array = _from_nullable(value, array)
    if array.dtype.kind == "O" and hasattr(value, "toarray"):
        raise TypeError(f"{name} is sparse ({type(value).__name__}); pass what its toarray() returns")
    if array.dtype.kind not in "biuf":
        what = KINDS.get(array.dtype.kind, "something else")
        hint = f" ({type(value).__name__})" if array.dtype.kind == "O" else ""
        raise TypeError(f"{name} must hold real numbers, it holds {what}{hint}, dtype {array.dtype}")
    return array


def _from_nullable(value: Any, array: np.ndarray) -> np.ndarray:
    """A pandas object with columns of numbers, some of pandas' own dtypes: what is missing there becomes NaN."""
    dtypes: Any = getattr(value, "dtypes", None)
    if all(getattr(dtype, "kind", "O") in "biuf" for dtype in (dtypes if hasattr(dtypes, "__iter__") else [dtypes])):
        return np.asarray(value.to_numpy(dtype=np.float64, na_value=np.nan))
    return array


def readable(array: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Rows (n, columns) as engines read them; a copy only if dtype, byte order, alignment or last stride demand it."""
    elements_adjoin = array.strides[1] == array.itemsize or array.shape[1] == 1
    if array.dtype == dtype and array.flags.aligned and elements_adjoin:
        return array
    with np.errstate(all="ignore"):  # what does not fit the dtype is found by check_finite
        return array.astype(dtype, order="C")


def check_finite(
    name: str, rows: np.ndarray, array: np.ndarray, value: Any, threads: Callable[[], int] = one_thread
) -> None:
    """No NaN and no infinity, also none that came of the cast from ``array`` to ``rows``; in constant memory.

    Raises
    ------
    ValueError
        Naming the column and the first row of it.
    """
    if total_is_finite(rows, threads):
        return
    step = max(1, CHUNK // max(1, rows.shape[1]))
    for start in range(0, len(rows), step):
        bad = ~np.isfinite(rows[start : start + step])
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            row += start
            labels = getattr(value, "columns", None)  # a data frame's
            label = f"column {column if labels is None else repr(labels[column])}"
            was = array[row, column]
            what = f"holds {was}" if not np.isfinite(was) else f"holds {was}, which is too large for {rows.dtype}"
            raise ValueError(f"{name} {what} in row {row}, {label}; it must be finite")


def features(
    x: Any,
    inputs: int | None,
    dtype: np.dtype | None,
    *,
    name: str = "x",
    finite: bool = True,
    threads: Callable[[], int] = one_thread,
) -> np.ndarray:
    """The rows of x.

    Parameters
    ----------
    x : array_like, shape (n, inputs)
    inputs : int or None
        Features that are wanted; None: any.
    dtype : numpy.dtype or None
        float32 or float64, of the result; None: as it is.
    name : str
        What the argument is called in messages.
    finite : bool
        Refuse NaN and infinities.
    threads : callable
        How many may look for them; asked if there are many numbers.

    Raises
    ------
    TypeError
        No real numbers.
    ValueError
        Not two-dimensional, no rows, no or other features than wanted, or not finite.
    """
    array = to_array(name, x)
    if array.ndim != 2:
        hint = "; reshape(-1, 1) makes it one feature, reshape(1, -1) one row" if array.ndim == 1 else ""
        raise ValueError(
            f"{name} must have shape (rows, features), it has {array.ndim} dimensions, shape {array.shape}{hint}"
        )
    if len(array) == 0:
        raise ValueError(f"{name} has 0 rows, shape {array.shape}")
    if array.shape[1] == 0:
        raise ValueError(f"{name} has 0 features, shape {array.shape}")
    if inputs is not None and array.shape[1] != inputs:
        raise ValueError(f"{name} has {array.shape[1]} features, the model takes {inputs}")
    rows = array if dtype is None else readable(array, dtype)
    if finite and array.dtype.kind == "f":
        check_finite(name, rows, array, x, threads)
    return rows


def targets(
    y: Any, rows: int, columns: int, dtype: np.dtype, *, name: str = "y", x_name: str = "x", takes: str = ""
) -> np.ndarray:
    """The rows of y, of shape (rows, columns); a y of shape (rows,) is one column.

    Parameters
    ----------
    y : array_like
    rows, columns : int
        That are wanted.
    dtype : numpy.dtype
        Of the result.
    name, x_name : str
        What y and x are called in messages.
    takes : str
        What the model takes, for the message about columns.

    Raises
    ------
    TypeError
        No real numbers.
    ValueError
        Other rows or columns than wanted, or not finite.
    """
    array = to_array(name, y)
    if array.ndim not in (1, 2):
        raise ValueError(
            f"{name} must have shape (rows,) or (rows, outputs), it has {array.ndim} dimensions, shape {array.shape}"
        )
    if len(array) != rows:
        raise ValueError(f"{name} has {len(array)} rows, {x_name} has {rows}")
    table = array[:, np.newaxis] if array.ndim == 1 else array
    if table.shape[1] != columns:
        raise ValueError(
            f"{name} has {table.shape[1]} {'column' if table.shape[1] == 1 else 'columns'}, shape {array.shape}; "
            f"{takes or f'{columns} wanted'}"
        )
    result = readable(table, dtype)
    if array.dtype.kind == "f":
        check_finite(name, result, table, y)
    return result


def row_weights(weights: Any, rows: int, dtype: np.dtype, *, name: str = "sample_weight") -> np.ndarray:
    """How much each row counts, of shape (rows,), contiguous.

    Raises
    ------
    TypeError
        No real numbers.
    ValueError
        Not one for each row, negative, or not finite.
    """
    array = to_array(name, weights)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (rows,):
        raise ValueError(f"{name} has shape {array.shape}; it must be one number for each of the {rows} rows")
    table = array[:, np.newaxis]
    check_finite(name, readable(table, dtype), table, weights)
    if (array < 0).any():
        row = int(np.argmax(array < 0))
        raise ValueError(f"{name} holds {array[row]} in row {row}; weights must be at least 0")
    return np.ascontiguousarray(array, dtype)


def class_weights(class_weight: Any, y: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The weights of rows by the classes of their targets, 1 for those that are not named.

    Parameters
    ----------
    class_weight : mapping of int to float
    y : numpy.ndarray, shape (n, columns)
        Numbers of classes in one column, or a column for each class, of which the largest counts.

    Raises
    ------
    TypeError, ValueError
        No such mapping, or a weight that is negative or not finite.
    """
    if not isinstance(class_weight, Mapping):
        raise TypeError(f"class_weight must be a dict from classes to weights, as in {{0: 1.0}}, got {class_weight!r}")
    found = {}
    for label, weight in class_weight.items():
        found[whole("a class in class_weight", label, 0)] = number(f"class_weight[{label!r}]", weight, 0)
    classes = np.rint(y[:, 0]).astype(np.int64) if y.shape[1] == 1 else y.argmax(axis=1)
    weights = np.ones(len(y), dtype)
    for label, weight in found.items():
        weights[classes == label] = weight
    return weights
