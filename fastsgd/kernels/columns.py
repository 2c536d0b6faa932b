"""The column path: each thread owns column panels of every layer.

A weight, its memories and its gradient never leave the core that owns their panel; activations and deltas cross, layer by
layer, with a barrier after each. That is little beside the weights when a batch is small and layers are wide: a line that
crosses costs 16 to 18 ns, and under the row path half of all weights cross twice a step. For the same reason each thread
gathers all rows for itself (784-256-10 at 32: 0.84 of the time on two threads). Every number comes from the same
chain as under the row path, so the two give the same bits. Taken by batches of one block with several threads.
"""

from __future__ import annotations


def block_of_columns(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """This thread's part of a block: its columns of outputs and deltas, its rows where all outputs of a row are needed."""
    t: Task = task(address)
    r0 = share(rows, me, t.threads)
    r1 = share(rows, me + 1, t.threads)
    gather(t, me, order, 0, 0, rows)
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.thin:
            if r1 > r0:
                forward_thin(t, L, r0, r1 - r0)
        else:
            for p in range(own(L.panels, me, t.threads), own(L.panels, me + 1, t.threads)):
                forward_panel(t, L, me, p, 0, rows)
            barrier(t, me)
    if r1 > r0:
        if t.predictions:
            keep_predictions(t, order, 0, r0, r1)
        losses(t, order, 0, r0, r1, scale)
        slope_of_layer(t, layer(t, t.depth - 1), r0, r1 - r0)
    barrier(t, me)
    for l in range(t.depth - 1, 0, -1):
        U: Layer = layer(t, l - 1)
        for p in range(own(U.panels, me, t.threads), own(U.panels, me + 1, t.threads)):
            backward_panel(t, layer(t, l), U, p, 0, rows)
        if l > 1:
            barrier(t, me)


def own(panels: i64, part: i64, parts: i64) -> i64:
    """Where a thread's panels begin."""
    return panels * part // parts


def settle_columns(address: i64, me: i64, rows: i64, begin: i64, last: i64, batch: i64, h: reals) -> None:
    """Gradient and update of this thread's panels; a thin layer belongs to the last thread."""
    t: Task = task(address)
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.thin:
            if me == t.threads - 1:
                learn_thin(t, L, rows, begin, last, h)
        elif L.kind == DENSE:
            for p in range(own(L.panels, me, t.threads), own(L.panels, me + 1, t.threads)):
                for q in range((L.inputs + L.source_width - 1) // L.source_width):
                    learn_tile(t, L, me, p, q * L.source_width, rows, begin, last, h)
