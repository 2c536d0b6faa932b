"""Layer normalization (over the outputs of a row) and batch normalization (over the rows of a batch, for each output).

Both give ``a = gamma h + beta`` with ``h = (x - mean) / sqrt(variance + eps)``, the variance being the biased one; Z keeps h.
Weights are vectors of whole panels, `vector` elements apart: gamma, beta, then the moving mean and variance. Batch
normalization needs all rows of the batch at once, so the batch is one block and threads meet before and after they sum
columns of whole panels (in partial sums of 128 rows or less: a plain chain over a large batch loses digits).
"""

from __future__ import annotations


# -- Layer normalization: 16 rows at a time, while they are in the first-level cache. `stats`: 1 / sqrt(variance + eps) --
def forward_layer_norm(t: Task, L: Layer, me: i64, r0: i64, n: i64) -> None:
    width = L.width
    c: reals = to_reals(L.constants)
    count: real = real(L.outputs)
    ones: reals = to_reals(t.ones)
    gamma: reals = to_reals(L.W)
    beta: reals = at(gamma, L.vector)
    means: reals = at(to_reals(t.scratch), me * SCRATCH)
    lanes: reals = at(means, 16)
    for r in range(r0, r0 + n, 16):
        m = min(16, r0 + n - r)
        inverses: reals = at(to_reals(L.stats), r)
        fill(means, 16 * (1 + width), real(0))
        pad(t, L, L.source, means, r, m)
        dots(at(to_reals(L.source), r * width), width, t.pitch * width, ones, 0, L.panels, means)
        divide(means, 16, count)
        pad(t, L, L.source, means, r, m)
        for p in range(L.panels):
            o = (p * t.pitch + r) * width
            deviate(at(to_reals(L.Z), o), at(to_reals(L.source), o), means, lanes, m, width)
        dots(lanes, width, 0, ones, 0, 1, inverses)
        invert_deviations(inverses, 16, count, c[0])
        for p in range(L.panels):
            k = p * width
            o = (p * t.pitch + r) * width
            scale_and_shift(at(to_reals(L.A), o), at(to_reals(L.Z), o), inverses, at(gamma, k), at(beta, k), m, width)


def backward_layer_norm(t: Task, L: Layer, U: Layer, me: i64, r0: i64, n: i64) -> None:
    """dL/dx = (e - mean(e) - h mean(e h)) / sqrt(variance + eps), where e = gamma dL/da."""
    width = L.width
    count: real = real(L.outputs)
    ones: reals = to_reals(t.ones)
    gamma: reals = to_reals(L.W)
    zeros: reals = at(to_reals(t.scratch), me * SCRATCH)
    means: reals = at(zeros, 16)
    slants: reals = at(means, 16)
    lanes: reals = at(slants, 16)
    twins: reals = at(lanes, 16 * width)
    fill(zeros, 16, real(0))
    for r in range(r0, r0 + n, 16):
        m = min(16, r0 + n - r)
        fill(lanes, 32 * width, real(0))
        pad(t, L, L.D, zeros, r, m)
        for p in range(L.panels):
            o = (p * t.pitch + r) * width
            add_products(lanes, twins, at(to_reals(L.D), o), at(to_reals(L.Z), o), at(gamma, p * width), m, width)
        dots(lanes, width, 0, ones, 0, 1, means)
        dots(twins, width, 0, ones, 0, 1, slants)
        divide(means, 32, count)
        for p in range(L.panels):
            o = (p * t.pitch + r) * width
            e: reals = at(to_reals(U.D), o)
            d: reals = at(to_reals(L.D), o)
            h: reals = at(to_reals(L.Z), o)
            straighten(e, d, h, at(gamma, p * width), means, slants, at(to_reals(L.stats), r), m, width)
        pad(t, L, U.D, zeros, r, m)


def pad(t: Task, L: Layer, address: i64, values: reals, r: i64, m: i64) -> None:
    """The values of m rows from r on where a matrix of L's form has no outputs: nobody else reads that."""
    columns = columns_of(L, L.panels - 1)
    for i in range(m):
        row: reals = at(to_reals(address), ((L.panels - 1) * t.pitch + r + i) * L.width)
        for j in range(columns, L.width):
            row[j] = values[i]


def fill(x: reals, n: i64, value: real) -> None:
    for i in range(n):
        x[i] = value


def divide(x: reals, n: i64, by: real) -> None:
    for i in range(n):
        x[i] = x[i] / by


def invert_deviations(x: reals, n: i64, count: real, epsilon: real) -> None:
    for i in range(n):
        x[i] = real(1) / sqrt(x[i] / count + epsilon)


def deviate(h: apart, x: apart, means: apart, squares: apart, rows: i64, width: i64) -> None:
    """Differences from the rows' means, and sums of their squares by row and column of a panel."""
    short_loops()
    for r in range(rows):
        mean: real = means[r]
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                y: real = x[o + j] - mean
                h[o + j] = y
                squares[o + j] = squares[o + j] + y * y


def scale_and_shift(a: apart, h: apart, inverses: apart, gamma: apart, beta: apart, rows: i64, width: i64) -> None:
    """h becomes h times the row's number, and a = gamma h + beta."""
    short_loops()
    for r in range(rows):
        inverse: real = inverses[r]
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                y: real = h[o + j] * inverse
                h[o + j] = y
                a[o + j] = gamma[q + j] * y + beta[q + j]


def add_products(sums: apart, twins: apart, d: apart, h: apart, gamma: apart, rows: i64, width: i64) -> None:
    """Sums of e = gamma d and of e h by row and column of a panel."""
    short_loops()
    for r in range(rows):
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                y: real = gamma[q + j] * d[o + j]
                sums[o + j] = sums[o + j] + y
                twins[o + j] = twins[o + j] + y * h[o + j]


def straighten(
    e: apart, d: apart, h: apart, gamma: apart, means: apart, slants: apart, inverses: apart, rows: i64, width: i64
) -> None:
    short_loops()
    for r in range(rows):
        mean: real = means[r]
        slant: real = slants[r]
        inverse: real = inverses[r]
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                e[o + j] = (gamma[q + j] * d[o + j] - mean - h[o + j] * slant) * inverse


# -- Batch normalization: `stats` holds 1 / sqrt(variance + eps) of each column, then the sums of d and of d h ----------
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


def batch_statistics(t: Task, L: Layer, me: i64, rows: i64) -> None:
    """Mean and variance of this thread's panels over the whole batch, into h and the moving statistics."""
    for p in range(L.panels):
        if p % t.threads == me:
            panel_statistics(t, L, me, p, rows)


def panel_statistics(t: Task, L: Layer, me: i64, p: i64, rows: i64) -> None:
    mean: reals = at(to_reals(t.scratch), me * SCRATCH)
    part: reals = at(mean, L.width)
    room: reals = at(part, L.width)
    c: reals = to_reals(L.constants)
    count: real = real(rows)
    o = p * t.pitch * L.width
    x: reals = at(to_reals(L.source), o)
    h: reals = at(to_reals(L.Z), o)
    ones: reals = to_reals(t.ones)
    column_totals(t, mean, part, x, rows, L.width)
    divide(mean, L.width, -count)
    copy(h, x, rows * L.width)
    call_product(t.product, ones, 1, 1, 1, 0, mean, 1, ones, ADD, h, rows, L.width)
    deviations: reals = at(to_reals(L.stats), p * L.width)
    column_products(t, deviations, part, room, h, h, rows, L.width)
    moving: reals = at(to_reals(L.W), 2 * L.vector + p * L.width)
    spread: reals = at(moving, L.vector)
    for j in range(columns_of(L, p)):
        variance: real = deviations[j] / count
        moving[j] = moving[j] * c[1] - mean[j] * c[2]
        spread[j] = spread[j] * c[1] + variance * c[2]
        deviations[j] = real(1) / sqrt(variance + c[0])


def forward_batch_norm(t: Task, L: Layer, r0: i64, n: i64) -> None:
    """Outputs of these rows, from h without its divisor."""
    for p in range(L.panels):
        deviations: reals = at(to_reals(L.stats), p * L.width)
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            spread_and_shift(L, p, at(to_reals(L.A), o), at(to_reals(L.Z), o), deviations)


def difference(h: reals, x: reals, mean: reals, n: i64) -> None:
    for j in range(n):
        h[j] = x[j] - mean[j]


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
    room: reals = at(part, L.width)
    for p in range(L.panels):
        if p % t.threads == me:
            o = p * t.pitch * L.width
            d: reals = at(to_reals(L.D), o)
            sums: reals = at(to_reals(L.stats), L.vector + p * L.width)
            column_totals(t, sums, part, d, rows, L.width)
            column_products(t, at(sums, L.vector), part, room, d, at(to_reals(L.Z), o), rows, L.width)


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
