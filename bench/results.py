"""What a measurement found, and what follows from it."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import geometric_mean, median

import numpy as np

LENT_ORDER = ("JAX scan",)  # columns whose rows somebody else has put in order
TOLERANCE = 1e-3  # of the largest change of a weight: rounding gives some 1e-5, a learning rate off by 1 % gives 1e-2


@dataclass
class Figure:
    """One trainer in one cell.

    Attributes
    ----------
    seconds : list of float
        Of a step, one entry a repeat.
    problem : str
        Why it was not timed; empty if it was.
    """

    seconds: list[float] = field(default_factory=list)
    problem: str = ""

    def check(
        self, weights: list[np.ndarray], wanted: list[np.ndarray], change: float, on_average: bool = False
    ) -> None:
        """Refuse a trainer whose weights are not the reference's, which have moved by ``change`` at most.

        Parameters
        ----------
        on_average : bool
            Take the root mean square of the weights' errors, not the largest: for Adam, which divides by the size of
            the gradient, so that rounding shows in a few weights.
        """
        errors = np.concatenate([(w - r).ravel() for w, r in zip(weights, wanted, strict=True)])
        error = float(np.sqrt((errors**2).mean()) if on_average else np.abs(errors).max()) / change
        if not error <= TOLERANCE:
            self.problem = f"wrong weights: off by {error:.2g} of the largest change"

    @property
    def settled(self) -> bool:
        """Whether a second repeat confirms the fastest."""
        return bool(self.problem) or (len(self.seconds) > 1 and sorted(self.seconds)[1] <= 1.05 * min(self.seconds))

    @property
    def microseconds(self) -> float | None:
        """The fastest repeat's; None if there is a problem."""
        return None if self.problem or not self.seconds else min(self.seconds) * 1e6


@dataclass
class Results:
    """The measured part of the table.

    Attributes
    ----------
    versions : dict
        By column, in the table's order: what was measured, or why it was not.
    figures : dict
        By cell ("net/batch") and column.
    """

    threads: int
    repeats: int
    versions: dict[str, str] = field(default_factory=dict)
    figures: dict[str, dict[str, Figure]] = field(default_factory=dict)

    def save(self, path: Path) -> None:
        """Everything, as JSON."""
        path.write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, path: Path) -> Results:
        """What :meth:`save` has written."""
        found = cls(**json.loads(path.read_text()))
        found.figures = {
            cell: {label: Figure(**figure) for label, figure in row.items()} for cell, row in found.figures.items()
        }
        return found

    @property
    def ours(self) -> list[str]:
        return [label for label in self.versions if label.startswith("fastsgd")]

    @property
    def peers(self) -> list[str]:
        return [label for label in self.versions if not label.startswith("fastsgd")]

    def microseconds(self, cell: str, label: str) -> float | None:
        figure = self.figures[cell].get(label)
        return figure.microseconds if figure else None

    def unrest(self, cell: str) -> float:
        """Slowest over fastest repeat, the columns' median: near 1 on a quiet machine."""
        timed = [figure.seconds for figure in self.figures[cell].values() if not figure.problem]
        return median(max(seconds) / min(seconds) for seconds in timed) if timed else 1.0

    def best_peer(self, cell: str, lent: bool = True) -> str | None:
        """The fastest column that is not ours; without ``lent``, of those that put the rows in order themselves."""
        rivals = [label for label in self.peers if lent or label not in LENT_ORDER]
        timed = {label: us for label in rivals if (us := self.microseconds(cell, label)) is not None}
        return min(timed, key=timed.__getitem__) if timed else None

    def ahead(self, cell: str, label: str, peer: str | None = None, lent: bool = True) -> float | None:
        """How many times faster our column is than a peer, by default the best of the cell."""
        peer = peer or self.best_peer(cell, lent)
        ours, theirs = self.microseconds(cell, label), self.microseconds(cell, peer) if peer else None
        return theirs / ours if ours and theirs else None

    def summary(self, label: str, peer: str | None = None, lent: bool = True) -> tuple[float, float] | None:
        """Geometric mean and least of ``ahead`` over the cells that both were timed in."""
        ratios = [ratio for cell in self.figures if (ratio := self.ahead(cell, label, peer, lent)) is not None]
        return (geometric_mean(ratios), min(ratios)) if ratios else None

    def problems(self) -> dict[str, list[str]]:
        """Cells by "column: problem"."""
        found: dict[str, list[str]] = {}
        for cell, row in self.figures.items():
            for label, figure in row.items():
                if figure.problem:
                    found.setdefault(f"{label}: {figure.problem}", []).append(cell)
        return found


def processor() -> str:
    """The processor's model name, where the system tells it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def available_cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
