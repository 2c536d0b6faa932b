"""What the lanes path needs beside a workspace: one more for each thread, and a bank of gradients for each lane."""

from __future__ import annotations

import numpy as np

from .layout import Layout
from .memory import address_of, aligned
from .workspace import Workspace

SHARED = (  # what a member is told
    "product", "product_narrow", "x", "x_stride", "y", "y_stride", "weights", "far", "predictions", "head",
)  # fmt: skip


class Lanes:
    """A workspace for each thread, whose task the kernel finds through ``crew``, and the lanes' gradients.

    Parameters
    ----------
    work : Workspace
        Of the run; its task is told where everything is.
    count : int
        Lanes.
    """

    def __init__(self, work: Workspace, count: int) -> None:
        self._work, self.count = work, count
        self._members: list[Workspace] = []
        self._crew = np.zeros(0, np.int64)
        self._gradients = aligned(count * work.task.bank // work.program.dtype.itemsize, work.program.dtype)

    def share(self, layout: Layout) -> None:
        """Tell the run's task what it needs to know of lanes, for these weights."""
        t = self._work.task
        t.lanes, t.round = self.count, self.count * t.rows
        t.gradients = address_of(self._gradients) - address_of(layout.banks)

    def clear(self) -> None:
        """As :meth:`Workspace.clear`, of all members."""
        for member in self._members:
            member.clear()

    def brief(self, layout: Layout, threads: int) -> None:
        """Have so many members, for these weights, and tell them and the run's task of each other."""
        t = self._work.task
        while len(self._members) < threads:
            self._members.append(self._work.another(layout))
        for member in self._members:
            member.bind(layout)
            for field in SHARED:
                setattr(member.task, field, getattr(t, field))
        self._crew = np.array([member.address for member in self._members], np.int64)
        t.crew = address_of(self._crew)
