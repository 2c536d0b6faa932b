"""The instructions that a fixed epoch takes, against those of the last time somebody looked: a guard of the kernels'
speed that does not depend on the clock, nor on who else uses the machine.

Counts are made anew, where the change is meant, by ``FASTSGD_RENEW_COUNTS=1 python -m pytest -k instruction_counts``.
"""

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import counted_epochs
import pytest

import fastsgd
from fastsgd.engines import cython

COUNTS = Path(__file__).with_name("instruction_counts.json")
TOLERANCE = 0.03
RENEW = "FASTSGD_RENEW_COUNTS=1 python -m pytest -k instruction_counts"

pytestmark = [
    pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="counts are those of x86-64"),
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed"),
    pytest.mark.skipif(counted_epochs.ISA not in cython.built(), reason="the compiled extensions were not built"),
]


def compiler():
    """What compiled the extension, as its ELF section ``.comment`` says."""
    (extension,) = (cython.NATIVE / "v3_float32").glob("kernels.*")
    found = re.findall(rb"(?:GCC: \(|clang version )[^\0]+", extension.read_bytes())
    return ", ".join(sorted({text.decode() for text in found}))


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    """Instructions of each cell's epoch, by cell."""
    out = tmp_path_factory.mktemp("callgrind")
    places = [Path(counted_epochs.__file__).parent, Path(fastsgd.__file__).parents[1]]
    command = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}/counts"]
    command += [sys.executable, "-c", "import counted_epochs; counted_epochs.main()"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, places)), "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=out, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    texts = [path.read_text() for path in out.glob("counts.*")]
    named = {re.search(r"Client Request: (.*)", text): re.search(r"totals: (\d+)", text) for text in texts}
    return {name[1]: int(total[1]) for name, total in named.items() if name}


@pytest.fixture(scope="module")
def recorded(request):
    """Those of the last time, if this compiler made them; asked for before the long count."""
    if os.environ.get("FASTSGD_RENEW_COUNTS"):
        counts = request.getfixturevalue("counted")
        record = {"compiler": compiler(), "instructions": {cell: counts[cell] for cell in counted_epochs.CELLS}}
        COUNTS.write_text(json.dumps(record, indent=2) + "\n")
    record = json.loads(COUNTS.read_text())
    if record["compiler"] != compiler():
        pytest.skip(f"counted with {record['compiler']}, this is {compiler()}; to compare, renew by {RENEW} before")
    return record["instructions"]


@pytest.mark.parametrize("cell", counted_epochs.CELLS)
def test_instruction_counts(cell, recorded, counted):
    change = counted[cell] / recorded[cell] - 1
    assert abs(change) <= TOLERANCE, f"{change:+.1%} instructions in an epoch of {cell}; if it is meant: {RENEW}"
