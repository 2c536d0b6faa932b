"""What networks of one program share is not to be seen in them."""

import gc
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from engine_jobs import COMPILED, KINDS, UNIT, alone, bits, job_of_kind, workspace_of

from fastsgd.engines import Diverged, workshop
from fastsgd.program import Op


@pytest.mark.parametrize("kind", KINDS)
def test_networks_in_turn_are_as_if_alone(compiled_engine, kind):
    """One row, sums by halves, columns, lanes; predictions; each network goes on with what it has."""
    job = job_of_kind(kind)
    others = [w / 2 for w in job.weights]
    turns = [
        (1, job.weights, {}), (4, others, {}), (32, None, {"threads": 2}), (600, None, {"threads": 2}), (600, None, {}),
    ]  # fmt: skip

    def train(networks):
        for batch_size, weights, settings in turns:
            for number, network in enumerate(networks):
                if weights is not None:
                    network.set_weights([w / (number + 1) for w in weights])
                with network.training(
                    job.x[number:], job.y[number:], batch_size=batch_size, hyper=job.hyper, step=0, shuffle=True,
                    seed=number, first_epoch=0, keep_predictions=True, **settings,
                ) as run:  # fmt: skip
                    while run.epoch < 1:
                        run.advance(1)
                yield bits(network), run.losses, run.predictions.tobytes(), network.predict(job.x[:33]).tobytes()

    separate = [alone(compiled_engine, job.program) for _ in range(2)]
    assert separate[0]._workshop is not separate[1]._workshop
    expected = list(train(separate))
    together = [compiled_engine.network(job.program) for _ in range(2)]
    assert together[0]._workshop is together[1]._workshop
    assert list(train(together)) == expected
    assert len(together[0]._workshop._tools) == len(together[0]._workshop.inferences) == 1


def test_a_layer_by_halves_has_no_copy_of_the_next_network_either(trainer, compiled_engine):
    job = trainer((9, 40, 128, 70, 3))
    for network in [compiled_engine.network(job.program) for _ in range(2)]:
        job.run(compiled_engine, batch_size=4, network=network)
        assert [layer.WT for layer in workspace_of(network).layers if layer.halves] == [0]


@pytest.mark.parametrize("name", UNIT)
def test_networks_of_the_matrix_unit_in_turn(trainer, name):
    job, engine = trainer((64, 70, 65, 2), rows=600), UNIT[name]()
    expected = [bits(job.run(engine, batch_size=size)[0]) for size in (300, 50, 300)]
    networks = [engine.network(job.program) for _ in range(3)]
    sizes = zip(networks, (300, 50, 300), strict=True)
    assert [bits(job.run(engine, batch_size=size, network=network)[0]) for network, size in sizes] == expected
    assert workspace_of(networks[0]).unit


@pytest.mark.parametrize("batch_size", [1, 8, 600])
@pytest.mark.parametrize(("widths", "activation"), [((5, 40, 128, 70, 5), "tanh"), ((5, 40, 70, 50, 10), "softplus")])
def test_a_run_that_diverges_leaves_nothing_to_the_next_network(
    trainer, compiled_engine, widths, activation, batch_size
):
    job = trainer(widths, activation, rows=600)
    job.x /= 4
    expected = bits(job.run(compiled_engine, batch_size=batch_size)[0])
    bad, good = (compiled_engine.network(job.program) for _ in range(2))
    y = job.y.copy()
    y[300] = np.nan
    with pytest.raises(Diverged):
        job.run(compiled_engine, batch_size=batch_size, y=y, network=bad)
    assert len(bad._workshop._tools) == 1
    assert bits(job.run(compiled_engine, batch_size=batch_size, network=good)[0]) == expected


def test_how_far_a_run_came_is_known_when_another_has_its_room(trainer, compiled_engine):
    job = trainer((5, 17, 2))
    _, run = job.run(compiled_engine, batch_size=8, epochs=3)
    known = run.epoch, run.batch, run.step, run.running_loss
    assert known[:3] == (3, 0, 21)
    job.run(compiled_engine, batch_size=8, epochs=1, network=compiled_engine.network(job.program))
    assert (run.epoch, run.batch, run.step, run.running_loss) == known


def test_a_run_that_was_left_by_an_error_keeps_its_room(trainer, compiled_engine):
    """Nobody knows what is in it."""
    job = trainer((5, 17, 2))
    network = compiled_engine.network(job.program)
    job.hyper = lambda t: 1 / 0
    with pytest.raises(ZeroDivisionError):
        job.run(compiled_engine, batch_size=8, network=network)
    assert not network._workshop._tools


def test_what_was_handed_in_is_lent_once(trainer, compiled_engine):
    job = trainer((5, 17, 2))
    network, run = job.run(compiled_engine, batch_size=8)
    run.__exit__(None, None, None)
    assert len(network._workshop._tools) == 1
    with pytest.raises(RuntimeError, match="has ended"):
        run.advance(9)
    job.y[7] = np.nan
    bad = network.training(job.x, job.y, batch_size=8, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0)
    with bad, pytest.raises(Diverged):
        bad.advance(1)
    assert len(network._workshop._tools) == 1


def test_the_next_network_begins_with_the_pace_of_the_last(trainer, compiled_engine):
    job = trainer((5, 17, 2))
    paces = [
        job.run(compiled_engine, batch_size=8, network=compiled_engine.network(job.program), threads=threads)[1]._pace
        for threads in (1, 1, 2, 1)
    ]
    assert paces[0] is paces[1] is paces[3] is not paces[2]


@pytest.mark.parametrize("name", [*COMPILED][:1])
def test_networks_may_be_trained_at_the_same_time(trainer, name):
    job, engine = trainer((5, 40, 40, 2), rows=300), COMPILED[name]()
    known, _ = job.run(engine, batch_size=8, epochs=20)
    expected = bits(known), known.predict(job.x).tobytes()
    networks = [engine.network(job.program) for _ in range(24)]
    begin = threading.Barrier(4)

    def trained(network):
        job.run(engine, batch_size=8, epochs=20, network=network)
        return bits(network), network.predict(job.x).tobytes()

    with ThreadPoolExecutor(4, initializer=begin.wait) as pool:
        assert {*pool.map(trained, networks)} == {expected}
    assert 1 <= len(networks[0]._workshop._tools) <= 4
    assert 1 <= len(networks[0]._workshop.inferences) <= 4


def test_what_is_small_outlives_its_networks_for_a_while(trainer, compiled_engine):
    def shop_of_a_network_that_is_gone(*widths):
        job = trainer(widths)
        job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
        network, _ = job.run(compiled_engine, batch_size=8, network=compiled_engine.network(job.program))
        return weakref.ref(network._workshop)

    many = 1 + workshop._recent.maxlen
    shops = [shop_of_a_network_that_is_gone(5, outputs, 2) for outputs in range(17, 17 + many)]
    large = shop_of_a_network_that_is_gone(300, 700, 2)
    gc.collect()
    assert large() is shops[0]() is None
    assert all(shop() for shop in shops[1:])
    assert shop_of_a_network_that_is_gone(5, 18, 2) is shops[1]  # the oldest, and now the latest
    shop_of_a_network_that_is_gone(5, 17, 2)
    gc.collect()
    assert shops[1]()
    assert not shops[2]()


def test_what_is_small(trainer):
    assert workshop.is_small(trainer((64, 64, 64, 1)).program)
    assert not workshop.is_small(trainer((4096, 16, 1)).program)  # rows
    assert not workshop.is_small(trainer((256, 512, 10)).program)  # weights
    assert not workshop.is_small(
        trainer((64, 64, 64, 1)).program.__class__(
            (Op("batch_norm", 4, 4, constants=(1e-3, 0.9)),), np.dtype("f4"), "mse", (), "sgd"
        )
    )  # batches


def test_few_paces_are_remembered(trainer, compiled_engine, monkeypatch):
    monkeypatch.setattr(workshop, "MANY", 3)
    job = trainer((5, 17, 2))
    network = compiled_engine.network(job.program)
    known = []
    for batch_size in (8, 9, 8, 10, 11, 8):
        job.run(compiled_engine, batch_size=batch_size, epochs=1, network=network)
        known.append([rows for rows, _, _ in network._workshop._paces])
    assert known == [[8], [8, 9], [8, 9], [8, 9, 10], [11], [11, 8]]
