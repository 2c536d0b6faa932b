"""Who is measured: a small file each, with the same few names in it.

- ``PACKAGES``: what must be installed; ``ENVIRONMENT``: variables its process is started with;
- ``VARIANTS``: ``{label: options}``, one column of the table each; the first is the plain one;
- ``version()``: what exactly was measured;
- ``setup(task, threads, **options)``: an object with ``epoch()``, which trains one epoch, and ``weights()``, which
  returns kernels and biases as NumPy arrays in the order of ``task.weights``.

Frameworks are imported inside functions: these modules can be looked at where nothing of theirs is installed.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Protocol

import numpy as np

PEERS = ("numpy_loop", "sklearn_mlp", "torch_eager", "jax_scan", "keras_jax", "keras_tf")
OURS = "fastsgd_fit"


class Trainer(Protocol):
    """A network in training."""

    def epoch(self) -> None:
        """Train on all rows once; everything is done when it returns."""

    def weights(self) -> list[np.ndarray]: ...


def module(name: str) -> ModuleType:
    return import_module(f"{__name__}.{name}")


def available(name: str) -> bool:
    """Whether everything that the trainer needs is installed."""
    return all(find_spec(package) for package in module(name).PACKAGES)
