"""How long a new process takes to the end of its first epoch, and how much memory: ``python -m bench.startup``.

1000 rows, 8-32-32-1, batch 32. Each process is started by itself, all in turn, several times over; the fastest of
each counts. A process that has compiled something for the first time (Numba's cache, say) is the first of its kind.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

from bench import trainers

CELL, ROWS = ("8-32-32-1", 32), 1000
NUMPY_ONLY = "import numpy"


@dataclass
class Starts:
    """What the processes of one kind took.

    Attributes
    ----------
    seconds : list of float
        From before the start to the end of the epoch.
    memory : list of float
        MiB at the peak.
    """

    seconds: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    problem: str = ""


def child(name: str = "", label: str = "") -> None:
    """Train an epoch (or only import NumPy) in this process; print the time of day, and the peak memory in MiB."""
    if name:
        from bench.grid import Cell, make_task

        module = trainers.module(name)
        task = make_task(Cell(*CELL), ROWS)
        module.setup(task, len(os.sched_getaffinity(0)), **module.VARIANTS[label]).epoch()
    else:
        import numpy  # noqa: F401
    now = time.time()
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    print(now, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit)


def start(starts: Starts, name: str, label: str, environment: dict[str, str]) -> None:
    """Run one process and note what it took."""
    code = (
        f"from bench.startup import child; child({name!r}, {label!r})"
        if name
        else "from bench.startup import child; child()"
    )
    began = time.time()
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        starts.problem = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return
    ended, memory = map(float, done.stdout.split()[-2:])
    starts.seconds.append(ended - began)
    starts.memory.append(memory)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.startup", description="Process start to the first epoch's end."
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--peers", nargs="*", default=trainers.PEERS, choices=trainers.PEERS)
    options = parser.parse_args()
    kinds = {NUMPY_ONLY: ""}
    for name in (trainers.OURS, *options.peers):
        for label in trainers.module(name).VARIANTS:
            if "," not in label:
                kinds[label] = name
    found = {label: Starts() for label in kinds}
    with tempfile.TemporaryDirectory() as cache:
        kept = {"NUMBA_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": ""}  # an installed package has its bytecode
        for _ in range(options.repeats):
            for label, name in kinds.items():
                if name and not trainers.available(name):
                    found[label].problem = "not installed"
                if not found[label].problem:
                    extra = trainers.module(name).ENVIRONMENT if name else {}
                    start(found[label], name, label, os.environ | kept | extra)
    print("| process | first, s | fastest, s | peak memory, MiB |\n| --- | --- | --- | --- |")
    for label, starts in found.items():
        if starts.problem:
            print(f"| {label} | {starts.problem} | | |")
        else:
            print(f"| {label} | {starts.seconds[0]:.2f} | {min(starts.seconds):.2f} | {min(starts.memory):.0f} |")


if __name__ == "__main__":
    main()
