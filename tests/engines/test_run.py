"""What a run tells the kernels."""

from types import SimpleNamespace

import numpy as np
import pytest
from engine_jobs import alone

from fastsgd.engines import interpreted, paths, run, workshop
from fastsgd.engines.workspace import Workspace


@pytest.mark.parametrize("batch_size", [32, 600])  # one task, or one for each lane
def test_rows_are_far_if_they_are_many_and_shuffled(trainer, compiled_engine, batch_size, monkeypatch):
    job = trainer((13, 2), rows=1300)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)

    def far(x, shuffle=True):
        with network.training(
            x, job.y[: len(x)], batch_size=batch_size, hyper=job.hyper, step=0, shuffle=shuffle, seed=7, first_epoch=0
        ) as training:
            while training.epoch < 1:
                training.advance(1)
        ((work, lanes),) = network._workshop._tools
        return {work.task.far, *(member.task.far for member in (lanes._members if lanes else []))}

    monkeypatch.setattr(run, "FAR", job.x.nbytes)
    assert far(job.x) == {1}
    assert far(job.x, shuffle=False) == {0}
    assert far(job.x[:-1]) == {0}
    assert far(np.repeat(job.x, 2, axis=1)[:650, :13]) == {1}  # half as many, twice as far from each other
    monkeypatch.setattr(run, "FARTHER", job.x.nbytes)
    assert far(job.x) == {2}
    assert far(job.x, shuffle=False) == {0}


@pytest.mark.parametrize("most", [0, 1 << 20], ids=["rows", "linear"])
@pytest.mark.parametrize(("farther", "cache"), [(1 << 30, "prefetch"), (0, "prefetch_second")])
def test_which_cache_rows_are_sent_to(trainer, farther, cache, most, monkeypatch):
    """The ends of each row that is sent, in the order of the epoch."""
    job, sent, names = trainer((5, 2), rows=50), [], interpreted.names
    spies = {
        name: lambda place, name=name: sent.append((name, place.ctypes.data))
        for name in ("prefetch", "prefetch_second")
    }
    monkeypatch.setattr(interpreted, "names", lambda dtype: names(dtype) | spies)
    monkeypatch.setattr(interpreted, "library", interpreted.library.__wrapped__)
    monkeypatch.setattr(run, "FAR", 0)
    monkeypatch.setattr(run, "FARTHER", farther)
    monkeypatch.setattr(paths, "LINEAR_INPUTS", most)
    job.run(interpreted.InterpretedEngine(), batch_size=50, epochs=1)
    assert {name for name, _ in sent} == {cache}
    assert len(sent) == 2 * (50 - 32)
    assert all(end - begin == 4 * job.x.itemsize for (_, begin), (_, end) in zip(sent[::2], sent[1::2], strict=True))


def train(network, job, batch_size):
    with network.training(
        job.x, job.y, batch_size=batch_size, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0
    ) as training:
        while training.epoch < 1:
            training.advance(1)


def test_room_is_made_anew_only_for_other_blocks_or_more_lanes(trainer, compiled_engine, monkeypatch):
    job, made = trainer((5, 17, 2), rows=1300), []
    for name in ("Workspace", "Lanes"):
        make = getattr(workshop, name)
        monkeypatch.setattr(workshop, name, lambda *args, name=name, make=make: made.append(name) or make(*args))
    network = compiled_engine.network(job.program)
    for batch_size, expected in [
        (8, ["Workspace"]), (1, []), (8, []), (255, ["Workspace"]), (512, ["Lanes"]), (255, []), (512, []),
        (1024, ["Lanes"]), (100, ["Workspace"]), (1024, ["Workspace", "Lanes"]),
    ]:  # fmt: skip
        made.clear()
        train(network, job, batch_size)
        assert made == expected, batch_size


def test_a_network_trains_on_after_it_had_no_memory_for_lanes(trainer, compiled_engine, monkeypatch):
    job = trainer((5, 17, 2), rows=600)
    weights = []
    for memory in (True, False):
        network = alone(compiled_engine, job.program)
        network.set_weights(job.weights)
        if not memory:
            with monkeypatch.context() as patch, pytest.raises(MemoryError):
                patch.setattr(workshop, "Lanes", lambda *args: (_ for _ in ()).throw(MemoryError))
                train(network, job, 512)
            assert not network._workshop._tools
        train(network, job, 512)
        weights.append(np.concatenate([w.ravel() for w in network.get_weights()]))
    np.testing.assert_array_equal(*weights)


def test_a_network_trains_on_after_somebody_lost_patience_with_its_compiler(trainer, compiled_engine, monkeypatch):
    job = trainer((5, 17, 2))
    network = compiled_engine.network(job.program)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Workspace, "_descends", lambda work: (_ for _ in ()).throw(KeyboardInterrupt))
        train(network, job, 8)
    assert not network._workshop._tools  # one that has found some of its kernels only
    network.set_weights(job.weights)
    train(network, job, 8)
    patient = alone(compiled_engine, job.program)
    patient.set_weights(job.weights)
    train(patient, job, 8)
    for a, b in zip(network.get_weights(), patient.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("widths", "kinds"),
    [
        ((5, 17, 2), [(8, False), (1, False)]),
        ((5, 2), [(1, False), (1, True)]),
        ((5, 17, 2), [(8, False), (600, False)]),
        ((5, 2), [(1, False), (8, False)]),
    ],
)
def test_kernels_are_those_of_the_present_rows(trainer, compiled_engine, widths, kinds):
    """Which they are is not found out again for a second fit of the same kind, but for one of another kind."""
    job = trainer(widths, rows=600)
    network = compiled_engine.network(job.program)
    again = SimpleNamespace(network=lambda program: network)
    unequal = np.linspace(0.5, 1.5, 600, dtype=np.float32)
    for batch_size, weighed in (*kinds, kinds[0]):
        settings = {"batch_size": batch_size, "epochs": 1, "weights": unequal if weighed else None}
        network.set_slots([[np.zeros_like(w) for w in job.weights]])
        job.run(again, **settings)
        fresh, _ = job.run(compiled_engine, **settings)
        for a, b in zip(network.get_weights(), fresh.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
