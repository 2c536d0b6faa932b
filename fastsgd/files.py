"""Files that are there whole, or as they were before: never half written."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import Any


def write_whole(path: str | os.PathLike[str], write: Callable[[Any], Any]) -> None:
    """Write a file so that, whenever the process or the machine dies, the old content or the new one is there.

    Parameters
    ----------
    path : path
        Folders on the way to it are made.
    write : callable
        Called with a binary file that is open for writing.

    Raises
    ------
    OSError
        It cannot be written; the old content is there then, as after any error of ``write``.
    """
    target = Path(path)
    if target.is_dir():
        raise IsADirectoryError(f"{os.fspath(path)!r} is a directory; a file is to be written")
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}-{token_hex(4)}.part")
    try:
        with open(temporary, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last; where folders cannot be opened (Windows), the system sees to it."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
