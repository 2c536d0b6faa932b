"""The path of wide layers and large batches on processors with a matrix unit: lanes whose products are the unit's.

A matrix unit takes bfloat16 numbers, which have the exponents of a float32 and a third of its digits. Each float32 is
split into three of them, to the bit, and six products of parts make one of float32, with about half the error of a
chain of fused multiply-adds in float32 (what XLA calls BF16_BF16_F32_X6). That is 2.0 to 2.2 times the rate of the
tile. All else is as under the path of lanes, and so the bits depend on batch and shapes alone; they are not those of
other paths and of processors without the unit.

A matrix is kept in chunks of 32 x 32 numbers, in a form for each part that it plays: the left factor of a product holds
pairs of numbers 16 columns apart in a word, the right one pairs 16 rows apart; so the transposed of the one is the
other's, word by word.
"""

from __future__ import annotations


def block_of_unit(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """One block for each lane, as ``block_of_lanes``; before the first of a batch all weights are split.

    The two are apart, as Numba compiles all that a kernel calls: who has no unit shall not wait for its code.
    """
    t: Task = task(address)
    crew: ints = to_ints(t.crew)
    s: Task = task(crew[me])
    sums: doubles = to_doubles(t.sums)
    if begin == ZERO:
        split_weights(t, me, to_reals(s.scratch))
        barrier(t, me)
    unit_on()
    lane = me
    while lane < t.lanes:
        sums[lane] = f8(0)
        first = lane * t.rows
        if first < rows:
            n = min(t.rows, rows - first)
            s.gradients = t.gradients + lane * t.bank
            known = n  # of the rows that this thread comes to next
            if t.threads == 1:
                known = rows + coming - first
            here: ints = ints_at(order, first)
            gather(s, 0, here, 0, 0, n, ROWS_AHEAD, known)
            place_targets(s, here, 0, 0, n)
            forward_by_unit(s, n)
            if s.predictions:
                keep_predictions(s, here, 0, 0, 0, n)
            losses(s, here, 0, 0, n, scale)
            backward_by_unit(s, n)
            sums[lane] = block_loss(s, n)
            learn_by_unit(s, n, begin, h)
        lane = lane + t.threads
    unit_off()


def split_weights(t: Task, me: i64, room: reals) -> None:
    """This thread's share of the weights, for forward and for backward."""
    job = 0
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.by_unit:
            chunks = (L.inputs + 31) // 32
            for p in range(L.panels):
                for q in range(chunks):
                    if job % t.threads == me:
                        w: reals = at(to_reals(L.W), (p * (L.height + 1) + 32 * q) * 32)
                        w = whole_block(w, min(32, L.height - 32 * q), at(room, CHUNK))
                        split_as_right(w, at(to_reals(L.W_right), (p * chunks + q) * CHUNK))
                        if L.WT_right:
                            split_as_left(w, room)
                            turn_chunk(room, at(to_reals(L.WT_right), (q * L.panels + p) * CHUNK))
                    job = job + 1


def whole_block(m: reals, n: i64, room: reals) -> reals:
    """n rows of 32 numbers, and zeros in `room` for those that are missing of 32."""
    block: reals = m
    if n < 32:
        copy(room, m, 32 * n)
        clear_padding(room, 32 * n, 1024)
        block = room
    return block


def split_as_left(m: reals, to: reals) -> None:
    """32 x 32 numbers: word j of row r is columns j and 16 + j."""
    for r in range(32):
        split(at(m, 32 * r), at(m, 32 * r + 16), at(to, 16 * r))


def split_as_right(m: reals, to: reals) -> None:
    """32 x 32 numbers: word j of row r is rows r and 16 + r, in column j of the first tile and 16 + j of the second."""
    for r in range(16):
        split(at(m, 32 * r), at(m, 32 * r + 512), at(to, 16 * r))
        split(at(m, 32 * r + 16), at(m, 32 * r + 528), at(to, 256 + 16 * r))


def turn_chunk(chunk: reals, to: reals) -> None:
    for i in range(0, CHUNK, 256):
        transpose(at(chunk, i), 16, at(to, i), 16)


def product_by_unit(
    t: Task, left: reals, right: reals, chunks: i64, first: reals, begin: i64, C: reals, rows: i64
) -> None:
    """C (rows x 32) = first + left right."""
    if rows == 32:
        unit_product(left, right, chunks, first, begin, C, 2)
    else:
        room: reals = to_reals(t.scratch)
        unit_product(left, right, chunks, first, begin, room, 2)
        copy(C, room, 32 * rows)


def forward_by_unit(t: Task, n: i64) -> None:
    """Outputs of all layers for n rows."""
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.by_unit:
            split_inputs(t, L, n)
            chunks = (L.inputs + 31) // 32
            for p in range(L.panels):
                right: reals = at(to_reals(L.W_right), p * chunks * CHUNK)
                bias: reals = at(to_reals(L.W), (p * (L.height + 1) + L.height) * 32)
                for r in range(0, n, 32):
                    left: reals = at(to_reals(L.X_left), r // 32 * chunks * CHUNK)
                    z: reals = at(to_reals(L.Z), (p * t.pitch + r) * 32)
                    product_by_unit(t, left, right, chunks, bias, BIAS, z, min(32, n - r))
                    if L.activate:
                        activate_panel(t, L, p, r, min(32, n - r))
        else:
            forward_layer(t, l, 0, 0, n)


def split_inputs(t: Task, L: Layer, n: i64) -> None:
    """What a layer reads, as the left factor of its outputs, and turned as that of its gradient."""
    room: reals = to_reals(t.scratch)
    chunks = (L.inputs + 31) // 32
    for q in range(chunks):
        for r in range(0, n, 32):
            x: reals = at(source_of(t, L, 0), (q * t.pitch + r) * 32)
            x = whole_block(x, min(32, n - r), at(room, CHUNK))
            split_as_left(x, at(to_reals(L.X_left), (r // 32 * chunks + q) * CHUNK))
            split_as_right(x, room)
            turn_chunk(room, at(to_reals(L.XT_left), (q * L.groups + r // 32) * CHUNK))


def backward_by_unit(t: Task, n: i64) -> None:
    """Deltas of all layers for n rows; the last layer's hold the loss's slope."""
    slope_of_layer(t, layer(t, t.depth - 1), 0, n)
    for l in range(t.depth - 1, -1, -1):
        L: Layer = layer(t, l)
        if L.by_unit:
            split_deltas(t, L, n)
        if l > 0:
            U: Layer = layer(t, l - 1)
            for p in range(U.panels):
                if L.by_unit:
                    right: reals = at(to_reals(L.WT_right), p * L.panels * CHUNK)
                    for r in range(0, n, 32):
                        left: reals = at(to_reals(L.D_left), r // 32 * L.panels * CHUNK)
                        d: reals = at(to_reals(U.D), (p * t.pitch + r) * 32)
                        product_by_unit(t, left, right, L.panels, d, ZERO, d, min(32, n - r))
                        if U.slope:
                            slope_of_panel(t, U, p, r, min(32, n - r))
                else:
                    backward_panel(t, L, U, p, 0, n)


def split_deltas(t: Task, L: Layer, n: i64) -> None:
    """A layer's deltas, as the left factor of those below and the right one of its gradient."""
    room: reals = to_reals(t.scratch)
    for p in range(L.panels):
        for r in range(0, n, 32):
            d: reals = at(to_reals(L.D), (p * t.pitch + r) * 32)
            d = whole_block(d, min(32, n - r), at(room, CHUNK))
            if L.D_left:
                split_as_left(d, at(to_reals(L.D_left), (r // 32 * L.panels + p) * CHUNK))
            split_as_right(d, at(to_reals(L.D_right), (p * L.groups + r // 32) * CHUNK))


def learn_by_unit(t: Task, n: i64, begin: i64, h: reals) -> None:
    """Gradients over n rows, of these layers and of the others."""
    for l in range(t.depth):
        L: Layer = layer(t, l)
        if L.by_unit:
            for p in range(L.panels):
                panel = L.W + t.gradients + p * (L.height + 1) * 32 * REAL_BYTES
                right: reals = at(to_reals(L.D_right), p * L.groups * CHUNK)
                for k in range(0, L.height, 32):
                    left: reals = at(to_reals(L.XT_left), k // 32 * L.groups * CHUNK)
                    g: reals = at(to_reals(panel), 32 * k)
                    unit_product(left, right, (n + 31) // 32, g, begin, g, min(2, (L.height - k) // 16))
                if L.use_bias:
                    d: reals = at(to_reals(L.D), p * t.pitch * 32)
                    vector_product(t, to_reals(t.ones), d, n, begin, at(to_reals(panel), L.height * 32), 32)
    learn(t, 0, n, begin, 0, h)
