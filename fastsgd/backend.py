"""Which engine runs, and on how many threads: settings of the process, environment, and what the machine has.

``FASTSGD_BACKEND`` and ``FASTSGD_NUM_THREADS`` are read when they are needed; :func:`set_backend` and
:func:`set_num_threads` override them.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Any

from . import engines
from .arguments import whole
from .names import lookup
from .program import Program

# Floating-point operations, on a core that makes some 100 billion a second:
PAYS = 2e6  # of a step, from which on a second thread pays as a rule: two take 0.7 to 0.9 of the time of one then
EACH = 5e6  # of a step for each thread, where there are more: a third from 10 million on
WAKES = 20e6  # of all that is done in one go for each thread but the first: to wake one takes 70 to 100 us
UPDATE = 36  # that updating a weight is worth: those of six rows
CGROUP = Path("/sys/fs/cgroup")

_NAMES = {name: name for name in ("auto", *engines.NAMES, "interpreted")}
_backend: str | None = None
_num_threads: int | None = None


# -- Engines ---------------------------------------------------------------------------------------------------------
def set_backend(name: str) -> None:
    """Choose the engine of all models compiled from now on that do not name their own.

    Parameters
    ----------
    name : {"auto", "cython", "numba", "numpy"}
        "auto": the first of the others that is available (of those that heed ``FASTSGD_ISA``, if it is set).

    Raises
    ------
    ValueError
        Unknown name.
    ImportError
        The engine is not available here; the message says what to install.
    """
    global _backend
    resolve(name)
    _backend = lookup("backend", name, _NAMES)


def get_backend() -> str:
    """The engine that a model compiled now would run on: its name, never "auto".

    Raises
    ------
    ValueError, ImportError
        As :func:`set_backend`, for what ``FASTSGD_BACKEND`` says.
    """
    return resolve(None).name


def resolve(name: str | None = None) -> engines.Engine:
    """The engine of this name; None: the one set by :func:`set_backend` or ``FASTSGD_BACKEND``, else "auto".

    "auto" is the first that is available; if ``FASTSGD_ISA`` is set, of those that heed it.

    Raises
    ------
    ValueError, ImportError
        As :func:`set_backend`.
    """
    if name is None:
        name = _backend or os.environ.get("FASTSGD_BACKEND") or "auto"
    name = lookup("backend", name, _NAMES)
    for candidate in _candidates() if name == "auto" else (name,):
        try:
            return engines.load(candidate)
        except ImportError as error:
            reason = error
    raise ImportError(f"the {candidate} backend is not available: {reason}") from reason


def _candidates() -> tuple[str, ...]:
    """Engines that "auto" may take: a wish for an instruction set is not passed over."""
    wish = os.environ.get("FASTSGD_ISA")
    if not wish:
        return engines.NAMES
    return ("cython", "numba") if wish == engines.MATRIX_UNIT else ("cython",)


def backends() -> dict[str, dict[str, Any]]:
    """What can run here.

    Returns
    -------
    dict
        Name -> ``{"available": bool, "detail": str}``: the version or instruction set, or why not and what to install.
        Every engine is imported to find out.
    """
    table: dict[str, dict[str, Any]] = {}
    for name in engines.NAMES:
        try:
            table[name] = {"available": True, "detail": _detail(engines.load(name))}
        except ImportError as error:
            table[name] = {"available": False, "detail": str(error)}
    return table


def _detail(engine: engines.Engine) -> str:
    unit = ", with AMX" if getattr(engine, "unit", False) else ""
    if engine.name == "cython":
        return f"compiled for {getattr(engine, 'isa', 'this processor')}{unit}"
    from importlib.metadata import version

    return f"{engine.name} {version(engine.name)}{unit}"


# -- Threads ---------------------------------------------------------------------------------------------------------
def set_num_threads(count: int | None) -> None:
    """Limit the threads that ``num_threads="auto"`` may use; the results never depend on it.

    Parameters
    ----------
    count : int or None
        1 or more; None: back to ``FASTSGD_NUM_THREADS``, or the processors this process may use.

    Raises
    ------
    ValueError
        Neither.
    """
    global _num_threads
    _num_threads = None if count is None else whole("num_threads", count)


def get_num_threads() -> int:
    """Most threads that ``num_threads="auto"`` may use.

    Raises
    ------
    ValueError
        ``FASTSGD_NUM_THREADS`` is no whole number.
    """
    return _limit() or available_cpus()


def _limit() -> int | None:
    """The number that was set, if one was."""
    if _num_threads is not None:
        return _num_threads
    text = os.environ.get("FASTSGD_NUM_THREADS", "").strip()
    if not text:
        return None
    if not text.isdecimal():
        raise ValueError(f"FASTSGD_NUM_THREADS must be a whole number, at least 1; got {text!r}")
    return whole("FASTSGD_NUM_THREADS", int(text))


def available_cpus() -> int:
    """Processors this process may use: its affinity, within the quota of its control group; at least 1."""
    affinity = getattr(os, "sched_getaffinity", None)
    cpus = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, int(min(cpus, _own_quota())))


@cache
def _own_quota() -> float:
    """Read once: the files take as long as a hundred steps of a small network, and every fit asks."""
    return cgroup_quota(CGROUP, _own_cgroups())


def cgroup_quota(root: Path, own: dict[str, str]) -> float:
    """Processors that the quotas of a control group and its parents amount to; infinite if there are none.

    Parameters
    ----------
    root : Path
        Where the hierarchies are mounted.
    own : dict
        The process's path in the unified hierarchy (version 2, key ``""``) and in that of the controller ``"cpu"``.
    """
    quota = float("inf")
    for mount, path, read in (
        (root, own.get(""), _quota_v2),
        (root / "cpu", own.get("cpu"), _quota_v1),
        (root / "cpu,cpuacct", own.get("cpu"), _quota_v1),
    ):
        if path is None:
            continue
        folder = mount / path.strip("/")
        while folder.is_relative_to(mount):  # in a container the path may not exist, but its mount point does
            quota = min(quota, read(folder))
            folder = folder.parent
    return quota


def _own_cgroups() -> dict[str, str]:
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return {}
    fields = (line.split(":", 2) for line in lines)
    return {controller: path for _, controllers, path in fields for controller in controllers.split(",")}


def _quota_v2(folder: Path) -> float:
    try:
        quota, period = (folder / "cpu.max").read_text(encoding="utf-8").split()
    except (OSError, ValueError):
        return float("inf")
    return float("inf") if quota == "max" else int(quota) / int(period)


def _quota_v1(folder: Path) -> float:
    try:
        quota = int((folder / "cpu.cfs_quota_us").read_text(encoding="utf-8"))
        period = int((folder / "cpu.cfs_period_us").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return float("inf")
    return quota / period if quota > 0 else float("inf")


def threads_for(program: Program, rows: int, setting: int | str) -> int:
    """Threads for a prediction of so many rows: a number is taken as it is, "auto" are as many as pay."""
    if not isinstance(setting, str):
        return setting
    work = 2 * program.products * rows
    return 1 if work < WAKES else min(int(work / WAKES) + 1, _most_threads())


def training_threads(program: Program, rows: int, steps: int, setting: int | str) -> tuple[int, int]:
    """Threads that a training begins with, and up to which it may try what pays; 0: it keeps to that number.

    Parameters
    ----------
    program : Program
    rows : int
        Of a batch.
    steps : int
        That are done in one go, until Python is in between: threads sleep then.
    setting : int or "auto"
        A number is taken as it is. "auto": at most :func:`get_num_threads`, no more than there are processors.
    """
    if not isinstance(setting, str):
        return setting, 0
    work = program.products * (rows * 6 + UPDATE)
    if work * steps < WAKES:
        return 1, 0
    most = _most_threads()
    return 1 if work < PAYS else min(max(2, int(work / EACH) + 1), int(work * steps / WAKES) + 1, most), most


def check_threads(setting: int | str) -> None:
    """ValueError if ``FASTSGD_NUM_THREADS`` is asked for and is no whole number."""
    if isinstance(setting, str):
        _limit()


def threads_to_look(setting: int | str) -> int:
    """How many threads may look through data before they are trained on."""
    return _most_threads() if isinstance(setting, str) else min(setting, available_cpus())


def _most_threads() -> int:
    cpus = available_cpus()
    return min(_limit() or cpus, cpus)
