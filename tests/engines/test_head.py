"""A softmax at the end whose loss takes what goes into it: only predictions go through it, on whatever path."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from engine_jobs import ALL, COMPILED

from fastsgd.engines.paths import COLUMNS, LANES, LINEAR, ONE, ROWS, way_of
from fastsgd.program import Finish, Op, Program

WIDTHS = [(30, 32, 3), (5, 12, 10), (20, 64, 70, 40), (9, 4)]  # outputs that are kept transposed, and one panel or two
BATCHES = {1: ONE, 8: None, 32: None, 300: LANES}
ENGINES = {**COMPILED, "numpy": ALL["numpy"]}


def classifier(widths, dtype=np.float32, dropout=False):
    dense = [Op("dense", k, n, True, "tanh") for k, n in pairwise(widths)]
    dense[-1] = replace(dense[-1], activation="linear")
    ops = (*dense, Op("softmax", widths[-1], widths[-1]))
    if dropout:
        ops = (Op("dropout", widths[0], widths[0], constants=(0.2,)), *ops)
    return Program(
        ops, np.dtype(dtype), "categorical_crossentropy_logits", (), "nesterov", 1, 1, labels=True, on_logits=True
    )


def without_softmax(program):
    return replace(program, ops=program.ops[:-1], on_logits=False)


def trained(
    engine, program, batch_size, *, threads=1, rate=0.02, keep=False, rows=301, weighted=False, network=None
):  # fmt: skip
    """The network, the finished run, and the rows."""
    rng = np.random.default_rng(4)
    x = rng.standard_normal((rows, program.inputs)).astype(program.dtype)
    y = rng.integers(0, program.outputs, (rows, 1))
    network = network or engine.network(program)
    network.set_weights([0.3 * rng.standard_normal(s).astype(program.dtype) for s in program.weight_shapes()])
    weights = rng.random(rows).astype(program.dtype) if weighted else None
    network.set_slots([[np.zeros(s, program.dtype) for s in program.weight_shapes()]])
    numbers = [rate, 0.9, *([1.0, 1.0, 0.0, 0.5, 0.0, 0.0] if program.finish else [])]
    with network.training(
        x, y, batch_size=batch_size, hyper=lambda t: np.tile(numbers, (len(t), 1)), step=0, shuffle=True, seed=3,
        first_epoch=0, epochs=2, threads=threads, keep_predictions=keep, weights=weights,
    ) as run:  # fmt: skip
        while run.epoch < 2:
            run.advance(2)
    return network, run, x


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("batch", BATCHES)
def test_the_way_is_that_of_the_layers_before(widths, batch):
    way = way_of(classifier(widths), batch)
    assert way == way_of(without_softmax(classifier(widths)), batch)
    assert way.path == BATCHES[batch] or (BATCHES[batch] is None and way.path in (ROWS, COLUMNS, LINEAR))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("batch", BATCHES)
def test_training_has_the_bits_of_one_without(compiled_engine, widths, batch, dropout, dtype):
    program = classifier(widths, dtype, dropout)
    soft, soft_run, x = trained(compiled_engine, program, batch, threads=2, weighted=True)
    plain, plain_run, _ = trained(compiled_engine, without_softmax(program), batch, weighted=True)
    assert soft_run.losses == plain_run.losses
    for one, other in zip(soft.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(soft.predict(x), softmax(plain.predict(x)), rtol=2e-6)


@pytest.mark.parametrize("name", ENGINES)
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("batch", BATCHES)
def test_outputs_that_are_kept_in_training_are_those_of_predictions(name, widths, batch):
    engine = ENGINES[name]()
    network, run, x = trained(engine, classifier(widths), batch, threads=3, rate=0.0, keep=True)
    if name == "numpy":
        np.testing.assert_allclose(run.predictions, network.predict(x), rtol=1e-5)
    elif batch == 1:  # a single row's sums are made in other chains
        np.testing.assert_allclose(run.predictions, network.predict(x), rtol=1e-4)
    else:
        np.testing.assert_array_equal(run.predictions, network.predict(x, 2))


@pytest.mark.parametrize("clip", [None, "clipnorm"])
@pytest.mark.parametrize("widths", WIDTHS)
@pytest.mark.parametrize("batch", BATCHES)
def test_keeping_outputs_or_not_does_not_show(compiled_engine, widths, batch, clip):
    """One network, one fit after another, with other numbers of threads."""
    program = replace(classifier(widths), finish=Finish(clip=clip) if clip else None)
    _, expected, _ = trained(compiled_engine, program, batch, keep=True)
    network = compiled_engine.network(program)
    for keep, threads in ((False, 1), (True, 3), (False, 2), (True, 2), (True, 1)):
        _, run, _ = trained(compiled_engine, program, batch, threads=threads, keep=keep, network=network)
        assert run.losses == expected.losses
        if keep:
            np.testing.assert_array_equal(run.predictions, expected.predictions)
        else:
            assert run.predictions is None


@pytest.mark.parametrize("outputs", [2, 4, 17])
def test_no_row_is_disturbed_by_another(any_engine, outputs):
    """Rows beside each other, one of them not finite and one of large numbers."""
    program = classifier((3, outputs), np.float64)
    network = any_engine.network(program)
    rng = np.random.default_rng(1)
    kernel, bias = rng.standard_normal((3, outputs)), rng.standard_normal(outputs)
    network.set_weights([kernel, bias])
    x = rng.standard_normal((40, 3))
    x[7], x[21] = np.nan, 1e5
    p = network.predict(x)
    assert np.isnan(p[7]).all()
    others = np.arange(40) != 7
    np.testing.assert_allclose(p[others], softmax(x[others] @ kernel + bias), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(p[others].sum(axis=1), 1, rtol=1e-12)
