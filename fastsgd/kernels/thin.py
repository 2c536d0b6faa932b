"""Thin output layers: at most four outputs, as in most regressions.

In a panel of 16 columns they would waste most of every vector. So their weights are kept transposed, panel by panel of
the inputs: [panel][output][input], then the biases; outputs and deltas stand column by column: [output][row]. Forward
is dot products, 16 at a time (lane j of a dot product sums columns j, 16 + j, ... in order; then the lanes are summed as
a tree: 8, 4, 2, 1); backward and gradient are ordinary products with few terms or few rows. Against a panel:
1.1 to 2 times faster steps for one output, nothing lost up to four.
"""

from __future__ import annotations


def thin_bias(L: Layer) -> i64:
    """Address of a thin layer's biases."""
    panels = (L.inputs + L.source_width - 1) // L.source_width
    return L.W + panels * L.outputs * L.source_width * REAL_BYTES


def forward_thin(t: Task, L: Layer, r0: i64, n: i64) -> None:
    """Outputs of rows r0 .. r0 + n; whole groups of 16 rows are written, which the row shares respect."""
    width = L.source_width
    panels = (L.inputs + width - 1) // width
    biases: reals = to_reals(thin_bias(L))
    for c in range(L.outputs):
        z: reals = at(to_reals(L.Z), c * t.column + r0)
        bias: real = biases[c]
        for r in range(0, n, 16):
            w: reals = at(to_reals(L.W), c * width)
            source: reals = at(to_reals(L.source), (r0 + r) * width)
            dots(source, width, t.pitch * width, w, L.outputs * width, panels, at(z, r))
        for r in range(0, n, 16):
            for j in range(16):
                z[r + j] = z[r + j] + bias
        if L.activate:
            whole = (n + 15) // 16 * 16
            call_activation(L.activate, at(to_reals(L.A), c * t.column + r0), z, whole, to_reals(L.constants))


def place_targets(t: Task, order: ints, base: i64, r0: i64, r1: i64) -> None:
    """Targets of rows r0:r1 to where the slopes of a thin layer's loss will stand, for two outputs at a time.

    Well before the loss takes them, where it can be: a vector that was stored number by number is loaded from the cache
    only.
    """
    last: Layer = layer(t, t.depth - 1)
    if last.thin and t.loss and t.by_row == 0:
        y: reals = at(to_reals(t.y), base * t.y_stride)
        d: reals = to_reals(last.D)
        stride = t.y_stride
        for c in range(0, t.outputs - 1, 2):
            target: reals = at(d, c * t.column)
            beside: reals = at(d, c * t.column + t.column)
            for r in range(r0, r1):
                j = order[r] * stride + c
                target[r] = y[j]
                beside[r] = y[j + 1]
        if t.outputs % 2:
            c = t.outputs - 1
            target = at(d, c * t.column)
            for r in range(r0, r1):
                target[r] = y[order[r] * stride + c]


def slope_thin(t: Task, L: Layer, r0: i64, n: i64) -> None:
    """dL/da becomes dL/dz."""
    if L.slope:
        for c in range(L.outputs):
            o = c * t.column + r0
            call_activation(L.slope, at(to_reals(L.D), o), at(to_reals(L.seen), o), n, to_reals(L.constants))


def backward_thin(t: Task, L: Layer, U: Layer, p: i64, r0: i64, n: i64, begin: i64) -> None:
    """dL/da of panel p of the layer below: for each row, its deltas times the rows of W; dL/dz if `begin` says so."""
    d: reals = at(to_reals(L.D), r0)
    w: reals = at(to_reals(L.W), p * L.outputs * U.width)
    o = (p * t.pitch + r0) * U.width
    outputs: reals = at(to_reals(U.A), o)
    below: reals = at(to_reals(U.D), o)
    kernel = product_for(t, columns_of(U, p), U.width)
    call_product(kernel, d, 1, t.column, L.outputs, 0, w, L.outputs, outputs, begin, below, n, U.width)


def learn_thin(t: Task, L: Layer, rows: i64, begin: i64, last: i64, h: reals) -> None:
    """Gradient and update of the whole layer, which is small, by one thread."""
    width = L.source_width
    panels = (L.inputs + width - 1) // width
    g: reals = to_reals(L.W + t.gradients)
    d: reals = to_reals(L.D)
    for p in range(panels):
        tile: reals = at(g, p * L.outputs * width)
        source: reals = at(to_reals(L.source), p * t.pitch * width)
        for c in range(L.outputs):
            vector_product(t, at(d, c * t.column), source, rows, begin, at(tile, c * width), width)
            for i in range(L.inputs - p * width, width):
                tile[c * width + i] = real(0)
    if L.use_bias:
        biases: reals = to_reals(thin_bias(L) + t.gradients)
        for c in range(L.outputs):
            total: real = column_sum(at(d, c * t.column), rows)
            if begin == ADD:
                total = total + biases[c]
            biases[c] = total
    if last:
        update(t, L.W, g, panels * L.outputs * width + 16, h)


def column_sum(d: reals, rows: i64) -> real:
    """Sum of a column of deltas, in four chains; what stands behind the last row, up to a multiple of 4, is zero."""
    a: real = real(0)
    b: real = real(0)
    c: real = real(0)
    e: real = real(0)
    for r in range(0, rows, 4):
        a = a + d[r]
        b = b + d[r + 1]
        c = c + d[r + 2]
        e = e + d[r + 3]
    return (a + c) + (b + e)
