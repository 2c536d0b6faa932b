"""Losses of whole rows, and weights of rows.

A row loss works on 16 rows side by side: output i of the 16 rows, then output i + 1 of them. So sums over the outputs of
a row are made of whole vectors, in the order of the outputs. Thin layers lie like that already; panels are transposed into
the thread's part of `t.groups` and their slopes back. Lanes without a row compute with whatever they hold, and their
results are dropped. In batches of one 15 of 16 lanes would be idle, so there it works on the outputs of the row side by
side, if they are no blocks of outputs.
"""

from __future__ import annotations


def row_losses(t: Task, order: ints, base: i64, r0: i64, r1: i64, scale: real) -> None:
    """As ``losses``, which see, 16 rows at a time."""
    last: Layer = layer(t, t.depth - 1)
    columns = (t.outputs + 15) // 16 * 16
    p: reals = at(to_reals(t.groups), r0 * t.group)  # nobody else has these rows
    d: reals = at(p, 16 * columns)
    y: reals = at(d, 16 * columns)
    folds: reals = at(y, 16 * columns)
    c: reals = to_reals(t.loss_constants)
    for r in range(r0, r1, 16):
        n = min(16, r1 - r)
        if t.labels:
            label_targets(t, y, ints_at(order, r), base, n)
        else:
            group_targets(t, y, ints_at(order, r), base, n)
        sums: doubles = doubles_at(to_doubles(t.row_losses), r)
        if last.thin:
            d = at(to_reals(last.D), r)
            call_judge(t.loss, d, at(to_reals(t.judged), r), y, t.outputs, t.targets, t.column, scale, c, folds, sums)
        else:
            for q in range(0, t.outputs, 16):
                o = (q // last.width * t.pitch + r) * last.width + q % last.width
                transpose(at(to_reals(t.judged), o), last.width, at(p, 16 * q), 16)
            call_judge(t.loss, d, p, y, t.outputs, t.targets, 16, scale, c, folds, sums)
            for q in range(0, t.outputs, 16):
                o = (q // last.width * t.pitch + r) * last.width + q % last.width
                ungroup(at(to_reals(last.D), o), last.width, at(d, 16 * q), n)


def loss_of_row(t: Task, i: i64, scale: real) -> None:
    """As ``row_losses``, for sample i, which is a batch by itself and has place 0: its outputs stand side by side.

    Of the time that a step at 1 row would take as one of 16: 0.89 with 30-32-3 and softmax, 0.62 with 30-32-10 (Numba
    0.84 and 0.53). The bits are the same.
    """
    columns = (t.outputs + 15) // 16 * 16
    p: reals = to_reals(t.groups)
    d: reals = at(p, columns)
    y: reals = at(d, columns)
    for j in range(columns):
        y[j] = real(0)
    if t.labels:
        labels: ints = to_ints(t.y)
        y[labels[i * t.y_stride]] = real(1)
    else:
        copy(y, at(to_reals(t.y), i * t.y_stride), t.targets)
    last: Layer = layer(t, t.depth - 1)
    judged: reals = to_reals(t.judged)
    slopes: reals = to_reals(last.D)
    if last.thin:
        for j in range(t.outputs):
            p[j] = judged[j * t.column]
    else:
        for q in range(last.panels):
            copy(at(p, q * last.width), at(judged, q * t.pitch * last.width), columns_of(last, q))
    sums: doubles = to_doubles(t.row_losses)
    call_judge(t.judge_row, d, p, y, t.outputs, t.targets, 1, scale, to_reals(t.loss_constants), p, sums)
    if last.thin:
        for j in range(t.outputs):
            slopes[j * t.column] = d[j]
    else:
        for q in range(last.panels):
            copy(at(slopes, q * t.pitch * last.width), at(d, q * last.width), columns_of(last, q))


def group_targets(t: Task, y: reals, order: ints, base: i64, n: i64) -> None:
    """Targets of n rows side by side."""
    for r in range(n):
        row: reals = at(to_reals(t.y), (base + order[r]) * t.y_stride)
        for j in range(t.targets):
            y[16 * j + r] = row[j]


def label_targets(t: Task, y: reals, order: ints, base: i64, n: i64) -> None:
    """1 for the class that the label names, 0 for the others."""
    for i in range(16 * t.outputs):
        y[i] = real(0)
    labels: ints = to_ints(t.y)
    for r in range(n):
        y[16 * labels[(base + order[r]) * t.y_stride] + r] = real(1)


def ungroup(to: reals, width: i64, group: reals, n: i64) -> None:
    """The first n of 16 rows of 16 outputs back into a panel; what is behind them is not ours."""
    if n == 16:
        transpose(group, 16, to, width)
    else:
        for r in range(n):
            for j in range(16):
                to[r * width + j] = group[16 * j + r]


def weigh(t: Task, order: ints, base: i64, r0: i64, r1: i64) -> None:
    """Losses and slopes of rows r0:r1 times the weights of their samples."""
    last: Layer = layer(t, t.depth - 1)
    weights: reals = to_reals(t.weights)
    sums: doubles = to_doubles(t.row_losses)
    for r in range(r0, r1):
        w: real = weights[base + order[r]]
        sums[r] = sums[r] * f8(w)
        if last.thin:
            d: reals = at(to_reals(last.D), r)
            for c in range(t.outputs):
                d[c * t.column] = d[c * t.column] * w
        else:
            for p in range(last.panels):
                d = at(to_reals(last.D), (p * t.pitch + r) * last.width)
                for j in range(last.width):
                    d[j] = d[j] * w
