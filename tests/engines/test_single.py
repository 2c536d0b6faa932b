"""A run of a single step has the bits of any other, and leaves nothing behind when it fails."""

import numpy as np
import pytest
from engine_jobs import KINDS, alone, bits, job_of_kind, was_on, workspace_of

import fastsgd
from fastsgd.engines import Diverged, compiled, run, single
from fastsgd.engines.layout import Layout
from fastsgd.engines.run import CompiledRun
from fastsgd.engines.single import SingleRun

ROWS = {1: "one", 4: "columns", 32: "columns", 300: "lanes", 600: "lanes"}  # a batch, and the path of dense layers


def network_of(engine, job):
    network = alone(engine, job.program)
    network.set_weights(job.weights)
    return network


def trained(network, job, rows, step=0, weights=None, *, at_length=False, batch_size=None, predict=True):
    """Loss, and the bits of predictions, of a step; at length by a run that may have many."""
    settings = {"batch_size": batch_size or rows, "hyper": job.hyper, "step": step, "seed": 7, "first_epoch": 3}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(single, "MOST_FLOPS", 1e9)  # so that a batch of these networks may be in lanes
        if at_length:
            patch.setattr(compiled, "is_single", lambda *_: False)
        training = network.training(
            job.x[:rows], job.y[:rows], shuffle=False, keep_predictions=predict, weights=weights, **settings
        )
    assert type(training) is (CompiledRun if at_length else SingleRun)
    assert (training.epoch, training.batch, training.step) == (0, 0, step)
    with training:
        while training.epoch < 1:
            training.advance(1)
    assert (training.epoch, training.batch, training.step) == (1, 0, step + 1)
    assert training.losses == [training.running_loss]
    return training.running_loss, training.predictions.tobytes() if predict else training.predictions


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("kind", KINDS)
def test_bits(compiled_engine, kind, rows):
    job = job_of_kind(kind)
    one, other = (network_of(compiled_engine, job) for _ in range(2))
    unequal = np.linspace(0.5, 1.5, rows, dtype=np.float32)
    for step, weights in enumerate([None, unequal, None]):
        settings = {"step": step, "weights": weights, "predict": step < 2}
        assert trained(one, job, rows, **settings) == trained(other, job, rows, at_length=True, **settings)
        assert bits(one) == bits(other)
    assert one.predict(job.x).tobytes() == other.predict(job.x).tobytes()


@pytest.mark.parametrize("rows", ROWS)
def test_paths(compiled_engine, rows):
    job = job_of_kind("plain")
    network = network_of(compiled_engine, job)
    trained(network, job, rows)
    assert was_on(network, ROWS[rows])


@pytest.mark.parametrize(("rows", "path"), [(1, "line"), (8, "linear"), (2000, "lanes")])
def test_linear_models(trainer, compiled_engine, rows, path):
    job = trainer((13, 1), rows=2000)
    one, other = (network_of(compiled_engine, job) for _ in range(2))
    trained(one, job, rows, predict=False)
    assert was_on(one, path)
    trained(other, job, rows, predict=False, at_length=True)
    assert bits(one) == bits(other)


def test_the_matrix_unit(trainer, unit_engine):
    job = trainer((64, 70, 65, 2), rows=300)
    one, other = (network_of(unit_engine, job) for _ in range(2))
    assert trained(one, job, 300) == trained(other, job, 300, at_length=True)
    assert bits(one) == bits(other)
    assert workspace_of(one).unit


@pytest.mark.parametrize(("rows", "batch_size", "path"), [(20, 600, "lanes"), (4, 32, "columns")])
def test_batches_that_are_not_full(compiled_engine, rows, batch_size, path):
    job = job_of_kind("plain")
    one, other = (network_of(compiled_engine, job) for _ in range(2))
    settings = {"batch_size": batch_size}
    assert trained(one, job, rows, **settings) == trained(other, job, rows, at_length=True, **settings)
    assert bits(one) == bits(other)
    assert was_on(one, path)


@pytest.mark.parametrize("batch_size", [600, 32, 1])
def test_between_other_runs(compiled_engine, batch_size, monkeypatch):
    """They had several threads, epochs, and rows from far away in another order."""
    monkeypatch.setattr(run, "FAR", 0)
    job = job_of_kind("plain")
    one, other = (network_of(compiled_engine, job) for _ in range(2))
    for step in range(2):
        for network in (one, other):
            with network.training(
                job.x, job.y, batch_size=batch_size, hyper=job.hyper, step=0, shuffle=True, seed=3, first_epoch=5,
                epochs=3, threads=2,
            ) as training:  # fmt: skip
                for epoch in (1, 2, 3):
                    while training.epoch < epoch:
                        training.advance(epoch)
        assert trained(one, job, batch_size, step) == trained(other, job, batch_size, step, at_length=True)
        work, lanes = one._workshop._tools[-1]
        tasks = [work.task, *(member.task for member in (lanes._members[:1] if batch_size == 600 else []))]
        assert {task.far for task in tasks} == {0}
    assert bits(one) == bits(other)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("kind", ["plain", "steps", "finish"])
@pytest.mark.parametrize("bad", ["loss", "update"])
def test_divergence_leaves_what_there_was(compiled_engine, kind, rows, bad):
    """In this network, and nothing to another."""
    job = job_of_kind(kind)
    expected = network_of(compiled_engine, job)
    trained(expected, job, rows)
    trained(expected, job, max(1, rows - 7), 1)
    one, other = (compiled_engine.network(job.program) for _ in range(2))
    for network in (one, other):
        network.set_weights(job.weights)
        trained(network, job, rows)
    before, x, y, hyper = bits(one), job.x, job.y, job.hyper
    if bad == "loss":
        job.x, job.y = np.full_like(x, 1e30), np.full_like(y, np.nan)
    else:
        job.hyper = lambda t: np.full_like(hyper(t), np.inf)
    with pytest.raises(Diverged) as diverged:
        trained(one, job, rows, 1)
    assert (diverged.value.epoch, diverged.value.batch) == (0, 0)
    assert bits(one) == before
    assert len(one._workshop._tools) == 1
    job.x, job.y, job.hyper = x, y, hyper
    for network in (other, one):
        trained(network, job, max(1, rows - 7), 1)
        assert bits(network) == bits(expected)


def test_its_end(compiled_engine):
    job = job_of_kind("plain")
    network = network_of(compiled_engine, job)
    settings = {"batch_size": 8, "hyper": job.hyper, "step": 4, "shuffle": False, "seed": 7, "first_epoch": 0}
    with network.training(job.x[:8], job.y[:8], **settings) as training:
        training.skip(0, 0.0)
        training.advance(0)
        training.advance(1, 0)
        assert training.step == 4
        training.advance(1)
        training.advance(1)  # nothing is left to be done
        with pytest.raises(ValueError, match="one batch, got batches=1"):
            training.skip(1, 0.5)
        assert training.step == 5
    training.__exit__(None, None, None)
    assert len(network._workshop._tools) == 1
    trained(network, job, 8, 30)
    assert training.step == 5  # whatever others do with what it worked with
    with pytest.raises(RuntimeError, match="has ended"):
        training.advance(1)


def test_more_epochs_than_were_planned(compiled_engine):
    job = job_of_kind("plain")
    one, other = (network_of(compiled_engine, job) for _ in range(2))
    settings = {"batch_size": 8, "hyper": job.hyper, "step": 4, "shuffle": False, "seed": 7, "first_epoch": 0}
    runs = [network.training(job.x[:8], job.y[:8], epochs=n, **settings) for network, n in [(one, 1), (other, 3)]]
    for training in runs:
        with training:
            while training.epoch < 3:
                training.advance(3)
    assert [type(training) for training in runs] == [SingleRun, CompiledRun]
    assert runs[0].losses == runs[1].losses
    assert runs[0].step == runs[1].step == 7
    assert bits(one) == bits(other)


def test_divergence_in_an_epoch_that_was_not_planned(compiled_engine):
    job = job_of_kind("plain")
    network, hyper = network_of(compiled_engine, job), job.hyper
    settings = {"batch_size": 8, "step": 0, "shuffle": False, "seed": 7, "first_epoch": 0}
    training = network.training(
        job.x[:8], job.y[:8], hyper=lambda t: np.where(t[:, None] > 0, np.inf, hyper(t)), **settings
    )
    with training:
        training.advance(2)
        before = bits(network)
        with pytest.raises(Diverged) as diverged:
            training.advance(2)
    assert (diverged.value.epoch, diverged.value.batch) == (1, 0)
    assert bits(network) == before
    assert (training.epoch, training.step, len(training.losses)) == (1, 1, 1)


def test_an_error_of_the_rule_keeps_its_room(compiled_engine):
    job = job_of_kind("plain")
    network, before = network_of(compiled_engine, job), b"".join(w.tobytes() for w in job.weights)
    job.hyper = lambda t: 1 / 0
    with pytest.raises(ZeroDivisionError):
        trained(network, job, 8)
    assert not network._workshop._tools
    assert bits(network).startswith(before)


@pytest.mark.parametrize(
    "settings",
    [{}, {"shuffle": True}, {"epochs": 2}, {"batch_size": 7}, {"threads": 2}, {"most_threads": 2}],
    ids=lambda settings: next(iter(settings), "none"),
)
def test_what_is_a_single_step(trainer, compiled_engine, settings):
    job = trainer((2, 1), rows=8)
    asked = {"batch_size": 8, "hyper": job.hyper, "step": 0, "shuffle": False, "seed": 7, "first_epoch": 0, **settings}
    training = network_of(compiled_engine, job).training(job.x, job.y, **asked)
    assert type(training) is (CompiledRun if settings else SingleRun)


def test_what_is_done_in_a_moment(trainer):
    narrow, wide = trainer((2, 1)).program, trainer((100, 100)).program
    assert [single.is_single(narrow, rows, 10_000, 1) for rows in (4096, 4097)] == [True, False]
    assert [single.is_single(wide, rows, 10_000, 1) for rows in (333, 334)] == [True, False]
    outputs = trainer((1, 810)).program
    assert [single.is_single(outputs, rows, 10_000, 1) for rows in (323, 324)] == [True, False]
    assert [single.is_single(narrow, 8, size, 1) for size in (7, 8, 9)] == [False, True, True]


def test_an_update_is_counted_whatever_is_raised_after_it(compiled_engine, monkeypatch):
    """By a handler of signals, say, which Python calls as soon as the kernel is back."""
    job = job_of_kind("plain")
    network = network_of(compiled_engine, job)
    settings = {"batch_size": 8, "hyper": job.hyper, "step": 4, "shuffle": False, "seed": 7, "first_epoch": 0}
    monkeypatch.setattr(Layout, "finite", lambda layout: (_ for _ in ()).throw(TimeoutError))
    training = network.training(job.x[:8], job.y[:8], **settings)
    with pytest.raises(TimeoutError), training:
        training.advance(1)
    assert (training.epoch, training.step) == (1, 5)


def test_a_fit_of_one_step(monkeypatch):
    seen, begin = [], SingleRun.__init__

    def look(self, *args, batch_size, **settings):
        seen.append(batch_size)
        begin(self, *args, batch_size=batch_size, **settings)

    monkeypatch.setattr(SingleRun, "__init__", look)
    model = fastsgd.Sequential([fastsgd.layers.Dense(3), fastsgd.layers.Dense(1)])
    model.compile("sgd", "mse", num_threads=1)
    for settings, expected in [({}, [9]), ({"epochs": 2}, []), ({"batch_size": 5}, [])]:
        seen.clear()
        model.fit(np.ones((9, 2)), np.ones(9), **{"batch_size": 9, "epochs": 1, "verbose": 0, **settings})
        assert seen == expected
