"""The row path: threads take rows through all layers, then weight tiles over all rows.

Two barriers a block. No two threads write one cell: in the first half a thread owns rows of every activation, in the
second it owns tiles of weights with their gradient, memories and transposed copy. No number is a sum of partial sums,
so the bits do not depend on the number of threads. It takes any batch and any shape; the other paths fall back to it.
"""

from __future__ import annotations


def share(rows: i64, part: i64, parts: i64) -> i64:
    """Where a thread's part of the rows begins: a multiple of 16, so that few tiles and no group of 16 rows are cut."""
    begin = rows
    if part < parts:
        begin = min(rows, (rows * part // parts + 15) // 16 * 16)
    return begin


def block_loss(t: Task, rows: i64) -> f8:
    """Sum of a block's losses, in four chains."""
    each: doubles = to_doubles(t.row_losses)
    a: f8 = f8(0)
    b: f8 = f8(0)
    c: f8 = f8(0)
    e: f8 = f8(0)
    whole = rows // 4 * 4
    for r in range(0, whole, 4):
        a = a + each[r]
        b = b + each[r + 1]
        c = c + each[r + 2]
        e = e + each[r + 3]
    for r in range(whole, rows):
        a = a + each[r]
    return (a + c) + (b + e)


def block_of_rows(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    t: Task = task(address)
    rows_of_block(t, order, me, rows, rows + coming, scale)


def settle_rows(address: i64, me: i64, rows: i64, begin: i64, last: i64, batch: i64, h: reals) -> None:
    t: Task = task(address)
    learn(t, me, rows, begin, last, h)


def rows_of_block(t: Task, order: ints, me: i64, rows: i64, known: i64, scale: real) -> None:
    """This thread's share of a block of rows: outputs, losses, deltas."""
    r0 = share(rows, me, t.threads)
    r1 = share(rows, me + 1, t.threads)
    if r1 > r0:
        gather(t, me, order, 0, r0, r1, asking_distance(t, rows), known)
        place_targets(t, order, 0, r0, r1)
        forward(t, me, r0, r1 - r0)
        if t.predictions:
            keep_predictions(t, order, 0, me, r0, r1)
        losses(t, order, 0, r0, r1, scale)
        backward(t, r0, r1 - r0)


def forward(t: Task, me: i64, r0: i64, n: i64) -> None:
    """Outputs of all layers for n rows of the block from row r0 on."""
    for l in range(t.depth):
        forward_layer(t, l, me, r0, n)


def forward_layer(t: Task, l: i64, me: i64, r0: i64, n: i64) -> None:
    """Outputs of layer l for n rows.

    Only so many rows go from panel to panel as the second-level cache holds, not a whole block: 0.86 to 0.89 of a forward
    pass of 256 rows of 784 numbers in float64, 0.97 in float32.
    """
    L: Layer = layer(t, l)
    if L.thin:
        forward_thin(t, L, r0, n)
    elif L.kind == DENSE or L.kind == ACTIVATION:
        c = 0
        while c < n:
            for p in range(L.panels):
                forward_panel(t, L, me, p, r0 + c, min(L.rows_up, n - c))
            c = c + L.rows_up
    else:
        call_forward(t.forward_other, t.address, l, me, r0, n)


def forward_panel(t: Task, L: Layer, me: i64, p: i64, r0: i64, n: i64) -> None:
    o = (p * t.pitch + r0) * L.width
    z: reals = at(to_reals(L.Z), o)
    width = L.source_width
    jump = t.pitch * width
    source: reals = at(source_of(t, L, me), r0 * width)
    if L.kind == DENSE:
        w: reals = at(to_reals(L.W), p * (L.height + 1) * L.width)
        bias: reals = at(w, L.height * L.width)
        begin = BIAS
        if L.relu:
            begin = BIAS_RELU
        kernel = product_for(t, columns_of(L, p), L.width)
        call_product(kernel, source, width, 1, width, jump, w, L.inputs, bias, begin, z, n, L.width)
    else:
        copy(z, at(source, p * jump), n * L.width)
    if L.activate and L.relu == 0:
        activate_panel(t, L, p, r0, n)


def activate_panel(t: Task, L: Layer, p: i64, r0: i64, n: i64) -> None:
    o = (p * t.pitch + r0) * L.width
    a: reals = at(to_reals(L.A), o)
    call_activation(L.activate, a, at(to_reals(L.Z), o), n * L.width, to_reals(L.constants))
    if L.cleared:
        clear_columns(L, a, p, n)


def columns_of(L: Layer, p: i64) -> i64:
    """Columns of panel p that are no padding."""
    return min(L.width, L.outputs - p * L.width)


def clear_padding(a: reals, n: i64, width: i64) -> None:
    """Zeros behind the n columns of a row that are no padding."""
    for j in range(n, width):
        a[j] = real(0)


def clear_columns(L: Layer, a: reals, p: i64, n: i64) -> None:
    """Zeros in the padding of n rows of panel p, which stand at a: infinity times a weight of 0 is NaN."""
    for r in range(n):
        clear_padding(at(a, r * L.width), columns_of(L, p), L.width)


def losses(t: Task, order: ints, base: i64, r0: i64, r1: i64, scale: real) -> None:
    """Loss of rows r0:r1 into row_losses, its slope times `scale` into the last layer's deltas.

    Of a thin layer that is where the targets are: ``place_targets`` has been called. Whole groups of 16 rows are written.
    """
    last: Layer = layer(t, t.depth - 1)
    column = t.column
    d: reals = to_reals(last.D)
    rows: doubles = to_doubles(t.row_losses)
    for r in range(r0, (r1 + 15) // 16 * 16):
        rows[r] = f8(0)
    if t.judge_row:
        loss_of_row(t, base + order[r0], scale)
    elif t.by_row:
        row_losses(t, order, base, r0, r1, scale)
    elif last.thin:
        loss(t, last, at(d, r0), at(to_reals(t.judged), r0), order, base, 0, r0, r1, t.outputs, 1, column, scale)
    else:
        for p in range(last.panels):
            k = p * last.width
            o = k * t.pitch + r0 * last.width
            n = min(last.width, t.outputs - k)
            loss(
                t,
                last,
                at(d, o),
                at(to_reals(t.judged), o),
                order,
                base,
                k,
                r0,
                r1,
                n,
                last.width,
                1,
                scale,
            )
    if last.thin and t.path != ONE:
        for c in range(t.outputs):
            for r in range(r1, (r1 + 3) // 4 * 4):  # column_sum reads so far
                d[c * column + r] = real(0)
    if t.weights:
        weigh(t, order, base, r0, r1)
    if t.forward_activity:
        call_forward(t.forward_activity, t.address, 0, 0, r0, r1 - r0)


def loss(
    t: Task,
    L: Layer,
    d: reals,
    a: reals,
    order: ints,
    base: i64,
    k: i64,
    r0: i64,
    r1: i64,
    n: i64,
    row: i64,
    column: i64,
    scale: real,
) -> None:
    """Outputs k .. k + n of rows r0:r1; output i of row r stands at r*row + i*column."""
    y: reals = at(to_reals(t.y), base * t.y_stride + k)
    sums: doubles = doubles_at(to_doubles(t.row_losses), r0)
    c: reals = to_reals(t.loss_constants)
    call_loss(t.loss, d, a, y, ints_at(order, r0), r1 - r0, n, row, column, t.y_stride, scale, c, sums)


def backward(t: Task, r0: i64, n: i64) -> None:
    """Deltas of all layers for n rows of the block from row r0 on; the last layer's hold the loss's slope."""
    last: Layer = layer(t, t.depth - 1)
    slope_of_layer(t, last, r0, n)
    for l in range(t.depth - 1, 0, -1):
        L: Layer = layer(t, l)
        U: Layer = layer(t, l - 1)
        c = 0
        while c < n:
            for p in range(U.panels):
                backward_panel(t, L, U, p, r0 + c, min(L.rows_down, n - c))
            c = c + L.rows_down


def backward_panel(t: Task, L: Layer, U: Layer, p: i64, r0: i64, n: i64) -> None:
    """Deltas of panel p of the layer U below L."""
    begin = ZERO
    if U.relu and (L.thin or L.kind == DENSE):
        begin = RELU_SLOPE
    delta_panel(t, L, U, p, r0, n, begin)
    if U.slope and begin == ZERO:
        slope_of_panel(t, U, p, r0, n)


def delta_panel(t: Task, L: Layer, U: Layer, p: i64, r0: i64, n: i64, begin: i64) -> None:
    """dL/da of panel p of the layer U below L; dL/dz if `begin` says so."""
    delta: reals = at(to_reals(L.D), r0 * L.width)
    below: reals = at(to_reals(U.D), (p * t.pitch + r0) * U.width)
    outputs: reals = at(to_reals(U.A), (p * t.pitch + r0) * U.width)
    if L.thin:
        backward_thin(t, L, U, p, r0, n, begin)
    elif L.kind == DENSE:
        wt: reals = at(to_reals(L.WT), p * L.turned * U.width)
        jump = t.pitch * L.width
        kernel = product_for(t, columns_of(U, p), U.width)
        call_product(kernel, delta, L.width, 1, L.width, jump, wt, L.outputs, outputs, begin, below, n, U.width)
    else:
        copy(below, at(delta, p * t.pitch * L.width), n * L.width)


def slope_of_layer(t: Task, L: Layer, r0: i64, n: i64) -> None:
    """dL/da becomes dL/dz."""
    if L.slope:
        if L.thin:
            slope_thin(t, L, r0, n)
        else:
            for p in range(L.panels):
                slope_of_panel(t, L, p, r0, n)


def slope_of_panel(t: Task, L: Layer, p: i64, r0: i64, n: i64) -> None:
    """dL/da becomes dL/dz in one panel."""
    o = (p * t.pitch + r0) * L.width
    call_activation(L.slope, at(to_reals(L.D), o), at(to_reals(L.seen), o), n * L.width, to_reals(L.constants))
    if L.cleared:
        clear_columns(L, at(to_reals(L.D), o), p, n)
