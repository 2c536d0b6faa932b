"""Which of the extensions runs; those that were compiled for other records do not, as their kernels might never end."""

import numpy as np
import pytest

from fastsgd import backend, engines
from fastsgd.engines import cython, processor
from fastsgd.kernels import records

USABLE = [isa for isa in processor.supported() if isa in cython.built()]
STALE = r"built from another version of fastsgd/kernels/records.py; build .* again \(in a checkout: pip install -e \.\)"
pytestmark = pytest.mark.skipif(not USABLE, reason="the compiled extensions were not built")


@pytest.fixture(autouse=True)
def chosen_anew(monkeypatch):
    monkeypatch.delenv("FASTSGD_ISA", raising=False)
    engines.load.cache_clear()
    yield
    engines.load.cache_clear()


@pytest.mark.parametrize("name", ["LAYER", "TASK", "PIECE", "CONSTANTS"])
def test_the_stamp_is_another_one_for_another_order_or_meaning(name, monkeypatch):
    fields = getattr(records, name)
    (first, kind), *rest = fields.items()
    stamps = {records.stamp()}
    for other in ({**dict(rest), first: kind}, {**fields, first: "f8"}, dict(rest)):
        monkeypatch.setattr(records, name, other)
        stamps.add(records.stamp())
    assert len(stamps) == 4


def test_the_best_that_was_built_is_chosen():
    assert backend.resolve("cython").isa == USABLE[0]


def test_stale_extensions_are_as_good_as_missing(monkeypatch):
    monkeypatch.setattr(records, "stamp", lambda: 0)
    with pytest.raises(ImportError, match=f"the cython backend is not available: .* for {USABLE[0]} were {STALE}"):
        backend.resolve("cython")
    assert backend.resolve("auto").name != "cython"
    entry = backend.backends()["cython"]
    assert entry["available"] is False
    assert "pip install" in entry["detail"]


def test_stale_kernels_are_not_called_even_by_those_who_choose_themselves(monkeypatch):
    monkeypatch.setattr(records, "stamp", lambda: 0)
    with pytest.raises(ImportError, match=STALE):
        cython.library.__wrapped__(USABLE[0], np.dtype("float32"), False)


@pytest.mark.parametrize("dtype", cython.DTYPES)
@pytest.mark.parametrize("left", [{}, {"RECORDS": 1}], ids=["no stamp", "another stamp"])
def test_one_stale_extension_leaves_the_next_best(dtype, left, monkeypatch):
    module = cython.extension(USABLE[0], dtype)
    monkeypatch.delattr(module, "RECORDS")
    for name, value in left.items():
        monkeypatch.setattr(module, name, value, raising=False)
    if USABLE[1:]:
        assert cython.chosen() == USABLE[1]
    monkeypatch.setenv("FASTSGD_ISA", USABLE[0])
    with pytest.raises(ImportError, match=f"for {USABLE[0]} were {STALE}"):
        backend.resolve()
