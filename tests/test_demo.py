import os

import numpy as np
import pytest

from fastsgd import demo, engines
from fastsgd.demo import jobs
from fastsgd.demo.table import render
from fastsgd.engines import processor


@pytest.mark.parametrize("data", jobs.JOBS)
def test_shows_everything(data, tmp_path, capsys):
    demo.run(data, tmp_path / "picture.png", quick=True)
    shown = capsys.readouterr().out
    for word in ("single-sample", "mini-batch", "full-batch", *engines.NAMES, "MLPRegressor", "picture.png"):
        assert word in shown
    if processor.supported()[0] != "baseline" and os.environ.get("FASTSGD_ISA") != "baseline":
        assert "other bits" not in shown
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_engines_that_are_missing_are_told(tmp_path, capsys, monkeypatch):
    load = engines.load

    def refuse(name):
        if name != "numpy":
            raise ImportError(f"{name} was not invited")
        return load(name)

    monkeypatch.setattr(engines, "load", refuse)
    demo.run("diabetes", tmp_path / "picture.png", quick=True)
    shown = capsys.readouterr().out
    assert "the cython backend is not available: cython was not invited" in shown
    assert "engine numpy" in shown
    assert "bits" not in shown


@pytest.mark.parametrize("missing", ["sklearn", "matplotlib"])
def test_missing_packages_are_named(missing, tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "find_spec", lambda module: None if module == missing else object())
    with pytest.raises(ImportError, match=r"the demo needs .*: pip install 'fastsgd\[demo\]'"):
        demo.run("digits", tmp_path / "picture.png")


def test_bad_output_is_told_before_anything_is_trained(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        demo.run("digits", tmp_path / "nowhere" / "picture.png")
    with pytest.raises(ValueError, match=r"pictures end in .*, got picture\.doc"):
        demo.run("digits", tmp_path / "picture.doc")


def test_held_out_rows_are_no_part_of_the_standards():
    columns = np.array([[0.0, 5], [2, 5], [100, 7]])
    train, held_out, mean, spread = jobs.standardised(columns, np.array([0, 1]), np.array([2]))
    np.testing.assert_array_equal(train, [[-1, 0], [1, 0]])
    np.testing.assert_array_equal(held_out, [[99, 2]])
    np.testing.assert_array_equal(mean, [[1, 5]])
    np.testing.assert_array_equal(spread, [[1, 1]])


def test_splits_are_disjoint_and_whole():
    train, held_out = jobs.split(442)
    assert len(held_out) == 110
    assert sorted([*train, *held_out]) == list(range(442))


def test_images_come_back_from_standardised_targets():
    job = jobs.load("digits")
    np.testing.assert_allclose(job.images.completed(job.y_held_out), job.images.held_out, atol=1e-5)


def test_table():
    text = render("Time", ["engine", "ms"], [["numpy", "8.5"], ["cython", "0.25"]])
    assert text == "\nTime\n  engine    ms\n  numpy    8.5\n  cython  0.25"
