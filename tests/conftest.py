import pytest

from fastsgd import backend, engines

AVAILABLE = [name for name, entry in backend.backends().items() if entry["available"]]


@pytest.fixture(params=engines.NAMES)
def engine(request):
    """The name of every engine in turn; those that are not available here are left out."""
    if request.param not in AVAILABLE:
        pytest.skip(f"{request.param} is not available")
    return request.param


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    """Every test begins without settings of its own, and leaves none."""
    monkeypatch.delenv("FASTSGD_BACKEND", raising=False)
    monkeypatch.delenv("FASTSGD_NUM_THREADS", raising=False)
    monkeypatch.setattr(backend, "_backend", None)
    monkeypatch.setattr(backend, "_num_threads", None)
