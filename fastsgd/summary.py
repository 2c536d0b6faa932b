"""Layers, shapes and numbers of weights of a model, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .stack import Stack


def table(stack: Stack) -> str:
    """A table as Keras prints it."""
    rows = [("Layer (type)", "Output Shape", "Param #")]
    features = stack.inputs
    for layer in stack.layers:
        features = layer.outputs(features)
        params = f"{layer.count_params():,}" if stack.built else "?"
        rows.append((f"{layer.name} ({type(layer).__name__})", f"(None, {features or '?'})", params))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "-" * (sum(widths) + 4)
    head = [f"Model: {stack.name!r}", rule, lines[0], rule, *lines[1:], rule]
    if not stack.built:
        return "\n".join([*head, "Total params: ? (the model is not built)"])
    total, trained = stack.count_params(), stack.count_params(trainable=True)
    counts = [
        f"Total params: {total:,}",
        f"Trainable params: {trained:,}",
        f"Non-trainable params: {total - trained:,}",
    ]
    return "\n".join([*head, *counts])
