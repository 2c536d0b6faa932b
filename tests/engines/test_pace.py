"""The number of threads of a run, on clocks that are made up: what it settles on, and what looking for it costs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import fastsgd
from fastsgd.engines.pace import CALL_SECONDS, SETTLED, SOONEST, TRIAL_SECONDS, Pace


def train(pace: Pace, cost: Callable[[int, float], float], seconds: float) -> tuple[float, list[int]]:
    """Seconds per block over so long a training, where a block takes cost(threads, time); the threads of each call."""
    time, done, used = 0.0, 0, []
    while time < seconds:
        threads, blocks = pace.call()
        took = blocks * cost(threads, time)
        pace.note(threads, blocks, took)
        time, done = time + took, done + blocks
        used.append(threads)
    return time / done, used


@pytest.mark.parametrize("block", [2e-6, 1e-4, 0.05])
@pytest.mark.parametrize("first", [1, 2, 8])
@pytest.mark.parametrize("best", [1, 2, 4, 8])
def test_it_settles_on_the_fastest_and_looking_costs_little(best, first, block):
    costs = {threads: block * (1 + abs(np.log2(threads / best))) for threads in range(1, 9)}
    pace = Pace(first, 8, 1 / block)
    train(pace, lambda threads, _: costs[threads], 2 + 200 * block)
    assert pace.threads == best
    each, _ = train(pace, lambda threads, _: costs[threads], 20 + 500 * block)
    assert each < 1.05 * costs[best]


def test_a_trial_begins_when_it_is_due():
    """And not with the next call after that, which may be the first of a fit."""
    block, time, ended, waits = 1e-5, 0.0, 0.0, []
    pace, before = Pace(1, 2, 1 / block), 1
    while len(waits) < 4:
        threads, blocks = pace.call()
        if threads == 2 > before and time - ended > 0.01:
            waits.append(time - ended)
        pace.note(threads, blocks, blocks * block)
        time, before = time + blocks * block, threads
        if threads == 2:
            ended = time
    own = 2 * TRIAL_SECONDS  # of the present number, with which a trial begins
    np.testing.assert_allclose(
        waits, np.array([SETTLED, SOONEST, 2 * SOONEST, 4 * SOONEST]) + own, atol=1.1 * TRIAL_SECONDS
    )


def test_a_short_run_is_not_disturbed():
    _, used = train(Pace(1, 2, 1e6), lambda threads, _: 1e-6, 0.02)
    assert set(used) == {1}


def test_a_run_of_few_long_calls_is_not_disturbed():
    _, used = train(Pace(2, 2, 1e3), lambda threads, _: {1: 0.05, 2: 0.03}[threads], 0.3)
    assert set(used) == {2}


@pytest.mark.parametrize("compiled", [name for name in ("cython", "numba") if fastsgd.backends()[name]["available"]])
def test_a_fit_knows_how_long_blocks_took_in_the_last_one(compiled, monkeypatch):
    asked = []
    call = Pace.call
    monkeypatch.setattr(Pace, "call", lambda pace: asked.append(call(pace)) or asked[-1])
    model = fastsgd.Sequential([fastsgd.layers.Dense(8, "relu"), fastsgd.layers.Dense(1)])
    model.compile("sgd", "mse", backend=compiled, num_threads=1)
    x = np.linspace(-1, 1, 600).reshape(200, 3)
    monkeypatch.setattr(Pace, "note", lambda pace, threads, blocks, seconds: pace._usual.update({threads: 0.01}))
    for batch_size in (8, 16, 8):
        model.fit(x, x[:, 0], batch_size=batch_size, verbose=0)
    guess = asked[0][1]
    assert guess > 100  # blocks of so small a network, which nobody has timed yet
    assert asked[-1] == (1, int(CALL_SECONDS / 0.01))


@pytest.mark.parametrize("compiled", [name for name in ("cython", "numba") if fastsgd.backends()[name]["available"]])
def test_short_fits_settle_together_unless_a_number_is_set(compiled, monkeypatch):
    asked = []
    call, note = Pace.call, Pace.note
    costs = {1: 1e-3, 2: 6e-4}
    monkeypatch.setattr("fastsgd.backend.available_cpus", lambda: 2)
    monkeypatch.setattr(Pace, "call", lambda pace: asked.append(call(pace)) or asked[-1])
    monkeypatch.setattr(
        Pace, "note", lambda pace, threads, blocks, _: note(pace, threads, blocks, blocks * costs[threads])
    )
    model = fastsgd.Sequential([fastsgd.layers.Dense(8, "relu"), fastsgd.layers.Dense(1)])
    model.compile("sgd", "mse", backend=compiled)
    x = np.linspace(-1, 1, 150).reshape(50, 3)

    def threads_of_a_fit() -> set[int]:
        asked.clear()
        model.fit(x, x[:, 0], batch_size=5, verbose=0)
        return {threads for threads, _ in asked}

    for _ in range(20):
        assert threads_of_a_fit() == {1}  # by its operations it is over before a thread is awake
    monkeypatch.setattr("fastsgd.backend.WAKES", 0)
    assert threads_of_a_fit() == {1}
    for _ in range(20):
        threads_of_a_fit()
    assert threads_of_a_fit() == {2}
    model.num_threads = 1
    assert threads_of_a_fit() == {1}


@pytest.mark.parametrize("most", [0, 1])
def test_a_number_that_was_set_is_kept(most):
    _, used = train(Pace(3, most, 1e4), lambda threads, _: 1e-4 * threads, 5.0)
    assert set(used) == {3}


def test_it_leaves_a_processor_that_others_have_taken_and_comes_back():
    def cost(threads: int, time: float) -> float:
        return {1: 1e-4, 2: 8e-4 if 3 < time < 8 else 6e-5}[threads]

    pace = Pace(2, 2, 1e4)
    train(pace, cost, 3.0)
    assert pace.threads == 2
    each, _ = train(pace, lambda threads, time: cost(threads, 3 + time), 5.0)
    assert pace.threads == 1
    assert each < 1.15e-4
    train(pace, lambda threads, time: cost(threads, 8 + time), 5.0)
    assert pace.threads == 2


def test_a_call_after_one_on_other_processors_is_not_what_a_number_is_judged_by():
    """Weights that another processor has written come to this one as they are wanted."""
    last = 1

    def cost(threads: int, _: float) -> float:
        nonlocal last
        moved, last = threads != last, threads
        return 1.6e-4 if moved else {1: 1.3e-4, 2: 1e-4}[threads]

    pace = Pace(1, 2, 1e4)
    train(pace, cost, 1.0)
    assert pace.threads == 2


def test_a_gain_below_the_noise_is_none():
    each, _ = train(Pace(1, 2, 1e4), lambda threads, _: 1e-4 * (0.98 if threads == 2 else 1), 5.0)
    assert each > 0.998e-4


def test_a_call_gives_the_interpreter_its_turn():
    pace, seconds = Pace(1, 2, 1e3), []
    for _ in range(200):
        threads, blocks = pace.call()
        seconds.append(blocks * 3e-5)
        pace.note(threads, blocks, seconds[-1])
    assert 0.5 * CALL_SECONDS < max(seconds) <= CALL_SECONDS


def test_calls_grow_again_after_one_that_took_far_too_long():
    pace = Pace(1, 1, 1e4)
    train(pace, lambda threads, time: 1e-4 if time < 0.1 else 1.0, 0.2)
    _, used = train(pace, lambda threads, time: 1e-4, 1.0)
    assert len(used) < 60


@pytest.mark.parametrize(("batch_size", "blocks"), [(1, 200), (8, 25)])
@pytest.mark.parametrize("compiled", [name for name in ("cython", "numba") if fastsgd.backends()[name]["available"]])
def test_calls_that_end_with_an_epoch_are_credited_with_the_blocks_they_did(compiled, batch_size, blocks, monkeypatch):
    noted = []
    monkeypatch.setattr(Pace, "call", lambda self: (1, 7))
    monkeypatch.setattr(Pace, "note", lambda self, threads, blocks, seconds: noted.append(blocks))
    model = fastsgd.Sequential([fastsgd.layers.Dense(8, "relu"), fastsgd.layers.Dense(1)])
    model.compile("sgd", "mse", backend=compiled)
    x = np.linspace(-1, 1, 600).reshape(200, 3)
    each_epoch = fastsgd.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: None)
    model.fit(x, x[:, 0], batch_size=batch_size, epochs=3, callbacks=[each_epoch], verbose=0)
    assert noted == 3 * [*[7] * (blocks // 7), blocks % 7]


def test_a_first_trial_beside_other_programs_ends_soon():
    """Threads of which one has lost its processor wait for it at every block, half a millisecond here."""
    begins = []

    def cost(threads, time):
        begins.append(time)
        return {1: 5e-8, 2: 5e-4}[threads]

    pace = Pace(1, 2, 1 / 5e-8)
    _, used = train(pace, cost, 2)
    assert set(used) == {1, 2} and pace.threads == 1
    assert max(np.diff(begins)) < 0.2  # and not the ten seconds of 20 000 blocks
