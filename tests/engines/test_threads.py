"""Helpers under unusual conditions: more threads than cores, after fork, in joblib's workers, many at a time."""

import itertools
import os
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest
from engine_jobs import COMPILED

from fastsgd.engines import paths
from fastsgd.engines import threads as crews
from fastsgd.engines.pace import Pace

JOB = """
    import warnings; warnings.simplefilter("ignore", DeprecationWarning)
    import sys; sys.path[:0] = {path!r}
    from engine_jobs import COMPILED, Trainer
    job = Trainer((16, 64, 64, 3), rows=400)
    engine = COMPILED[{engine!r}]()
    digest = lambda threads: job.digest(engine, batch_size=200, threads=threads)
"""


def in_process(engine, code, timeout=120):
    """Run code in a Python of its own, in which ``digest(threads)`` trains and returns the digest."""
    path = [p for p in sys.path if p]
    name = next(k for k in ("cython-" + getattr(engine, "isa", ""), engine.name) if k in COMPILED)
    program = textwrap.dedent(JOB).format(path=path, engine=name) + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=timeout, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_many_more_threads_than_cores(trainer, compiled_engine):
    job = trainer((16, 64, 64, 3), rows=120)
    one = job.digest(compiled_engine, batch_size=60, epochs=1)
    assert job.digest(compiled_engine, batch_size=60, epochs=1, threads=24) == one
    assert job.digest(compiled_engine, batch_size=60, epochs=1, threads=1000) == one


def test_runs_with_changing_numbers_of_threads(trainer, compiled_engine):
    """One network trained with 3, 1, 2, 3 threads in turn: nobody waits for a thread that left."""
    job = trainer((8, 32, 2), rows=96)
    network, _ = job.run(compiled_engine, batch_size=48, epochs=1)
    for threads in (3, 1, 2, 3):
        with network.training(
            job.x, job.y, batch_size=48, hyper=job.hyper, step=0, shuffle=True, seed=1, first_epoch=0, threads=threads
        ) as run:
            while run.epoch < 3:
                run.advance(3)
        assert len(run.losses) == 3


@pytest.mark.parametrize(("batch_size", "memory"), [(32, 0), (300, 0), (600, paths.LANES_MEMORY)])
def test_another_number_of_threads_for_every_call(trainer, compiled_engine, batch_size, memory, monkeypatch):
    """Amid epochs and batches, on every path with threads: columns, rows and lanes."""
    monkeypatch.setattr(paths, "LANES_MEMORY", memory)
    job = trainer((16, 64, 64, 3), rows=1000)
    one = job.digest(compiled_engine, batch_size=batch_size)
    calls = itertools.count()
    monkeypatch.setattr(Pace, "call", lambda pace: (1 + next(calls) % 3, 1))
    assert job.digest(compiled_engine, batch_size=batch_size) == one
    assert next(calls) > 3


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_works_after_fork(compiled_engine):
    """The parent has trained with threads; the child trains again, with threads of its own."""
    out = in_process(
        compiled_engine,
        """
        import os
        before = digest(2)
        pid = os.fork()
        if pid == 0:
            os._exit(0 if digest(3) == before else 1)
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), digest(2) == before)
        """,
    )
    assert out == ["0", "True"]


FORK_OR_LOKY = ["fork", "loky"] if hasattr(os, "fork") else ["loky"]


@pytest.mark.parametrize("method", FORK_OR_LOKY)
@pytest.mark.parametrize("name", [next(iter(COMPILED)), "numba"])
def test_joblib_and_pool_workers(name, method):
    out = in_process(
        COMPILED[name](),
        f"""
        import multiprocessing, joblib
        def work(_):
            return digest(2)
        here = work(0)
        if {method!r} == "fork":
            with multiprocessing.get_context("fork").Pool(2) as pool:
                print(set(pool.map(work, range(4))) == {{here}})
        else:
            print(set(joblib.Parallel(2)(joblib.delayed(work)(i) for i in range(4))) == {{here}})
        """,
    )
    assert out == ["True"]


def test_crews_share_their_helpers(trainer, compiled_engine):
    """One after the other: two fits and a prediction start no more threads than the largest of them needs."""
    job = trainer((16, 64, 3), rows=300)
    job.digest(compiled_engine, batch_size=100, threads=3)
    before = threading.active_count()
    network, _ = job.run(compiled_engine, batch_size=100, threads=2)
    network.predict(job.x, 3)
    job.digest(compiled_engine, batch_size=300, threads=3)
    assert threading.active_count() == before


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_a_helper_leaves_its_callers_processor_and_no_other(monkeypatch):
    masks, places = [], iter([3, 3, 3, 5])  # of the caller and its helper, in two calls
    monkeypatch.setattr(crews, "_idle", [])
    monkeypatch.setattr(crews, "_processor", lambda: next(places))
    monkeypatch.setattr(os, "sched_getaffinity", lambda thread: {1, 3, 5})
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, mask: masks.append(mask))
    crew, called = crews.Crew(), []
    for _ in range(2):
        crew.run(lambda address, number: called.append(number), 0, 2)
    assert masks == [{1, 5}, {1, 3, 5}]
    assert sorted(called) == [0, 0, 1, 1]


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) == 1, reason="no affinity to choose here"
)
def test_a_helper_follows_its_callers_mask(monkeypatch):
    """One that was started under another mask: its own, as it runs, is that of the caller of today."""
    allowed = os.sched_getaffinity(0)
    monkeypatch.setattr(crews, "_idle", [])
    masks = []

    def look(address, number):
        if number:
            masks.append(os.sched_getaffinity(0))

    try:
        for mask in (allowed, {min(allowed)}, allowed):
            os.sched_setaffinity(0, mask)
            crew = crews.Crew()
            crew.run(look, 0, 2)
            crew.close()
    finally:
        os.sched_setaffinity(0, allowed)
    assert masks == [allowed, {min(allowed)}, allowed]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_what_one_of_a_crew_raises_is_raised_when_all_are_done(number):
    done = []

    def job(address, me):
        if me == number:
            raise MemoryError(f"of {me}")
        done.append(me)

    crew = crews.Crew()
    for _ in range(2):  # and all of them take another call
        with pytest.raises(MemoryError, match=f"of {number}"):
            crew.run(job, 0, 3)
    assert sorted(done) == sorted([n for n in range(3) if n != number] * 2)
    crew.close()


def test_several_networks_train_and_predict_at_a_time(trainer, compiled_engine):
    job = trainer((16, 64, 3), rows=300)
    expected = job.digest(compiled_engine, batch_size=100, epochs=5)
    found = [None] * 6

    def work(i):
        found[i] = job.digest(compiled_engine, batch_size=100, epochs=5, threads=1 + i % 3)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert set(found) == {expected}


def test_concurrent_predictions_of_one_network(trainer, compiled_engine):
    job = trainer((16, 64, 3), rows=2000)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)
    expected = network.predict(job.x)
    wrong = []

    def work():
        for _ in range(20):
            if not np.array_equal(network.predict(job.x), expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
