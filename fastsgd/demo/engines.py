"""The engines side by side: the same training on each, what it takes, and whether the bits are the same."""

from __future__ import annotations

import time
from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from .. import History, Sequential
from ..engines import NAMES
from .jobs import Job
from .stopwatch import epoch_seconds
from .table import render

BATCH_SIZE = 32
SHOWN = 12  # digits of a SHA-256


@dataclass(frozen=True)
class Trained:
    """How training went on one engine, or why it cannot be used (then without the rest)."""

    name: str
    problem: str = ""
    first_use: float = 0.0  # seconds, the import included
    single: float = 0.0  # seconds of an epoch row by row
    batches: float = 0.0  # and in batches of BATCH_SIZE
    early: tuple[np.ndarray, ...] = ()  # weights after the first epoch
    digests: tuple[str, ...] = ()  # of weights and history, with 1 and with 2 threads
    outputs: np.ndarray | None = None  # of the held-out rows


def first_uses(job: Job) -> dict[str, float | str]:
    """Seconds of each engine's first use, or why it cannot be used; said as it happens: that is when Numba compiles."""
    uses: dict[str, float | str] = {}
    for name in NAMES:
        note = ", which compiles once per machine, some seconds" if name == "numba" else ""
        print(f"  first use of {name}{note} ... ", end="", flush=True)
        start = time.perf_counter()
        try:
            job.model(BATCH_SIZE, backend=name).fit(job.x, job.y, epochs=1, verbose=0)
        except ImportError as error:
            uses[name] = str(error)
            print("not available", flush=True)
        else:
            uses[name] = time.perf_counter() - start
            print(f"{uses[name]:.2f} s", flush=True)
    return uses


def compare(job: Job, uses: dict[str, float | str]) -> list[Trained]:
    """The same training from the same weights on each engine that can be used."""
    return [Trained(name, problem=use) if isinstance(use, str) else train(job, name, use) for name, use in uses.items()]


def train(job: Job, name: str, first_use: float) -> Trained:
    one, two = (fit(job, name, threads, job.epochs) for threads in (1, 2))
    return Trained(
        name,
        first_use=first_use,
        single=epoch_seconds(job, 1, name),
        batches=epoch_seconds(job, BATCH_SIZE, name),
        early=tuple(fit(job, name, 1, epochs=1)[0].get_weights()),
        digests=(digest(*one), digest(*two)),
        outputs=one[0].predict(job.x_held_out, verbose=0),
    )


def fit(job: Job, name: str, num_threads: int, epochs: int) -> tuple[Sequential, History]:
    model = job.model(BATCH_SIZE, backend=name, num_threads=num_threads)
    return model, model.fit(job.x, job.y, BATCH_SIZE, epochs, verbose=0)


def digest(model: Sequential, history: History) -> str:
    """SHA-256 of the weights and of the loss of every epoch, bit for bit."""
    arrays = [*model.get_weights(), np.array(history["loss"])]
    return sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


# -- On the screen ---------------------------------------------------------------------------------------------------
def table(job: Job, engines: list[Trained]) -> str:
    columns = ["engine", "first use, s", "ms an epoch: row by row", f"by {BATCH_SIZE}", "held-out loss"]
    columns += ["SHA-256", "on 2 threads"]
    title = f"2. Which engine? (after {job.epochs} epochs by {BATCH_SIZE} rows; SHA-256 of weights and history)"
    usable = [engine for engine in engines if not engine.problem]
    lines = [engine.problem for engine in engines if engine.problem]
    text = render(title, columns, [row(job, engine) for engine in usable])
    return "\n".join([text, *(f"  {line}" for line in lines + verdicts(usable))])


def row(job: Job, engine: Trained) -> list[str]:
    assert engine.outputs is not None
    one, two = engine.digests
    return [
        engine.name,
        f"{engine.first_use:.2f}",
        f"{1e3 * engine.single:.3f}",
        f"{1e3 * engine.batches:.3f}",
        f"{job.error(engine.outputs):.3f}",
        one[:SHOWN],
        two[:SHOWN],
    ]


def verdicts(engines: list[Trained]) -> list[str]:
    """What the weights of the engines have to do with each other."""
    compiled = [engine for engine in engines if engine.name != "numpy"]
    digests = {digest for engine in compiled for digest in engine.digests}
    lines = []
    if compiled:
        names = " and ".join(engine.name for engine in compiled)
        same = (
            "the same bits" if len(digests) == 1 else "other bits (without fused multiply-add, sums round differently)"
        )
        lines.append(f"{names}, 1 and 2 threads: {same}")
    if len(engines) > len(compiled) > 0:
        off = max(float(np.abs(w - r).max()) for w, r in zip(compiled[0].early, engines[-1].early, strict=True))
        lines.append(f"numpy, the readable reference: rounds differently, by at most {off:.0e} after the first epoch")
    return lines
