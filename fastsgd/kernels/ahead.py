"""The first layer of batch 1, one sample ahead.

Its inputs are known beforehand: so what a row of W adds to the next sample's sums is added right after the row's
update, while it is near, and W comes from afar once a step instead of twice. Taken where W is as large as a first-level
cache: 0.85 of a step of 784-256-10, 0.91 to 0.97 of one of 256-512-512-10; where W is near anyway, as in 8-32-32-1, it
would be 1.03. Samples are gathered into row 0 and row 1 of the panels by turns. A call of the kernel begins with sums
that are made for themselves, in the same order: where calls end is not to be seen in the bits.
"""

from __future__ import annotations


def block_of_ahead(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """So many batches of one sample."""
    t: Task = task(address)
    L: Layer = layer(t, 0)
    losses_of: doubles = to_doubles(t.row_losses)
    sums: doubles = to_doubles(t.sums)
    lay_row(t, to_reals(t.input), at(to_reals(t.x), order[0] * t.x_stride))
    begin_ahead(t, L)
    place_ones(t, 1)
    for i in range(rows):
        fetch(t, order, i + AHEAD, rows + coming)
        numbers: reals = at(h, i * t.hyper_stride)
        if L.activate:
            for p in range(L.panels):
                activate_one(t, L, p)
        step_of_one(t, ints_at(order, i), 1, scale, numbers)
        sums[i] = losses_of[0]
        here = i % 2
        following = 0
        if i + 1 < rows:
            following = 1
            other: reals = at(to_reals(t.input), (1 - here) * t.input_width)
            lay_row(t, other, at(to_reals(t.x), order[i + 1] * t.x_stride))
        learn_ahead(t, L, here, following, numbers)


def begin_ahead(t: Task, L: Layer) -> None:
    """The sums for the sample in row 0."""
    for p in range(L.panels):
        k = 0
        while k < L.inputs:
            sum_rows(t, L, to_reals(t.input), p, k, min(L.source_width, L.inputs - k))
            k = k + L.source_width


def sum_rows(t: Task, L: Layer, source: reals, p: i64, k: i64, n: i64) -> None:
    """What inputs k .. k + n, a panel of them, add to the sums of panel p of the outputs, which begin with the bias."""
    inputs: reals = at(source, k * t.pitch)
    w: reals = at(to_reals(L.W), (p * (L.height + 1) + k) * L.width)
    z: reals = at(to_reals(L.Z), p * t.pitch * L.width)
    begin: reals = z
    if k == 0:
        begin = at(w, L.height * L.width)
    i = 0
    while i < L.width:
        gemv(inputs, L.source_width, 0, at(w, i), n, at(begin, i), at(z, i), L.width, 0)
        i = i + SPAN


def learn_ahead(t: Task, L: Layer, here: i64, following: i64, h: reals) -> None:
    """Update by the sample in row `here`; and the sums for the one in the other row, if there is one."""
    inputs: reals = at(to_reals(t.input), here * L.source_width)
    coming: reals = at(to_reals(t.input), (1 - here) * L.source_width)
    if L.use_bias:
        learn_bias(t, L, h)
    for p in range(L.panels):
        k = 0
        while k < L.inputs:
            n = min(L.source_width, L.inputs - k)
            learn_rows(t, L, inputs, p, p + 1, k, n, h)
            if following:
                sum_rows(t, L, coming, p, k, n)
            k = k + L.source_width
