"""Layer normalization: over the outputs of a row.

Sixteen rows at a time go through all panels, while they are in the first-level cache. What is summed over a row is summed
by column of a panel first, and that as a tree, 16 rows at once. `stats` keeps 1 / sqrt(variance + eps) of each row.
"""

from __future__ import annotations


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
