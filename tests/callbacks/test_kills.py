"""Going on after the process was killed."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fastsgd

PROGRAM = """
import hashlib, sys, time
import numpy as np
from fastsgd.callbacks import BackupAndRestore, LambdaCallback
from fastsgd.layers import Dense, Normalization
from fastsgd.models import Sequential
from fastsgd.optimizers import SGD
rng = np.random.default_rng(0)
x = rng.normal(size=(200, 5)); y = np.tanh(x.sum(axis=1))
model = Sequential([Dense(7, "tanh"), Dense(1)], seed=1)
model.compile(SGD(0.05, momentum=0.9), "mse", backend="numpy")
called = [BackupAndRestore(sys.argv[1], eval(sys.argv[2]))] if sys.argv[1:] else []
if called:  # so that there is time to kill it
    called.append(LambdaCallback(on_epoch_end=lambda epoch, logs: time.sleep(0.03)))
print("begun", flush=True)
model.fit(x, y, 10, epochs=15, verbose=0, callbacks=called)
print(hashlib.sha256(b"".join(w.tobytes() for w in model.get_weights())).hexdigest())
"""


HOME = str(Path(fastsgd.__file__).parents[1])


def program(*arguments):
    command = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": HOME})


@pytest.fixture(scope="module")
def unbroken():
    with program() as process:
        return process.communicate()[0].split()[-1]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("freq", ["'epoch'", "3"])
def test_a_killed_process_is_gone_on_from(unbroken, tmp_path, freq):
    folder = tmp_path / "backup"
    for times in (4, 8):  # killed when it has written so often, and once more
        with program(str(folder), freq) as process:
            process.stdout.readline()
            seen = set()
            while len(seen) < times and process.poll() is None:
                try:
                    seen.add((folder / "latest.npz").stat().st_mtime_ns)
                except OSError:
                    continue
            process.kill()
            said = process.communicate()[0].split()
        if process.returncode == 0:  # it was over before anybody looked
            assert said[-1] == unbroken
            return
        assert process.returncode == -signal.SIGKILL
        assert (folder / "latest.npz").exists()
    with program(str(folder), freq) as process:
        assert process.communicate()[0].split()[-1] == unbroken
    assert not (folder / "latest.npz").exists()
