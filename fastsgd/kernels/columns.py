"""The column path: each thread owns column panels of every layer.

A weight, its memories and its gradient never leave the core that owns their panel, but for a panel that is cut;
activations and deltas cross, layer by layer, with a barrier after each. That is little beside the weights when a batch
is small and layers are wide: a line that crosses costs 16 to 18 ns, and under the row path half of all weights cross
twice a step. For the same reason each thread gathers all rows for itself (784-256-10 at 32: 0.84 of the time on two
threads). Taken by batches of one block in networks 64 wide and more, unless they have lanes.

Of few rows, the deltas below a wide layer are dot products with W itself, one sum over each half of its columns, which
with two threads is each one's own: then W needs no transposed copy, of which half would cross, too. Batches of 8 rows,
one thread and two: 256-512-512-10 0.90 and 0.77 to 0.83 of a step, 64-256-256-1 0.99 to 1.08 and 0.69 to 0.87 (of 4 rows
0.94 and 0.67). An odd number of panels has no halves.
Every other number comes from the same chain as under the row path.

Where panels do not divide evenly among the threads, some are cut by rows: the ten outputs of 784-256-10 at 256 took one of
two threads 4 % of the step, and the other had to wait.
"""

from __future__ import annotations


def block_of_columns(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """This thread's part of a block: its columns of outputs and deltas, its rows where all outputs of a row are needed."""
    t: Task = task(address)
    r0 = share(rows, me, t.threads)
    r1 = share(rows, me + 1, t.threads)
    gather(t, me, order, 0, 0, rows, ROWS_AHEAD, rows + coming)
    place_targets(t, order, 0, r0, r1)
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.thin:
            if r1 > r0:
                forward_thin(t, L, r0, r1 - r0)
        else:
            own_panels(t, l, 1, me, rows)
            if l < t.depth - 1 or L.panels > 1:  # a single panel is cut where the losses are
                barrier(t, me)
    if r1 > r0:
        if t.predictions:
            keep_predictions(t, order, 0, me, r0, r1)
        losses(t, order, 0, r0, r1, scale)
        slope_of_layer(t, layer(t, t.depth - 1), r0, r1 - r0)
    barrier(t, me)
    for l in range(t.depth - 1, 0, -1):
        B: Layer = layer(t, l)
        if B.halves:
            sum_halves(t, l, me, rows)
            barrier(t, me)
        own_panels(t, l, 0, me, rows)
        if l > 1:
            barrier(t, me)


def own_panels(t: Task, l: i64, up: i64, me: i64, rows: i64) -> None:
    """This thread's columns of the outputs of layer l, or of the deltas below it; by as many rows as ``forward_layer``."""
    L: Layer = layer(t, l)
    U: Layer = L
    near = L.rows_up
    if up == 0:
        U = layer(t, l - 1)
        near = L.rows_down
    first = cut(U.panels, rows, me, t.threads)
    end = cut(U.panels, rows, me + 1, t.threads)
    c = 0
    while c < rows:
        for p in range(first // rows, (end + rows - 1) // rows):
            r = max(c, first - p * rows)
            n = min(min(rows, c + near), end - p * rows) - r
            if n > 0 and up:
                forward_panel(t, L, me, p, r, n)
            elif n > 0 and L.halves:
                add_halves(t, L, U, p, r, n)
            elif n > 0:
                backward_panel(t, L, U, p, r, n)
        c = c + near


def sum_halves(t: Task, l: i64, me: i64, rows: i64) -> None:
    """This thread's part of D W' for either half of the columns of layer l: dot products with 16 rows of W at a time."""
    L: Layer = layer(t, l)
    U: Layer = layer(t, l - 1)
    panels = L.panels // 2
    groups = L.height // 16
    jump = (L.height + 1) * L.width
    row: i64 = t.pitch * L.width
    for job in range(own(2 * groups, me, t.threads), own(2 * groups, me + 1, t.threads)):
        half = job // groups
        k = job % groups * 16
        weights: reals = at(to_reals(L.W), half * panels * jump + k * L.width)
        deltas: reals = at(to_reals(L.D), half * panels * row)
        sums: reals = at(to_reals(L.halves), half * t.pitch * U.panels * U.width)
        below: reals = at(sums, k // U.width * t.pitch * U.width + k % U.width)
        for r in range(rows):
            dots(weights, L.width, jump, at(deltas, r * L.width), row, panels, at(below, r * U.width))


def add_halves(t: Task, L: Layer, U: Layer, p: i64, r0: i64, n: i64) -> None:
    """Deltas of panel p of the layer U below L, from both halves."""
    o = (p * t.pitch + r0) * U.width
    d: reals = at(to_reals(U.D), o)
    sums: reals = at(to_reals(L.halves), o)
    copy(d, sums, n * U.width)
    add_row(d, at(sums, t.pitch * U.panels * U.width), n * U.width)
    if U.slope:
        slope_of_panel(t, U, p, r0, n)


def cut(panels: i64, rows: i64, part: i64, parts: i64) -> i64:
    """Where a thread's part of so many panels begins, counted in rows of panels: a multiple of 16 within its panel.

    Of a single panel it is the thread's share of the rows, to the row.
    """
    whole = panels * rows * part // parts
    return whole // rows * rows + min(rows, (whole % rows + 15) // 16 * 16)


def own(jobs: i64, part: i64, parts: i64) -> i64:
    """Where a thread's jobs begin."""
    return jobs * part // parts


def settle_columns(address: i64, me: i64, rows: i64, begin: i64, last: i64, batch: i64, h: reals) -> None:
    """Gradient and update of this thread's panels, or parts of them; a thin layer belongs to the last thread."""
    t: Task = task(address)
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.thin:
            if me == t.threads - 1:
                learn_thin(t, L, rows, begin, last, h)
        elif L.kind == DENSE:
            tiles = (L.inputs + L.source_width - 1) // L.source_width
            for job in range(own(L.panels * tiles, me, t.threads), own(L.panels * tiles, me + 1, t.threads)):
                learn_tile(t, L, me, job // tiles, job % tiles * L.source_width, rows, begin, last, h)
