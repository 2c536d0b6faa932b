"""What the networks of one program work with: room for blocks of rows, and what was found out of their pace.

Lent to one run or prediction at a time. So a network is little more than its weights: a thousand models of one kind
that are trained one after the other need this once, and each begins with the number of threads that suited the last.
"""

from __future__ import annotations

from collections import deque
from contextlib import suppress
from weakref import WeakValueDictionary

from ..program import Program
from .inference import Inference
from .lanes import Lanes
from .layout import Layout
from .library import Library
from .pace import Pace
from .paths import ALONE, BLOCK, LANES, MOST_LANES, Way
from .tools import Tools
from .unit_workspace import UnitWorkspace
from .workspace import Workspace

SMALL = 4 << 20  # bytes, about, that may outlive all networks, for those that come next
MANY = 64  # kinds of runs whose pace is remembered
ENDED = "this run has ended; another network may have what it worked with"
Kind = tuple[int, int, int]  # of runs: rows of a batch, threads at first and at most

_workshops: WeakValueDictionary[tuple[Library, Program], Workshop] = WeakValueDictionary()
_recent: deque[Workshop] = deque(maxlen=4)  # who trains many models may well drop each before the next


def workshop_of(library: Library, program: Program) -> Workshop:
    """The workshop of this program's networks: one and the same as long as there is one of them, and for some time."""
    found = _workshops.get((library, program))
    if found is None:  # should another thread find none, too, there are two, and no harm is done
        found = _workshops[library, program] = Workshop(library, program)
    if is_small(program):
        with suppress(ValueError):
            _recent.remove(found)
        _recent.append(found)
    return found


def is_small(program: Program) -> bool:
    """Whether a workshop takes little memory, whatever the batches are: rows, outputs and deltas, and lanes."""
    numbers = BLOCK * (program.inputs + sum(3 * op.outputs for op in program.ops))
    weights = sum(op.inputs * op.outputs for op in program.ops if op.kind == "dense")
    return (numbers + MOST_LANES * weights) * program.dtype.itemsize <= SMALL and not program.whole_batches


class Workshop:
    """See above; everything that is lent is taken out of a list by one operation, so that nobody else gets the same.

    Attributes
    ----------
    inferences : list of Inference
        Those that nobody uses; who takes one out puts it back.
    """

    def __init__(self, library: Library, program: Program) -> None:
        self._library, self._program = library, program
        self._tools: list[Tools] = []
        self._paces: dict[Kind, list[Pace]] = {}
        self.inferences: list[Inference] = []

    def lend(self, layout: Layout, way: Way) -> Tools:
        """For training in this way; the workspace is the layout's."""
        try:
            work, lanes = self._tools.pop()
        except IndexError:
            work, lanes = None, None
        if work is None or work.rows != way.rows or work.unit != way.unit:
            make = UnitWorkspace if way.unit else Workspace
            work, lanes = make(layout, self._library.address, way.rows), None
        work.bind(layout)
        if way.path == LANES and (lanes is None or lanes.count != way.lanes):
            lanes = Lanes(work, way.lanes)
        return Tools(work, lanes)

    def take_back(self, tools: Tools) -> None:
        """After training that has left finite panels: one of another network may come next."""
        self._tools.append(tools)

    def lend_pace(self, way: Way, batch_size: int, threads: int, most_threads: int) -> tuple[Kind, Pace]:
        """That of earlier runs of the kind, whose trials go on where they ended."""
        most = 1 if way.path in ALONE else self._library.threads
        kind = batch_size, min(threads, most), min(most_threads, most)
        try:
            return kind, self._paces[kind].pop()
        except LookupError:
            return kind, Pace(*kind[1:], 20e9 / (way.lanes * way.rows * self._program.flops_per_row))

    def take_back_pace(self, kind: Kind, pace: Pace) -> None:
        """As the next run of the kind shall have it."""
        if kind not in self._paces and len(self._paces) >= MANY:
            self._paces.clear()
        self._paces.setdefault(kind, []).append(pace)

    def another_inference(self, layout: Layout) -> Inference:
        """To be put back among the others."""
        return Inference(layout, self._library.address, self._library.infer)
