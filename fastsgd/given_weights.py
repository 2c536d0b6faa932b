"""Weights that a user gives to layers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .data import to_array
from .layers import Layer


def checked(given: Sequence[Any], layers: Sequence[Layer]) -> Callable[[], list[np.ndarray]]:
    """What a user wants as the weights of these layers: a function that has the layers keep theirs, and gives the rest.

    Raises
    ------
    TypeError, ValueError
        No real numbers, too many, too few, or of other shapes.
    """
    shapes = [layer.parts() for layer in layers]
    wanted = [
        (f"the {part} of layer {layer.name!r}", shape)
        for layer, parts in zip(layers, shapes, strict=True)
        for part, shape in parts.items()
    ]
    if len(given) != len(wanted):
        names = ", ".join(f"{label} {shape}" for label, shape in wanted)
        raise ValueError(f"weights has {len(given)} arrays, wanted are {len(wanted)}: {names or 'none'}")
    arrays = [to_array(f"weights[{i}]", value) for i, value in enumerate(given)]
    for i, (array, (label, shape)) in enumerate(zip(arrays, wanted, strict=True)):
        if array.shape != shape:
            raise ValueError(f"weights[{i}] has shape {array.shape}, {label} has shape {shape}")

    def taken() -> list[np.ndarray]:
        rest, at = [], 0
        for layer, parts in zip(layers, shapes, strict=True):
            own = arrays[at : at + len(parts)]
            at += len(parts)
            kept = len(layer.kept_shapes())
            if kept:
                layer.keep(own[:kept])
            rest += own[kept:]
        return rest

    return taken
