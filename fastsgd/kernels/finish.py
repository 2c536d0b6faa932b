"""Updates that need whole gradients: after the batch's last block, when the gradient bank is complete.

Gathering of several batches' gradients, regularizers, clipping, decay of some weights only, moving averages, constraints.
Weights come in pieces: runs of memory that one thread works through from gradient to weight, a multiple of 16 elements.
A thread's pieces are about those panels that it owns on the column path, wherever the gradients came from.
What is summed over pieces (norms, penalties) is noted by piece and added up in their order by whoever needs it, so that
the bits do not depend on the number of threads. One to three barriers an update, where the fused paths need none.
"""

from __future__ import annotations


def finish_update(address: i64, me: i64, h: reals) -> None:
    """One update of all pieces."""
    t: Task = task(address)
    numbers: reals = at(h, t.rule_numbers)
    now = 0
    if numbers[NOW] > real(0):
        now = 1
    for i in range(t.pieces):
        if owns(t, piece(t, i), i, me):
            complete_gradient(t, piece(t, i), i, me, now, numbers)
    if now and t.clip > CLIP_VALUE:
        barrier(t, me)
    for i in range(t.pieces):
        if owns(t, piece(t, i), i, me):
            step_piece(t, piece(t, i), me, now, h, numbers)
    if t.joint:
        barrier(t, me)
        for i in range(t.pieces):
            if owns(t, piece(t, i), i, me):
                constrain_together(t, piece(t, i), i, me)


def owns(t: Task, P: Piece, i: i64, me: i64) -> i64:
    """Whether piece i is this thread's, by its place among the pieces of its variable."""
    answer = 0
    if own(P.of, me, t.threads) <= i - P.first and i - P.first < own(P.of, me + 1, t.threads):
        answer = 1
    return answer


def complete_gradient(t: Task, P: Piece, i: i64, me: i64, now: i64, numbers: reals) -> None:
    """Regularizers, the batches before, and what clipping is about."""
    g: reals = to_reals(P.W + t.gradients)
    lanes: doubles = to_doubles(scratch(t, me))
    penalties: doubles = to_doubles(t.penalties)
    if P.l1 > f8(0) or P.l2 > f8(0):
        w: reals = to_reals(P.W)
        total_of: f8 = f8(0)
        if P.l1 > f8(0):
            total_of = P.l1 * size_sum(w, P.count, lanes)
        if P.l2 > f8(0):
            total_of = total_of + P.l2 * square_sum(w, P.count, lanes)
        penalties[i] = total_of
        regularize(g, w, P.count, real(P.l1), real(f8(2) * P.l2))
    if t.gathered:
        total: reals = to_reals(P.W + t.gathered)
        gather_gradient(total, g, P.count, numbers[PART], now)
    if now and t.clip == CLIP_VALUE:
        clip_values(g, P.count, numbers[LIMIT])
    elif now and t.clip:
        norms: doubles = to_doubles(t.norms)
        norms[i] = square_sum(g, P.count, lanes)


def step_piece(t: Task, P: Piece, me: i64, now: i64, h: reals, numbers: reals) -> None:
    """Clip, decay, rule, average, constraint, transposed copy."""
    w: reals = to_reals(P.W)
    g: reals = to_reals(P.W + t.gradients)
    if now:
        if t.clip > CLIP_VALUE:
            scale_by(g, P.count, clip_scale(norm_of(t, P), numbers[LIMIT]))
        if P.decays:
            decay_weights(w, P.count, numbers[DECAY])
        update(t, P.W, g, P.count, h)
    if t.average:
        average: reals = to_reals(P.W + t.average)
        keep_average(average, w, P.count, numbers[KEEP])
        if numbers[OVERWRITE] > real(0):
            copy(w, average, P.count)
    if P.constraint == NOT_NEGATIVE:
        no_negatives(w, P.count)
    elif P.constraint == NORMS:
        constrain_columns(w, P, scratch(t, me))
    if P.panel >= 0:
        L: Layer = layer(t, P.layer)
        if L.WT:
            turn_panel(L, P.panel)


def turn_panel(L: Layer, p: i64) -> None:
    """The transposed copy of a panel."""
    for q in range((L.inputs + L.source_width - 1) // L.source_width):
        k = q * L.source_width
        w = L.W + (p * (L.height + 1) + k) * L.width * REAL_BYTES
        turn(L, w, p, k, min(L.source_width, L.inputs - k))


def norm_of(t: Task, P: Piece) -> real:
    """Of the gradient of this piece's variable, or of all."""
    norms: doubles = to_doubles(t.norms)
    first = P.first
    count = P.of
    if t.clip == CLIP_ALL:
        first = 0
        count = t.pieces
    total: f8 = f8(0)
    for i in range(first, first + count):
        total = total + norms[i]
    return sqrt(real(total))


def constrain_together(t: Task, P: Piece, i: i64, me: i64) -> None:
    """The one norm of several pieces, for the first of them."""
    if P.constraint == NORM and P.group == i:
        lanes: doubles = to_doubles(scratch(t, me))
        total: f8 = f8(0)
        for j in range(i, i + P.group_size):
            Q: Piece = piece(t, j)
            total = total + square_sum(to_reals(Q.W), Q.count, lanes)
        scale: real = norm_scale(sqrt(real(total)), real(P.low), real(P.high), real(P.rate))
        for j in range(i, i + P.group_size):
            R: Piece = piece(t, j)
            scale_by(to_reals(R.W), R.count, scale)


def constrain_columns(w: reals, P: Piece, room: i64) -> None:
    """Every column's norm, in a panel of weights."""
    width = P.width
    lanes: doubles = to_doubles(room)
    scales: reals = to_reals(room + 8 * width)
    for j in range(width):
        lanes[j] = f8(0)
    for r in range(P.count // width):
        row: reals = at(w, r * width)
        for j in range(width):
            lanes[j] = lanes[j] + f8(row[j]) * f8(row[j])
    for j in range(width):
        scales[j] = norm_scale(sqrt(real(lanes[j])), real(P.low), real(P.high), real(P.rate))
    for r in range(P.count // width):
        row = at(w, r * width)
        for j in range(width):
            row[j] = row[j] * scales[j]


def scratch(t: Task, me: i64) -> i64:
    """Address of a thread's scratch memory."""
    return t.scratch + me * SCRATCH * REAL_BYTES


def penalty(t: Task) -> f8:
    """Of all regularizers, at the weights before the update."""
    penalties: doubles = to_doubles(t.penalties)
    total: f8 = f8(0)
    for i in range(t.pieces):
        total = total + penalties[i]
    return total


# -- Elementwise
def square_sum(x: reals, n: i64, lanes: doubles) -> f8:
    """Sum of squares: 16 lanes, then a tree."""
    short_loops()
    for j in range(16):
        lanes[j] = f8(0)
    for i in range(0, n, 16):
        row: reals = at(x, i)
        for j in range(16):
            lanes[j] = lanes[j] + f8(row[j]) * f8(row[j])
    return tree(lanes)


def size_sum(x: reals, n: i64, lanes: doubles) -> f8:
    """Sum of sizes: 16 lanes, then a tree."""
    short_loops()
    for j in range(16):
        lanes[j] = f8(0)
    for i in range(0, n, 16):
        row: reals = at(x, i)
        for j in range(16):
            lanes[j] = lanes[j] + f8(absolute(row[j]))
    return tree(lanes)


def tree(lanes: doubles) -> f8:
    n = 8
    while n > 0:
        for j in range(n):
            lanes[j] = lanes[j] + lanes[n + j]
        n = n // 2
    return lanes[0]


def regularize(g: reals, w: reals, n: i64, l1: real, twice_l2: real) -> None:
    for i in range(n):
        x: real = w[i]
        g[i] = g[i] + (l1 * sign(x) + twice_l2 * x)


def gather_gradient(total: reals, g: reals, n: i64, part: real, now: i64) -> None:
    if now:
        for i in range(n):
            g[i] = (total[i] + g[i]) * part
            total[i] = real(0)
    else:
        for i in range(n):
            total[i] = total[i] + g[i]


def clip_values(g: reals, n: i64, limit: real) -> None:
    for i in range(n):
        g[i] = minimum(limit, maximum(-limit, g[i]))


def scale_by(x: reals, n: i64, scale: real) -> None:
    for i in range(n):
        x[i] = x[i] * scale


def decay_weights(w: reals, n: i64, decay: real) -> None:
    for i in range(n):
        w[i] = decay_w(w[i], decay)


def keep_average(average: reals, w: reals, n: i64, keep: real) -> None:
    for i in range(n):
        average[i] = keep * average[i] + (real(1) - keep) * w[i]


def no_negatives(w: reals, n: i64) -> None:
    for i in range(n):
        w[i] = where(w[i] < real(0), real(0), w[i])
