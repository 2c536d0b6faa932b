"""``python -m fastsgd demo``: what a newcomer asks, answered on real data, as tables and a picture.

Which batch size, which engine, and is it any faster than what I have? The data are scikit-learn's own: nothing is
downloaded.
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from .. import __version__
from . import batches, engines, peer, picture
from .jobs import Job, load

NEEDS = {"sklearn": "scikit-learn", "matplotlib": "matplotlib"}  # module -> what pip calls it


def run(data: str, output: Path, quick: bool = False) -> None:
    """Train, compare, print, and draw.

    Parameters
    ----------
    data : str
        A name of :data:`fastsgd.demo.jobs.JOBS`.
    output : Path
        The picture to write; its folder must exist.
    quick : bool
        Two epochs and one repeat: to see that everything works, not to measure.

    Raises
    ------
    ImportError
        scikit-learn or matplotlib is missing; the message says what to install.
    FileNotFoundError, ValueError
        There is no such folder to write to, or the picture's suffix is unknown.
    """
    require()
    picture.check(output)
    job = load(data, quick)
    introduce(job)
    uses = engines.first_uses(job)
    sizes = batches.compare(job)
    print(batches.table(job, sizes), flush=True)
    trained = engines.compare(job, uses)
    print(engines.table(job, trained), flush=True)
    ours, theirs = peer.compare(job, trained)
    print(peer.table(job, ours, theirs), flush=True)
    picture.draw(job, sizes, trained, theirs, output)
    print(f"\nPicture: {output.resolve()}")


def require() -> None:
    """Raise ImportError for the first package that the demo lacks."""
    for module, package in NEEDS.items():
        if find_spec(module) is None:
            raise ImportError(f"the demo needs {package}: pip install 'fastsgd[demo]'")


def introduce(job: Job) -> None:
    rows, held_out = len(job.x), len(job.x_held_out)
    print(f"fastsgd {__version__} learns {job.task}")
    print(f"  data      {job.source}; standardised; {rows} rows to train on, {held_out} held out")
    print(f"  loss      mean squared error; 1.0 is {job.baseline}")
    print(f"  network   {job.widths}, ReLU; SGD with Nesterov momentum {job.momentum}; float32; {job.epochs} epochs")
