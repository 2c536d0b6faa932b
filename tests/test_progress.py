"""What is shown while training runs, on a terminal and off it."""

import io
import subprocess
import sys
import types

import numpy as np
import pytest

from fastsgd import progress
from fastsgd.progress import Progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands until it is set."""
    now = types.SimpleNamespace(time=0.0)
    monkeypatch.setattr(progress, "monotonic", lambda: now.time)
    return now


@pytest.fixture
def terminal(monkeypatch):
    return on_stream(monkeypatch, Terminal())


def on_stream(monkeypatch, stream):
    """Let the module see this stderr; pytest's capture would take back one that is set for all."""
    monkeypatch.setattr(progress, "sys", types.SimpleNamespace(stderr=stream, modules=sys.modules))
    return stream


def logs(epoch):
    return {"loss": 1 / (epoch + 1), "val_loss": 1e-4}


def run(shown, epochs, clock=None, seconds=0.0, stop=None):
    for epoch in range(epochs):
        if clock:
            clock.time += seconds
        shown.epoch_end(epoch, logs(epoch))
        if epoch == stop:
            break
    shown.close()
    shown.close()


@pytest.mark.parametrize("verbose", [0, False, "auto"])
def test_silence(verbose, capsys):
    shown = Progress(verbose, 3, 0, 10)
    shown.within_epoch(0.5, 1.0)
    run(shown, 3)
    assert not shown.every_epoch
    assert capsys.readouterr() == ("", "")


def test_a_line_for_every_epoch(capsys):
    shown = Progress(2, 3, 0, 10)
    assert shown.every_epoch
    shown.within_epoch(0.5, 1.0)
    run(shown, 3)
    assert capsys.readouterr() == (
        "Epoch 1/3 - loss: 1.0000 - val_loss: 1.0000e-04\n"
        "Epoch 2/3 - loss: 0.5000 - val_loss: 1.0000e-04\n"
        "Epoch 3/3 - loss: 0.3333 - val_loss: 1.0000e-04\n",
        "",
    )


@pytest.mark.parametrize(("stop", "expected"), [(None, [1, 4, 7, 10]), (7, [1, 4, 7, 8])])
def test_lines_at_a_modest_rate_where_a_bar_does_not_belong(capsys, clock, stop, expected):
    shown = Progress(1, 10, 0, 10)
    assert not shown.every_epoch
    run(shown, 10, clock, 1.0, stop)
    out, err = capsys.readouterr()
    assert [int(line.split()[1].split("/")[0]) for line in out.splitlines()] == expected
    assert err == ""


@pytest.mark.parametrize(("verbose", "first"), [(1, "Epoch 11/40:   2%"), ("auto", "Epoch 19/40:  28%")])
def test_a_bar_on_a_terminal(terminal, clock, capsys, verbose, first):
    shown = Progress(verbose, 40, 10, 100)
    assert not shown.every_epoch
    for epoch in range(10, 30):
        clock.time += 0.03
        shown.within_epoch(0.5, 9.0)
        clock.time += 0.03
        shown.epoch_end(epoch, logs(epoch))
    shown.close()
    drawn = terminal.getvalue().split("\r")
    assert 6 <= len(drawn) <= 17  # 1.2 seconds (0.7 for "auto"), ten a second, and the first and the last
    assert "Epoch 30/40:  67%" in drawn[-1]
    assert "loss=0.0333, val_loss=1.0000e-04" in drawn[-1]
    assert drawn[2].startswith(first)
    assert terminal.getvalue().endswith("\n")
    assert capsys.readouterr().out == ""


def test_a_short_fit_shows_nothing_unless_it_is_asked_to(terminal, clock, monkeypatch, capsys):
    monkeypatch.setattr(progress, "_bar_class", lambda: pytest.fail("tqdm is not to be imported"))
    shown = Progress("auto", 40, 0, 10)
    shown.within_epoch(0.5, 9.0)
    run(shown, 40, clock, 0.01)
    assert terminal.getvalue() == capsys.readouterr().out == ""


def test_the_bar_counts_time_from_the_beginning(terminal, clock):
    shown = Progress("auto", 4, 0, 10)
    clock.time += 100
    shown.epoch_end(0, logs(0))
    shown.close()
    assert "01:40<05:00" in terminal.getvalue().split("\r")[-1]


def test_the_bar_keeps_the_validation_loss_during_an_epoch(terminal, clock):
    shown = Progress(1, 2, 0, 100)
    shown.epoch_end(0, logs(0))
    clock.time += 1
    shown.within_epoch(0.25, 0.75)
    last = terminal.getvalue().split("\r")[-1]
    assert "Epoch 2/2:  62%" in last
    assert "loss=0.7500, val_loss=1.0000e-04" in last
    shown.epoch_end(1, logs(1))
    shown.close()
    assert "Epoch 2/2: 100%" in terminal.getvalue()


def test_without_tqdm_lines_and_one_hint(terminal, monkeypatch, capsys):
    monkeypatch.setattr(progress, "find_spec", lambda name: None)
    monkeypatch.setattr(progress, "_told", False)
    for _ in range(2):
        run(Progress(1, 2, 0, 10), 2)
    assert terminal.getvalue().count("pip install 'fastsgd[progress]'") == 1
    assert [line.split(" - ")[0] for line in capsys.readouterr().out.splitlines()] == ["Epoch 1/2", "Epoch 2/2"] * 2


def test_a_notebook_without_widgets_gets_lines(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    monkeypatch.setattr(progress, "find_spec", lambda name: None if name == "ipywidgets" else True)
    run(Progress(1, 2, 0, 10), 2)
    assert len(capsys.readouterr().out.splitlines()) == 2


def test_no_stderr(monkeypatch, capsys):
    on_stream(monkeypatch, None)
    run(Progress("auto", 2, 0, 10), 2)
    assert capsys.readouterr().out == ""


def test_numbers_that_are_arrays_or_not_finite(capsys):
    shown = Progress(2, 1, 0, 1)
    shown.epoch_end(0, {"loss": float("nan"), "r2": np.ones(2), "mae": -0.5, "zero": 0.0})
    assert capsys.readouterr().out == "Epoch 1/1 - loss: nan - mae: -0.5000 - zero: 0.0000\n"


@pytest.mark.parametrize("verbose", [3, -1, "yes", None, 1.5, "1"])
def test_invalid_verbose(verbose):
    with pytest.raises(ValueError, match="verbose must be 'auto', 0, 1 or 2"):
        Progress(verbose, 1, 0, 1)


def test_a_fit_that_goes_on_later_than_was_said(terminal, clock):
    shown = Progress(1, 40, 0, 100)
    shown.begin(20)
    clock.time += 1
    shown.epoch_end(20, logs(20))
    shown.close()
    assert "Epoch 21/40:   5%" in terminal.getvalue()


def test_no_epochs_to_run(terminal):
    Progress(1, 3, 3, 10).close()
    assert "Epoch" not in terminal.getvalue()


def test_the_bar_starts_no_thread():
    code = (
        "import io, sys, threading\n"
        "from fastsgd.progress import Progress\n"
        "class T(io.StringIO):\n    isatty = lambda self: True\n"
        "sys.stderr = T()\n"
        "shown = Progress(1, 2, 0, 10); shown.epoch_end(0, {'loss': 1.0})\n"
        "print(threading.active_count()); shown.close()\n"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "1\n"
