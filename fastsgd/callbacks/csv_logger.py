"""The logs of epochs as lines of a file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from typing import Any, TextIO

import numpy as np

from .base import Callback, Logs


class CSVLogger(Callback):
    """Write the logs of every epoch to a CSV file, a line each, at once.

    Columns are ``epoch`` (from 0) and the keys of the first epoch's logs, sorted; if there are none with ``val_`` among
    them, these are added for later. What an epoch lacks is ``NA``. The format is Keras 3's.

    Parameters
    ----------
    filename : path
        Its folder must exist.
    separator : str
        A single character.
    append : bool
        Go on with a file that exists, whose header is not written again.

    Raises
    ------
    OSError
        In training: the file cannot be written.
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        super().__init__()
        self.filename, self.sep, self.append = os.fspath(filename), separator, append
        self.writer: csv.DictWriter[str] | None = None
        self.keys: list[str] | None = None
        self.append_header = True
        self.csv_file: TextIO | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._close()
        self.append_header = True
        if self.append and os.path.exists(self.filename):
            self.append_header = os.path.getsize(self.filename) == 0
        self.csv_file = open(self.filename, "a" if self.append else "w", newline="", encoding="utf-8")  # noqa: SIM115
        self.keys = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        assert self.csv_file is not None
        logs = logs or {}
        if self.writer is None or self.keys is None:
            keys = sorted(logs)
            if not any(key.startswith("val_") for key in keys):
                keys += [f"val_{key}" for key in keys]
            self.keys = keys
            self.writer = csv.DictWriter(self.csv_file, ["epoch", *keys], delimiter=self.sep)
            if self.append_header:
                self.writer.writeheader()
        self.writer.writerow({"epoch": epoch, **{key: _cell(logs.get(key, "NA")) for key in self.keys}})
        self.csv_file.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._close()

    def _close(self) -> None:
        if self.csv_file is not None:
            self.csv_file.close()
        self.csv_file = self.writer = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "csv_file": None, "writer": None}


def _cell(value: Any) -> Any:
    """An array as a list in quotes, anything else as it is."""
    if isinstance(value, str) or not isinstance(value, Iterable) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value
    return f'"[{", ".join(map(str, value))}]"'
