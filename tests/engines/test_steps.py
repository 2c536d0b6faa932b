"""Softmax, normalization, dropout, noise and residual blocks: gradients, equal bits, and what depends on what."""

import hashlib

import numpy as np
import pytest
from engine_jobs import ALL, COMPILED, calls_of_one_block
from numpy.testing import assert_allclose

from fastsgd.kernels import records
from fastsgd.program import Finish, Op, Program

F8 = np.dtype(np.float64)
NORM = {"constants": (1e-3,), "use_bias": True, "use_scale": True}
BATCH = {**NORM, "constants": (1e-3, 0.9)}


def dense(k, n, activation="tanh", bias=True):
    return Op("dense", k, n, bias, activation)


def op(kind, n, *constants, **more):
    return Op(kind, n, n, constants=constants, **more)


def norm(n, **more):
    return Op("layer_norm", n, n, **{**NORM, **more})


def batch_norm(n, **more):
    return Op("batch_norm", n, n, **{**BATCH, **more})


NETS = {
    "softmax": (dense(3, 5), dense(5, 4, "linear"), op("softmax", 4)),
    "wide softmax": (dense(3, 40, "linear"), op("softmax", 40), dense(40, 2)),
    "log_softmax": (dense(3, 40), op("log_softmax", 40), dense(40, 2, "linear")),
    "layer_norm": (dense(3, 37, "sigmoid"), norm(37), dense(37, 2)),
    "layer_norm first and last": (norm(3), dense(3, 5), norm(5, use_scale=False)),
    "bare layer_norm": (dense(3, 17), norm(17, use_scale=False, use_bias=False), dense(17, 2, "linear")),
    "batch_norm": (dense(3, 37, "sigmoid"), batch_norm(37), op("activation", 37), dense(37, 2)),
    "batch_norm first and last": (batch_norm(3), dense(3, 5), batch_norm(5, use_bias=False)),
    "two batch_norms": (dense(3, 6), batch_norm(6, use_scale=False), dense(6, 4), batch_norm(4), dense(4, 1)),
    "frozen batch_norm": (dense(3, 37, "sigmoid"), batch_norm(37, trainable=False), dense(37, 2)),
    "dropout": (dense(3, 37), op("dropout", 37, 0.3), dense(37, 2), op("dropout", 2, 0.5)),
    "alpha_dropout": (dense(3, 37, "selu"), op("alpha_dropout", 37, 0.3), dense(37, 2)),
    "gaussian_dropout": (dense(3, 37), op("gaussian_dropout", 37, 0.3), dense(37, 2)),
    "gaussian_noise": (op("gaussian_noise", 3, 0.5), dense(3, 5), op("gaussian_noise", 5, 0.1, seed=-3), dense(5, 2)),
    "residual": (dense(3, 20), dense(20, 6), dense(6, 20), op("residual", 20, block=2), dense(20, 2)),
    "residual first and last": (dense(3, 4), dense(4, 3), op("residual", 3, block=2)),
    "nested residuals": (
        dense(3, 5, "softplus"), dense(5, 5), dense(5, 5), op("residual", 5, block=1), norm(5),
        op("residual", 5, block=4), dense(5, 2, "linear"),
    ),
    "activity": (
        dense(3, 20), op("activity", 20, 0.02, 0.03), dense(20, 20), op("residual", 20, block=2), op("softmax", 20),
        op("activity", 20, 0.1, 0.0), dense(20, 2), op("activity", 2, 0.0, 0.2),
    ),
    "scaling": (
        dense(3, 37), op("scaling", 37, *np.linspace(-1, 1, 37), *np.linspace(3, -2, 37), *np.linspace(0, 0.5, 37)),
        dense(37, 2), op("scaling", 2, 0.5, -0.5, 2.0, 0.3, 1.0, 0.0),
    ),
    "all of it": (
        dense(3, 33, "linear"), batch_norm(33), op("activation", 33, activation="relu"), op("dropout", 33, 0.2),
        norm(33), dense(33, 33, "gelu"), batch_norm(33), op("dropout", 33, 0.1), op("residual", 33, block=4),
        dense(33, 10, "linear"), op("softmax", 10),
    ),
}  # fmt: skip


def job(name, dtype=F8, rows=11, rule="sgd", seed=0, finish=None):
    """Program, initial weights, x, y."""
    program = Program(NETS[name], np.dtype(dtype), "mse", (), rule, finish=finish)
    rng = np.random.default_rng(seed)
    weights = [
        rng.uniform(0.3, 1, shape) if len(shape) == 1 else rng.normal(size=shape) / np.sqrt(shape[0])
        for shape in program.weight_shapes()
    ]
    x, y = rng.normal(size=(rows, program.inputs)), rng.normal(size=(rows, program.outputs))
    return program, [w.astype(dtype) for w in weights], x.astype(dtype), y.astype(dtype)


def train(network, x, y, numbers=(1.0,), *, batch_size=None, epochs=1, step=5, shuffle=False, cut=False, threads=1):
    numbers = [*numbers, *({"now": 1.0, "part": 1.0}.get(name, 0.0) for name in records.FINISH)]
    if not network.program.deferred:
        del numbers[-len(records.FINISH) :]
    with network.training(
        x, y, batch_size=batch_size or len(x), hyper=lambda t: np.tile(numbers, (len(t), 1)), step=step,
        shuffle=shuffle, seed=2**64 - 7, first_epoch=0, threads=threads, keep_predictions=True,
    ) as run:  # fmt: skip
        if cut:
            calls_of_one_block(run, epochs, threads)
        while run.epoch < epochs:
            run.advance(epochs)
    return run


@pytest.mark.parametrize("name", NETS)
def test_gradient_is_the_central_difference_of_the_training_loss(any_engine, name):
    """Along random directions: each takes in all weights."""
    program, weights, x, y = job(name)
    network = any_engine.network(program)
    network.set_weights(weights)
    train(network, x, y)
    trained = program.trained()
    gradient = [before - after for before, after in zip(weights, network.get_weights(), strict=True)]
    rng = np.random.default_rng(1)
    for _ in range(4):
        direction = [rng.normal(size=w.shape) * t for w, t in zip(weights, trained, strict=True)]
        losses = []
        for h in (1e-5, -1e-5):
            network.set_weights([w + h * d for w, d in zip(weights, direction, strict=True)])
            losses.append(train(network, x, y, (0.0,)).losses[0])
        wanted = sum((g * d).sum() for g, d in zip(gradient, direction, strict=True))
        assert_allclose((losses[0] - losses[1]) / 2e-5, wanted, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("batch_size", [1, 11, 280])
@pytest.mark.parametrize("name", NETS)
def test_compiled_engines_agree_with_the_reference(compiled_engine, name, batch_size):
    program, weights, x, y = job(name, rows=300 if batch_size > 100 else 30, rule="momentum")
    results = []
    for engine in (compiled_engine, ALL["numpy"]()):
        network = engine.network(program)
        network.set_weights(weights)
        run = train(network, x, y, (0.005, 0.9), batch_size=batch_size, shuffle=True)
        loss, p = network.evaluate(x, y)
        results.append([*network.get_weights(), np.array(run.losses), run.predictions, p, loss])
    for one, other in zip(*results, strict=True):
        assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_updates_from_whole_gradients_are_the_same_as_those_within_blocks(any_engine):
    results = []
    for finish in (None, Finish()):
        program, weights, x, y = job("all of it", rows=90, rule="nesterov", finish=finish)
        network = any_engine.network(program)
        network.set_weights(weights)
        run = train(network, x, y, (0.01, 0.9), batch_size=32, epochs=2)
        results.append([*network.get_weights(), np.array(run.losses)])
    for one, other in zip(*results, strict=True):
        assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", NETS)
def test_same_bits_for_all_engines_threads_and_cuts(name, dtype):
    program, weights, x, y = job(name, dtype, rows=300, rule="nesterov")

    def digest(engine, **more):
        network = engine.network(program)
        network.set_weights(weights)
        run = train(network, x, y, (0.001, 0.9), epochs=2, shuffle=True, **more)
        sha = hashlib.sha256()
        for array in (*network.get_weights(), np.array(run.losses), run.predictions, network.predict(x, 3)):
            sha.update(array.tobytes())
        return sha.hexdigest()

    engines = {name: make() for name, make in COMPILED.items() if name != "cython-baseline"}
    for size in (7, 280):
        digests = {name: digest(engine, batch_size=size) for name, engine in engines.items()}
        one = next(iter(engines.values()))
        digests |= {threads: digest(one, batch_size=size, threads=threads) for threads in (2, 5)}
        digests["cut"] = digest(one, batch_size=size, cut=True)
        assert len(set(digests.values())) == 1, (size, digests)
