"""The records of one job and the memory it works in: gathered rows, activations, deltas, and what threads need."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import numpy as np

from ..kernels import records
from ..kernels.source.tables import ADDED, AVERAGE, GATHERED, activation_table, row_loss_table, update_table
from ..program import Finish, Op
from . import draws
from .layout import LayerRecord, Layout, Place, TaskRecord, round_up, width_of
from .memory import address_of, aligned
from .paths import ALONE, COLUMNS, FAR, NAMES, ONE, ROWS, by_halves, rows_near
from .pieces import NORM, make_pieces

SCRATCH = 34 * 32  # elements of a thread's gradient tile, as in tile.h
MOST_THREADS = 64
CLIPS = {
    kind: records.CONSTANTS[name]
    for kind, name in zip(records.CLIPS, ("CLIP_NORM", "CLIP_VALUE", "CLIP_ALL"), strict=True)
}
LARGE = 48 << 10  # bytes of a first layer that is one sample ahead in batches of one: see ahead.py


class Workspace:
    """Task and layer records over a :class:`Layout`, and room for blocks of ``rows`` rows.

    Parameters
    ----------
    layout : Layout
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
        program = layout.program
        dtype = program.dtype
        self.layout = layout
        self.rows = rows
        self._kernel_address = address
        self._halves: dict[int, int] = {}
        self.needed: frozenset[int] = frozenset()  # layers whose transposed copies the path reads, and keeps
        self._taken: tuple[int, ...] = ()  # the path, and what its kernels depend on beside the program
        self._kept: list[np.ndarray] = []  # the records hold addresses only: somebody has to hold the arrays
        self._rooms: list[np.ndarray] = []  # of these, the panels of outputs and deltas
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
        t.scratch = self._zeros(SCRATCH * MOST_THREADS, dtype)
        t.row_losses = self._zeros(rows + 16, np.dtype("f8"))  # groups of 16 rows are written
        t.sums = self._zeros(records.CONSTANTS["MANY"], np.dtype("f8"))
        t.signals = self._zeros(16 * MOST_THREADS, np.dtype("i8"))
        self._signals = self._kept[-1]
        t.threads = 1
        t.address = self.address
        if not program.is_plain:
            t.forward_activity = address("forward_activity") if program.costs_activity else 0
            t.forward_other, t.learn_vectors = address("forward_other"), address("learn_vectors") if program.rule else 0
        t.bank = layout.bank * dtype.itemsize
        t.far_weights = (1 + layout.slots) * t.bank + layout.turned.nbytes >= FAR
        t.by_row, t.elements, t.labels = program.by_row, program.elements, program.labels
        t.targets = program.outputs if program.labels else program.targets or program.outputs
        if program.by_row:
            t.group = 3 * round_up(program.outputs, 16) + 16
            t.groups = self._zeros(round_up(rows, 16) * t.group, dtype)
        kernel = "judge" if program.by_row else "loss"
        t.loss = address(f"{kernel}_{program.loss}") if program.loss else 0
        t.loss_constants = self.keep(np.array([*program.loss_constants, 0.0], dtype))
        self._defer(t, layout)
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
            record.W = address_of(layout.banks) + place.W * dtype.itemsize
            record.WT = layout.copy_of(place)
            rows_of, columns = (column, op.outputs) if place.thin else (pitch, place.panels * place.width)
            record.A = record.Z = self._panels(rows_of, columns, dtype)
            record.D = self._panels(rows_of, columns, dtype)
            if op.activation != "linear":
                if not formulas[op.activation].from_output:
                    record.Z = self._panels(rows_of, columns, dtype)
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
        t.judged = self.layers[program.depth - 1].A
        if program.on_logits and not program.has_head:
            self._judge_logits(record, rows_of, columns, address)

    def _judge_logits(self, last: LayerRecord, rows: int, columns: int, address: Callable[[str], int]) -> None:
        """The loss reads what goes into the last activation, and its slope is that with respect to it."""
        if last.activate:
            last.Z = self.task.judged = self._panels(rows, columns, self.layout.program.dtype)
            last.activate = address(f"apart_{self.layout.program.ops[-1].activation}")
            last.slope = 0
        else:
            self.task.judged = last.source

    def _extend(self, record: LayerRecord, place: Place, number: int) -> None:
        """What only steps of further kinds need: see steps.py among the kernels."""
        op, dtype = place.op, self.layout.program.dtype
        record.vector = place.panels * place.width
        record.Z = self._panels(self.rows + 1, record.vector, dtype)
        record.use_scale = op.use_scale
        record.fixed = not op.trainable
        record.stats = self._zeros(max(round_up(self.rows, 16), 3 * record.vector), dtype)
        record.begin = number - op.block
        record.draws, record.limit = op.kind in draws.DRAWN, draws.limit(op)
        record.seeded = op.seed is not None
        record.seed = ctypes.c_int64(op.seed or 0).value

    def _defer(self, t: TaskRecord, layout: Layout) -> None:
        """What updates from whole gradients need."""
        program = layout.program
        if not program.deferred:
            return
        finish = program.finish or Finish()
        self.pieces = make_pieces(layout)
        t.deferred, t.pieces, t.piece = 1, len(self.pieces), ctypes.addressof(self.pieces)
        t.rule_numbers = len(update_table()[program.rule or ""].numbers)
        t.clip = 0 if finish.clip is None else CLIPS[finish.clip]
        t.joint = any(piece.constraint == NORM for piece in self.pieces)
        for name, letter in (("average", AVERAGE), ("gathered", GATHERED)):
            if letter in program.memories:
                setattr(t, name, (1 + program.memories.index(letter)) * layout.bank * program.dtype.itemsize)
        t.norms = self._zeros(len(self.pieces), np.dtype("f8"))
        t.penalties = self._zeros(len(self.pieces), np.dtype("f8"))

    def another(self) -> Workspace:
        """Of the same kind and size: room for a thread of its own."""
        return Workspace(self.layout, self._kernel_address, self.rows)

    def reset(self) -> None:
        """Ready for another run."""
        t = self.task
        t.round, t.gradients = t.rows, (self.layout.slots + 1) * t.bank
        t.epoch = t.start = t.done = t.failed = 0
        t.total = 0.0

    def clear(self) -> None:
        """After numbers that were not finite: some padding is only ever multiplied, and 0 times NaN is NaN."""
        for room in self._rooms:
            room[:] = 0

    def meet(self, threads: int) -> None:
        """From now on so many threads meet at barriers; between two calls of a kernel."""
        self.task.threads = threads
        self._signals[:] = 0
        if self.task.path == COLUMNS:
            self._gather_apart(threads)

    def _gather_apart(self, threads: int) -> None:
        """Room for the rows that each of so many threads gathers; with one for all, they gather into the same."""
        t, layout = self.task, self.layout
        columns = round_up(layout.program.inputs, t.input_width)
        size = round_up((self.rows + 1) * columns + 16 * 32, 16)
        if self._input.size < threads * size:  # a fit need not ask the system for what the last one had
            self._input = aligned(threads * size, layout.program.dtype)
            t.input = self.layers[0].source = address_of(self._input)
        t.apart = size * self._input.itemsize if threads > 1 else 0

    def take_path(self, path: int) -> None:
        """Find the path's kernels, if those of the last run were others."""
        program, t, address = self.layout.program, self.task, self._kernel_address
        wanted = path, t.batch, t.weights != 0, t.predictions != 0
        if wanted == self._taken:
            return
        self._taken = ()  # a kernel may have to be compiled, and who waits may lose patience
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
        thin = path == ONE and self.layout.places[-1].thin
        t.point = address(f"point_{program.loss}") if thin and not (program.by_row or t.weights) else 0
        alone = t.batch == 1 and program.loss and program.by_row and not row_loss_table()[program.loss].in_blocks
        t.judge_row = address(f"judge_row_{program.loss}") if alone else 0
        t.line = address(f"line_{program.rule}") if thin else 0
        t.rank = address(f"rank_{program.rule}") if path == ONE and name != "line" else 0
        t.descend = address(f"descend_{program.rule}") if self._descends() else 0
        self._taken = wanted

    def find_products(self) -> None:
        """The kernels of products, of those kinds of panels that there are: each takes Numba some seconds."""
        t, dtype, places = self.task, self.layout.program.dtype, self.layout.places
        outputs = [place.op.outputs for place in places if not place.thin]
        widths = {width_of(n, dtype) for n in outputs or [places[0].op.inputs]}
        narrow = 16 in widths or any(1 <= n % 32 <= 16 for n in outputs)
        t.product = self._kernel_address("product") if 32 in widths else 0
        t.product_narrow = self._kernel_address("product_narrow") if narrow else 0

    def _find_halves(self) -> None:
        """The layers whose deltas below are summed by halves, which keep no transposed copy."""
        t, dtype = self.task, self.layout.program.dtype
        for i, (layer, place) in enumerate(zip(self.layers, self.layout.places, strict=True)):
            if place.WT is None or layer.by_unit:
                continue
            layer.halves, layer.WT = 0, self.layout.copy_of(place)
            if t.path == COLUMNS and by_halves(place.op, t.batch) and place.panels % 2 == 0:
                below = self.layers[i - 1]
                if i not in self._halves:
                    self._halves[i] = self._panels(2 * t.pitch, below.panels * below.width, dtype)
                layer.halves, layer.WT = self._halves[i], 0

    def _name_of_one(self) -> str:
        """The kernel of batch 1."""
        program, t, first = self.layout.program, self.task, self.layout.places[0]
        if first.thin:
            return "one" if program.by_row or t.weights or t.predictions else "line"
        is_large = first.op.kind == "dense" and first.size * program.dtype.itemsize >= LARGE
        return "ahead" if is_large else "one"

    def _descends(self) -> bool:
        """Whether weights are updated tile by tile, as their gradients arise: in batches of one block."""
        program, t = self.layout.program, self.task
        if not program.rule or program.deferred or t.path not in (ROWS, COLUMNS) or t.batch > self.rows:
            return False
        if program.rule in ADDED:  # its loops are compiled at first use: one takes 2 seconds, two take 3
            return False
        return any(layer.kind == records.CONSTANTS["DENSE"] and not layer.thin for layer in self.layers)

    def keep(self, array: np.ndarray) -> int:
        """The address of an array that lives as long as this."""
        self._kept.append(array)
        return address_of(array)

    def _zeros(self, count: int, dtype: np.dtype) -> int:
        return self.keep(aligned(count, dtype))

    def _panels(self, pitch: int, columns: int, dtype: np.dtype) -> int:
        """Room for panels; 16 rows behind the last one may be read, with whatever they hold."""
        address = self._zeros(pitch * columns + 16 * 32, dtype)
        self._rooms.append(self._kept[-1])
        return address


def _constants(op: Op) -> tuple[float, ...]:
    """Parameters as the kernels of a kind of step want them."""
    if op.kind in draws.DRAWN:
        return draws.constants(op)
    if op.kind == "batch_norm":
        epsilon, momentum = op.constants
        return epsilon, momentum, 1 - momentum
    return op.constants
