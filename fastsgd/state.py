"""All that a training needs to go on bit for bit, as arrays and plain numbers.

A state is a dict of dicts and lists; at the leaves are arrays, numbers, texts and None. In a file the arrays stand by
number, and the rest is JSON that refers to them.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from typing import Any

import numpy as np

from . import weight_files
from .place import Place
from .scaling import Standard

ARRAY = "array"  # {"array": 3} in the JSON is the array of this number


def of_model(model: Any) -> dict[str, Any]:
    """The state of a model: weights, the optimizer's memories and counters, seed, and the place within the fit."""
    optimizer, scale = model.optimizer, model.target_scale.standard
    return {
        "optimizer": type(optimizer).__name__,
        "weights": model._weights.__getstate__(),
        "kept": [layer.kept() for layer in model.layers],
        "target_scale": None if scale is None else asdict(scale),
        "steps": optimizer.steps,
        "learning_rate": optimizer.get_config()["learning_rate"],
        "epochs_begun": model.epochs_begun,
        "shuffle_seed": model.shuffle_seed,
        "place": model.place._asdict(),
    }


def put_back(model: Any, state: dict[str, Any]) -> None:
    """Make a model of the same layers and settings go on where this state was taken.

    Raises
    ------
    ValueError
        It is that of another model or optimizer; nothing has changed then.
    """
    optimizer = model.optimizer
    if state["optimizer"] != type(optimizer).__name__:
        raise ValueError(
            f"the state is that of another optimizer: {state['optimizer']}, this model has {type(optimizer).__name__}"
        )
    arrays = state["weights"]["arrays"]
    shapes, wanted = [w.shape for w in arrays], [w.shape for w in model._weights.get()]
    kept = [[w.shape for w in own] for own in state["kept"]]
    known = [[w.shape for w in layer.kept()] for layer in model.layers]
    if (shapes, kept) != (wanted, known):
        raise ValueError(f"the state is that of another model: weights of shapes {shapes}, this model has {wanted}")
    model._weights.__setstate__(state["weights"])
    for layer, own in zip(model.layers, state["kept"], strict=True):
        if own:
            layer.keep(own)
    scale = state["target_scale"]
    model.target_scale.standard = None if scale is None else Standard(**scale)
    optimizer.steps = state["steps"]
    if isinstance(state["learning_rate"], float) and isinstance(optimizer.get_config()["learning_rate"], float):
        optimizer.learning_rate = state["learning_rate"]
    model.epochs_begun, model.shuffle_seed = state["epochs_begun"], state["shuffle_seed"]
    model.place = Place(**state["place"])


# -- Files
def write(path: str | os.PathLike[str], state: dict[str, Any]) -> None:
    """Write a state to a file, which is there whole or as it was before."""
    arrays: dict[str, np.ndarray] = {}

    def plain(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            arrays[name := f"{ARRAY}{len(arrays)}"] = part
            return {ARRAY: name}
        if isinstance(part, dict):
            return {key: plain(value) for key, value in part.items()}
        if isinstance(part, list | tuple):
            return [plain(value) for value in part]
        return part.item() if isinstance(part, np.generic) else part

    text = json.dumps(plain(state), default=repr)  # a learning rate that is a function is not put back in any case
    weight_files.write(path, {"state": np.array(text), **arrays}, overwrite=True)


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The state of a file.

    Raises
    ------
    OSError
        There is none, or it is damaged.
    """
    arrays = weight_files.read(path)

    def full(part: Any) -> Any:
        if isinstance(part, dict):
            return arrays[part[ARRAY]] if set(part) == {ARRAY} else {key: full(value) for key, value in part.items()}
        return [full(value) for value in part] if isinstance(part, list) else part

    try:
        return full(json.loads(str(arrays["state"])))
    except (KeyError, ValueError) as error:
        raise OSError(f"{os.fspath(path)!r} holds no state, or is damaged: {error!r}") from None
