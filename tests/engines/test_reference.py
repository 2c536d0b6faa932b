"""The NumPy engine against central differences, goldens and definitions."""

import math
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from fastsgd.engines import Diverged, reference
from fastsgd.engines.reference import ReferenceEngine, row_order
from fastsgd.kernels.source import text
from fastsgd.kernels.source.tables import activation_table
from fastsgd.program import Op, Program

CONSTANTS = {
    "negative_slope": 0.2, "alpha": 1.3, "max_value": 1.5, "threshold": 0.1, "factor": -1.7, "summand": 0.4,
    "b": 4.0, "default_value": 0.3,
}  # fmt: skip
F8 = np.dtype(np.float64)
MASK = (1 << 64) - 1


def network(widths, activation="relu", *, rule="sgd", last="linear", extra=(), dtype=F8, seed=0):
    """A network with random weights, and rows to go with it."""
    table = activation_table()

    def constants(name):
        return tuple(CONSTANTS[p] for p in table[name].parameters)

    ops = [Op("dense", k, n, True, activation, constants(activation)) for k, n in pairwise(widths)]
    ops[-1] = Op("dense", widths[-2], widths[-1], True, last, constants(last))
    ops += [Op("activation", widths[-1], widths[-1], False, name, constants(name)) for name in extra]
    net = ReferenceEngine().network(Program(tuple(ops), dtype, "mse", (), rule))
    rng = np.random.default_rng(seed)
    net.set_weights([rng.normal(size=shape) / 2 for shape in net.program.weight_shapes()])
    x, y = rng.normal(size=(11, widths[0])), rng.normal(size=(11, widths[-1]))
    return net, x.astype(dtype), y.astype(dtype)


def training(net, x, y, numbers=(0.01,), *, batch_size=11, step=0, shuffle=False, seed=0, first_epoch=0, **more):
    def hyper(t):
        return np.tile(numbers, (len(t), 1))

    plan = {"batch_size": batch_size, "step": step, "shuffle": shuffle, "seed": seed, "first_epoch": first_epoch}
    return net.training(x, y, hyper=hyper, **plan, **more)


# -- Gradients -------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", ["hidden", "output", "alone"])
@pytest.mark.parametrize("activation", activation_table())
def test_gradient_is_the_central_difference_of_the_loss(activation, place):
    more = {"hidden": {"activation": activation}, "output": {"last": activation}, "alone": {"extra": (activation,)}}
    net, x, y = network((3, 5, 4, 2), **{"activation": "tanh", **more[place]})
    before = net.get_weights()
    rounding = 1e-8 * max(1.0, net.evaluate(x, y)[0])  # of the differences: they are those of losses of this size
    with training(net, x, y, (1.0,)) as run:
        run.advance(1)
    gradient = [w0 - w1 for w0, w1 in zip(before, net.get_weights(), strict=True)]
    h = 1e-6
    for i, w in enumerate(before):
        numeric = np.empty_like(w)
        for index in np.ndindex(w.shape):
            losses = []
            for sign in (1, -1):
                moved = [v.copy() for v in before]
                moved[i][index] += sign * h
                net.set_weights(moved)
                losses.append(net.evaluate(x, y)[0])
            numeric[index] = (losses[0] - losses[1]) / (2 * h)
        assert_allclose(gradient[i], numeric, rtol=1e-6, atol=rounding)


def test_loss_is_the_mean_over_all_elements():
    net, x, y = network((3, 4, 2))
    loss, p = net.evaluate(x, y)
    assert loss == pytest.approx(np.mean((p - y) ** 2), rel=1e-14)
    assert_array_equal(p, net.predict(x))


def test_row_blocks_change_rounding_only(monkeypatch):
    results = []
    for block in (4096, 4):
        monkeypatch.setattr(reference.network, "BLOCK", block)
        monkeypatch.setattr(reference.run, "BLOCK", block)
        net, x, y = network((3, 6, 2), rule="momentum")
        with training(net, x, y, (0.1, 0.9), batch_size=10, keep_predictions=True) as run:
            run.advance(3)
        results.append((*net.get_weights(), np.array(run.losses), run.predictions, net.evaluate(x, y)[0]))
    for one, other in zip(*results, strict=True):
        assert_allclose(one, other, rtol=1e-12)


# -- Update rules ----------------------------------------------------------------------------------------------------
GOLDENS = {  # from Keras 3: weights of columns 0 and 9 after each of five steps
    ("momentum", 0.0): [(0.9999, 0.9999), (0.99881, 0.98981), (0.996829, 0.970729), (0.9940461, 0.9435561),
                        (0.99054149, 0.90910049)],
    ("nesterov", 0.0): [(0.99981, 0.99981), (0.997829, 0.980729), (0.9950461, 0.9535561), (0.99154149, 0.91910049),
                        (0.987387341, 0.878090441)],
    ("nesterov", 0.1): [(0.99981, 0.99981), (0.9980017272727, 0.9824562727273), (0.9956091303030, 0.9591864030303),
                        (0.9927442545688, 0.9311281356876), (0.9895010312431, 0.8992273434309)],
}  # fmt: skip


@pytest.mark.parametrize(("rule", "decay"), GOLDENS)
def test_update_rules_against_goldens(rule, decay):
    net = ReferenceEngine().network(Program((Op("dense", 1, 10),), F8, "mse", (), rule))
    net.w[:] = 1
    for t, wanted in enumerate(GOLDENS[rule, decay]):
        net.g[:] = np.linspace(0.1, 1.0, 10) if t else 0.01
        net.update(np.array([0.01 / (1 + decay * t), 0.9]))
        assert_allclose(net.w[[0, 9]], wanted, rtol=1e-13)


def test_slots_can_be_read_and_put_back():
    net, x, y = network((3, 4, 2), rule="nesterov")
    with training(net, x, y, (0.1, 0.9), batch_size=4) as run:
        run.advance(2)
    other, _, _ = network((3, 4, 2), rule="nesterov", seed=5)
    other.set_weights(net.get_weights())
    other.set_slots(net.get_slots())
    for n in (net, other):
        with training(n, x, y, (0.1, 0.9), batch_size=4) as run:
            run.advance(1)
    assert_array_equal(net.w, other.w)
    assert [s.shape for s in net.get_slots()[0]] == net.program.weight_shapes()


# -- Order of rows ---------------------------------------------------------------------------------------------------
def mix(x):
    z = (x + 0x9E3779B97F4A7C15) & MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & MASK
    return z ^ z >> 31


def defined_order(n, seed, epoch):
    """The definition, in whole numbers."""
    state, order = mix((seed + mix(epoch)) & MASK), [0] * n
    for i in range(n):
        draw = mix(state)
        state = (state + 0x9E3779B97F4A7C15) & MASK
        j = (draw >> 32) * (i + 1) >> 32
        order[i] = order[j]
        order[j] = i
    return order


@pytest.mark.parametrize(
    ("n", "seed", "epoch"), [(1, 0, 0), (2, 1, 0), (1000, 2**63 - 1, 3), (70_000, MASK, 2**40), (9, 7, MASK)]
)
def test_row_order_is_as_defined(n, seed, epoch):
    order = row_order(n, seed, epoch)
    assert order.dtype == np.int64
    assert order.tolist() == defined_order(n, seed, epoch)
    assert sorted(order.tolist()) == list(range(n))


def test_permute_gives_the_same_order():
    kernels = text.load({"__name__": __name__, "u64": np.uint64, "i64": int}, ("shuffle",))
    order = [0] * 50
    with np.errstate(over="ignore"):
        kernels["permute"](order, 50, np.uint64(12), np.uint64(3))
    assert order == defined_order(50, 12, 3)


def test_every_place_is_as_likely():
    ends = np.array([row_order(6, seed, 0) for seed in range(6000)])
    counts = np.array([np.bincount(ends[:, k], minlength=6) for k in range(6)])
    assert abs(counts - 1000).max() < 5 * math.sqrt(1000)


def test_orders_follow_seed_and_epoch_number_alone():
    results = []
    for first, epochs in ((0, 4), (2, 2)):
        net, x, y = network((3, 4, 1))
        with training(net, x, y, batch_size=3, shuffle=True, seed=9, first_epoch=first) as run:
            run.advance(epochs - 2)
            net.set_weights([np.ones_like(w) for w in net.get_weights()])
            run.advance(epochs)
        results.append(net.w.copy())
    assert_array_equal(*results)


# -- Runs ------------------------------------------------------------------------------------------------------------
def test_advance_stops_after_batches_and_at_epochs():
    net, x, y = network((3, 4, 1))
    with training(net, x, y, batch_size=4, step=7) as run:
        run.advance(5, batches=1)
        assert (run.epoch, run.batch, run.step) == (0, 1, 8)
        run.advance(5, batches=3)
        assert (run.epoch, run.batch, run.step) == (1, 1, 11)
        run.advance(2)
        assert (run.epoch, run.batch, run.step) == (2, 0, 13)
        assert run.losses[-1] == run.running_loss
        assert len(run.losses) == 2


def test_advance_returns_after_a_moment(monkeypatch):
    monkeypatch.setattr(reference.run, "MOMENT", 0)
    monkeypatch.setattr(reference.run, "BLOCK", 2)
    net, x, y = network((3, 4, 1))
    before = net.w.copy()
    with training(net, x, y) as run:
        run.advance(1)
        assert (run.epoch, run.batch, run.step) == (0, 0, 0)  # amid the only batch: nothing was changed
        assert_array_equal(net.w, before)
        while run.epoch < 1:
            run.advance(1)
    assert run.step == 1


def test_hyperparameters_are_asked_for_anew_in_every_stretch():
    net, x, y = network((3, 1))
    asked = []

    def hyper(t):
        asked.append(t.tolist())
        return np.zeros((len(t), 1))

    with net.training(x, y, batch_size=4, hyper=hyper, step=5, shuffle=False, seed=0, first_epoch=0) as run:
        run.advance(2, batches=2)
        run.advance(2, batches=1)
    assert asked == [[5, 6], [7]]


def test_predictions_are_from_before_each_rows_update():
    net, x, y = network((3, 4, 2))
    order = row_order(11, 3, 0)
    wanted = np.empty_like(y)
    other, _, _ = network((3, 4, 2))
    with training(other, x[order], y[order], (0.1,), batch_size=4) as run:
        for start in (0, 4, 8):
            wanted[order[start : start + 4]] = other.predict(x[order[start : start + 4]])
            run.advance(1, batches=1)
    with training(net, x, y, (0.1,), batch_size=4, shuffle=True, seed=3, keep_predictions=True) as run:
        run.advance(1)
    assert_allclose(run.predictions, wanted, rtol=1e-12)
    assert run.losses[0] == pytest.approx(np.mean((wanted - y) ** 2))


def state(net):
    return [*net.get_weights(), *(array for slot in net.get_slots() for array in slot)]


@pytest.mark.parametrize("rate", [30.0, 1e300])
def test_divergence_puts_back_the_last_finite_epoch(rate):
    net, x, y = network((3, 4, 2), rule="momentum")

    def hyper(t):
        return np.stack([np.where(t < 9, 0.01, rate), np.full(len(t), 0.9)], axis=1)

    with net.training(x, y, batch_size=4, hyper=hyper, step=6, shuffle=False, seed=0, first_epoch=0) as run:
        with pytest.raises(Diverged) as caught:
            while run.epoch < 1000:
                before = state(net)
                run.advance(run.epoch + 1)
        assert caught.value.epoch == run.epoch == len(run.losses) >= 1
        assert (run.batch, run.step) == (0, 6 + 3 * run.epoch)
    assert all(np.isfinite(array).all() for array in before)
    for now, then in zip(state(net), before, strict=True):
        assert_array_equal(now, then)


def test_float32_stays_float32():
    net, x, y = network((3, 4, 2), "gelu", rule="nesterov", dtype=np.dtype(np.float32))
    with training(net, x, y, (0.1, 0.9), batch_size=4, keep_predictions=True) as run:
        run.advance(1)
    assert {a.dtype for a in [*net.get_weights(), *net.get_slots()[0], net.predict(x), run.predictions]} == {x.dtype}


def test_rows_are_never_written():
    net, x, y = network((3, 4, 2))
    kept = x.copy(), y.copy()
    x.flags.writeable = y.flags.writeable = False
    with training(net, x, y, batch_size=4, shuffle=True) as run:
        run.advance(2)
    net.evaluate(x, y)
    assert_array_equal(x, kept[0])
    assert_array_equal(y, kept[1])
