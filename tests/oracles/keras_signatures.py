"""Writes keras_signatures.json: parameters of Keras's classes and functions, in order, with their defaults.

    KERAS_BACKEND=torch python keras_signatures.py

Made with Keras 3.15.1. Of the layers only those of dense networks, of other modules all; names in small letters of
classes are left out. A default is written as repr has it, a parameter without one as null.
"""

import importlib
import inspect
import json
from pathlib import Path

MODULES = (
    "activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics", "optimizers",
    "optimizers.schedules", "regularizers",
)  # fmt: skip
LAYERS = (
    "Activation", "ActivityRegularization", "AlphaDropout", "BatchNormalization", "Dense", "Dropout", "ELU", "Flatten",
    "GaussianDropout", "GaussianNoise", "Input", "InputLayer", "LayerNormalization", "LeakyReLU", "Normalization",
    "ReLU", "Rescaling", "Softmax",
)  # fmt: skip


def parameters(item):
    """Names and defaults, but for those of *args and **kwargs."""
    given = [
        p for p in inspect.signature(item).parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
    ]
    return [[p.name, None if p.default is p.empty else repr(p.default)] for p in given]


if __name__ == "__main__":
    result = {}
    for name in MODULES:
        module = importlib.import_module(f"keras.{name}")
        items = {n: item for n, item in vars(module).items() if callable(item) and not n.startswith("_")}
        result[name] = {
            n: parameters(item)
            for n, item in sorted(items.items())
            if (n in LAYERS or name != "layers") and not (inspect.isclass(item) and n.islower())
        }
    lines = [
        f'"{name}": {{\n' + ",\n".join(f'"{n}": {json.dumps(p)}' for n, p in items.items()) + "\n}"
        for name, items in result.items()
    ]
    Path(__file__).with_suffix(".json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
