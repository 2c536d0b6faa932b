"""Steps that are neither products nor activations of single numbers, and blocks of rows through networks that have them.

They take the row path, with two additions: threads meet where batch normalization needs all rows, and a residual block
hands its delta on to the step that it began after. They are called by address: where no network has such steps,
Numba need not compile them.
"""

from __future__ import annotations


def forward_other(address: i64, l: i64, me: i64, r0: i64, n: i64) -> None:
    """Outputs of such a step for n rows of the block from row r0 on, as in predictions."""
    t: Task = task(address)
    L: Layer = layer(t, l)
    if L.kind == SOFTMAX:
        forward_softmax(t, L, me, r0, n)
    elif L.kind == LOG_SOFTMAX:
        forward_log_softmax(t, L, me, r0, n)
    elif L.kind == LAYER_NORM:
        forward_layer_norm(t, L, me, r0, n)
    elif L.kind == BATCH_NORM:
        still_batch_norm(t, L, me, r0, n)
    elif L.kind == SCALING:
        forward_scaling(t, L, r0, n)
    else:
        forward_sum(t, l, r0, n)


def forward_sum(t: Task, l: i64, r0: i64, n: i64) -> None:
    """The source as it is; at the end of a residual block, plus what the block began with."""
    L: Layer = layer(t, l)
    for p in range(L.panels):
        o = (p * t.pitch + r0) * L.width
        copy(at(to_reals(L.A), o), at(to_reals(L.source), o), n * L.width)
        if L.kind == RESIDUAL:
            begun: Layer = layer(t, L.begin)
            add_row(at(to_reals(L.A), o), at(to_reals(begun.source), o), n * L.width)


def block_of_steps(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """This thread's share of a block whose first row has this place in the batch: outputs, losses, deltas."""
    t: Task = task(address)
    r0 = share(rows, me, t.threads)
    n = share(rows, me + 1, t.threads) - r0
    if n > 0:
        gather(t, me, order, 0, r0, r0 + n, asking_distance(t, rows), rows + coming)
        place_targets(t, order, 0, r0, r0 + n)
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.kind == BATCH_NORM and L.fixed == 0:
            barrier(t, me)
            batch_statistics(t, L, me, rows)
            barrier(t, me)
            if n > 0:
                forward_batch_norm(t, L, r0, n)
        elif n > 0:
            if L.draws:
                disturb(t, l, step, place, r0, n)
            else:
                forward_layer(t, l, me, r0, n)
    if n > 0:
        if t.predictions:
            keep_predictions(t, order, 0, me, r0, r0 + n)
        losses(t, order, 0, r0, r0 + n, scale)
        slope_of_layer(t, layer(t, t.depth - 1), r0, n)
    for l in range(t.depth - 1, -1, -1):
        L = layer(t, l)
        if L.kind == BATCH_NORM and L.fixed == 0:
            barrier(t, me)
            batch_gradients(t, L, me, rows)
            barrier(t, me)
        if l > 0 and n > 0:
            backward_step(t, l, me, rows, scale * real(t.elements), r0, n)


def backward_step(t: Task, l: i64, me: i64, rows: i64, part: real, r0: i64, n: i64) -> None:
    """Deltas of the step below l: what comes down through l, and from the ends of residual blocks that begin with l."""
    L: Layer = layer(t, l)
    U: Layer = layer(t, l - 1)
    if L.kind == SOFTMAX:
        backward_softmax(t, L, U, me, r0, n)
    elif L.kind == LOG_SOFTMAX:
        backward_log_softmax(t, L, U, me, r0, n)
    elif L.kind == LAYER_NORM:
        backward_layer_norm(t, L, U, me, r0, n)
    elif L.kind == BATCH_NORM:
        if L.fixed:
            backward_still_batch_norm(t, L, U, me, r0, n)
        else:
            backward_batch_norm(t, L, U, me, rows, r0, n)
    elif L.kind == ACTIVITY:
        backward_activity(t, L, U, part, r0, n)
    elif L.kind == SCALING:
        backward_scaling(t, L, U, r0, n)
    elif L.draws and L.kind != GAUSSIAN_NOISE:
        for p in range(L.panels):
            o = (p * t.pitch + r0) * L.width
            multiply(at(to_reals(U.D), o), at(to_reals(L.D), o), at(to_reals(L.Z), o), n * L.width)
    elif L.kind == DENSE or L.kind == ACTIVATION:
        c = 0
        while c < n:
            for p in range(U.panels):
                delta_panel(t, L, U, p, r0 + c, min(L.rows_down, n - c), ZERO)
            c = c + L.rows_down
    else:
        for p in range(L.panels):
            o = (p * t.pitch + r0) * L.width
            copy(at(to_reals(U.D), o), at(to_reals(L.D), o), n * L.width)
    for k in range(l + 1, t.depth):
        end: Layer = layer(t, k)
        if end.kind == RESIDUAL and end.begin == l:
            for p in range(end.panels):
                o = (p * t.pitch + r0) * end.width
                add_row(at(to_reals(U.D), o), at(to_reals(end.D), o), n * end.width)
    slope_of_layer(t, U, r0, n)


# -- Scaling: `constants` are the shifts of all columns, their factors, their summands ---------------------------------
def forward_scaling(t: Task, L: Layer, r0: i64, n: i64) -> None:
    for p in range(L.panels):
        c: reals = at(to_reals(L.constants), p * L.width)
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            scale_columns(at(to_reals(L.A), o), at(to_reals(L.source), o), c, L.outputs, columns_of(L, p))


def scale_columns(a: reals, x: reals, c: reals, features: i64, n: i64) -> None:
    for j in range(n):
        a[j] = (x[j] - c[j]) * c[features + j] + c[2 * features + j]


def backward_scaling(t: Task, L: Layer, U: Layer, r0: i64, n: i64) -> None:
    for p in range(L.panels):
        factors: reals = at(to_reals(L.constants), L.outputs + p * L.width)
        for r in range(r0, r0 + n):
            o = (p * t.pitch + r) * L.width
            multiply(at(to_reals(U.D), o), at(to_reals(L.D), o), factors, columns_of(L, p))


# -- Regularizers of activity: what outputs of a step add to the loss, by row ------------------------------------------
def forward_activity(address: i64, l: i64, me: i64, r0: i64, n: i64) -> None:
    """Adds l1 sum |a| + l2 sum a**2 of all such steps to the losses of these rows.

    The driver divides by rows times `elements`, so the sums are multiplied by these.
    """
    t: Task = task(address)
    losses_of: doubles = to_doubles(t.row_losses)
    for k in range(t.depth):
        L: Layer = layer(t, k)
        if L.kind == ACTIVITY:
            c: reals = to_reals(L.constants)
            for r in range(r0, r0 + n):
                sum_of_row: f8 = f8(0)
                for p in range(L.panels):
                    a: reals = at(to_reals(L.A), (p * t.pitch + r) * L.width)
                    for j in range(columns_of(L, p)):
                        sum_of_row = sum_of_row + f8(c[0] * absolute(a[j]) + c[1] * (a[j] * a[j]))
                losses_of[r] = losses_of[r] + sum_of_row * f8(t.elements)


def backward_activity(t: Task, L: Layer, U: Layer, part: real, r0: i64, n: i64) -> None:
    """dL/dx = dL/da + (l1 sign(a) + 2 l2 a) / rows of the batch."""
    c: reals = to_reals(L.constants)
    l1: real = c[0] * part
    l2: real = real(2) * c[1] * part
    for p in range(L.panels):
        o = (p * t.pitch + r0) * L.width
        add_slopes(
            at(to_reals(U.D), o), at(to_reals(L.D), o), at(to_reals(L.A), o), n, columns_of(L, p), L.width, l1, l2
        )


def add_slopes(e: reals, d: reals, a: reals, rows: i64, n: i64, width: i64, l1: real, l2: real) -> None:
    for r in range(rows):
        o = r * width
        for j in range(n):
            e[o + j] = d[o + j] + (l1 * sign(a[o + j]) + l2 * a[o + j])
