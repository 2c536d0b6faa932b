"""fastsgd, with the threads that it chooses and with one."""

from __future__ import annotations

from bench.grid import Task
from bench.trainers.keras_fit import Fit

PACKAGES = ("fastsgd",)
ENVIRONMENT: dict[str, str] = {}
ENGINES = ("cython", "numba", "numpy")
VARIANTS: dict[str, dict] = {
    f"fastsgd {engine}{which}": {"engine": engine, "single": bool(which)}
    for engine in ENGINES
    for which in ("", ", 1 thread")
}


def version() -> str:
    import fastsgd

    return f"fastsgd {fastsgd.__version__}"


def setup(task: Task, threads: int, engine: str, single: bool = False) -> Fit:
    import fastsgd

    options = {"num_threads": 1} if single else {}
    return Fit(task, fastsgd, backend=engine, dtype=str(task.x.dtype), **options)
