"""What there is to run on, as text."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version

from . import __version__
from .backend import available_cpus, backends, get_backend, get_num_threads

PACKAGES = ("numpy", "numba")
SETTINGS = ("FASTSGD_BACKEND", "FASTSGD_ISA", "FASTSGD_NUM_THREADS")


def report() -> str:
    """A line for everything that a bug report should say.

    Raises
    ------
    ImportError, ValueError
        ``FASTSGD_BACKEND`` or ``FASTSGD_NUM_THREADS`` asks for what is not there.
    """
    lines = [
        ("fastsgd", __version__),
        ("python", f"{platform.python_version()} ({platform.python_implementation()})"),
        ("system", f"{platform.system()} {platform.machine()}"),
        *((package, installed(package)) for package in PACKAGES),
        *(
            (f"engine {name}", entry["detail"] if entry["available"] else f"not available: {entry['detail']}")
            for name, entry in backends().items()
        ),
        ("used", get_backend()),
        ("threads", f"at most {get_num_threads()}, of {available_cpus()} processors"),
        *((name, os.environ[name]) for name in SETTINGS if name in os.environ),
    ]
    width = max(len(name) for name, _ in lines)
    return "\n".join(f"{name.ljust(width)}  {value}" for name, value in lines)


def installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"
