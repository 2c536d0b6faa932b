"""The path of batch 1 for linear models: a thin layer and nothing before it, so that a step is shorter than its calls.

The same numbers as on the path of one, with everything but the loss and the update in one loop. A linear regression with
13 inputs takes 0.82 of its time. Not for weighted samples, kept predictions and losses of whole rows.
"""

from __future__ import annotations


def block_of_line(
    address: i64, order: ints, me: i64, rows: i64, coming: i64, begin: i64, scale: real, step: i64, place: i64, h: reals
) -> None:
    """So many batches of one sample."""
    t: Task = task(address)
    L: Layer = layer(t, 0)
    width = t.input_width
    panels = (t.inputs + width - 1) // width
    outputs = t.outputs
    skip = outputs * width
    jump = t.pitch * width
    column = t.column
    constants: reals = to_reals(L.constants)
    source: reals = to_reals(t.input)
    w: reals = to_reals(L.W)
    biases: reals = to_reals(thin_bias(L))
    g: reals = to_reals(L.W + t.gradients)
    bias_g: reals = to_reals(thin_bias(L) + t.gradients)
    z: reals = to_reals(L.Z)
    d: reals = to_reals(L.D)
    sums: doubles = to_doubles(t.sums)
    for i in range(rows):
        fetch(t, order, i + AHEAD, rows + coming)
        here: ints = ints_at(order, i)
        gather(t, 0, here, 0, 0, 1, 0, 0)
        for c in range(outputs):
            z[c * column] = dot(at(w, c * width), skip, source, jump, panels, width) + biases[c]
            if L.activate:
                call_activation(L.activate, at(to_reals(L.A), c * column), at(z, c * column), 1, constants)
        sums[i] = f8(0)
        loss_here: doubles = doubles_at(sums, i)
        call_loss(
            t.loss,
            d,
            to_reals(t.judged),
            to_reals(t.y),
            here,
            1,
            outputs,
            1,
            column,
            t.y_stride,
            scale,
            to_reals(t.loss_constants),
            loss_here,
        )
        for c in range(outputs):
            if L.slope:
                call_activation(L.slope, at(d, c * column), at(to_reals(L.seen), c * column), 1, constants)
            delta: real = d[c * column]
            for p in range(panels):
                product_row(at(g, p * skip + c * width), at(source, p * jump), delta, width)
            if L.use_bias:
                bias_g[c] = delta
        update(t, L.W, g, panels * skip + 16, at(h, i * t.hyper_stride))
