"""Losses of whole rows, losses on logits and weights of rows: same bits in all compiled engines, gradients in each."""

import hashlib
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from engine_jobs import ALL, COMPILED

from fastsgd.engines import paths
from fastsgd.kernels.source.tables import RowLoss, loss_table, row_loss_table, update_table
from fastsgd.program import Op, Program

SETTINGS = {  # loss -> columns of y for n outputs, elements, constants
    "gaussian_nll": lambda n: (n // 2, n // 2, (-13.8, 0.9)),
    "quantiles": lambda n: (n // 2, n, (0.1, 0.7)),
}
ROW_LOSSES = [*row_loss_table(), "labels", "softmax", "softmax labels"]
LOSSES = [*ROW_LOSSES, "sigmoid"]


def program(loss, outputs, dtype, rule="sgd"):
    """Two layers and this loss; a probability at the end for those that want one."""
    dense, last = Op("dense", 5, 6, True, "tanh"), Op("dense", 6, outputs, True)
    if loss == "sigmoid":
        last = replace(last, activation="sigmoid")
        return Program((dense, last), np.dtype(dtype), "binary_crossentropy_logits", (), rule, on_logits=True)
    if loss.startswith(("softmax", "labels")):
        soft = loss.startswith("softmax")
        end = (Op("softmax", outputs, outputs),) if soft else ()
        numbers = {"labels": True, "targets": 1} if loss.endswith("labels") else {}
        return Program(
            (dense, last, *end), np.dtype(dtype), "categorical_crossentropy_logits", (), rule, 1, on_logits=soft,
            **numbers,
        )  # fmt: skip
    parameters = row_loss_table()[loss].parameters
    targets, elements, constants = SETTINGS.get(loss, lambda n: (n, 1, (0.3, 1.5)[: len(parameters)]))(outputs)
    if loss in ("categorical_crossentropy", "categorical_focal_crossentropy", "kl_divergence", "dice", "tversky"):
        last = replace(last, activation="sigmoid")
    return Program((dense, last), np.dtype(dtype), loss, constants, rule, elements, targets)


class Job:
    """Rows and weights for a program."""

    def __init__(self, net, rows=37, scale=0.5):
        rng = np.random.default_rng(5)
        self.program, dtype = net, net.dtype
        self.x = rng.normal(size=(rows, 5)).astype(dtype)
        if net.labels:
            self.y = rng.integers(0, net.outputs, (rows, 1))
        else:
            y = rng.random((rows, net.targets or net.outputs))
            self.y = (y / y.sum(axis=1, keepdims=True) if net.by_row else y).astype(dtype)
        self.row_weights = rng.random(rows).astype(dtype)
        self.weights = [(scale * rng.normal(size=shape)).astype(dtype) for shape in net.weight_shapes()]

    def train(self, engine, batch_size, threads=1, epochs=2, rate=0.05, weighted=True):
        network = engine.network(self.program)
        network.set_weights(self.weights)
        numbers = len(update_table()[self.program.rule].numbers)
        with network.training(
            self.x, self.y, batch_size=batch_size, hyper=lambda t: np.tile([rate, 0.9][:numbers], (len(t), 1)), step=0,
            shuffle=True, seed=3, first_epoch=0, threads=threads, weights=self.row_weights if weighted else None,
        ) as run:  # fmt: skip
            while run.epoch < epochs:
                run.advance(epochs)
        return network, run

    def digest(self, engine, batch_size, threads):
        network, run = self.train(engine, batch_size, threads)
        sha = hashlib.sha256()
        for array in (*network.get_weights(), np.array(run.losses), network.predict(self.x, threads)):
            sha.update(array.tobytes())
        sha.update(np.array(network.evaluate(self.x, self.y, threads, self.row_weights)[0]).tobytes())
        return sha.hexdigest()


@pytest.fixture(scope="module")
def engines():
    return {name: make() for name, make in COMPILED.items() if name != "cython-baseline"}


SINGLE = ("categorical_crossentropy_logits", "gaussian_nll", "softmax labels", "sigmoid")  # in float32, too


@pytest.mark.parametrize("outputs", [4, 22, 66])
@pytest.mark.parametrize(("loss", "dtype"), [(n, np.float64) for n in LOSSES] + [(n, np.float32) for n in SINGLE])
def test_same_bits(engines, loss, dtype, outputs):
    job = Job(program(loss, outputs, dtype), scale=0.2)
    for batch_size in (1, 37) if outputs == 4 else (20,):
        digests = {(name, t): job.digest(e, batch_size, t) for name, e in engines.items() for t in (1, 3)}
        assert len(set(digests.values())) == 1, digests


ALONE = [name for name in ROW_LOSSES if name not in SETTINGS]  # those whose outputs are no blocks


@pytest.mark.parametrize("outputs", [1, 4, 10, 66])
@pytest.mark.parametrize(("loss", "dtype"), [*product(ALONE, [np.float64]), *product(SINGLE[::2], [np.float32])])
def test_a_row_alone_has_the_bits_of_one_among_others(compiled_engine, monkeypatch, loss, dtype, outputs):
    job = Job(program(loss, outputs, dtype), scale=0.2)
    alone, run = job.train(compiled_engine, 1)
    monkeypatch.setattr(RowLoss, "in_blocks", True)  # the reason for which it would have to be among others
    among, other = job.train(compiled_engine, 1)
    assert run._t.judge_row and not other._t.judge_row
    assert run.losses == other.losses
    for a, b in zip(alone.get_weights(), among.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("loss", LOSSES)
def test_linear_models_have_the_bits_of_the_row_path(compiled_engine, monkeypatch, loss, weighted):
    net = program(loss, 4, np.float64)
    first, *others = net.ops[1:]
    job = Job(replace(net, ops=(replace(first, inputs=5), *others)), rows=150, scale=0.2)
    linear, run = job.train(compiled_engine, 4, weighted=weighted)
    monkeypatch.setattr(paths, "LINEAR_INPUTS", 0)
    by_rows, other = job.train(compiled_engine, 4, weighted=weighted)
    assert not run._t.settle and other._t.settle
    assert run.losses == other.losses
    for a, b in zip(linear.get_weights(), by_rows.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("outputs", [4, 18])
@pytest.mark.parametrize("loss", LOSSES)
def test_engines_agree_with_the_reference(loss, outputs):
    job = Job(program(loss, outputs, np.float64, "momentum"), scale=0.2)
    expected, expected_run = job.train(ALL["numpy"](), 13)
    network, run = job.train(next(iter(COMPILED.values()))(), 13, 2)
    for a, b in zip(network.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(run.losses, expected_run.losses, rtol=1e-12)
    args = job.x, job.y, 1, job.row_weights
    assert network.evaluate(*args)[0] == pytest.approx(expected.evaluate(*args)[0], rel=1e-11)


ELEMENTS = [name for name in loss_table() if name != "mse"]


@pytest.mark.parametrize("loss", [*LOSSES, *ELEMENTS])
def test_gradient_is_the_central_difference_of_the_loss(any_engine, loss):
    if loss in LOSSES:
        job = Job(program(loss, 6, np.float64), rows=9)
    else:
        constants = (0.3, 1.5, 0.7)[: len(loss_table()[loss].parameters)]
        ops = Op("dense", 5, 6, True, "tanh"), Op("dense", 6, 3, True, "sigmoid")
        job = Job(Program(ops, np.dtype(float), loss, constants, "sgd"), rows=9)
    network, _ = job.train(any_engine, 9, epochs=1, rate=1.0)
    rng = np.random.default_rng(1)
    for i, (before, after) in enumerate(zip(job.weights, network.get_weights(), strict=True)):
        direction = rng.normal(size=before.shape)
        slope = np.sum((before - after) * direction)
        values, h = [], 1e-6
        for sign in (1, -1):
            moved = [w.copy() for w in job.weights]
            moved[i] += sign * h * direction
            network.set_weights(moved)
            values.append(network.evaluate(job.x, job.y, 1, job.row_weights)[0])
        assert slope == pytest.approx((values[0] - values[1]) / (2 * h), rel=2e-6, abs=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("logit", [1e4, -1e4, 30.0])
@pytest.mark.parametrize("loss", ["softmax labels", "sigmoid", "labels"])
def test_any_logit_is_stable(any_engine, loss, logit, dtype):
    """One row of two outputs, whose logits are far from each other: losses and slopes are exact limits."""
    net = program(loss, 2, dtype)
    job = Job(net, rows=1)
    job.y = np.array([[0]]) if net.labels else np.array([[1, 0]], dtype)
    job.weights = [np.zeros_like(w) for w in job.weights[:3]] + [np.array([logit, 0], dtype)]
    network, run = job.train(any_engine, 1, epochs=1, rate=1.0, weighted=False)
    z = np.array([logit, 0.0])
    if loss == "sigmoid":
        expected = np.mean(np.logaddexp(0, z) - z * [1, 0])
        slope = (np.exp(-np.logaddexp(0, -z)) - [1, 0]) / 2
    else:
        expected = np.logaddexp(*z) - z[0]
        slope = np.exp(z - np.logaddexp(*z)) - [1, 0]
    assert run.losses[0] == pytest.approx(expected, rel=1e-5 if dtype == np.float32 else 1e-12, abs=2e-13)
    np.testing.assert_allclose(z - network.get_weights()[-1], slope, rtol=1e-5, atol=1e-3 if abs(logit) > 99 else 1e-6)


@pytest.mark.parametrize("loss", ["mse", "log_cosh", "categorical_crossentropy_logits"])
def test_a_weight_of_2_is_a_row_twice(any_engine, loss):
    """In the gradient of a full batch, but for the divisor: the number of rows, whatever they weigh."""
    net = program("labels", 6, np.float64) if "categorical" in loss else replace(
        program("sigmoid", 3, np.float64), loss=loss, on_logits=False
    )  # fmt: skip
    job = Job(net, rows=10)
    job.row_weights = np.array([2.0, 1, 0, 1, 2, 1, 1, 1, 1, 0])
    changes = []
    for times in (False, True):
        if times:
            rows = np.repeat(np.arange(10), job.row_weights.astype(int))
            job.x, job.y, job.row_weights = job.x[rows], job.y[rows], np.ones(len(rows))
        network, run = job.train(any_engine, 10, epochs=1)
        changes.append([*(a - b for a, b in zip(network.get_weights(), job.weights, strict=True)), run.losses])
    assert len(job.x) == 10
    for a, b in zip(*changes, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
