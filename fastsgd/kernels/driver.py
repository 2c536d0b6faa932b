"""What Python calls: ``train`` and ``infer``, each by every thread of a crew with its number.

A call works through `budget` blocks of rows and returns; between two calls the Task record says how far the job is, so
calls may be as short as Python likes without changing a bit. Threads other than 0 only read the record. A path is two
kernels, reached by address, so that Numba compiles only those that are used: `block` (outputs, losses, deltas), and
`settle` (gradients and update), which begins when all threads have ended the first. Where one thread takes many small
batches in one go, the first does it all, and there is no second.
"""

from __future__ import annotations


def finite(x: f8) -> i64:
    answer = 0
    if x - x == f8(0):
        answer = 1
    return answer


def note_losses(t: Task, total: f8, rows: i64, batches: i64, start: i64, epoch: i64) -> f8:
    """What the losses of a block add up to with the `total` before; a batch with one that is not finite is noted."""
    batch = start // t.batch
    if t.settle == 0:
        sums: doubles = to_doubles(t.sums)
        n = 0
        while n < batches and finite(total):
            total = total + sums[n]
            n = n + 1
        batch = batch + max(0, n - 1)
    elif t.path == LANES:
        total = total + lanes_loss(t)
    else:
        total = total + block_loss(t, rows)
    if finite(total) == 0:
        t.failed = 1 + batch
        t.failed_epoch = epoch
    return total


def train(address: i64, me: i64) -> None:
    """Train until `stop_epoch` epochs are finished or the budget is used up."""
    mode = subnormals_off()
    t: Task = task(address)
    order: ints = to_ints(t.order)
    epoch = t.epoch
    start = t.start
    done = t.done
    step = t.step
    total: f8 = t.total
    whole: f8 = t.whole
    blocks = 0
    while blocks < t.budget and epoch < t.stop_epoch and t.failed == 0:
        if t.shuffle and start == 0 and done == 0:
            if me == 0:
                permute(order, t.samples, u64(t.seed), u64(t.first_epoch + epoch))
            barrier(t, me)
        batch = min(t.batch, t.samples - start)
        rows = min(t.round, batch - done)
        last = 0
        if done + rows == batch:
            last = 1
        begin = ZERO
        if done > 0:
            begin = ADD
        else:
            whole = total
        h: reals = at(to_reals(t.hyper), (step - t.hyper_step) * t.hyper_stride)
        here: ints = ints_at(order, start + done)
        scale: real = real(f8(1) / f8(batch * t.elements))
        batches = 1
        if t.settle == 0:  # many whole batches at a time
            batches = min(MANY, min((t.samples - start) // batch, t.budget - blocks))
            rows = batches * batch
        coming = t.samples - start - done - rows
        call_block(t.block, address, here, me, rows, coming, begin, scale, step, done, h)
        barrier(t, me)
        if me == 0:
            total = note_losses(t, total, rows, batches, start, epoch)
        updating = last
        if t.deferred:
            updating = 0
        if t.settle:
            call_settle(t.settle, address, me, rows, begin, updating, batch, h)
        if last and t.deferred:
            barrier(t, me)
            call_finish(t.finish, address, me, h)
        barrier(t, me)
        if last and t.deferred and me == 0:
            total = total + f8(batch * t.elements) * penalty(t)
        blocks = blocks + batches
        done = done + rows
        if last:
            step = step + batches
            start = start + done
            done = 0
            if start == t.samples:
                if me == 0:
                    sums: doubles = to_doubles(t.epoch_losses)
                    sums[epoch - t.losses_epoch] = total
                total = f8(0)
                start = 0
                epoch = epoch + 1
    barrier(t, me)
    if me == 0:
        t.epoch = epoch
        t.start = start
        t.done = done
        t.step = step
        t.total = total
        t.whole = whole
    subnormals_back(mode)


def infer(address: i64, me: i64) -> None:
    """Outputs, and losses if the task names one, of the samples from `start` on; `order` holds 0, 1, 2, ... here."""
    mode = subnormals_off()
    t: Task = task(address)
    order: ints = to_ints(t.order)
    start = t.start
    total: f8 = t.total
    blocks = 0
    while blocks < t.budget and start < t.samples:
        rows = min(t.rows, t.samples - start)
        r0 = share(rows, me, t.threads)
        r1 = share(rows, me + 1, t.threads)
        if r1 > r0:
            gather(t, me, order, start, r0, r1, 0, 0)
            place_targets(t, order, start, r0, r1)
            forward(t, me, r0, r1 - r0)
            keep_predictions(t, order, start, me, r0, r1)
            if t.loss:
                losses(t, order, start, r0, r1, real(0))
        barrier(t, me)
        if me == 0 and t.loss:
            total = total + block_loss(t, rows)
        barrier(t, me)
        start = start + rows
        blocks = blocks + 1
    if me == 0:
        t.start = start
        t.total = total
    subnormals_back(mode)
