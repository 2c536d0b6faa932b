"""Products of three bfloat16 parts a number: as exact as float32's own, with the bits of their emulation."""

from copy import copy
from dataclasses import replace

import numpy as np
import pytest
from engine_jobs import ALL, EMULATION, UNIT, was_on, workspace_of
from hypothesis import given
from hypothesis import strategies as st

from fastsgd import backend, engines
from fastsgd.engines import cython, interpreted, processor
from fastsgd.engines.paths import LANES, UNIT_BATCH, Way, by_unit, way_of
from fastsgd.kernels.source.tables import activation_table
from fastsgd.program import Op

on_unit = pytest.mark.skipif(not processor.has_unit(), reason="this processor has no AMX for bfloat16")
sizes = st.floats(2.0**-100, 2.0**127, width=32)
floats = st.just(0.0) | sizes | sizes.map(lambda size: -size)


@given(st.lists(floats, min_size=32, max_size=32))
def test_three_parts_are_the_number(numbers):
    both = np.array(numbers, np.float32)
    words = np.zeros(interpreted.CHUNK, np.float32)
    interpreted.split(both[:16], both[16:], words)
    parts = words.reshape(3, -1)[:, :16].view(np.uint32)
    np.testing.assert_array_equal((parts << 16).view(np.float32).astype(float).sum(axis=0), both[:16])
    upper = (parts & np.uint32(0xFFFF0000)).view(np.float32)
    np.testing.assert_array_equal(upper.astype(float).sum(axis=0), both[16:])


@on_unit
@pytest.mark.parametrize("name", UNIT)
def test_small_numbers_are_taken_whole(trainer, name):
    """Parts are no smaller than what the unit takes for 0, from 2**-103 on."""
    job = trainer((64, 64), "linear", rows=256)
    job.hyper = lambda t: np.zeros((len(t), 2))
    job.weights = [np.eye(64, dtype=np.float32) * np.float32(2.0**60), np.zeros(64, np.float32)]
    rng = np.random.default_rng(0)
    job.x = ((1 + rng.random(job.x.shape)) * 2.0**-103).astype(np.float32)
    network, run = job.run(UNIT[name](), batch_size=256, epochs=1, keep_predictions=True, shuffle=False)
    assert used(network)
    np.testing.assert_array_equal(run.predictions, job.x * np.float32(2.0**60))


def used(network):
    return workspace_of(network).unit and was_on(network, "unit")


@on_unit
@pytest.mark.parametrize(
    ("widths", "activation", "rows"),
    [((65, 70, 17), "tanh", 291), ((64, 64), "linear", 256)],
)
def test_emulation_and_engines_have_the_same_bits(trainer, widths, activation, rows):
    job = trainer(widths, activation, rows=rows)
    everybody = {name: make() for name, make in (EMULATION | UNIT).items()}
    assert way_of(job.program, min(rows, 300), True).unit
    digests = {name: job.digest(engine, batch_size=min(rows, 300), epochs=1) for name, engine in everybody.items()}
    assert len(set(digests.values())) == 1, digests


@on_unit
@pytest.mark.parametrize("batch_size", [256, 300, 530, 1100])
@pytest.mark.parametrize(
    ("widths", "activation"),
    [
        ((64, 65), "linear"), ((64, 64, 1), "relu"), ((97, 65, 64, 3), "tanh"), ((70, 64, 20, 64, 17), "silu"),
        ((20, 64, 97, 3), "relu"),
    ],
)  # fmt: skip
def test_threads_and_engines_have_the_same_bits(trainer, widths, activation, batch_size):
    job = trainer(widths, activation, rows=1130)
    assert way_of(job.program, batch_size, True).unit
    digests = {
        (name, t): job.digest(make(), batch_size=batch_size, threads=t)
        for name, make in UNIT.items() for t in (1, 2, 3, 7)
    }  # fmt: skip
    assert len(set(digests.values())) == 1, digests


@on_unit
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("activation", activation_table())
def test_activations(trainer, activation, bias):
    job = trainer((64, 80, 70, 2), activation, bias=bias, rows=600)
    job.weights = [w / 4 for w in job.weights]  # the full ones diverge with exponential
    assert way_of(job.program, 256, True).unit
    digests = {(name, t): job.digest(make(), batch_size=256, threads=t) for name, make in UNIT.items() for t in (1, 2)}
    assert len(set(digests.values())) == 1, digests


@on_unit
@pytest.mark.parametrize(
    ("loss", "labels"),
    [("mse", False), ("categorical_crossentropy_logits", False), ("categorical_crossentropy_logits", True)],
)
def test_other_steps_and_losses_between(trainer, loss, labels):
    """An activation that stands alone, losses of whole rows, weights of samples."""
    job = trainer((64, 70, 66, 64), "tanh", rows=600)
    first, *others = job.program.ops
    ops = (first, Op("activation", 70, 70, activation="silu"), *others)
    job.program = replace(job.program, ops=ops, loss=loss, loss_elements=None if loss == "mse" else 1, labels=labels)
    job.y = np.arange(600)[:, None] % 64 if labels else abs(job.y) / abs(job.y).sum(axis=1, keepdims=True)
    assert way_of(job.program, 300, True).unit
    settings = {"batch_size": 300, "weights": np.linspace(0, 2, 600).astype(np.float32)}
    digests = {(name, t): job.digest(make(), threads=t, **settings) for name, make in UNIT.items() for t in (1, 2)}
    assert len(set(digests.values())) == 1, digests


def dense(rng, shape):
    return rng.standard_normal(shape) / shape[1] ** 0.5


def one_hot(rng, shape):
    return np.eye(shape[1])[rng.integers(shape[1], size=shape[0])]


def sparse(rng, shape):
    return rng.random(shape) * (rng.random(shape) < 0.05)


@pytest.mark.parametrize(("inputs", "most"), [(dense, 1.1), (one_hot, 1.1), (sparse, 2)])
@pytest.mark.parametrize(("widths", "batch_size"), [((64, 65), 300), ((100, 64, 64, 3), 256)])
def test_as_exact_as_float32(trainer, unit_engine, widths, batch_size, inputs, most):
    """Against NumPy in float64: errors of outputs and weights after an epoch, beside those of the tile."""
    job = trainer(widths, "tanh", rows=512)
    job.x = inputs(np.random.default_rng(3), job.x.shape).astype(np.float32)
    settings = {"batch_size": batch_size, "epochs": 1, "keep_predictions": True}
    exact = trainer(widths, "tanh", rows=512, dtype=np.float64)
    exact.x, exact.y = job.x.astype(float), job.y.astype(float)
    exact.weights = [w.astype(float) for w in job.weights]

    def errors(engine):
        (network, run), (known, expected) = job.run(engine, **settings), exact.run(ALL["numpy"](), **settings)
        pairs = [(run.predictions, expected.predictions), *zip(network.get_weights(), known.get_weights(), strict=True)]
        return used(network), np.array([np.sqrt(np.mean((a - b) ** 2) / np.mean(b**2)) for a, b in pairs])

    by_unit, found = errors(unit_engine)
    by_tile, usual = errors(ALL["numba"]())
    assert by_unit and not by_tile
    assert (found < most * usual + 1e-8).all(), (found, usual)
    assert (found < 1e-6).all()


def test_large_and_small_numbers(trainer, unit_engine):
    """Parts have the exponents of float32: inputs of 1e-15 and of 1e+15 are taken as exactly as those of 1."""
    job = trainer((64, 64), "linear", rows=256)
    settings = {"batch_size": 256, "epochs": 1, "keep_predictions": True, "shuffle": False}
    job.hyper = lambda t: np.zeros((len(t), 2))
    kernel, bias = job.weights
    expected = job.x.astype(float) @ kernel.astype(float)
    bias[:] = 0
    for scale in (2.0**-50, 2.0**50):
        network, run = job.run(unit_engine, x=(job.x * scale).astype(np.float32), **settings)
        assert used(network)
        np.testing.assert_allclose(run.predictions / scale, expected, rtol=1e-5, atol=1e-5)


@on_unit
@pytest.mark.parametrize("name", UNIT)
def test_a_run_by_the_tile_after_one_by_the_unit(trainer, name):
    """Copies of weights that the unit has no use for are made again when they are needed."""
    job, engine = trainer((64, 70, 65, 2), rows=300), UNIT[name]()
    settings = {"hyper": job.hyper, "step": 0, "shuffle": True, "seed": 3, "first_epoch": 0}
    digests = []
    for anew in (False, True):
        network = engine.network(job.program)
        network.set_weights(job.weights)
        assert any(place.WT is not None and by_unit(place.op) for place in network.layout.places)
        for batch_size in (300, 50, 300):
            if anew and batch_size == 50:
                weights, slots = network.get_weights(), network.get_slots()
                network = engine.network(job.program)
                network.set_weights(weights)
                network.set_slots(slots)
            with network.training(job.x, job.y, batch_size=batch_size, **settings) as run:
                while run.epoch < 1:
                    run.advance(1)
            assert used(network) == (batch_size == 300)
        digests.append(b"".join(w.tobytes() for w in network.get_weights()))
    assert digests[0] == digests[1]


@on_unit
@pytest.mark.parametrize("name", UNIT)
@pytest.mark.parametrize("budget", [1, 2, 3])
def test_calls_may_be_as_short_as_python_likes(trainer, name, budget):
    job, engine = trainer((64, 64, 2), rows=1300), UNIT[name]()
    whole = job.run(engine, batch_size=1100, epochs=2)[0].get_weights()
    network = engine.network(job.program)
    network.set_weights(job.weights)
    with network.training(
        job.x, job.y, batch_size=1100, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0
    ) as run:
        run._pace = copy(run._pace)
        run._pace.call = lambda: (1, budget)
        while run.epoch < 2:
            run.advance(2)
    for a, b in zip(network.get_weights(), whole, strict=True):
        np.testing.assert_array_equal(a, b)


# -- Where it is used
@pytest.mark.parametrize(
    ("widths", "batch"), [((63, 64), 256), ((64, 63), 256), ((64, 4), 256), ((64, 64), UNIT_BATCH - 1)]
)
def test_what_is_too_small_is_left_to_the_tile(trainer, widths, batch):
    job = trainer(widths)
    assert not way_of(job.program, batch, True).unit
    assert way_of(job.program, batch, True) == way_of(job.program, batch)


def test_the_way_of_large_batches(trainer):
    program = trainer((64, 64)).program
    assert way_of(program, 256, True) == Way(LANES, 128, 2, True)
    assert way_of(program, 4096, True) == Way(LANES, 256, 8, True)
    assert way_of(trainer((2048, 2048)).program, 4096, True) == Way(LANES, 256, 4, True)
    assert not way_of(trainer((4096, 2056)).program, 4096, True).unit  # lanes of more than 32 MiB
    assert not way_of(program, 256).unit
    dropout = replace(program, ops=(Op("dropout", 64, 64, constants=(0.3,)), *program.ops))
    assert not way_of(dropout, 256, True).unit


@on_unit
@pytest.mark.parametrize("name", UNIT)
def test_float64_has_none(trainer, name):
    network, _ = trainer((64, 64, 2), rows=256, dtype=np.float64).run(UNIT[name](), batch_size=256, epochs=1)
    assert not used(network)


# -- How it is asked for
@pytest.fixture
def chosen_anew(monkeypatch):
    engines.load.cache_clear()
    yield monkeypatch
    engines.load.cache_clear()


@on_unit
@pytest.mark.parametrize("name", UNIT)
def test_only_who_asks_gets_it(name, chosen_anew):
    chosen_anew.delenv("FASTSGD_ISA", raising=False)
    assert not backend.resolve(name).unit
    engines.load.cache_clear()
    chosen_anew.setenv("FASTSGD_ISA", processor.UNIT)
    assert backend.resolve(name).unit
    assert backend.backends()[name]["detail"].endswith(", with AMX")


def test_who_asks_in_vain_is_told(chosen_anew):
    chosen_anew.setenv("FASTSGD_ISA", processor.UNIT)
    chosen_anew.setattr(processor, "has_unit", lambda: False)
    for name in ("numba", "cython", "auto"):
        with pytest.raises(
            ImportError, match=r"FASTSGD_ISA is 'x86-64-v4\+amx', but this processor, or its system, has no AMX"
        ):
            backend.resolve(name)


@pytest.mark.skipif("cython" not in UNIT, reason="no extension with code for AMX")
def test_extensions_without_code_for_it_say_so(chosen_anew):
    """And leave it to numba, which needs none."""
    chosen_anew.setenv("FASTSGD_ISA", processor.UNIT)
    chosen_anew.setattr(cython.extension(processor.UNIT_BUILD, "float32"), "UNIT", False)
    engine = backend.resolve("auto")
    assert engine.name == "numba" and engine.unit
    with pytest.raises(ImportError, match="no code for AMX, which their compiler"):
        backend.resolve("cython")
