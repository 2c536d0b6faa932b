"""Softmax and log-softmax over the outputs of each row.

Sums over a row are made in as many chains as a panel has columns (chain j adds columns j, width + j, ... in order), which
then are added one after the other: vectors over wide rows, and a fixed order. The largest output is subtracted first, so
that nothing overflows (Keras does the same).
"""

from __future__ import annotations


def chain(lanes: reals, n: i64) -> real:
    s: real = lanes[0]
    for j in range(1, n):
        s = s + lanes[j]
    return s


def lower_rows(t: Task, L: Layer, lanes: reals, r0: i64, n: i64) -> None:
    """A = source - the row's largest; padding so low that its exponential is 0."""
    for r in range(r0, r0 + n):
        copy(lanes, at(to_reals(L.source), r * L.width), L.width)
        for p in range(1, L.panels):
            z: reals = at(to_reals(L.source), (p * t.pitch + r) * L.width)
            for j in range(columns_of(L, p)):
                lanes[j] = maximum(lanes[j], z[j])
        top: real = lanes[0]
        for j in range(1, columns_of(L, 0)):
            top = maximum(top, lanes[j])
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            lower(at(to_reals(L.A), o), at(to_reals(L.source), o), top, columns_of(L, p), L.width)


def lower(a: reals, z: reals, top: real, n: i64, width: i64) -> None:
    for j in range(n):
        a[j] = z[j] - top
    for j in range(n, width):
        a[j] = real(-1000)


def exponentials(e: reals, a: reals, n: i64) -> None:
    for i in range(n):
        e[i] = exp(a[i])


def exponentials_in_place(a: reals, n: i64) -> None:
    for i in range(n):
        a[i] = exp(a[i])


def row_total(t: Task, L: Layer, lanes: reals, address: i64, r: i64) -> real:
    """Sum over the outputs of row r of a matrix of L's form."""
    copy(lanes, at(to_reals(address), r * L.width), L.width)
    for p in range(1, L.panels):
        x: reals = at(to_reals(address), (p * t.pitch + r) * L.width)
        for j in range(columns_of(L, p)):
            lanes[j] = lanes[j] + x[j]
    return chain(lanes, columns_of(L, 0))


def row_product(t: Task, L: Layer, lanes: reals, one: i64, other: i64, r: i64) -> real:
    """Dot product of the rows r of two matrices of L's form."""
    for j in range(L.width):
        lanes[j] = real(0)
    for p in range(L.panels):
        x: reals = at(to_reals(one), (p * t.pitch + r) * L.width)
        y: reals = at(to_reals(other), (p * t.pitch + r) * L.width)
        for j in range(columns_of(L, p)):
            lanes[j] = lanes[j] + x[j] * y[j]
    return chain(lanes, columns_of(L, 0))


def forward_softmax(t: Task, L: Layer, me: i64, r0: i64, n: i64) -> None:
    """a = exp(z) / sum of exp(z)."""
    lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
    lower_rows(t, L, lanes, r0, n)
    for p in range(L.panels):
        exponentials_in_place(at(to_reals(L.A), (p * t.pitch + r0) * L.width), n * L.width)
    for r in range(r0, r0 + n):
        s: real = row_total(t, L, lanes, L.A, r)
        for p in range(L.panels):
            a: reals = at(to_reals(L.A), (p * t.pitch + r) * L.width)
            for j in range(L.width):
                a[j] = a[j] / s


def forward_head(address: i64, l: i64, me: i64, r0: i64, n: i64) -> None:
    """Softmax of what the loss reads, for predictions: training goes without it."""
    t: Task = task(address)
    L: Layer = layer(t, l)
    if L.thin:
        for r in range(r0, r0 + n, 16):
            lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
            softmax_of_group(at(to_reals(L.A), r), at(to_reals(L.source), r), t.column, L.outputs, lanes)
    else:
        forward_softmax(t, L, me, r0, n)


def softmax_of_group(a: reals, z: reals, column: i64, n: i64, lanes: reals) -> None:
    """Of 16 rows side by side, whose n outputs are `column` numbers apart: to the bit as of rows in panels."""
    short_loops()
    copy(lanes, z, 16)
    for c in range(1, n):
        for j in range(16):
            lanes[j] = maximum(lanes[j], z[c * column + j])
    for c in range(n):
        for j in range(16):
            a[c * column + j] = exp(z[c * column + j] - lanes[j])
    copy(lanes, a, 16)
    for c in range(1, n):
        add_row(lanes, at(a, c * column), 16)
    for c in range(n):
        for j in range(16):
            a[c * column + j] = a[c * column + j] / lanes[j]


def backward_softmax(t: Task, L: Layer, U: Layer, me: i64, r0: i64, n: i64) -> None:
    """dL/dz = a (dL/da - sum of a dL/da)."""
    lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
    for r in range(r0, r0 + n):
        s: real = row_product(t, L, lanes, L.D, L.A, r)
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            d: reals = at(to_reals(L.D), o)
            a: reals = at(to_reals(L.A), o)
            below: reals = at(to_reals(U.D), o)
            for j in range(columns_of(L, p)):
                below[j] = a[j] * (d[j] - s)


def forward_log_softmax(t: Task, L: Layer, me: i64, r0: i64, n: i64) -> None:
    """a = z - log(sum of exp(z)); Z keeps exp(a), which backward wants."""
    lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
    lower_rows(t, L, lanes, r0, n)
    for p in range(L.panels):
        o = (p * t.pitch + r0) * L.width
        exponentials(at(to_reals(L.Z), o), at(to_reals(L.A), o), n * L.width)
    for r in range(r0, r0 + n):
        s: real = row_total(t, L, lanes, L.Z, r)
        down: real = log(s)
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            a: reals = at(to_reals(L.A), o)
            e: reals = at(to_reals(L.Z), o)
            for j in range(L.width):
                a[j] = a[j] - down
                e[j] = e[j] / s


def backward_log_softmax(t: Task, L: Layer, U: Layer, me: i64, r0: i64, n: i64) -> None:
    """dL/dz = dL/da - exp(a) times the sum of dL/da."""
    lanes: reals = at(to_reals(t.scratch), me * SCRATCH)
    for r in range(r0, r0 + n):
        s: real = row_total(t, L, lanes, L.D, r)
        for p in range(L.panels):
            o = (p * t.pitch + r) * L.width
            d: reals = at(to_reals(L.D), o)
            e: reals = at(to_reals(L.Z), o)
            below: reals = at(to_reals(U.D), o)
            for j in range(columns_of(L, p)):
                below[j] = d[j] - e[j] * s
