"""Numba's cache on disk: used when it can be, never in the way when it cannot."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import fastsgd
from fastsgd.engines import numba as engine

PACKAGE = Path(fastsgd.__file__).parent
TRAIN = """
import sys
from engine_jobs import COMPILED, Trainer
for dtype in sys.argv[1:]:
    network, _ = Trainer((4, 1), rows=20, dtype=dtype).run(COMPILED["numba"](), batch_size=1)
    print(*(array.tobytes().hex() for array in network.get_weights()))
"""
# The fewest that train:
KERNELS = ["block_of_line", "line_nesterov", "loss_mse", "point_mse", "train", "update_nesterov"]
SUPPORT = Path(__file__).parents[1] / "support"
PREDICT = """
import numpy as np
from engine_jobs import COMPILED, Trainer
from fastsgd.engines import numba
trainer = Trainer((4, 8, 1), rows=20, dtype="float32")
network, _ = trainer.run(COMPILED["numba"](), batch_size=10)
bits = network.predict(trainer.x).tobytes().hex()
used = numba.kernels(np.dtype("float32"))._held
loaded = [bool(kernel.cache_hits if hasattr(kernel, "cache_hits") else kernel.stats.cache_hits) for kernel in used]
print(f"{len(used) - sum(loaded)}/{len(used)}", bits)
"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), str(SUPPORT)])}


def train(root, *dtypes, **environment):
    """Train in a new process with the package at ``root``; returns a line of bits for each dtype (default: float32)."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")} | environment
    env["PYTHONPATH"] = os.pathsep.join([str(root), str(SUPPORT)])
    done = subprocess.run(
        [sys.executable, "-c", TRAIN, *(dtypes or ["float32"])],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def entries(root, suffix="nbc"):
    return sorted((root / "fastsgd" / "engines" / "__pycache__").glob(f"*.{suffix}"))


def times(root):
    return {path: path.stat().st_mtime_ns for path in entries(root)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A copy of the package that has trained in float32, and the bits that came out."""
    root = tmp_path_factory.mktemp("trained")
    shutil.copytree(PACKAGE, root / "fastsgd", ignore=shutil.ignore_patterns("__pycache__"))
    return root, train(root)


@pytest.fixture
def root(trained, tmp_path):
    """The package with its cache, to be changed at will."""
    return shutil.copytree(trained[0], tmp_path / "site")


@pytest.fixture
def first(trained):
    return trained[1]


def test_a_second_process_compiles_nothing(root, first):
    made = times(root)
    assert [path.name.split(".")[1].partition("_float32")[0] for path in made] == KERNELS
    assert len(entries(root, "nbi")) == len(KERNELS)  # one index each: no file is shared by two functions
    assert train(root) == first
    assert times(root) == made


def test_networks_with_hidden_layers_are_not_compiled_again_either():
    """Where the package is, whose cache the other tests fill; and what comes out of loaded code is the same."""
    done = [
        subprocess.run([sys.executable, "-c", PREDICT], env=ENVIRONMENT, capture_output=True, text=True, check=True)
        for _ in range(2)
    ]
    (_, first), (missing, second) = (process.stdout.split() for process in done)
    assert (missing, second) == ("0/10", first)


@pytest.mark.parametrize("suffix", ["nbc", "nbi"])
def test_a_damaged_cache_is_no_obstacle(suffix, root, first):
    """Code, and the index, which Numba reads first."""
    damaged = entries(root, suffix)
    assert len(damaged) == len(KERNELS)
    for path in damaged:
        path.write_bytes(b"\x00damaged\xff" * 7)
    assert train(root) == first


def test_kernels_cached_by_different_processes_do_not_mix(root, first):
    """float32 compiled by one process and float64 by another have the same signatures: a third must keep them apart."""
    double = train(root, "float64")
    made = times(root)
    assert train(root, "float32", "float64") == f"{first}\n{double}"
    assert train(root, "float64", "float32") == f"{double}\n{first}"
    assert times(root) == made


def test_a_changed_source_is_compiled_anew(root, first):
    formulas = root / "fastsgd" / "kernels" / "updates.py"
    text = formulas.read_text()
    assert "return w + muladd(" in text
    formulas.write_text(text.replace("return w + muladd(", "return w + real(0.5) * muladd("))
    assert train(root) != first
    formulas.write_text(text)
    assert train(root) == first


def test_nowhere_to_write(root, first, tmp_path):
    """Neither the package's folder nor the user's cache folder takes a file, not even root's: they are no folders."""
    folder = root / "fastsgd" / "engines" / "__pycache__"
    shutil.rmtree(folder)
    folder.write_text("a file, not a folder")
    home = tmp_path / "home"
    home.write_text("a file, not a folder")
    assert train(root, HOME=str(home), XDG_CACHE_HOME=str(home / "cache"), PYTHONDONTWRITEBYTECODE="1") == first


def test_a_cache_that_does_not_work_is_told_of_and_code_that_does_not_compile_is_not_taken_for_one(monkeypatch):
    def cfunc(signature, cache=False, **options):
        if cache or broken:
            raise RuntimeError("no locator available")
        return lambda f: SimpleNamespace(address=7)

    monkeypatch.setattr(engine, "cfunc", cfunc)
    broken = False
    with pytest.warns(UserWarning, match="Set the environment variable NUMBA_CACHE_DIR"):
        assert engine.Kernels(np.dtype("float32")).address_for_c("train") == 7
    broken = True
    with warnings.catch_warnings(), pytest.raises(RuntimeError, match="no locator"):
        warnings.simplefilter("error")
        engine.Kernels(np.dtype("float32")).address_for_c("train")
