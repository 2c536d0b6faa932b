"""The files of the source: which there are, in what order, and what they define."""

from __future__ import annotations

import ast
from pathlib import Path

HERE = Path(__file__).parent.parent
FORMULAS = ("elementary", "activations", "losses", "row_losses", "updates")
LOOPS = (
    "shuffle", "products", "thin", "groups", "gradients", "rows", "noise", "softmax", "normalization",
    "layer_normalization", "batch_normalization", "steps", "columns", "lanes", "unit", "one", "ahead", "line", "linear",
    "finish", "driver",
)  # fmt: skip


def read(part: str) -> str:
    """The text of a file."""
    return (HERE / f"{part}.py").read_text(encoding="utf-8").replace("from __future__ import annotations\n", "")


def parameters_of(text: str) -> dict[str, tuple[str, ...]]:
    """The functions of a text and their parameters, in order."""
    functions = (node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef))
    return {f.name: tuple(a.arg for a in f.args.args) for f in functions}
