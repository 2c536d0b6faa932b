"""One digest of weights, memories, history and predictions over engines, builds and thread counts."""

import sys

import numpy as np
import pytest
from engine_jobs import ALL, COMPILED, FUSED, calls_of_one_block, cython_at, workspace_of

from fastsgd.engines import compiled, cython, paths, workspace
from fastsgd.engines.workspace import Workspace
from fastsgd.kernels.source.tables import activation_table, loss_table, update_table

SHAPES = [
    (1, 1), (13, 1), (8, 32, 32, 1), (5, 17, 33, 3), (31, 16, 15, 64), (20, 96, 10), (40, 70), (45, 3), (20, 260, 40, 3)
]  # fmt: skip
THREADS = (1, 2, 3, 4, 7)
fused = pytest.mark.skipif(not FUSED, reason="this processor has no fused multiply-add that we compile for")


@pytest.fixture(scope="module")
def engines():
    """Those that promise the same bits: all but the build without fused multiply-add."""
    return {name: make() for name, make in COMPILED.items() if name != "cython-baseline"}


@fused
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("activation", activation_table())
def test_activations(trainer, engines, activation, dtype):
    """Panels that are full, and such as are padding by half, which an activation may make something of."""
    job = trainer((9, 20, 40, 2), activation, dtype=dtype, rows=70)
    if activation == "exponential":  # the full weights diverge
        job.weights = [w / 16 for w in job.weights]
    digests = {(name, t): job.digest(e, batch_size=32, threads=t) for name, e in engines.items() for t in (1, 3)}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize("outputs", [1, 19])
@pytest.mark.parametrize(
    ("loss", "dtype"), [(n, np.float64) for n in loss_table()] + [("log_cosh", np.float32), ("mape", np.float32)]
)
def test_losses(trainer, engines, loss, dtype, outputs):
    job = trainer((9, 20, outputs), "tanh", loss=loss, dtype=dtype, rows=70, last="sigmoid")
    digests = {(name, t): job.digest(e, batch_size=32, threads=t) for name, e in engines.items() for t in (1, 3)}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", update_table())
def test_rules(trainer, engines, rule, dtype):
    job = trainer((9, 20, 18, 2), rule=rule, dtype=dtype, rows=70)
    digests = {(name, t): job.digest(e, batch_size=32, threads=t) for name, e in engines.items() for t in (1, 2)}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize("rule", update_table())
@pytest.mark.parametrize(("widths", "dtype"), [((20, 1), np.float32), ((20, 2), np.float64)])
@pytest.mark.parametrize("batch_size", [1, 7])
def test_rules_of_linear_models(trainer, engines, rule, widths, dtype, batch_size, monkeypatch):
    """On their own paths, and on the row path, which keeps gradients of single rows, too."""
    job = trainer(widths, rule=rule, dtype=dtype, rows=50)
    digests = {name: job.digest(e, batch_size=batch_size) for name, e in engines.items()}
    monkeypatch.setattr(compiled, "way_of", lambda *_: paths.Way(paths.ROWS, 8))
    digests |= {f"{name}, rows": job.digest(e, batch_size=batch_size) for name, e in engines.items()}
    assert len(set(digests.values())) == 1, digests


@pytest.mark.parametrize("batch_size", [1, 3])
@pytest.mark.parametrize("rule", update_table())
def test_rules_with_few_rows_are_those_of_numpy(trainer, compiled_engine, rule, batch_size):
    job = trainer((9, 20, 18, 2), rule=rule, dtype=np.float64, rows=5)
    networks = [job.run(e, batch_size=batch_size, epochs=1)[0] for e in (compiled_engine, ALL["numpy"]())]
    for w, known in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_allclose(w, known, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch_size", [1, 7, 45])
@pytest.mark.parametrize("widths", SHAPES)
def test_shapes_are_those_of_numpy(trainer, compiled_engine, widths, batch_size):
    job = trainer(widths, dtype=np.float64, rows=50)
    job.x /= widths[0] ** 0.5  # rows of length about 1: longer ones diverge
    networks = [job.run(e, batch_size=batch_size, epochs=1)[0] for e in (compiled_engine, ALL["numpy"]())]
    for w, known in zip(*(network.get_weights() for network in networks), strict=True):
        np.testing.assert_allclose(w, known, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("batch_size", [7, 32])
@pytest.mark.parametrize("widths", [(5, 17, 33, 3), (33, 48, 2)])
def test_updates_by_tile_have_the_bits_of_those_by_gradient(trainer, compiled_engine, widths, batch_size, monkeypatch):
    job = trainer(widths, rows=50)
    expected = job.digest(compiled_engine, batch_size=batch_size)
    take_path, found = Workspace.take_path, []

    def without(self, path):
        take_path(self, path)
        found.append(self.task.descend)
        self.task.descend = 0

    monkeypatch.setattr(Workspace, "take_path", without)
    assert job.digest(compiled_engine, batch_size=batch_size) == expected
    assert found and all(found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", THREADS[:3])
@pytest.mark.parametrize("batch_size", [50, 128, 300])
@pytest.mark.parametrize(("place", "bound"), [((paths, "NEAR"), 1), ((workspace, "FAR"), 0)], ids=["near", "far"])
def test_what_caches_hold_does_not_show(
    trainer, compiled_engine, place, bound, batch_size, threads, dtype, monkeypatch
):
    """Rows that go through the panels of a layer in parts, and copies that are asked for before the gradient."""
    monkeypatch.setattr(paths, "LANES_MEMORY", 0)
    job = trainer((20, 96, 70, 18, 3), dtype=dtype, rows=300)
    expected = job.digest(compiled_engine, batch_size=batch_size)
    monkeypatch.setattr(*place, bound)
    assert job.digest(compiled_engine, batch_size=batch_size, threads=threads) == expected


@pytest.mark.parametrize(("widths", "batch_size"), [((13, 1), 32), ((5, 17, 3), 300), ((5, 17, 3), 1)])
def test_no_loop_is_wanted_where_nothing_is_updated_by_tile(trainer, compiled_engine, widths, batch_size, monkeypatch):
    monkeypatch.setattr(paths, "LANES_MEMORY", 0)
    monkeypatch.setattr(paths, "LINEAR_INPUTS", 0)
    network, _ = trainer(widths, rows=300).run(compiled_engine, batch_size=batch_size, epochs=1)
    assert workspace_of(network).task.descend == 0


@fused
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [1, 2, 7, 8, 31, 32, 100, 300, 700])
@pytest.mark.parametrize("widths", SHAPES)
def test_shapes_and_batches(trainer, engines, widths, batch_size, dtype):
    job = trainer(widths, dtype=dtype, rows=700 if batch_size > 100 else 101)
    settings = {"batch_size": min(batch_size, len(job.x)), "epochs": 2}
    digests = {name: job.digest(e, **settings) for name, e in engines.items()}
    digests |= {t: job.digest(next(iter(engines.values())), threads=t, **settings) for t in (2, 3)}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("batch_size", [300, 700])
@pytest.mark.parametrize("widths", [(13, 1), (5, 17, 33, 3), (20, 96, 10)])
def test_blocks_of_large_batches(trainer, engines, widths, batch_size, dtype, monkeypatch):
    """Where there is no memory for lanes."""
    monkeypatch.setattr(paths, "LANES_MEMORY", 0)
    job = trainer(widths, dtype=dtype, rows=700)
    digests = {(n, t): job.digest(e, batch_size=batch_size, threads=t) for n, e in engines.items() for t in (1, 2, 3)}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("inputs", "batch_size"), [(127, 20), (128, 20), (129, 20), (530, 1), (530, 20)])
def test_rows_that_are_gathered_one_by_one(trainer, engines, inputs, batch_size, dtype):
    job = trainer((inputs, 70, 2), dtype=dtype, rows=50)
    job.x /= 16  # rows of length about 1: longer ones diverge
    settings = {"batch_size": batch_size, "epochs": 1}
    digests = {(name, t): job.digest(e, threads=t, **settings) for name, e in engines.items() for t in (1, 2)}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize(("widths", "batch_size"), [((16, 64, 64, 3), 300), ((16, 48, 3), 100), ((20, 96, 10), 100)])
def test_thread_counts(trainer, engines, widths, batch_size, monkeypatch):
    """Rows dealt out to threads, in two blocks and in one; panels dealt out, of which some are cut."""
    monkeypatch.setattr(paths, "LANES_MEMORY", 0)
    job = trainer(widths, rows=400)
    digests = {(n, t): job.digest(e, batch_size=batch_size, threads=t) for n, e in engines.items() for t in THREADS}
    assert len(set(digests.values())) == 1, digests


@fused
@pytest.mark.parametrize("widths", [(7, 20, 33, 2), (40, 17)])
def test_lanes(trainer, engines, widths):
    """Large batches: more lanes than threads and fewer, a round that is not full, a last batch of few lanes."""
    job = trainer(widths, rows=3300)
    digests = {(name, t): job.digest(e, batch_size=2300, threads=t) for name, e in engines.items() for t in THREADS}
    assert len(set(digests.values())) == 1, digests


@pytest.mark.skipif("baseline" not in cython.built(), reason="no compiled extensions")
def test_baseline_build_has_the_same_bits_on_any_thread_count_and_is_close_to_the_others(trainer):
    job = trainer((16, 64, 64, 3), rows=400)
    engine = cython_at("baseline")
    assert len({job.digest(engine, batch_size=100, threads=t) for t in THREADS}) == 1
    other = job.run(COMPILED["numba"](), batch_size=100)[0].get_weights()
    for a, b in zip(job.run(engine, batch_size=100)[0].get_weights(), other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


def test_calls_may_be_cut_anywhere(trainer, compiled_engine):
    """A run of one long call and a run of one block a call give the same bits."""
    job = trainer((8, 32, 1), rows=700)
    network, long = job.run(compiled_engine, batch_size=600, epochs=3)
    short = compiled_engine.network(job.program)
    short.set_weights(job.weights)
    with short.training(
        job.x, job.y, batch_size=600, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0
    ) as run:
        calls = calls_of_one_block(run, epochs=3)
    assert calls == 3 * 3  # 600 rows are two rounds of two lanes, 100 are one
    assert run.losses == long.losses
    for a, b in zip(network.get_weights(), short.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_running_loss_amid_a_batch_is_that_of_whole_batches(trainer, compiled_engine):
    job = trainer((8, 32, 1), rows=1300)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)
    settings = {"hyper": job.hyper, "step": 0, "shuffle": True, "seed": 7, "first_epoch": 0}
    with network.training(job.x, job.y, batch_size=600, **settings) as run:
        seen = {}
        calls_of_one_block(run, epochs=1, look=lambda: seen.setdefault(run.step, []).append(run.running_loss))
    assert [len(losses) for losses in seen.values()] == [1, 2, 1, 1]  # two rounds of lanes, two, and one of 100 rows
    for losses in seen.values():
        np.testing.assert_array_equal(losses, losses[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("threads", [1, 2])
def test_prediction_of_a_row_does_not_depend_on_its_neighbours(trainer, compiled_engine, dtype, threads):
    job = trainer((7, 33, 20, 5), "tanh", dtype=dtype, rows=300)
    network = compiled_engine.network(job.program)
    network.set_weights(job.weights)
    all_rows = network.predict(job.x, threads)
    for rows in (slice(0, 1), slice(3, 4), slice(250, 300), slice(17, 40), slice(None, None, -1)):
        part = network.predict(np.ascontiguousarray(job.x[rows]), 1)
        np.testing.assert_array_equal(part.view(np.uint8), np.ascontiguousarray(all_rows[rows]).view(np.uint8))


@pytest.mark.parametrize("seed", [7, 2**63 + 7])  # a record holds it as a signed number
def test_interpreted_kernels_agree(trainer, seed):
    from fastsgd.engines.interpreted import InterpretedEngine

    job = trainer((5, 18, 2), "tanh", rows=7)
    a = job.run(InterpretedEngine(), batch_size=3, epochs=1, seed=seed)[0].get_weights()
    b = job.run(COMPILED["numba"](), batch_size=3, epochs=1, seed=seed)[0].get_weights()
    for left, right in zip(a, b, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-6, atol=1e-7)


def test_numba_is_not_imported_by_the_cython_engine():
    import subprocess

    code = "import sys; from fastsgd.engines.cython import CythonEngine; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
