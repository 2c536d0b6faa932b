"""Dense networks and linear models on the CPU, trained by mini-batch SGD at the speed of the silicon.

Names and meanings are Keras's: ``import fastsgd as keras`` runs simple Keras programs. Nothing is imported before it
is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import activations, callbacks, constraints, formulas, initializers, layers, losses, metrics, models
    from . import optimizers as optimizers
    from . import regularizers as regularizers
    from .backend import backends, get_backend, get_num_threads, set_backend, set_num_threads
    from .divergence import DivergenceError
    from .history import History
    from .initializers import Initializer
    from .layers import Input, Layer
    from .losses import Loss
    from .metrics import Metric
    from .models import Sequential
    from .optimizers import Optimizer
    from .regularizers import Regularizer

__version__ = "0.1.0"

_HOME = {
    "Sequential": "models",
    "Initializer": "initializers",
    "Input": "layers",
    "Layer": "layers",
    "Loss": "losses",
    "Metric": "metrics",
    "Optimizer": "optimizers",
    "Regularizer": "regularizers",
    "History": "history",
    "DivergenceError": "divergence",
    "backends": "backend",
    "get_backend": "backend",
    "get_num_threads": "backend",
    "set_backend": "backend",
    "set_num_threads": "backend",
}
_MODULES = (
    "activations", "callbacks", "constraints", "formulas", "initializers", "layers", "losses", "metrics", "models",
    "optimizers", "regularizers",
)  # fmt: skip

__all__ = [
    "DivergenceError", "History", "Initializer", "Input", "Layer", "Loss", "Metric", "Optimizer", "Regularizer",
    "Sequential", "activations", "backends", "callbacks", "constraints", "formulas", "get_backend", "get_num_threads",
    "initializers", "layers", "losses", "metrics", "models", "optimizers", "regularizers", "set_backend",
    "set_num_threads",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOME:
        found = getattr(import_module(f".{_HOME[name]}", __name__), name)
    elif name in _MODULES:
        found = import_module(f".{name}", __name__)
    else:
        absent = import_module(".absent", __name__)
        return absent.refusing(__name__, absent.PACKAGE, __all__)(name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
