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
job, *dtypes = sys.argv[1:]
widths, batch_size, predicts = JOBS[job]
for dtype in dtypes:
    trainer = Trainer(widths, rows=20, dtype=dtype)
    network, _ = trainer.run(COMPILED["numba"](), batch_size=batch_size)
    arrays = [*network.get_weights(), *([network.predict(trainer.x)] if predicts else [])]
    print(*(array.tobytes().hex() for array in arrays))
"""
JOBS = {"line": ((4, 1), 1, False), "net": ((4, 8, 1), 10, True)}  # fewest kernels to compile, and the usual ones
SUPPORT = Path(__file__).parents[1] / "support"


def train(root, *dtypes, job="line", **environment):
    """Train in a new process with the package at ``root``; returns a line of bits for each dtype (default: float32)."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("NUMBA")} | environment
    env["PYTHONPATH"] = os.pathsep.join([str(root), str(SUPPORT)])
    done = subprocess.run(
        [sys.executable, "-c", f"JOBS = {JOBS}\n{TRAIN}", job, *(dtypes or ["float32"])],
        env=env,
        capture_output=True,
        text=True,
        check=False,
        cwd=root,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def copied(tmp_path):
    root = tmp_path / "site"
    shutil.copytree(PACKAGE, root / "fastsgd", ignore=shutil.ignore_patterns("__pycache__"))
    return root


def entries(root, suffix="nbc"):
    return sorted((root / "fastsgd" / "engines" / "__pycache__").glob(f"*.{suffix}"))


def test_second_process_compiles_nothing(tmp_path):
    root = copied(tmp_path)
    first = train(root, job="net")
    made = {path: path.stat().st_mtime_ns for path in entries(root)}
    assert len(made) == 10  # train, infer, product, block, settle, activation, slope, loss, update, descend: one each
    assert len(entries(root, "nbi")) == 10  # and one index each: no file is shared by two functions
    assert train(root, job="net") == first
    assert {path: path.stat().st_mtime_ns for path in entries(root)} == made


def test_a_damaged_cache_is_no_obstacle(tmp_path):
    root = copied(tmp_path)
    first = train(root)
    made = [*entries(root), *entries(root, "nbi")]
    assert len(made) == 12  # two each: train, block, loss, that of one number, update, that of a line
    for path in made:
        path.write_bytes(b"\x00damaged\xff" * 7)
    assert train(root) == first


def test_kernels_cached_by_different_processes_do_not_mix(tmp_path):
    """float32 compiled by one process and float64 by another have the same signatures: a third must keep them apart."""
    root = copied(tmp_path)
    single, double = train(root, "float32"), train(root, "float64")
    assert train(root, "float32", "float64") == f"{single}\n{double}"
    assert train(root, "float64", "float32") == f"{double}\n{single}"


def test_a_changed_source_is_compiled_anew(tmp_path):
    root = copied(tmp_path)
    first = train(root)
    formulas = root / "fastsgd" / "kernels" / "updates.py"
    text = formulas.read_text()
    assert "return w + muladd(" in text
    formulas.write_text(text.replace("return w + muladd(", "return w + real(0.5) * muladd("))
    assert train(root) != first
    formulas.write_text(text)
    assert train(root) == first


def test_nowhere_to_write(tmp_path):
    """Neither the package's folder nor the user's cache folder takes a file, not even root's: they are no folders."""
    root = copied(tmp_path)
    (root / "fastsgd" / "engines" / "__pycache__").write_text("a file, not a folder")
    home = tmp_path / "home"
    home.write_text("a file, not a folder")
    hidden = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    assert train(root, **hidden) == train(root, **hidden)


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
