"""The path of batch 1 for linear models: a thin layer and nothing before it, so that a step is shorter than its calls.

The same numbers as on the path of one, from fewer instructions: 0.64 of its time for 13-1. What does not change from
row to row is looked up once. A row of inputs lies where other paths have the gradient, and a 1 behind it, which makes
the bias of a single output one more weight. Not for weighted samples, kept predictions and losses of whole rows.
"""

from __future__ import annotations


def block_of_line(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """So many batches of one sample."""
    t: Task = task(address)
    L: Layer = layer(t, 0)
    inputs = t.inputs
    outputs = t.outputs
    width = t.input_width
    panels = (inputs + width - 1) // width
    skip = outputs * width
    biases = thin_bias(L)
    column = t.column
    x_stride = t.x_stride
    y_stride = t.y_stride
    x: reals = to_reals(t.x)
    y: reals = to_reals(t.y)
    w: reals = to_reals(L.W)
    b: reals = to_reals(biases)
    source: reals = to_reals(L.W + t.gradients)
    one: reals = to_reals(biases + t.gradients)
    d: reals = to_reals(L.D)
    for j in range(panels * width):
        source[j] = real(0)
    for j in range(16):
        one[j] = real(0)
        d[j] = real(0)
    if L.use_bias:
        one[0] = real(1)
    for i in range(rows):
        if i + AHEAD < rows + coming:
            ask(at(x, order[i + AHEAD] * x_stride), inputs, 1)
            prefetch(at(y, order[i + AHEAD] * y_stride))
        lay(source, at(x, order[i] * x_stride), inputs)
        target: reals = at(y, order[i] * y_stride)
        numbers: reals = at(h, i * t.hyper_stride)
        loss: doubles = doubles_at(to_doubles(t.sums), i)
        loss[0] = f8(0)
        for c in range(outputs):
            z: reals = at(to_reals(L.Z), c * column)
            z[0] = dot(at(w, c * width), skip, source, width, panels, width) + b[c]
            if L.activate:
                call_activation(L.activate, at(to_reals(L.A), c * column), z, 1, to_reals(L.constants))
            judged: reals = at(to_reals(t.judged), c * column)
            call_point(t.point, at(d, c), judged, at(target, c), scale, to_reals(t.loss_constants), loss)
            if L.slope:
                call_activation(L.slope, at(d, c), at(to_reals(L.seen), c * column), 1, to_reals(L.constants))
        if outputs == 1:
            learn_line(t, L.W, source, d, panels * width + 16, numbers)
        else:
            for p in range(panels):
                for c in range(outputs):
                    o = (p * skip + c * width) * REAL_BYTES
                    learn_line(t, L.W + o, at(source, p * width), at(d, c), width, numbers)
            learn_line(t, biases, d, one, 16, numbers)
