"""Matrix products on panels, rows in and out of them, and the rendezvous of threads.

A panel holds `width` columns (16 or 32) of a matrix, row after row; a matrix is panels one after the other. Nothing is
packed and nothing is bounds-checked: `layout.py` owns the memory. Each number of a product is one chain of fused
multiply-adds in the order of k, whatever tile it falls into, which makes its bits independent of everything else.
"""

from __future__ import annotations


def product(
    A: reals,
    ars: i64,
    acs: i64,
    run: i64,
    jump: i64,
    B: reals,
    K: i64,
    first: reals,
    begin: i64,
    C: reals,
    rows: i64,
    width: i64,
) -> None:
    """C (rows x width) = first + A (rows x K) B (K x width), of panels that are 32 wide, as tiles take for granted.

    A[r, k] stands at r*ars + (k // run)*jump + (k % run)*acs, where ars is 1, 16 or 32. `begin` says what the chains
    start from: ZERO, BIAS (the row `first`) or ADD (what C holds); and what is done with C before it is stored: BIAS_RELU
    is BIAS, then relu; RELU_SLOPE is ZERO, then times the slope of relu, whose outputs are `first` (rows x width).
    """
    r = 0
    while r < rows:
        n = rows_of_tile(rows - r)
        a: reals = at(A, r * ars)
        h = 0
        while h < width:
            b: reals = at(B, h)
            f: reals = at(first, h)
            if begin == RELU_SLOPE:
                f = at(first, r * width + h)
            c: reals = at(C, r * width + h)
            if n == TILE_ROWS:
                tile_full(a, ars, acs, run, jump, b, K, f, begin, c)
            elif n == 8:
                tile8(a, ars, acs, run, jump, b, K, f, begin, c)
            elif n == 4:
                tile4(a, ars, acs, run, jump, b, K, f, begin, c)
            elif n == 2:
                tile2(a, ars, acs, run, jump, b, K, f, begin, c)
            else:
                tile1(a, ars, acs, run, jump, b, K, f, begin, c)
            h = h + SPAN
        r = r + n


def product_narrow(
    A: reals,
    ars: i64,
    acs: i64,
    run: i64,
    jump: i64,
    B: reals,
    K: i64,
    first: reals,
    begin: i64,
    C: reals,
    rows: i64,
    width: i64,
) -> None:
    """The first 16 columns of ``product``: all of a panel that is 16 wide, or what is no padding of one that is 32 wide.

    There the other 16 columns become zero, as their product would be: what an activation makes of them must not add up.
    Two layers of 48 take 0.77 to 0.90 of a step that makes all 64 columns of each, two of 100 take 0.88 to 0.96.
    """
    r = 0
    while r < rows:
        n = rows_of_tile(rows - r)
        a: reals = at(A, r * ars)
        h = 0
        while h < 16:
            f: reals = at(first, h)
            if begin == RELU_SLOPE:
                f = at(first, r * width + h)
            narrow_tile(n, a, ars, acs, run, jump, at(B, h), K, f, begin, at(C, r * width + h), width)
            h = h + SPAN
        r = r + n


def product_for(t: Task, columns: i64, width: i64) -> i64:
    """Address of the kernel for so many columns of a panel that are no padding."""
    kernel = t.product
    if width == 16 or is_half(columns, width):
        kernel = t.product_narrow
    return kernel


def is_half(columns: i64, width: i64) -> i64:
    """Whether only the first half of a panel has columns that are no padding."""
    half = 0
    if width > 16 and columns <= 16:
        half = 1
    return half


def rows_of_tile(left: i64) -> i64:
    """Rows of the tile that comes next where so many are left."""
    n = 1
    if left >= TILE_ROWS and (TILE_ROWS != 12 or left != 16):
        n = TILE_ROWS
    elif left >= 8 and TILE_ROWS > 8:
        n = 8
    elif left >= 4 and TILE_ROWS > 4:
        n = 4
    elif left >= 2:
        n = 2
    return n


def vector_product(t: Task, a: reals, B: reals, K: i64, begin: i64, c: reals, width: i64) -> None:
    """c (1 x width) = a (K) B (K x width), begun by ZERO or ADD: four chains, then what is left of K in one."""
    whole = K // 4 * 4
    if begin == ZERO:
        for i in range(width):
            c[i] = real(0)
    h = 0
    while whole > 0 and h < width:
        gemv(a, K, 0, at(B, h), whole, at(c, h), at(c, h), width, 0)
        h = h + SPAN
    if whole < K:
        kernel = product_for(t, width, width)
        call_product(kernel, at(a, whole), 1, 1, K, 0, at(B, whole * width), K - whole, c, ADD, c, 1, width)


def gather(t: Task, me: i64, order: ints, base: i64, r0: i64, r1: i64, distance: i64, known: i64) -> None:
    """Rows r0:r1 of a block into the thread's input panels; row r is sample base + order[r].

    Wide rows one after the other, as each lies on pages of its own: 784 columns from L3 0.7 of the time panel by panel.
    The next one is asked for meanwhile: 0.97 of a step of 784-256-10 on two threads, from 256 rows on, sent to the
    second-level cache 0.96 to 0.98 of that. Of narrow rows that are `far` it is the one in a certain `distance`, in
    this block or another, as long as order[:known] has it: with 262 144 rows 0.76 of a step of 13-1 at 32 and 0.83 at
    256, 0.97 of one of 8-32-32-1; with those that a cache holds it would be 1.03. More of what comes from afar is on
    its way at a time if it is sent to the second-level cache; wide rows that lie in it already do not mind.
    """
    x: reals = at(to_reals(t.x), base * t.x_stride)
    panels: reals = to_reals(t.input + me * t.apart)
    inputs = t.inputs
    stride = t.x_stride
    width = t.input_width
    if inputs < ROW_BY_ROW:
        level = t.far
        asked = r0
        c = 0
        if level:
            asked = max(r0, min(r1, known - distance))
        while c < inputs:
            n = min(width, inputs - c)
            part: reals = at(x, c)
            panel: reals = at(panels, c * t.pitch)
            for r in range(r0, asked):
                ask_ends(at(part, order[r + distance] * stride), n, level)
                lay(at(panel, r * width), at(part, order[r] * stride), n)
            for r in range(asked, r1):
                lay(at(panel, r * width), at(part, order[r] * stride), n)
            c = c + width
    else:
        for r in range(r0, r1):
            if r + 1 < r1:
                ask(at(x, order[r + 1] * stride), inputs, 2)
            lay_row(t, at(panels, r * width), at(x, order[r] * stride))


def lay_row(t: Task, to: reals, row: reals) -> None:
    """The numbers of a row to its places in the input panels."""
    c = 0
    while c < t.inputs:
        lay(at(to, c * t.pitch), at(row, c), min(t.input_width, t.inputs - c))
        c = c + t.input_width


def asking_distance(t: Task, rows: i64) -> i64:
    """From a row that is gathered to the one that is asked for: with several threads, to this one's of the next block."""
    distance = ROWS_AHEAD
    if t.threads > 1:
        distance = rows
    return distance


def ask(numbers: reals, n: i64, level: i64) -> None:
    """Have memory send so many numbers, to the cache of this level."""
    i = 64 // REAL_BYTES
    while i < n:
        if level == 1:
            prefetch(at(numbers, i))
        else:
            prefetch_second(at(numbers, i))
        i = i + 64 // REAL_BYTES
    ask_ends(numbers, n, level)


def ask_ends(numbers: reals, n: i64, level: i64) -> None:
    """The same of the first line and the last, which are all that narrow rows have, or nearly."""
    if level == 1:
        prefetch(numbers)
        prefetch(at(numbers, n - 1))
    else:
        prefetch_second(numbers)
        prefetch_second(at(numbers, n - 1))


def fetch(t: Task, order: ints, i: i64, known: i64) -> None:
    """Ask memory for the sample in place i of the order, and its target, if so many are known."""
    if i < known:
        ask(at(to_reals(t.x), order[i] * t.x_stride), t.inputs, 1)
        target_bytes = t.y_stride * REAL_BYTES
        if t.labels:
            target_bytes = t.y_stride * 8
        prefetch(to_reals(t.y + order[i] * target_bytes))


def source_of(t: Task, L: Layer, me: i64) -> reals:
    """The panels that a layer reads."""
    source = L.source
    if source == t.input:
        source = source + me * t.apart
    return to_reals(source)


def keep_predictions(t: Task, order: ints, base: i64, me: i64, r0: i64, r1: i64) -> None:
    """The outputs of rows r0:r1 of a block to their samples' places; the head makes them first, if there is one."""
    last: Layer = layer(t, t.depth - 1)
    if t.head:
        call_forward(t.head, t.address, t.depth, me, r0, r1 - r0)
        last = layer(t, t.depth)
    outputs: reals = to_reals(last.A)
    kept: reals = to_reals(t.predictions)
    if last.thin:
        for c in range(t.outputs):
            for r in range(r0, r1):
                kept[(base + order[r]) * t.outputs + c] = outputs[c * t.column + r]
    else:
        for p in range(last.panels):
            k = p * last.width
            n = min(last.width, t.outputs - k)
            for r in range(r0, r1):
                copy(at(kept, (base + order[r]) * t.outputs + k), at(outputs, k * t.pitch + r * last.width), n)


def update(t: Task, w: i64, g: reals, n: i64, h: reals) -> None:
    """One step of n weights at address w, with their gradient and their memories."""
    call_update(
        t.update, to_reals(w), g, to_reals(w + t.bank), to_reals(w + 2 * t.bank), to_reals(w + 3 * t.bank), n, h
    )


def descend(
    t: Task, w: i64, x: reals, stride: i64, rows: i64, d: reals, g: reals, n: i64, width: i64, h: reals
) -> None:
    """The gradient x' d of n rows of weights at address w, which goes through `g`, and their step."""
    v: reals = to_reals(w + t.bank)
    s: reals = to_reals(w + 2 * t.bank)
    u: reals = to_reals(w + 3 * t.bank)
    call_descend(t.descend, x, stride, rows, d, g, to_reals(w), v, s, u, n, width, h)


def barrier(t: Task, me: i64) -> None:
    """Nobody leaves before everybody has come. Each thread counts its barriers on a line of its own."""
    if t.threads > 1:
        turn = load_acquire(t.signals + 128 * me) + 1
        store_release(t.signals + 128 * me, turn)
        for other in range(t.threads):
            waited = 0
            while load_acquire(t.signals + 128 * other) < turn:
                waited = waited + 1
                relax(waited)
