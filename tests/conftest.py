"""Tests run on the installed package with its extensions, not on the checkout that ``python -m pytest`` finds first."""

import importlib.util
import os
import signal
import sys
from collections import deque
from pathlib import Path
from weakref import WeakValueDictionary

ROOT, PATH = Path(__file__).resolve().parents[1], list(sys.path)
sys.path[:] = [entry for entry in PATH if Path(entry or ".").resolve() != ROOT]
if importlib.util.find_spec("fastsgd"):
    os.environ["PYTHONSAFEPATH"] = "1"  # the same for the processes that tests start
else:
    sys.path[:] = PATH  # built in place

import hypothesis  # noqa: E402
import pytest  # noqa: E402

from fastsgd import backend, engines  # noqa: E402
from fastsgd.engines import workshop  # noqa: E402

signal.signal(signal.SIGINT, signal.default_int_handler)  # which background jobs of a shell ignore
hypothesis.settings.register_profile("fastsgd", deadline=None)  # a busy machine is no failure
hypothesis.settings.load_profile("fastsgd")
AVAILABLE = [name for name in engines.NAMES if backend.backends()[name]["available"]]
if os.environ.get("FASTSGD_REQUIRE_EXTENSIONS") and "cython" not in AVAILABLE:
    raise RuntimeError(f"the extensions are required but: {backend.backends()['cython']['detail']}")


@pytest.fixture(params=AVAILABLE)
def engine(request):
    """The name of every engine that is available here, in turn."""
    return request.param


@pytest.fixture(scope="session", autouse=True)
def away_from_checkout(tmp_path_factory):
    """Python 3.10 does not know PYTHONSAFEPATH: a process that a test starts would find the checkout first."""
    if sys.version_info < (3, 11) and "PYTHONSAFEPATH" in os.environ:
        os.chdir(tmp_path_factory.mktemp("away"))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """Every test begins without settings of its own, and leaves none."""
    monkeypatch.delenv("FASTSGD_BACKEND", raising=False)
    monkeypatch.delenv("FASTSGD_NUM_THREADS", raising=False)
    monkeypatch.setattr(backend, "_backend", None)
    monkeypatch.setattr(backend, "_num_threads", None)


@pytest.fixture(autouse=True)
def no_workshops(monkeypatch):
    """Every test begins without what networks of former ones have left for the next."""
    monkeypatch.setattr(workshop, "_workshops", WeakValueDictionary())
    monkeypatch.setattr(workshop, "_recent", deque(maxlen=workshop._recent.maxlen))
