"""Values and slopes of Keras 3's activations in float64: ``python tests/oracles/keras_activations.py``.

It writes keras_activations.json: for each call its name, its settings, the values at ``x`` and, where the function is
one of single elements, the slopes. Needs keras and torch (with JAX, Keras computes tanh in float32). The points lie on
no kink. Left out: sparsemax, whose results do not sum to 1 there: Keras 3.15 adds up all the sums of the support.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import torch

keras.config.set_floatx("float64")

PLAIN = (
    "linear relu leaky_relu relu6 elu selu celu tanh sigmoid softplus softsign silu mish gelu exponential log_sigmoid "
    "squareplus hard_sigmoid hard_silu hard_tanh soft_shrink hard_shrink tanh_shrink sparse_plus sparse_sigmoid "
    "softmax log_softmax glu"
)
CALLS = [
    *((name, {}) for name in PLAIN.split()),
    ("relu", {"negative_slope": 0.1}), ("relu", {"max_value": 1.3}), ("relu", {"threshold": 0.7}),
    ("relu", {"negative_slope": 0.2, "max_value": 2.5, "threshold": 0.4}),
    ("leaky_relu", {"negative_slope": 0.05}), ("elu", {"alpha": 0.6}), ("celu", {"alpha": 0.5}),
    ("gelu", {"approximate": True}), ("squareplus", {"b": 0.7}), ("soft_shrink", {"threshold": 1.1}),
    ("hard_shrink", {"threshold": 1.1}), ("threshold", {"threshold": 0.4, "default_value": -2.5}),
    ("softmax", {"axis": 0}), ("log_softmax", {"axis": 0}), ("glu", {"axis": 0}),
]  # fmt: skip
ROWWISE = ("softmax", "log_softmax", "glu")


def frozen(name: str, settings: dict, x: np.ndarray) -> dict:
    z = torch.tensor(x, requires_grad=True)
    values = getattr(keras.activations, name)(z, **settings)
    assert values.dtype == torch.float64, name
    call = {"name": name, "settings": settings, "values": values.tolist()}
    if name not in ROWWISE:
        values.sum().backward()
        call["slopes"] = z.grad.tolist()
    return call


if __name__ == "__main__":
    x = np.round(np.random.default_rng(0).normal(0, 3, (6, 8)), 3) + 1e-4 * np.sqrt(2)
    made = {
        "made_by": {"keras": keras.__version__, "torch": torch.__version__},
        "x": x.tolist(),
        "calls": [frozen(name, settings, x) for name, settings in CALLS],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(made, indent=None, separators=(",", ":")) + "\n")
