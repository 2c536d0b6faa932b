"""The records of one job and the memory it works in: gathered rows, activations, deltas, and what threads need.

The weights are those of a :class:`Layout` to which it is bound, one after another of the same program.
"""

from __future__ import annotations

import ctypes
import weakref
from collections.abc import Callable
from functools import cached_property

import numpy as np

from ..kernels import records
from ..kernels.source.tables import ADDED, AVERAGE, GATHERED, activation_table, row_loss_table, update_table
from ..program import Finish, Op
from . import draws
from .layout import LayerRecord, Layout, PieceRecord, Place, TaskRecord, round_up, width_of
from .memory import address_of, aligned
from .paths import ALONE, COLUMNS, FAR, NAMES, ONE, ROWS, by_halves, rows_near
from .pieces import NORM, make_pieces
from .room import Room

SCRATCH = 34 * 32  # elements of a thread's gradient tile, as in tile.h
MOST_THREADS = 64
CLIPS = {
    kind: records.CONSTANTS[name]
    for kind, name in zip(records.CLIPS, ("CLIP_NORM", "CLIP_VALUE", "CLIP_ALL"), strict=True)
}
LARGE = 48 << 10  # bytes of a first layer that is one sample ahead in batches of one: see ahead.py


class Workspace(Room):
    """Task and layer records, and room for blocks of ``rows`` rows.

    Parameters
    ----------
    layout : Layout
        The first to be bound to.
    address : callable
        Name of a kernel -> its address in the engine that will run.
    rows : int
        Most rows of a block.

    Attributes
    ----------
    unit : bool
        Wide layers have room for what the matrix unit takes.
    """

    unit = False

    def __init__(self, layout: Layout, address: Callable[[str], int], rows: int) -> None:
        super().__init__()
        self.program = program = layout.program
        dtype = program.dtype
        self.rows = rows
        self.places = layout.places
        self._banks = 1 + layout.slots  # of weights and memories
        self._kernel_address = address
        self._halves: dict[int, int] = {}
        self.needed: frozenset[int] = frozenset()  # layers whose transposed copies the path reads, and keeps
        self._taken: tuple[int, ...] = ()  # the path, and what its kernels depend on beside the program
        self._layout: Callable[[], Layout | None] = lambda: None  # held by others only
        pitch = rows + 1
        column = round_up(rows, 16) + 16
        self.layers = (LayerRecord * len(program.ops))()
        t = self.task = TaskRecord()
        self.address = ctypes.addressof(t)
        input_width = width_of(program.inputs, dtype)
        t.layers, t.depth = ctypes.addressof(self.layers), program.depth
        t.inputs, t.outputs = program.inputs, program.outputs
        t.input_width = input_width
        self._input = aligned(0, dtype)
        self._gather_apart(1)
        t.rows, t.pitch, t.column = rows, pitch, column
        t.ones = self.keep(np.ones(max(rows, 32), dtype))
        t.scratch = self.zeros(SCRATCH * MOST_THREADS, dtype)
        t.row_losses = self.zeros(rows + 16, np.dtype("f8"))  # groups of 16 rows are written
        t.sums = self.zeros(records.CONSTANTS["MANY"], np.dtype("f8"))
        t.signals = self.zeros(16 * MOST_THREADS, np.dtype("i8"))
        self._signals = self._kept[-1]
        t.threads = 1
        t.address = self.address
        if not program.is_plain:
            t.forward_activity = address("forward_activity") if program.costs_activity else 0
            t.forward_other, t.learn_vectors = address("forward_other"), address("learn_vectors") if program.rule else 0
        t.bank = layout.bank * dtype.itemsize
        t.far_weights = self._banks * t.bank + layout.turned.nbytes >= FAR
        t.by_row, t.elements, t.labels = program.by_row, program.elements, program.labels
        t.targets = program.outputs if program.labels else program.targets or program.outputs
        if program.by_row:
            t.group = 3 * round_up(program.outputs, 16) + 16
            t.groups = self.zeros(round_up(rows, 16) * t.group, dtype)
        kernel = "judge" if program.by_row else "loss"
        t.loss = address(f"{kernel}_{program.loss}") if program.loss else 0
        t.loss_constants = self.keep(np.array([*program.loss_constants, 0.0], dtype))
        self.pieces = make_pieces(layout) if program.deferred else (PieceRecord * 0)()
        self._begin = address_of(layout.banks)
        self._defer(t)
        t.update = address(f"update_{program.rule}") if program.rule else 0

        below = t.input
        formulas = activation_table()
        for number, (record, place) in enumerate(zip(self.layers, layout.places, strict=True)):
            op = place.op
            record.kind, record.inputs, record.outputs = records.CONSTANTS[op.kind.upper()], op.inputs, op.outputs
            record.use_bias = op.use_bias
            record.thin = place.thin
            record.width, record.panels, record.height = place.width, place.panels, place.height
            whole = op.inputs == place.height and op.inputs % place.source_width == 0
            record.joined = op.kind == "dense" and op.use_bias and whole and not place.thin
            record.source, record.source_width, record.turned = below, place.source_width, place.turned
            record.rows_up = rows_near(rows, op.inputs * dtype.itemsize)
            record.rows_down = rows_near(rows, op.outputs * dtype.itemsize)
            rows_of, columns = (column, op.outputs) if place.thin else (pitch, place.panels * place.width)
            record.A = record.Z = self.panels(rows_of, columns, dtype)
            record.D = self.panels(rows_of, columns, dtype)
            if op.activation != "linear":
                if not formulas[op.activation].from_output:
                    record.Z = self.panels(rows_of, columns, dtype)
                record.activate = address(f"activate_{op.activation}")
                record.slope = address(f"slope_{op.activation}")
                padded = not place.thin and place.panels * place.width > op.outputs
                record.cleared = padded and op.activation in ADDED
            record.relu = op.kind == "dense" and op.activation == "relu" and not place.thin
            record.seen = record.A if formulas[op.activation].from_output else record.Z
            record.constants = self.keep(np.array([*_constants(op), 0.0], dtype))
            if not op.is_plain:
                self._extend(record, place, number)
            below = record.A
        self.bind(layout)
        t.judged = self.layers[program.depth - 1].A
        if program.on_logits and not program.has_head:
            self._judge_logits(record, rows_of, columns, address)

    def _judge_logits(self, last: LayerRecord, rows: int, columns: int, address: Callable[[str], int]) -> None:
        """The loss reads what goes into the last activation, and its slope is that with respect to it."""
        if last.activate:
            last.Z = self.task.judged = self.panels(rows, columns, self.program.dtype)
            last.activate = address(f"apart_{self.program.ops[-1].activation}")
            last.slope = 0
        else:
            self.task.judged = last.source

    def _extend(self, record: LayerRecord, place: Place, number: int) -> None:
        """What only steps of further kinds need: see steps.py among the kernels."""
        op, dtype = place.op, self.program.dtype
        record.vector = place.panels * place.width
        record.Z = self.panels(self.rows + 1, record.vector, dtype)
        record.use_scale = op.use_scale
        record.fixed = not op.trainable
        record.stats = self.zeros(max(round_up(self.rows, 16), 3 * record.vector), dtype)
        record.begin = number - op.block
        record.draws, record.limit = op.kind in draws.DRAWN, draws.limit(op)
        record.seeded = op.seed is not None
        record.seed = ctypes.c_int64(op.seed or 0).value

    def _defer(self, t: TaskRecord) -> None:
        """What updates from whole gradients need."""
        program = self.program
        if not program.deferred:
            return
        finish = program.finish or Finish()
        t.deferred, t.pieces, t.piece = 1, len(self.pieces), ctypes.addressof(self.pieces)
        t.rule_numbers = len(update_table()[program.rule or ""].numbers)
        t.clip = 0 if finish.clip is None else CLIPS[finish.clip]
        t.joint = any(piece.constraint == NORM for piece in self.pieces)
        for name, letter in (("average", AVERAGE), ("gathered", GATHERED)):
            if letter in program.memories:
                setattr(t, name, (1 + program.memories.index(letter)) * t.bank)
        t.norms = self.zeros(len(self.pieces), np.dtype("f8"))
        t.penalties = self.zeros(len(self.pieces), np.dtype("f8"))

    def bind(self, layout: Layout) -> None:
        """From now on the weights are this layout's."""
        if self._layout() is layout:
            return
        self._taken = ()
        for record, (weights, copy) in zip(self.layers, layout.addresses, strict=True):
            record.W, record.WT = weights, 0 if record.by_unit else copy
        begin = address_of(layout.banks)
        for piece in self.pieces:
            piece.W += begin - self._begin
        self._begin, self._copies = begin, [copy for _, copy in layout.addresses]
        self._layout = weakref.ref(layout)

    def another(self, layout: Layout) -> Workspace:
        """Of the same kind and size: room for a thread of its own."""
        return Workspace(layout, self._kernel_address, self.rows)

    @cached_property
    def snapshot(self) -> np.ndarray:
        """Room for a copy of everything that a step changes: see :meth:`Layout.save`."""
        t = self.task
        return np.empty((self._banks, t.bank // self.program.dtype.itemsize), self.program.dtype)

    def reset(self) -> None:
        """Ready for another run."""
        t = self.task
        t.round, t.gradients = t.rows, (self._banks) * t.bank
        t.epoch = t.start = t.done = t.failed = 0
        t.total = 0.0

    def meet(self, threads: int) -> None:
        """From now on so many threads meet at barriers; between two calls of a kernel."""
        self.task.threads = threads
        self._signals[:] = 0
        if self.task.path == COLUMNS:
            self._gather_apart(threads)

    def _gather_apart(self, threads: int) -> None:
        """Room for the rows that each of so many threads gathers; with one for all, they gather into the same."""
        t, program = self.task, self.program
        columns = round_up(program.inputs, t.input_width)
        size = round_up((self.rows + 1) * columns + 16 * 32, 16)
        if self._input.size < threads * size:  # a fit need not ask the system for what the last one had
            self._input = aligned(threads * size, program.dtype)
            t.input = self.layers[0].source = address_of(self._input)
        t.apart = size * self._input.itemsize if threads > 1 else 0

    def take_path(self, path: int) -> None:
        """Find the path's kernels, if those of the last run were others."""
        program, t, address = self.program, self.task, self._kernel_address
        wanted = path, t.batch, t.weights != 0, t.predictions != 0
        if wanted == self._taken:
            return
        name = self._name_of_one() if path == ONE else "unit" if self.unit else NAMES[path]
        t.path, t.apart = path, 0
        t.block = address(f"block_of_{name}" if program.is_plain else "block_of_steps")
        t.settle = 0 if path in ALONE else address(f"settle_{NAMES[path]}")
        if name != "line":
            self.find_products()
        t.finish = address("finish_update") if program.deferred else 0
        self._find_halves()
        self.needed = frozenset(i for i, layer in enumerate(self.layers) if layer.WT and path != ONE)
        t.head = address("forward_head") if program.has_head and t.predictions else 0
        thin = path == ONE and self.places[-1].thin
        t.point = address(f"point_{program.loss}") if thin and not (program.by_row or t.weights) else 0
        alone = t.batch == 1 and program.loss and program.by_row and not row_loss_table()[program.loss].in_blocks
        t.judge_row = address(f"judge_row_{program.loss}") if alone else 0
        t.line = address(f"line_{program.rule}") if thin else 0
        t.rank = address(f"rank_{program.rule}") if path == ONE and name != "line" else 0
        t.descend = address(f"descend_{program.rule}") if self._descends() else 0
        self._taken = wanted

    def find_products(self) -> None:
        """The kernels of products, of those kinds of panels that there are: each takes Numba some seconds."""
        t, dtype, places = self.task, self.program.dtype, self.places
        outputs = [place.op.outputs for place in places if not place.thin]
        widths = {width_of(n, dtype) for n in outputs or [places[0].op.inputs]}
        narrow = 16 in widths or any(1 <= n % 32 <= 16 for n in outputs)
        t.product = self._kernel_address("product") if 32 in widths else 0
        t.product_narrow = self._kernel_address("product_narrow") if narrow else 0

    def _find_halves(self) -> None:
        """The layers whose deltas below are summed by halves, which keep no transposed copy."""
        t, dtype = self.task, self.program.dtype
        for i, (layer, place, copy) in enumerate(zip(self.layers, self.places, self._copies, strict=True)):
            if not copy or layer.by_unit:
                continue
            layer.halves, layer.WT = 0, copy
            if t.path == COLUMNS and by_halves(place.op, t.batch) and place.panels % 2 == 0:
                below = self.layers[i - 1]
                if i not in self._halves:
                    self._halves[i] = self.panels(2 * t.pitch, below.panels * below.width, dtype)
                layer.halves, layer.WT = self._halves[i], 0

    def _name_of_one(self) -> str:
        """The kernel of batch 1."""
        program, t, first = self.program, self.task, self.places[0]
        if first.thin:
            return "one" if program.by_row or t.weights or t.predictions else "line"
        is_large = first.op.kind == "dense" and first.size * program.dtype.itemsize >= LARGE
        return "ahead" if is_large else "one"

    def _descends(self) -> bool:
        """Whether weights are updated tile by tile, as their gradients arise: in batches of one block."""
        program, t = self.program, self.task
        if not program.rule or program.deferred or t.path not in (ROWS, COLUMNS) or t.batch > self.rows:
            return False
        if program.rule in ADDED:  # its loops are compiled at first use: one takes 2 seconds, two take 3
            return False
        return any(layer.kind == records.CONSTANTS["DENSE"] and not layer.thin for layer in self.layers)


def _constants(op: Op) -> tuple[float, ...]:
    """Parameters as the kernels of a kind of step want them."""
    if op.kind in draws.DRAWN:
        return draws.constants(op)
    if op.kind == "batch_norm":
        epsilon, momentum = op.constants
        return epsilon, momentum, 1 - momentum
    return op.constants
