"""What layer normalization and batch normalization have in common: sums over rows, deviations, and their weights.

Both give ``a = gamma h + beta`` with ``h = (x - mean) / sqrt(variance + eps)``, the variance being the biased one; Z keeps h.
Weights are vectors of whole panels, `vector` elements apart: gamma, beta, then the moving mean and variance. Columns are
summed in partial sums of 128 rows or less: a plain chain over a large batch loses digits.
"""

from __future__ import annotations


def column_totals(t: Task, sums: reals, part: reals, x: reals, rows: i64, width: i64) -> None:
    """Sums over the rows of a panel."""
    for j in range(width):
        sums[j] = real(0)
    for r in range(0, rows, 128):
        vector_product(t, to_reals(t.ones), at(x, r * width), min(128, rows - r), ZERO, part, width)
        add_row(sums, part, width)


def column_products(t: Task, sums: reals, part: reals, room: reals, x: reals, y: reals, rows: i64, width: i64) -> None:
    """Sums over the rows of the products x y; `room` is for 32 rows of them."""
    for j in range(width):
        sums[j] = real(0)
    for r in range(0, rows, 32):
        n = min(32, rows - r)
        multiply(room, at(x, r * width), at(y, r * width), n * width)
        vector_product(t, to_reals(t.ones), room, n, ZERO, part, width)
        add_row(sums, part, width)


def add_row(to: reals, x: reals, n: i64) -> None:
    for j in range(n):
        to[j] = to[j] + x[j]


def divide(x: reals, n: i64, by: real) -> None:
    for i in range(n):
        x[i] = x[i] / by


def invert_deviations(x: reals, n: i64, count: real, epsilon: real) -> None:
    for i in range(n):
        x[i] = real(1) / sqrt(x[i] / count + epsilon)


def learn_vectors(address: i64, l: i64, me: i64, p: i64, rows: i64, begin: i64, last: i64, h: reals) -> None:
    """Gradients of panel p of gamma and beta over the block, and with the batch's last block the update."""
    t: Task = task(address)
    L: Layer = layer(t, l)
    sums: reals = at(to_reals(t.scratch), me * SCRATCH)
    part: reals = at(sums, L.width)
    known: reals = at(to_reals(L.stats), L.vector + p * L.width)
    d: reals = at(to_reals(L.D), p * t.pitch * L.width)
    gamma = L.W + p * L.width * REAL_BYTES
    if L.use_scale:
        if L.kind == BATCH_NORM and L.fixed == 0:
            copy(sums, at(known, L.vector), L.width)
        else:
            normal: reals = at(to_reals(L.Z), p * t.pitch * L.width)
            column_products(t, sums, part, at(part, L.width), d, normal, rows, L.width)
        learn_vector(t, gamma, sums, L.width, begin, last, h)
    if L.use_bias:
        if L.kind == BATCH_NORM and L.fixed == 0:
            copy(sums, known, L.width)
        else:
            column_totals(t, sums, part, d, rows, L.width)
        learn_vector(t, gamma + L.vector * REAL_BYTES, sums, L.width, begin, last, h)


def learn_vector(t: Task, w: i64, sums: reals, n: i64, begin: i64, last: i64, h: reals) -> None:
    g: reals = to_reals(w + t.gradients)
    if begin == ADD:
        add_row(g, sums, n)
    else:
        copy(g, sums, n)
    if last:
        update(t, w, g, n, h)
