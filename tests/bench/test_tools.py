"""The tools in ``bench/`` run, everybody there trains the same, and results keep what they are given."""

import sys
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import fastsgd
from fastsgd.engines.layout import width_of
from fastsgd.kernels.source.parts import LOOPS, parameters_of, read

ROOT = Path(__file__).resolve().parents[2]
PLAIN, ADAM, TANH, SOFTMAX = "8-6-3/32", "8-6-3/32 adam", "8-6-3/32 tanh", "8-6-3/32 softmax"


@pytest.fixture(autouse=True)
def found(monkeypatch):
    """``bench`` can be imported; the package is found where all tests find it."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])


def cell_of(name):
    case, _, job = name.partition(" ")
    net, batch = case.split("/")
    return import_module("bench.grid").Cell(net, int(batch), job)


@pytest.mark.parametrize(
    ("trainer", "name"),
    [(trainer, name) for trainer in ("fastsgd_fit", "sklearn_mlp") for name in (PLAIN, ADAM, TANH, SOFTMAX)],
)
def test_trainers_do_the_same_work(trainer, name):
    peers, grid, results = map(import_module, ("bench.peers", "bench.grid", "bench.results"))
    cell, module = cell_of(name), import_module(f"bench.trainers.{trainer}")
    wanted, change = peers.reference(cell)
    task = grid.make_task(cell, peers.check_rows(cell.batch), shuffle=False)
    options = {"engine": "numpy"} if trainer == "fastsgd_fit" else {}
    trained = module.setup(task, 1, **options)
    trained.epoch()
    figure = results.Figure()
    figure.check(trained.weights(), wanted, change, on_average=cell.job == "adam")
    assert not figure.problem


def test_results_are_kept_and_compared(tmp_path):
    results = import_module("bench.results")
    peers = {"JAX scan": 2.0, "JAX scan, own shuffle": 3.0, "fastsgd cython": 1.0}
    row = {label: results.Figure([seconds]) for label, seconds in peers.items()}
    made = results.Results(2, 5, dict.fromkeys(peers, "1.0"), {PLAIN: row})
    made.save(tmp_path / "measured.json")
    kept = results.Results.load(tmp_path / "measured.json")
    assert kept == made
    assert kept.ahead(PLAIN, "fastsgd cython") == 2.0
    assert kept.ahead(PLAIN, "fastsgd cython", lent=False) == 3.0


def test_every_cell_has_its_place_in_the_order():
    grid = import_module("bench.grid")
    known = [*grid.cells(), *grid.jobs()]
    assert set(grid.by_importance(known)) == set(known)


@pytest.mark.parametrize(
    ("tool", "arguments", "made"),
    [
        ("roofline", ["--cells", "8-32-32-1/32"], {"ROOFLINE.md", "roofline.png"}),
        ("scaling", ["--only", "threads", "--threads", "1"], {"SCALING.md", "scaling.png"}),
    ],
)
def test_tools(tool, arguments, made, tmp_path, monkeypatch):
    engine = "cython" if fastsgd.backends()["cython"]["available"] else "numba"
    given = [*arguments, "--engine", engine, "--repeats", "1", "--milliseconds", "0.1", "--output", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [tool, *given])
    import_module(f"bench.{tool}").main()
    assert {path.name for path in tmp_path.iterdir()} == made


@pytest.mark.parametrize("name", ["gather", "forward", "backward", "learn"])
def test_phases(name):
    """Each once: they call kernels by address, with arguments that nobody checks but this."""
    assert len(parameters_of("".join(map(read, LOOPS)))[name]) == import_module("bench.kernel_calls").PHASES[name]
    engine = "cython" if fastsgd.backends()["cython"]["available"] else "numba"
    times = SimpleNamespace(stats=SimpleNamespace(min=1.0))
    benchmark = SimpleNamespace(pedantic=lambda run, args, rounds: run(*args), stats=times, extra_info={})
    for rows in (32, 256):
        import_module("bench.test_phases").test_phase(benchmark, engine, "8-32-32-1", rows, name)
        assert benchmark.extra_info.pop("us") > 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tile(dtype, monkeypatch):
    """It computes what it times: forward products of 0.01, and the bias."""
    tile, made = import_module("bench.test_tile"), []
    panels = tile.panels
    monkeypatch.setattr(tile, "panels", lambda *size: made.append(panels(*size)) or made[-1])
    monkeypatch.setattr(tile, "peak_flops", lambda dtype: 1.0)
    engine = "cython" if fastsgd.backends()["cython"]["available"] else "numba"
    times = SimpleNamespace(stats=SimpleNamespace(min=1.0))
    benchmark = SimpleNamespace(pedantic=lambda run, rounds, **_: run(), stats=times, extra_info={})
    tile.test_tile(benchmark, engine, dtype, (32, 64, 64), "forward")
    outputs = made[2].reshape(-1, 33, width_of(64, made[2].dtype))[:, :32]
    assert np.allclose(outputs, 64 * 0.01 * 0.01 + 0.01)
