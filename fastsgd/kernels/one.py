"""The path of batch 1: one row, and two passes over every weight.

Backward needs dot products with the rows of W and the update changes those rows, so both are done 16 rows at a time
while they are in the first-level cache: no gradient is stored, no transposed copy is kept. One thread, which takes many
batches in one go and asks for their rows some steps before. Against the row path: 2 to 3 times faster steps. Linear
models have a loop of their own, line.py, and large first layers, ahead.py.
"""

from __future__ import annotations


def block_of_one(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """So many batches of one sample."""
    t: Task = task(address)
    losses_of: doubles = to_doubles(t.row_losses)
    sums: doubles = to_doubles(t.sums)
    place_ones(t, 0)
    for i in range(rows):
        fetch(t, order, i + AHEAD, rows + coming)
        here: ints = ints_at(order, i)
        numbers: reals = at(h, i * t.hyper_stride)
        lay_row(t, to_reals(t.input), at(to_reals(t.x), here[0] * t.x_stride))
        step_of_one(t, here, 0, scale, numbers)
        sums[i] = losses_of[0]


def step_of_one(t: Task, order: ints, first: i64, scale: real, h: reals) -> None:
    """One sample, order[0], with the update of all layers from `first` on, and the deltas of the one below."""
    for l in range(first, t.depth):
        forward_one(t, layer(t, l))
    if t.predictions:
        keep_predictions(t, order, 0, 0, 0, 1)
    if t.point:
        points(t, order, scale)
    else:
        place_targets(t, order, 0, 0, 1)
        losses(t, order, 0, 0, 1, scale)
    slope_of_layer(t, layer(t, t.depth - 1), 0, 1)
    for l in range(t.depth - 1, first - 1, -1):
        L: Layer = layer(t, l)
        if L.thin:
            if l > 0:
                U: Layer = layer(t, l - 1)
                for p in range(U.panels):
                    if L.outputs == 1 and U.relu:
                        o = p * t.pitch * U.width
                        d: reals = to_reals(L.D)
                        w: reals = at(to_reals(L.W), p * U.width)
                        backward_single(at(to_reals(U.D), o), w, at(to_reals(U.A), o), d[0], U.width)
                    else:
                        backward_panel(t, L, U, p, 0, 1)
            learn_thin_row(t, L, h)
        elif L.kind == DENSE:
            group = 16
            if l == 0:
                group = L.source_width
            k = 0
            while k < L.inputs:
                if l > 0:
                    U = layer(t, l - 1)
                    below: reals = at(to_reals(U.D), k // U.width * t.pitch * U.width + k % U.width)
                    weights: reals = at(to_reals(L.W), k * L.width)
                    jump = (L.height + 1) * L.width
                    dots(weights, L.width, jump, to_reals(L.D), t.pitch * L.width, L.panels, below)
                n = min(group, L.inputs - k)
                if k + n == L.inputs:
                    n = n + L.joined
                learn_rows(t, L, to_reals(L.source), 0, L.panels, k, n, h)
                k = k + group
            if L.use_bias and L.joined == 0:
                learn_bias(t, L, h)
        elif l > 0:
            U = layer(t, l - 1)
            for p in range(L.panels):
                o = p * t.pitch * L.width
                copy(at(to_reals(U.D), o), at(to_reals(L.D), o), L.width)
        if l > 0 and L.thin == 0:
            slope_of_layer(t, layer(t, l - 1), 0, 1)


def points(t: Task, order: ints, scale: real) -> None:
    """The loss of the row in place 0, one output after the other, as ``losses``."""
    last: Layer = layer(t, t.depth - 1)
    y: reals = at(to_reals(t.y), order[0] * t.y_stride)
    sums: doubles = to_doubles(t.row_losses)
    sums[0] = f8(0)
    for c in range(t.outputs):
        o = c * t.column
        d: reals = at(to_reals(last.D), o)
        call_point(t.point, d, at(to_reals(t.judged), o), at(y, c), scale, to_reals(t.loss_constants), sums)


def backward_single(below: apart, w: apart, a: apart, delta: real, width: i64) -> None:
    """dL/dz of a panel of relu with the outputs `a`, below a layer of one output, as a product has it."""
    short_loops()
    for q in range(0, width, 16):
        for j in range(16):
            below[q + j] = muladd(delta, w[q + j], real(0)) * relu_slope(a[q + j])


def place_ones(t: Task, first: i64) -> None:
    """A 1 behind the last input of row 0 of all layers from `first` on: with it a bias is updated as one more weight."""
    for l in range(first, t.depth):
        L: Layer = layer(t, l)
        if L.joined:
            source: reals = to_reals(L.source)
            source[(L.inputs // L.source_width - 1) * t.pitch * L.source_width + L.source_width] = real(1)


def forward_one(t: Task, L: Layer) -> None:
    """Outputs of one layer for the row in place 0."""
    width = L.source_width
    jump = t.pitch * width
    source: reals = to_reals(L.source)
    if L.thin:
        z: reals = to_reals(L.Z)
        biases: reals = to_reals(thin_bias(L))
        panels = (L.inputs + width - 1) // width
        for c in range(L.outputs):
            weights: reals = at(to_reals(L.W), c * width)
            z[c * t.column] = dot(weights, L.outputs * width, source, jump, panels, width) + biases[c]
            if L.activate:
                o = c * t.column
                call_activation(L.activate, at(to_reals(L.A), o), at(z, o), 1, to_reals(L.constants))
    elif L.kind == DENSE:
        for p in range(L.panels):
            w: reals = at(to_reals(L.W), p * (L.height + 1) * L.width)
            a: reals = at(to_reals(L.Z), p * t.pitch * L.width)
            i = 0
            while i < L.width:
                bias: reals = at(w, L.height * L.width + i)
                gemv(source, width, jump, at(w, i), L.inputs, bias, at(a, i), L.width, L.relu)
                i = i + SPAN
            if L.activate and L.relu == 0:
                activate_one(t, L, p)
    else:
        for p in range(L.panels):
            forward_panel(t, L, 0, p, 0, 1)


def activate_one(t: Task, L: Layer, p: i64) -> None:
    """The outputs of a panel from its sums."""
    o = p * t.pitch * L.width
    call_activation(L.activate, at(to_reals(L.A), o), at(to_reals(L.Z), o), L.width, to_reals(L.constants))
    if L.cleared:
        clear_columns(L, at(to_reals(L.A), o), p, 1)


def learn_rows(t: Task, L: Layer, source: reals, first: i64, end: i64, k: i64, n: i64, h: reals) -> None:
    """Update of n rows from row k on in panels first:end of W: their gradient is inputs times deltas."""
    inputs: reals = at(source, k // L.source_width * t.pitch * L.source_width + k % L.source_width)
    for p in range(first, end):
        d: reals = at(to_reals(L.D), p * t.pitch * L.width)
        w = L.W + (p * (L.height + 1) + k) * L.width * REAL_BYTES
        v: reals = to_reals(w + t.bank)
        s: reals = to_reals(w + 2 * t.bank)
        u: reals = to_reals(w + 3 * t.bank)
        call_rank(t.rank, to_reals(w), inputs, d, v, s, u, n, L.width, h)


def learn_bias(t: Task, L: Layer, h: reals) -> None:
    for p in range(L.panels):
        bias = L.W + (p * (L.height + 1) + L.height) * L.width * REAL_BYTES
        update(t, bias, at(to_reals(L.D), p * t.pitch * L.width), L.width, h)


def learn_thin_row(t: Task, L: Layer, h: reals) -> None:
    """The update of a thin layer by the row in place 0."""
    width = L.source_width
    jump = t.pitch * width
    source: reals = to_reals(L.source)
    deltas: reals = to_reals(L.D)
    last = (L.inputs - 1) // width
    for i in range(L.inputs - last * width, width):  # which an activation may have made something of
        source[last * jump + i] = real(0)
    for p in range(last + 1):
        for c in range(L.outputs):
            w = L.W + (p * L.outputs + c) * width * REAL_BYTES
            learn_line(t, w, at(source, p * jump), at(deltas, c * t.column), width, h)
    if L.use_bias:
        for c in range(L.outputs):
            update(t, thin_bias(L) + c * REAL_BYTES, at(deltas, c * t.column), 1, h)


def learn_line(t: Task, w: i64, row: reals, factor: reals, n: i64, h: reals) -> None:
    """The step of n weights at address w, whose gradient is a row of numbers times a factor."""
    v: reals = to_reals(w + t.bank)
    s: reals = to_reals(w + 2 * t.bank)
    u: reals = to_reals(w + 3 * t.bank)
    call_line(t.line, to_reals(w), row, factor, v, s, u, n, h)
