"""Weights as ``.npz`` files: plain arrays by name, which NumPy reads."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from .files import write_whole
from .scaling import Standard

SCALE = ("target_scale/mean", "target_scale/variance")  # of a model that learned its targets on a scale of their own


def check_name(path: str | os.PathLike[str]) -> None:
    """Refuse names that say another format.

    Raises
    ------
    ValueError
        It ends with that of HDF5, or of Keras's own files.
    """
    if os.fspath(path).lower().endswith((".h5", ".hdf5", ".keras")):
        raise ValueError(
            f"fastsgd writes and reads no HDF5 and no Keras files, got {os.fspath(path)!r}: weights go to .npz files, "
            "models to pickles"
        )


def write(path: str | os.PathLike[str], arrays: Mapping[str, np.ndarray], overwrite: bool) -> None:
    """Write arrays under their names, in this order; the file is there whole or not at all.

    Raises
    ------
    FileExistsError
        There is one, and it is not to be overwritten.
    OSError, ValueError
        It cannot be written, or its name says another format.
    """
    check_name(path)
    if not overwrite and os.path.exists(path):
        raise FileExistsError(f"{os.fspath(path)!r} exists, and overwrite=False")
    write_whole(path, lambda file: np.savez(file, **arrays))  # type: ignore[arg-type]


def read(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The arrays of such a file, in their order. No code is run, whatever the file holds.

    Raises
    ------
    OSError
        There is none, or it is damaged.
    ValueError
        Its name says another format.
    """
    check_name(path)
    try:
        with open(path, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (ValueError, EOFError, KeyError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise OSError(f"{os.fspath(path)!r} holds no arrays, or is damaged: {error}") from None


def of_model(model: Any) -> dict[str, np.ndarray]:
    """All weights of a model by layer and part, and its targets' scale if they have one."""
    parts = [f"{layer.name}/{part}" for layer in model.layers for part in layer.parts()]
    arrays = dict(zip(parts, model.get_weights(), strict=True))
    standard = model.target_scale.standard
    return arrays if standard is None else arrays | dict(zip(SCALE, (standard.mean, standard.variance), strict=True))


def put_into(model: Any, arrays: dict[str, np.ndarray]) -> None:
    """Give a model such weights, in their order, whatever their names.

    Raises
    ------
    ValueError
        Too many, too few, or of other shapes; nothing has changed then.
    """
    scale = [arrays.pop(name) for name in SCALE if name in arrays]
    model.set_weights(list(arrays.values()))
    if len(scale) == len(SCALE):
        model.target_scale.wanted, model.target_scale.standard = True, Standard(*scale)
