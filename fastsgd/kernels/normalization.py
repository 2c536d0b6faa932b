"""Layer normalization (over the outputs of a row) and batch normalization (over the rows of a batch, for each output).

Both give ``a = gamma h + beta`` with ``h = (x - mean) / sqrt(variance + eps)``, the variance being the biased one; Z keeps h.
Weights are vectors of whole panels, `vector` elements apart: gamma, beta, then the moving mean and variance. Batch
normalization needs all rows of the batch at once, so the batch is one block and threads meet before and after they sum
columns of whole panels (in partial sums of 128 rows: a plain chain over a large batch loses digits).
"""

from __future__ import annotations


# -- Layer normalization: `stats` holds 1 / sqrt(variance + eps) of each row -------------------------------------------
def forward_layer_norm(t: Task, L: Layer, me: i64, r0: i64, n: i64) -> None:
    lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
    c: reals = to_reals(L.constants)
    deviations: reals = to_reals(L.stats)
    count: real = real(L.outputs)
    for r in range(r0, r0 + n):
        mean: real = row_total(t, L, lanes, L.source, r) / count
        for j in range(L.width):
            lanes[j] = real(0)
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            x: reals = at(to_reals(L.source), o)
            h: reals = at(to_reals(L.Z), o)
            for j in range(columns_of(L, p)):
                h[j] = x[j] - mean
                lanes[j] = lanes[j] + h[j] * h[j]
        inverse: real = real(1) / sqrt(chain(lanes, columns_of(L, 0)) / count + c[0])
        deviations[r] = inverse
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            scale_and_shift(L, p, at(to_reals(L.A), o), at(to_reals(L.Z), o), inverse)


def scale_and_shift(L: Layer, p: i64, a: reals, h: reals, inverse: real) -> None:
    """h becomes h * inverse, and a = gamma h + beta, for one row of panel p."""
    gamma: reals = at(to_reals(L.W), p * L.width)
    beta: reals = at(gamma, L.vector)
    for j in range(columns_of(L, p)):
        y: real = h[j] * inverse
        h[j] = y
        a[j] = gamma[j] * y + beta[j]


def backward_layer_norm(t: Task, L: Layer, U: Layer, me: i64, r0: i64, n: i64) -> None:
    """dL/dx = (e - mean(e) - h mean(e h)) / sqrt(variance + eps), where e = gamma dL/da."""
    lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
    twins: reals = at(lanes, L.width)
    deviations: reals = to_reals(L.stats)
    count: real = real(L.outputs)
    for r in range(r0, r0 + n):
        for j in range(2 * L.width):
            lanes[j] = real(0)
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            add_products(L, p, lanes, twins, at(to_reals(U.D), o), at(to_reals(L.D), o), at(to_reals(L.Z), o))
        mean: real = chain(lanes, columns_of(L, 0)) / count
        slant: real = chain(twins, columns_of(L, 0)) / count
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            h: reals = at(to_reals(L.Z), o)
            e: reals = at(to_reals(U.D), o)
            for j in range(columns_of(L, p)):
                e[j] = (e[j] - mean - h[j] * slant) * deviations[r]


def add_products(L: Layer, p: i64, lanes: reals, twins: reals, e: reals, d: reals, h: reals) -> None:
    """e = gamma d for one row of panel p; lanes get e, twins e h."""
    gamma: reals = at(to_reals(L.W), p * L.width)
    for j in range(columns_of(L, p)):
        y: real = gamma[j] * d[j]
        e[j] = y
        lanes[j] = lanes[j] + y
        twins[j] = twins[j] + y * h[j]


# -- Batch normalization: `stats` holds 1 / sqrt(variance + eps) of each column, then the sums of d and of d h ----------
def column_totals(sums: reals, part: reals, x: reals, y: reals, both: i64, rows: i64, width: i64) -> None:
    """Sums over the rows of x, or of the products x y if `both`."""
    for j in range(width):
        sums[j] = real(0)
    for begin in range(0, rows, 128):
        for j in range(width):
            part[j] = real(0)
        for r in range(begin, min(rows, begin + 128)):
            if both:
                add_row_product(part, at(x, r * width), at(y, r * width), width)
            else:
                add_row(part, at(x, r * width), width)
        add_row(sums, part, width)


def add_row(to: reals, x: reals, n: i64) -> None:
    for j in range(n):
        to[j] = to[j] + x[j]


def add_row_product(to: reals, x: reals, y: reals, n: i64) -> None:
    for j in range(n):
        to[j] = to[j] + x[j] * y[j]


def batch_statistics(t: Task, L: Layer, me: i64, rows: i64) -> None:
    """Mean and variance of this thread's panels over the whole batch, into h and the moving statistics."""
    for p in range(L.panels):
        if p % t.threads == me:
            panel_statistics(t, L, me, p, rows)


def panel_statistics(t: Task, L: Layer, me: i64, p: i64, rows: i64) -> None:
    mean: reals = at(to_reals(t.scratch), me * SCRATCH)
    part: reals = at(mean, L.width)
    c: reals = to_reals(L.constants)
    count: real = real(rows)
    o = p * t.pitch * L.width
    x: reals = at(to_reals(L.source), o)
    h: reals = at(to_reals(L.Z), o)
    column_totals(mean, part, x, x, 0, rows, L.width)
    for j in range(L.width):
        mean[j] = mean[j] / count
    for r in range(rows):
        difference(at(h, r * L.width), at(x, r * L.width), mean, L.width)
    deviations: reals = at(to_reals(L.stats), p * L.width)
    column_totals(deviations, part, h, h, 1, rows, L.width)
    moving: reals = at(to_reals(L.W), 2 * L.vector + p * L.width)
    spread: reals = at(moving, L.vector)
    for j in range(columns_of(L, p)):
        variance: real = deviations[j] / count
        moving[j] = moving[j] * c[1] + mean[j] * c[2]
        spread[j] = spread[j] * c[1] + variance * c[2]
        deviations[j] = real(1) / sqrt(variance + c[0])


def difference(h: reals, x: reals, mean: reals, n: i64) -> None:
    for j in range(n):
        h[j] = x[j] - mean[j]


def forward_batch_norm(t: Task, L: Layer, r0: i64, n: i64) -> None:
    """Outputs of these rows, from h without its divisor."""
    for p in range(L.panels):
        deviations: reals = at(to_reals(L.stats), p * L.width)
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            spread_and_shift(L, p, at(to_reals(L.A), o), at(to_reals(L.Z), o), deviations)


def spread_and_shift(L: Layer, p: i64, a: reals, h: reals, deviations: reals) -> None:
    """As :func:`scale_and_shift`, with a divisor for each column."""
    gamma: reals = at(to_reals(L.W), p * L.width)
    beta: reals = at(gamma, L.vector)
    for j in range(columns_of(L, p)):
        y: real = h[j] * deviations[j]
        h[j] = y
        a[j] = gamma[j] * y + beta[j]


def still_batch_norm(t: Task, L: Layer, me: i64, r0: i64, n: i64) -> None:
    """Outputs with the moving statistics: in predictions, and of a layer that is not trained."""
    inverse: reals = at(to_reals(t.scratch), me * SCRATCH)
    c: reals = to_reals(L.constants)
    for p in range(L.panels):
        mean: reals = at(to_reals(L.W), 2 * L.vector + p * L.width)
        variance: reals = at(mean, L.vector)
        for j in range(columns_of(L, p)):
            inverse[j] = real(1) / sqrt(variance[j] + c[0])
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            h: reals = at(to_reals(L.Z), o)
            difference(h, at(to_reals(L.source), o), mean, L.width)
            spread_and_shift(L, p, at(to_reals(L.A), o), h, inverse)


def batch_gradients(t: Task, L: Layer, me: i64, rows: i64) -> None:
    """Sums of d and of d h over the batch, for this thread's panels."""
    part: reals = at(to_reals(t.scratch), me * SCRATCH)
    for p in range(L.panels):
        if p % t.threads == me:
            o = p * t.pitch * L.width
            d: reals = at(to_reals(L.D), o)
            sums: reals = at(to_reals(L.stats), L.vector + p * L.width)
            column_totals(sums, part, d, d, 0, rows, L.width)
            column_totals(at(sums, L.vector), part, d, at(to_reals(L.Z), o), 1, rows, L.width)


def backward_batch_norm(t: Task, L: Layer, U: Layer, rows: i64, r0: i64, n: i64) -> None:
    """dL/dx = gamma / sqrt(variance + eps) (d - mean(d) - h mean(d h)), the means over the batch."""
    share_of_row: real = real(1) / real(rows)
    for p in range(L.panels):
        gamma: reals = at(to_reals(L.W), p * L.width)
        deviations: reals = at(to_reals(L.stats), p * L.width)
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            h: reals = at(to_reals(L.Z), o)
            d: reals = at(to_reals(L.D), o)
            centre(at(to_reals(U.D), o), d, h, gamma, deviations, L.vector, share_of_row, columns_of(L, p))


def centre(
    e: reals, d: reals, h: reals, gamma: reals, deviations: reals, vector: i64, share_of_row: real, n: i64
) -> None:
    sums: reals = at(deviations, vector)
    products: reals = at(sums, vector)
    for j in range(n):
        e[j] = gamma[j] * deviations[j] * (d[j] - share_of_row * (sums[j] + h[j] * products[j]))


def backward_still_batch_norm(t: Task, L: Layer, U: Layer, me: i64, r0: i64, n: i64) -> None:
    """dL/dx = gamma / sqrt(moving variance + eps) d."""
    factor: reals = at(to_reals(t.scratch), me * SCRATCH)
    c: reals = to_reals(L.constants)
    for p in range(L.panels):
        gamma: reals = at(to_reals(L.W), p * L.width)
        variance: reals = at(gamma, 3 * L.vector)
        for j in range(columns_of(L, p)):
            factor[j] = gamma[j] / sqrt(variance[j] + c[0])
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            multiply(at(to_reals(U.D), o), at(to_reals(L.D), o), factor, columns_of(L, p))


# -- Weights -----------------------------------------------------------------------------------------------------------
def learn_vectors(address: i64, l: i64, me: i64, p: i64, rows: i64, begin: i64, last: i64, h: reals) -> None:
    """Gradients of panel p of gamma and beta over the block, and with the batch's last block the update."""
    t: Task = task(address)
    L: Layer = layer(t, l)
    scratch: reals = at(to_reals(t.scratch), me * SCRATCH)
    sums: reals = scratch
    products: reals = at(scratch, L.width)
    if L.kind == BATCH_NORM and L.fixed == 0:
        sums = at(to_reals(L.stats), L.vector + p * L.width)
        products = at(sums, L.vector)
    else:
        o = p * t.pitch * L.width
        part: reals = at(scratch, 2 * L.width)
        d: reals = at(to_reals(L.D), o)
        column_totals(sums, part, d, d, 0, rows, L.width)
        column_totals(products, part, d, at(to_reals(L.Z), o), 1, rows, L.width)
    gamma = L.W + p * L.width * REAL_BYTES
    beta = gamma + L.vector * REAL_BYTES
    if L.use_scale:
        learn_vector(t, gamma, products, L.width, begin, last, h)
    if L.use_bias:
        learn_vector(t, beta, sums, L.width, begin, last, h)


def learn_vector(t: Task, w: i64, sums: reals, n: i64, begin: i64, last: i64, h: reals) -> None:
    g: reals = to_reals(w + t.gradients)
    if begin == ADD:
        add_row(g, sums, n)
    else:
        copy(g, sums, n)
    if last:
        update(t, w, g, n, h)
