import subprocess
import sys

import pytest

import fastsgd
from fastsgd.__main__ import main


def test_info_names_what_can_run(capsys, engine):
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    assert fastsgd.__version__ in shown
    assert fastsgd.backends()[engine]["detail"] in shown


def test_info_names_what_cannot_run_and_what_is_set(capsys, monkeypatch):
    monkeypatch.setenv("FASTSGD_NUM_THREADS", "3")
    table = {"cython": {"available": False, "detail": "no compiler"}, "numpy": {"available": True, "detail": "numpy 2"}}
    monkeypatch.setattr("fastsgd.info.backends", lambda: table)
    assert main(["info"]) == 0
    shown = capsys.readouterr().out
    assert "not available: no compiler" in shown
    assert "at most 3" in shown
    assert "FASTSGD_NUM_THREADS" in shown


def test_packages_that_are_missing(capsys, monkeypatch):
    monkeypatch.setattr("fastsgd.info.PACKAGES", ("a-package-that-nobody-made",))
    assert main(["info"]) == 0
    assert "not installed" in capsys.readouterr().out


def test_demo_is_run_as_asked(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr("fastsgd.demo.run", lambda *arguments: calls.append(arguments))
    assert main(["demo", "--data", "diabetes", "--output", str(tmp_path / "x.png"), "--quick"]) == 0
    assert calls == [("diabetes", tmp_path / "x.png", True)]


def test_errors_are_one_line_on_stderr(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("FASTSGD_BACKEND", "fortran")
    assert main(["info"]) == 1
    assert capsys.readouterr().err.startswith("fastsgd: unknown backend 'fortran'")
    assert main(["demo", "--output", str(tmp_path / "nowhere" / "x.png")]) == 1
    assert "there is no folder" in capsys.readouterr().err


def test_without_a_command_there_is_help(capsys):
    assert main([]) == 0
    assert "demo" in capsys.readouterr().out


@pytest.mark.parametrize(("arguments", "code"), [(["--version"], 0), (["dance"], 2), (["demo", "--data", "iris"], 2)])
def test_what_argparse_ends(arguments, code):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code


def test_runs_as_a_module():
    done = subprocess.run([sys.executable, "-m", "fastsgd", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"fastsgd {fastsgd.__version__}\n"
