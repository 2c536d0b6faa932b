"""What the front costs: fits of few rows, and predictions, through the model against the engine alone."""

import timeit

import numpy as np
import pytest

import fastsgd
from bench import trainers
from bench.engine_epochs import Epochs
from bench.grid import LEARNING_RATE, MOMENTUM, Cell, make_task

NET = "8-32-32-1"
ENGINES = [name for name in ("cython", "numba") if fastsgd.backends()[name]["available"]]


def make_model(engine, net=NET):
    inputs, *widths, outputs = Cell(net, 1).widths
    layers = [fastsgd.layers.Dense(width, activation="relu") for width in widths]
    model = fastsgd.Sequential([fastsgd.Input((inputs,)), *layers, fastsgd.layers.Dense(outputs)], seed=0)
    optimizer = fastsgd.optimizers.SGD(LEARNING_RATE, momentum=MOMENTUM, nesterov=True)
    model.compile(optimizer, "mse", backend=engine)
    return model


def rows(count, net=NET):
    rng, (inputs, *_, outputs) = np.random.default_rng(0), Cell(net, 1).widths
    x, y = (rng.standard_normal((count, n), dtype=np.float32) for n in (inputs, outputs))
    return x, y


@pytest.mark.parametrize("epochs", [1, 10_000])
@pytest.mark.parametrize("engine", ENGINES)
def test_fit_of_few_rows(benchmark, engine, epochs):
    """100 rows: "engine" in the extra information is what the kernels alone take for as many steps."""
    model, (x, y) = make_model(engine), rows(100)
    settings = {"batch_size": 32, "epochs": epochs, "verbose": 0}
    model.fit(x, y, **settings)
    benchmark.pedantic(model.fit, (x, y), settings, rounds=200 if epochs == 1 else 5)
    alone = Epochs(Cell(NET, 32), engine, rows=100)
    kernel = min(alone.epoch(1000) for _ in range(10)) * alone.steps * epochs
    alone.close()
    benchmark.extra_info["engine, ms"] = round(kernel * 1e3, 4)
    benchmark.extra_info["fit / engine"] = round(benchmark.stats.stats.min / kernel, 3)


@pytest.mark.parametrize("net", [NET, "784-256-10"])
@pytest.mark.parametrize("engine", ENGINES)
def test_a_new_model(benchmark, engine, net):
    """As in a sweep: made, compiled, trained on 1000 rows once, asked for one prediction, and dropped."""
    x, y = rows(1000, net)

    def use(model):
        model.fit(x, y, batch_size=32, verbose=0)
        return model.predict(x[:1])

    benchmark.pedantic(lambda: use(make_model(engine, net)), rounds=200, warmup_rounds=10)
    model = make_model(engine, net)
    use(model)
    again = min(timeit.repeat(lambda: use(model), number=1, repeat=200))
    benchmark.extra_info["of it for being new, us"] = round((benchmark.stats.stats.min - again) * 1e6)


@pytest.mark.parametrize("step", [*ENGINES, "plain NumPy"])
def test_one_step_at_a_time(benchmark, step):
    """32 rows by ``train_on_batch``, with all that is checked; and by the loop of the peers, which checks nothing."""
    cell, (x, y) = Cell(NET, 32), rows(32)
    if step in ENGINES:
        train = make_model(step).train_on_batch
    else:
        train = trainers.module("numpy_loop").setup(make_task(cell, 32), 1).step
    benchmark.pedantic(train, (x, y), rounds=500, warmup_rounds=10)


@pytest.mark.parametrize("engine", ENGINES)
def test_evaluate(benchmark, engine):
    model, (x, y) = make_model(engine), rows(32)
    benchmark.pedantic(lambda: model.evaluate(x, y, verbose=0), rounds=500, warmup_rounds=10)


@pytest.mark.parametrize("engine", ENGINES)
def test_hooks_of_batches(benchmark, engine):
    """100 batches of 32 rows, after each of which a callback is called."""
    model, (x, y) = make_model(engine), rows(3200)
    hook = fastsgd.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    benchmark.pedantic(lambda: model.fit(x, y, callbacks=hook, verbose=0), rounds=50, warmup_rounds=3)
    benchmark.extra_info["of a batch, us"] = round(benchmark.stats.stats.min * 1e4, 1)


@pytest.mark.parametrize("count", [1, 32, 1000, 100_000])
@pytest.mark.parametrize("engine", ENGINES)
def test_predict(benchmark, engine, count):
    model, (x, _) = make_model(engine), rows(count)
    model.predict(x, verbose=0)
    benchmark.pedantic(
        model.predict, (x,), {"verbose": 0}, rounds=30, iterations=max(1, 1000 // count), warmup_rounds=1
    )
    flops = 2 * Cell(NET, 1).weights * count
    benchmark.extra_info["GFLOP/s"] = round(flops / benchmark.stats.stats.min / 1e9, 2)
    benchmark.extra_info["us"] = round(benchmark.stats.stats.min * 1e6, 2)
