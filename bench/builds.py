"""Engines, builds, number types and threads side by side: ``python -m bench.builds`` prints a table.

All of a cell's columns are measured in turn, an epoch each, by the engine alone.
"""

from __future__ import annotations

import argparse
from fnmatch import fnmatch
from functools import cache

from bench.engine_epochs import Epochs, fastest
from bench.grid import Cell, cells
from bench.report import number, table
from bench.results import available_cores
from fastsgd.engines import cython, processor

SIMPLE_CHAINS = [Cell("4-32-16-4", 10_000, job) for job in ("tanh", "adam")]  # SimpleChains.jl's own case, tanh always
RATIOS = {  # title: (slower column's start, faster column's start)
    "float64 / float32": ("float64", "float32"),
    "v3 / v4": ("v3", "float32"),
    "numba / cython": ("numba", "float32"),
    "1 / 2 threads": ("float32", "2 threads"),
    "v4 / amx": ("float32", "amx"),
    "v4 / amx, 2 threads": ("2 threads", "amx, 2 threads"),
}


@cache
def has_unit() -> bool:
    """The matrix unit is here, and in the extensions."""
    try:
        cython.check_unit(processor.UNIT_BUILD)
    except ImportError:
        return False
    return True


def columns(cell: Cell, milliseconds: float) -> dict[str, Epochs]:
    """Whoever can run here; the best build of the cython engine in float32 on one thread is "float32"."""
    known = {
        "float32": {},
        "2 threads": {"threads": 2} if available_cores() > 1 else None,
        "float64": {"dtype": "float64"},
        "float64, 2 threads": {"dtype": "float64", "threads": 2} if available_cores() > 1 else None,
        "v3": {"isa": "x86-64-v3"} if "x86-64-v4" in processor.supported() else None,
        "numba": {"engine": "numba"},
        "amx": {"isa": processor.UNIT} if has_unit() else None,
        "amx, 2 threads": {"isa": processor.UNIT, "threads": 2} if has_unit() and available_cores() > 1 else None,
    }
    case = {"rows": cell.batch, "activation": "tanh"} if cell in SIMPLE_CHAINS else {}
    return {
        name: Epochs(cell, milliseconds=milliseconds, **case, **options)
        for name, options in known.items()
        if options is not None
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.builds",
        description="Microseconds a step of every cell by engine, build, number type and threads, and their ratios; "
        "and SimpleChains.jl's case, 10 000 rows at once. Some 60 s, the first time 20 more for Numba to compile.",
    )
    parser.add_argument("--cells", nargs="+", default=["*"], metavar="NET/BATCH", help="patterns, such as '*/32'")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--milliseconds", type=float, default=10.0, help="of an epoch, very roughly")
    options = parser.parse_args()
    rows: list[list[str]] = []
    for cell in [*SIMPLE_CHAINS, *cells()]:
        if not any(fnmatch(cell.name, pattern) for pattern in options.cells):
            continue
        measured = columns(cell, options.milliseconds)
        repeats = options.repeats * (4 if cell in SIMPLE_CHAINS else 1)
        took = dict(zip(measured, fastest(list(measured.values()), repeats), strict=True))
        ratios = [
            f"{took[slow] / took[fast]:.2f}" if slow in took and fast in took else "-" for slow, fast in RATIOS.values()
        ]
        if not rows:
            rows.append(["cell, us a step", *took, *RATIOS])
        rows.append([cell.name, *(number(seconds * 1e6) for seconds in took.values()), *ratios])
        print(", ".join(map(" ".join, zip(rows[0], rows[-1], strict=True))), flush=True)
    if rows:
        print(table(rows[0], rows[1:]))


if __name__ == "__main__":
    main()
