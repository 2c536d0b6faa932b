"""Gradients of weights, a tile of a panel at a time, with their update and the transposed copy.

Where weights, memories and copies are more than the second-level cache holds, memory is asked for the lines of the copy
before the gradient, as to write them would wait for them: 256-512-512-10 at 32 and 256 rows takes 0.97 and 0.98 of a step
on one thread and 0.95 and 0.97 on two, in float64 0.87 to 0.98. For weights and velocities it would be 1.00 to 1.05 of
that.
"""

from __future__ import annotations


def learn(t: Task, me: i64, rows: i64, begin: i64, last: i64, h: reals) -> None:
    """Gradients of this thread's weight tiles over the block, and with the batch's last block the update."""
    job = 0
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.thin:
            if job % t.threads == me:
                learn_thin(t, L, rows, begin, last, h)
            job = job + 1
        elif L.kind == DENSE and L.by_unit == 0:
            for p in range(L.panels):
                for q in range((L.inputs + L.source_width - 1) // L.source_width):
                    if job % t.threads == me:
                        learn_tile(t, L, me, p, q * L.source_width, rows, begin, last, h)
                    job = job + 1
        elif L.kind == LAYER_NORM or L.kind == BATCH_NORM:
            for p in range(L.panels):
                if job % t.threads == me:
                    call_learn(t.learn_vectors, t.address, l, me, p, rows, begin, last, h)
                job = job + 1


def learn_tile(t: Task, L: Layer, me: i64, p: i64, k: i64, rows: i64, begin: i64, last: i64, h: reals) -> None:
    """Inputs k .. k + source_width of panel p; the tile with the last inputs brings the bias along."""
    n = min(L.source_width, L.inputs - k)
    w = L.W + (p * (L.height + 1) + k) * L.width * REAL_BYTES
    bias = L.W + (p * (L.height + 1) + L.height) * L.width * REAL_BYTES
    d: reals = at(to_reals(L.D), p * t.pitch * L.width)
    g: reals = to_reals(w + t.gradients)
    gb: reals = to_reals(bias + t.gradients)
    columns = columns_of(L, p)
    waiting = 1  # the update comes after the whole gradient
    if last and begin == ZERO:  # a batch of one block: its gradient never leaves the first-level cache
        g = at(to_reals(t.scratch), me * SCRATCH)
        gb = at(g, n * L.width)
        if t.descend and is_half(columns, L.width) == 0:
            waiting = 0
    inputs: reals = at(source_of(t, L, me), k * t.pitch)
    if last and t.far_weights and L.WT:
        below = p * L.width  # rows of the copy
        copied = min(L.width, L.turned - below) * L.source_width
        ask(at(to_reals(L.WT), k * L.turned + below * L.source_width), copied, 2)
    if waiting:
        call_product(
            product_for(t, columns, L.width), inputs, 1, L.source_width, rows, 0, d, rows, g, begin, g, n, L.width
        )
    else:
        descend(t, w, inputs, L.source_width, rows, d, g, n, L.width, h)
    biased = 0
    if k + n == L.inputs and L.use_bias:
        biased = 1
        vector_product(t, to_reals(t.ones), d, rows, begin, gb, L.width)
    if last:
        if biased and waiting and k + n == L.height:  # the bias follows the last weight, as in `g`
            update(t, w, g, (n + 1) * L.width, h)
        else:
            if waiting:
                update(t, w, g, n * L.width, h)
            if biased:
                update(t, bias, gb, L.width, h)
        if L.WT:
            turn(L, w, p, k, n)


def turn(L: Layer, w: i64, p: i64, k: i64, n: i64) -> None:
    """The transposed copy of n rows of weights from row k of panel p on, which stand at w."""
    panel: reals = at(to_reals(L.WT), k * L.turned)
    for i in range(0, n, 16):
        for j in range(0, min(L.width, L.turned - p * L.width), 16):
            source: reals = at(to_reals(w), i * L.width + j)
            transpose(source, L.width, at(panel, (p * L.width + j) * L.source_width + i), L.source_width)
