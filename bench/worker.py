"""One process per trainer: frameworks clash in one, and so each one's threads and memory stay its own.

The process lives for the whole measurement and answers calls one at a time, so that the repeats of all trainers can
be interleaved while everything is warm. Calls and answers are pickles on its standard input and output.
"""

from __future__ import annotations

import gc
import os
import pickle
import subprocess
import sys
import time
import traceback
from typing import Any

import numpy as np

from bench import trainers
from bench.grid import FEWEST_STEPS, Cell, make_task

FIRST_STEPS = 32  # an epoch to begin with, from which the number of rows for a useful one is found


class Worker:
    """The caller's end.

    Parameters
    ----------
    name : str
        A module of ``bench.trainers``.
    threads : int
        Cores the process is pinned to, and threads that its libraries may use.
    """

    def __init__(self, name: str, threads: int) -> None:
        pools = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), str(threads))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bench.worker", name, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | pools | trainers.module(name).ENVIRONMENT,
        )

    def call(self, what: str, *arguments: Any) -> Any:
        """The answer of ``Session.<what>(*arguments)``; RuntimeError with its last line if that failed."""
        try:
            pickle.dump((what, arguments), self.process.stdin)
            self.process.stdin.flush()
            answer, failure = pickle.load(self.process.stdout)
        except (EOFError, BrokenPipeError) as error:
            raise RuntimeError(f"the process ended with exit code {self.process.wait()}") from error
        if failure:
            raise RuntimeError(failure)
        return answer

    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()


class Session:
    """The worker's end: what can be called."""

    def __init__(self, name: str, threads: int) -> None:
        self.module, self.threads = trainers.module(name), threads
        self.ready: dict[str, tuple[trainers.Trainer, int]] = {}

    def version(self) -> str:
        return self.module.version()

    def trained(self, variant: str, cell: Cell, rows: int) -> list[np.ndarray]:
        """Weights after one epoch of the rows as they stand."""
        trainer = self.module.setup(make_task(cell, rows, shuffle=False), self.threads, **self.module.VARIANTS[variant])
        trainer.epoch()
        return [np.array(w) for w in trainer.weights()]

    def prepare(self, variant: str, cell: Cell, rows: int, seconds: float) -> None:
        """Set up and warm up; with fewer rows where an epoch of all would take longer than that."""
        task = make_task(cell, rows)
        steps = rows // cell.batch
        some = min(steps, FIRST_STEPS)
        while True:
            part = task.part(some * cell.batch)
            self.ready[variant] = self.module.setup(part, self.threads, **self.module.VARIANTS[variant]), some
            self.epoch(variant)
            took = self.epoch(variant) * some
            if some == steps or took > seconds / 2:
                return
            some = min(steps, max(int(some * min(seconds / took, 100)), FEWEST_STEPS))

    def epoch(self, variant: str) -> float:
        """Train one epoch; seconds a step."""
        trainer, steps = self.ready[variant]
        gc.disable()
        start = time.perf_counter()
        trainer.epoch()
        took = time.perf_counter() - start
        gc.enable()
        return took / steps

    def forget(self) -> None:
        self.ready.clear()


def serve(name: str, threads: int) -> None:
    """Answer calls until the caller closes the line."""
    calls, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a framework prints must not get among the answers
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    session = Session(name, threads)
    while True:
        try:
            what, arguments = pickle.load(calls)
        except EOFError:
            return
        try:
            answer = getattr(session, what)(*arguments), None
        except Exception:
            answer = None, traceback.format_exc().strip().splitlines()[-1]
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1], int(sys.argv[2]))
