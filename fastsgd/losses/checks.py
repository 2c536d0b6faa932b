"""What losses ask of targets before anything is trained with them.

``name`` is what messages call the targets, ``loss`` the loss.
"""

from __future__ import annotations

import numpy as np

from ..arguments import number


def at_least_0(y: np.ndarray, name: str, loss: str) -> np.ndarray:
    """The targets; ValueError if there are negative ones."""
    least = y.min()
    if least < 0:
        raise ValueError(f"{name} holds {least:g}; the loss {loss!r} takes targets of at least 0")
    return y


def probabilities(y: np.ndarray, name: str, loss: str) -> np.ndarray:
    """The targets; ValueError if there are such outside [0, 1]."""
    least, most = y.min(), y.max()
    if least < 0 or most > 1:
        worst = least if least < 0 else most
        raise ValueError(f"{name} holds {worst:g}; the loss {loss!r} takes targets from 0 to 1")
    return y


def signs(y: np.ndarray) -> np.ndarray:
    """Targets of 0 and 1 only as -1 and 1, others as they are."""
    return 2 * y - 1 if ((y == 0) | (y == 1)).all() else y


def labels(y: np.ndarray, classes: int, name: str, loss: str) -> np.ndarray:
    """Numbers of classes, int64; ValueError if they are not whole, or not from 0 to ``classes`` - 1."""
    wrong = (y != np.floor(y)) | (y < 0) | (y >= classes)
    if wrong.any():
        row = int(np.argmax(wrong.any(axis=tuple(range(1, y.ndim)))))
        value = y[wrong].ravel()[0]
        raise ValueError(
            f"{name} holds {value:g} in row {row}; the loss {loss!r} takes whole numbers from 0 to {classes - 1}, the "
            f"classes of {classes} outputs"
        )
    return y.astype(np.int64)


def smoothed(y: np.ndarray, label_smoothing: float, towards: float) -> np.ndarray:
    """Targets moved a part of the way."""
    part = number("label_smoothing", label_smoothing, 0, 1)
    return y * y.dtype.type(1 - part) + y.dtype.type(part * towards) if part else y


def blocks_of(blocks: int, outputs: int, loss: str) -> int:
    """Targets where there are so many outputs for each; ValueError if that does not come out even."""
    if outputs % blocks:
        raise ValueError(f"the loss {loss} needs {blocks} outputs for each column of y, the model has {outputs}")
    return outputs // blocks
