"""fastsgd and its peers side by side: ``python -m bench.peers`` writes RESULTS.md and results.png.

For each cell of the grid: everybody's weights after one epoch are compared with those of float64 NumPy; whoever
agrees is timed, an epoch each in turn, over and over; what counts is each one's minimum. The most telling cells come
first, and what is measured is written after each one: stop when you like, and go on with ``--resume``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from bench import report, trainers
from bench.grid import Cell, by_importance, cells, jobs, make_task
from bench.results import Figure, Results, available_cores
from bench.worker import Worker

MEASURED = "measured.json"  # beside the page, for --resume
QUICK = ("8-32-32-1/1", "8-32-32-1/32", "784-256-10/256")
PATIENCE = 4  # times the repeats asked for, as long as somebody's fastest one stands alone
NOT_INSTALLED = "not installed"
Column = tuple[str, str]  # (trainer, label)


def check_rows(batch: int) -> int:
    """Some whole batches and half a one."""
    return (16 if batch <= 256 else 2) * batch + batch // 2


def reference(cell: Cell) -> tuple[list[np.ndarray], float]:
    """Weights after one epoch in float64, and the largest change of one."""
    task = make_task(cell, check_rows(cell.batch), shuffle=False, dtype="float64")
    loop = trainers.module("numpy_loop").setup(task, 1)
    loop.epoch()
    change = max(np.abs(w - w0).max() for w, w0 in zip(loop.weights(), task.weights, strict=True))
    return loop.weights(), float(change)


class Crew:
    """A process for each trainer, started when first needed, and started again after a crash."""

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self.workers: dict[str, Worker] = {}

    def call(self, name: str, what: str, *details: object) -> Any:
        if name not in self.workers or not self.workers[name].alive():
            self.workers[name] = Worker(name, self.threads)
        return self.workers[name].call(what, *details)

    def close(self) -> None:
        for worker in self.workers.values():
            worker.close()


@contextmanager
def crew(threads: int) -> Iterator[Crew]:
    """A crew that is sent home at the end."""
    found = Crew(threads)
    try:
        yield found
    finally:
        found.close()


def version(crew: Crew, name: str) -> str:
    """What would be measured, or why it can't be."""
    if not trainers.available(name):
        return NOT_INSTALLED
    try:
        return crew.call(name, "version")
    except RuntimeError as failure:
        return f"{NOT_INSTALLED} properly ({failure})"


def measure(crew: Crew, cell: Cell, columns: list[Column], repeats: int, seconds: float) -> dict[str, Figure]:
    """One cell: first the check, then the repeats in turn.

    Parameters
    ----------
    seconds : float
        Longest epoch; slower trainers get fewer rows.

    Returns
    -------
    dict
        A figure for each label.
    """
    wanted, change = reference(cell)
    figures = {label: Figure() for _, label in columns}

    def attempt(name: str, label: str, what: str, *details: object) -> Any:
        """What a trainer answers; None from the moment on that one of its calls has failed."""
        if figures[label].problem:
            return None
        try:
            return crew.call(name, what, label, *details)
        except RuntimeError as failure:
            figures[label].problem = str(failure)
            return None

    for name, label in columns:
        weights = attempt(name, label, "trained", cell, check_rows(cell.batch))
        if weights is not None:
            figures[label].check(weights, wanted, change, on_average=cell.job == "adam")
        attempt(name, label, "prepare", cell, cell.rows(), seconds)
    for repeat in range(PATIENCE * repeats):
        if repeat >= repeats and all(figure.settled for figure in figures.values()):
            break
        for name, label in columns if repeat % 2 else columns[::-1]:
            time.sleep(0.005)  # for the threads of the one before to stop spinning
            took = attempt(name, label, "epoch")
            if took is not None:
                figures[label].seconds.append(took)
    for name in dict(columns):
        crew.call(name, "forget")
    return figures


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.peers",
        description="fastsgd and its peers side by side: some 30 s a cell with all columns, 36 cells; a third of it "
        "without '*compiled' and '*32 steps*'.",
    )
    parser.add_argument(
        "--cells", nargs="+", default=["*"], metavar="NET/BATCH", help="patterns, such as '*/32' or '* adam'"
    )
    parser.add_argument("--peers", nargs="*", default=trainers.PEERS, choices=trainers.PEERS)
    engines = trainers.module(trainers.OURS).ENGINES
    parser.add_argument("--engine", nargs="*", default=["cython"], choices=engines, help="of fastsgd (default: cython)")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="longest epoch; slower trainers get fewer rows")
    parser.add_argument("--threads", type=int, default=available_cores())
    parser.add_argument("--without", nargs="+", default=[], metavar="LABEL", help="columns, such as '*compiled'")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin no further cell after so many")
    parser.add_argument("--resume", action="store_true", help="keep the cells in the output folder's measured.json")
    parser.add_argument("--quick", action="store_true", help="three cells, plain variants: about a minute")
    parser.add_argument(
        "--output", type=Path, help="folder for RESULTS.md and results.png (default: bench; quick: none)"
    )
    options = parser.parse_args()
    if options.quick:
        options.repeats, options.seconds = 5, 0.2
        options.cells = QUICK if options.cells == ["*"] else options.cells
    known = by_importance([*cells(), *jobs()])
    options.cells = [cell for cell in known if any(fnmatch(cell.name, pattern) for pattern in options.cells)]
    if not options.cells:
        parser.error(f"--cells matches none of {', '.join(cell.name for cell in known)}")
    if options.output is None and not options.quick:
        options.output = Path(__file__).parent
    if options.output:
        options.output.mkdir(parents=True, exist_ok=True)
    if options.resume and not (options.output and (options.output / MEASURED).exists()):
        parser.error(f"--resume: there is no {MEASURED} in the output folder")
    return options


def chosen_columns(options: argparse.Namespace) -> list[Column]:
    """Everybody asked for, fastsgd first."""
    chosen = []
    for name in (trainers.OURS, *options.peers):
        for label, settings in trainers.module(name).VARIANTS.items():
            other_engine = settings.get("engine") not in (None, *options.engine)
            said_already = settings.get("single") and options.threads == 1
            unwanted = any(fnmatch(label, pattern) for pattern in options.without)
            left_out = unwanted or (options.quick and "," in label)
            if not (other_engine or said_already or left_out):
                chosen.append((name, label))
    return chosen


def resumed(fresh: Results, path: Path) -> Results:
    """The results in a file, if they are of the same columns, versions and settings as those to come."""
    found = Results.load(path)
    for name in ("threads", "repeats", "versions"):
        was, now = getattr(found, name), getattr(fresh, name)
        if was != now:
            raise SystemExit(f"{path}: {name} were {was}, now {now}: these cannot stand in one table")
    return found


def main() -> None:
    options = arguments()
    results = Results(options.threads, options.repeats)
    with crew(options.threads) as found:
        columns = chosen_columns(options)
        versions = {name: version(found, name) for name in dict(columns)}
        results.versions = {label: versions[name] for name, label in columns}
        usable = [(name, label) for name, label in columns if not versions[name].startswith(NOT_INSTALLED)]
        if options.resume:
            results = resumed(results, options.output / MEASURED)
        began = time.monotonic()
        for cell in options.cells:
            if cell.name in results.figures:
                continue
            if time.monotonic() - began > 60 * options.minutes:
                print(f"{options.minutes:g} minutes are over; --resume goes on")
                break
            results.figures[cell.name] = measure(found, cell, usable, options.repeats, options.seconds)
            print(report.line(results, cell.name), flush=True)
            if options.output:
                results.save(options.output / MEASURED)
    print(report.markdown(results))
    if options.output:
        report.write(results, options.output)


if __name__ == "__main__":
    main()
