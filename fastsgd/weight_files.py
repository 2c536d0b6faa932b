"""Weights as ``.npz`` files: plain arrays by name, which NumPy reads."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Mapping

import numpy as np

from .files import write_whole


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
