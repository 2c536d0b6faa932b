"""Batch normalization: over the rows of a batch, for each output.

It needs all rows of the batch at once, so the batch is one block and threads meet before and after they sum columns of
whole panels. `stats` keeps 1 / sqrt(variance + eps) of each column, then the sums of d and of d h.
"""

from __future__ import annotations


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
    call_product(product_for(t, L.width, L.width), ones, 1, 1, 1, 0, mean, 1, ones, ADD, h, rows, L.width)
    deviations: reals = at(to_reals(L.stats), p * L.width)
    column_products(t, deviations, part, room, h, h, rows, L.width)
    moving: reals = at(to_reals(L.W), 2 * L.vector + p * L.width)
    spread: reals = at(moving, L.vector)
    for j in range(L.width):
        variance: real = deviations[j] / count
        moving[j] = moving[j] * c[1] - mean[j] * c[2]
        spread[j] = spread[j] * c[1] + variance * c[2]
        deviations[j] = real(1) / sqrt(variance + c[0])
    clear_padding(deviations, columns_of(L, p), L.width)  # without epsilon these were divided by zero


def forward_batch_norm(t: Task, L: Layer, r0: i64, n: i64) -> None:
    """Outputs of these rows, from h without its divisor."""
    for p in range(L.panels):
        spread_and_shift_panel(t, L, p, at(to_reals(L.stats), p * L.width), r0, n)


def spread_and_shift_panel(t: Task, L: Layer, p: i64, inverses: reals, r0: i64, n: i64) -> None:
    o = (p * t.pitch + r0) * L.width
    gamma: reals = at(to_reals(L.W), p * L.width)
    spread_and_shift(at(to_reals(L.A), o), at(to_reals(L.Z), o), inverses, gamma, at(gamma, L.vector), n, L.width)


def spread_and_shift(a: apart, h: apart, inverses: apart, gamma: apart, beta: apart, rows: i64, width: i64) -> None:
    """As :func:`scale_and_shift`, with a number for each column."""
    short_loops()
    for r in range(rows):
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                y: real = h[o + j] * inverses[q + j]
                h[o + j] = y
                a[o + j] = gamma[q + j] * y + beta[q + j]


def still_batch_norm(t: Task, L: Layer, me: i64, r0: i64, n: i64) -> None:
    """Outputs with the moving statistics: in predictions, and of a layer that is not trained."""
    inverses: reals = at(to_reals(t.scratch), me * SCRATCH)
    c: reals = to_reals(L.constants)
    for p in range(L.panels):
        o = (p * t.pitch + r0) * L.width
        mean: reals = at(to_reals(L.W), 2 * L.vector + p * L.width)
        copy(inverses, at(mean, L.vector), L.width)
        invert_deviations(inverses, L.width, real(1), c[0])
        clear_padding(inverses, columns_of(L, p), L.width)
        lower_columns(at(to_reals(L.Z), o), at(to_reals(L.source), o), mean, n, L.width)
        spread_and_shift_panel(t, L, p, inverses, r0, n)


def lower_columns(h: apart, x: apart, mean: apart, rows: i64, width: i64) -> None:
    short_loops()
    for r in range(rows):
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                h[o + j] = x[o + j] - mean[q + j]


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


def backward_batch_norm(t: Task, L: Layer, U: Layer, me: i64, rows: i64, r0: i64, n: i64) -> None:
    """dL/dx = gamma / sqrt(variance + eps) (d - mean(d) - h mean(d h)), the means over the batch."""
    factors: reals = at(to_reals(t.scratch), me * SCRATCH)
    means: reals = at(factors, L.width)
    slants: reals = at(means, L.width)
    for p in range(L.panels):
        o = (p * t.pitch + r0) * L.width
        stats: reals = at(to_reals(L.stats), p * L.width)
        multiply(factors, at(to_reals(L.W), p * L.width), stats, L.width)
        copy(means, at(stats, L.vector), L.width)
        copy(slants, at(stats, 2 * L.vector), L.width)
        divide(means, 2 * L.width, real(rows))
        e: reals = at(to_reals(U.D), o)
        straighten_columns(e, at(to_reals(L.D), o), at(to_reals(L.Z), o), factors, means, slants, n, L.width)


def straighten_columns(
    e: apart, d: apart, h: apart, factors: apart, means: apart, slants: apart, rows: i64, width: i64
) -> None:
    short_loops()
    for r in range(rows):
        for q in range(0, width, 16):
            o = r * width + q
            for j in range(16):
                e[o + j] = factors[q + j] * (d[o + j] - (means[q + j] + h[o + j] * slants[q + j]))


def backward_still_batch_norm(t: Task, L: Layer, U: Layer, me: i64, r0: i64, n: i64) -> None:
    """dL/dx = gamma / sqrt(moving variance + eps) d."""
    factors: reals = at(to_reals(t.scratch), me * SCRATCH)
    c: reals = to_reals(L.constants)
    for p in range(L.panels):
        gamma: reals = at(to_reals(L.W), p * L.width)
        copy(factors, at(gamma, 3 * L.vector), L.width)
        invert_deviations(factors, L.width, real(1), c[0])
        clear_padding(factors, columns_of(L, p), L.width)
        multiply(factors, factors, gamma, L.width)
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            multiply(at(to_reals(U.D), o), at(to_reals(L.D), o), factors, L.width)
