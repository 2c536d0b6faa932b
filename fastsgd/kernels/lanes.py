"""The path of large batches: fixed lanes, each with a gradient of its own.

A batch is dealt out to a fixed number of lanes, block by block, and a thread works on whole lanes: it takes a block's rows
through forward, backward and gradient with nobody else, so that activations never leave its core. After the batch's last
block the lanes' gradients are summed in their order, tile by tile, with the update. How many lanes there are follows from
batch and shapes alone, and so do the bits: 2, 4 or 8 from 512 rows on, of small networks from 256. Without, those took
1.1 to 1.7 times as long on two threads (16-64-64-1 at 256 1.4, 64-128-128-1 at 400 1.2 to 1.7), and 0.95 to 1.00 on one.
Where weights are many and rows few it is the other way round: 784-256-10 at 256 takes 1.18 of the column path's time.
"""

from __future__ import annotations


def block_of_lanes(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """One block for each lane, as far as the rows go: gradients into the lanes' banks, losses into `sums`."""
    t: Task = task(address)
    crew: ints = to_ints(t.crew)
    s: Task = task(crew[me])
    sums: doubles = to_doubles(t.sums)
    lane = me
    while lane < t.lanes:
        sums[lane] = f8(0)
        first = lane * t.rows
        if first < rows:
            n = min(t.rows, rows - first)
            s.gradients = t.gradients + lane * t.bank
            known = n  # of the rows that this thread comes to next
            if t.threads == 1:
                known = rows + coming - first
            rows_of_block(s, ints_at(order, first), 0, n, known, scale)
            sums[lane] = block_loss(s, n)
            learn(s, 0, n, begin, 0, h)
        lane = lane + t.threads


def lanes_loss(t: Task) -> f8:
    sums: doubles = to_doubles(t.sums)
    total: f8 = f8(0)
    for lane in range(t.lanes):
        total = total + sums[lane]
    return total


def settle_lanes(address: i64, me: i64, rows: i64, begin: i64, last: i64, batch: i64, h: reals) -> None:
    t: Task = task(address)
    if last:
        merge_lanes(t, me, min(t.lanes, (batch + t.rows - 1) // t.rows), h)


def merge_lanes(t: Task, me: i64, lanes: i64, h: reals) -> None:
    """Sum and update of this thread's share of the tiles."""
    job = 0
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.thin:
            size = (thin_bias(L) - L.W) // REAL_BYTES + 16
            for o in range(0, size, 512):
                if job % t.threads == me:
                    merge(t, me, lanes, L.W + o * REAL_BYTES, min(512, size - o), h)
                job = job + 1
        elif L.kind == DENSE:
            for p in range(L.panels):
                panel = L.W + p * (L.height + 1) * L.width * REAL_BYTES
                k = 0
                while k < L.inputs:
                    if job % t.threads == me:
                        n = min(L.source_width, L.inputs - k)
                        w = panel + k * L.width * REAL_BYTES
                        merge(t, me, lanes, w, n * L.width, h)
                        if L.WT:
                            turn(L, w, p, k, n)
                        if k + n == L.inputs and L.use_bias:
                            merge(t, me, lanes, panel + L.height * L.width * REAL_BYTES, L.width, h)
                    job = job + 1
                    k = k + L.source_width


def merge(t: Task, me: i64, lanes: i64, w: i64, n: i64, h: reals) -> None:
    """The update of n weights at w by the sum of their gradients in all lanes."""
    g: reals = at(to_reals(t.scratch), me * SCRATCH)
    copy(g, to_reals(w + t.gradients), n)
    for lane in range(1, lanes):
        add_row(g, to_reals(w + t.gradients + lane * t.bank), n)
    update(t, w, g, n, h)
