"""Going on after a crash."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import state
from .base import Callback, Logs
from .saving_frequency import SavingFrequency


class BackupAndRestore(Callback):
    """Keep the state of a training in a folder, and go on from there when the same training is started again.

    Run the same program once more after a crash: ``fit`` goes on behind the last backup, and ends with the weights it
    would have had, bit for bit, with a model that was made without ``seed`` too. When the training ends, the backup is
    deleted. Backups are written whole or not at all, whenever the process dies.

    Kept are weights, the optimizer's memories, counters and learning rate, the order of rows, and the place within the
    epoch. Not kept are what other callbacks remember, and the logs so far: the loss of an epoch that was broken off is
    that of the whole epoch, its metrics are those of the batches since.

    Parameters
    ----------
    backup_dir : path
        A folder for this training alone; made if it does not exist.
    save_freq : "epoch", int or False
        After every epoch, after so many batches (which costs: training returns to Python after each of them), or never.
    double_checkpoint : bool
        Keep the backup before the last one too, and take it where the last one cannot be read.
    delete_checkpoint : bool
        Delete the backup when the training has ended.

    Raises
    ------
    ValueError
        No folder, or an unknown frequency; in training, if the backup is that of another model or optimizer, or was
        made amid other batches.
    OSError
        In training: a file cannot be written, or is damaged.
    """

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        super().__init__()
        if not backup_dir:
            raise ValueError("Empty `backup_dir` argument passed")
        self.backup_dir = Path(backup_dir)
        self.save_freq, self.double_checkpoint, self.delete_checkpoint = save_freq, double_checkpoint, delete_checkpoint
        self._path = self.backup_dir / "latest.npz"
        self._previous = self.backup_dir / "previous.npz"
        if save_freq is not False:
            try:
                frequency = SavingFrequency(save_freq)
            except ValueError as error:
                raise ValueError(f"Invalid value for argument `save_freq`. {error}, or False") from None
            if frequency.by_batches:
                self._frequency = frequency
                self.on_train_batch_end = self._after_batch  # type: ignore[method-assign]

    def on_train_begin(self, logs: Logs | None = None) -> None:
        files = [path for path in (self._path, self._previous) if path.exists()]
        for path in files:
            try:
                found = state.read(path)
            except OSError:
                if path == files[-1]:
                    raise
            else:
                self._check(found)
                state.put_back(self.model, found["model"])
                return

    def _check(self, found: dict[str, Any]) -> None:
        """Within an epoch only the same batches of the same rows can be gone on with."""
        if found["model"]["place"]["batch"] and found["batches"] != self._batches():
            raise ValueError(
                f"the backup in {os.fspath(self.backup_dir)!r} was made within an epoch of {found['batches']}, now "
                f"there are {self._batches()}: run the same training again, or delete it"
            )

    def _batches(self) -> dict[str, Any]:
        """What an epoch is divided into."""
        return {name: (self.params or {}).get(name) for name in ("samples", "batch_size", "steps")}

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save()

    def _after_batch(self, batch: int, logs: Logs | None = None) -> None:
        if self._frequency.is_due(batch):
            self._save()

    def _save(self) -> None:
        if self.double_checkpoint and self._path.exists():
            shutil.copyfile(self._path, part := self._previous.with_suffix(".part"))
            os.replace(part, self._previous)
        state.write(self._path, {"model": state.of_model(self.model), "batches": self._batches()})

    def on_train_end(self, logs: Logs | None = None) -> None:
        if not self.delete_checkpoint:
            return
        for path in (self._path, self._previous):
            path.unlink(missing_ok=True)
        with suppress(OSError):  # there are other files in it, which are not ours
            self.backup_dir.rmdir()
