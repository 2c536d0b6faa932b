"""The pieces of weights that updates from whole gradients work through; see ``kernels/finish.py``."""

from __future__ import annotations

from typing import Any

from ..kernels import records
from ..program import Limits
from .layout import VECTORS, Layout, PieceRecord, Place
from .memory import address_of

NOT_NEGATIVE, NORMS, NORM = (records.CONSTANTS[name] for name in ("NOT_NEGATIVE", "NORMS", "NORM"))


def make_pieces(layout: Layout) -> Any:
    """The records of all trainable weights, in the order of ``program.weight_shapes()``.

    Returns
    -------
    ctypes array of PieceRecord
    """
    found: list[PieceRecord] = []
    decays = iter(layout.program.finish.decays if layout.program.finish else ())
    for number, place in enumerate(layout.places):
        for i, (name, trained) in enumerate(zip(place.op.weights, place.op.trained, strict=True)):
            decay = next(decays, False)
            if not trained:
                continue
            limits = place.op.limits[i] if place.op.limits else None
            if place.op.kind != "dense":
                made = [
                    _piece(place.W + VECTORS.index(name) * place.panels * place.width, place.panels * place.width, 16)
                ]
            else:
                made = _kernel(place, limits) if name == "kernel" else _bias(place)
            together = (
                1 if name == "kernel" and not place.thin else place.source_panels if name == "kernel" else len(made)
            )
            _limit(made, limits, together, columns=name == "kernel" and not place.thin, first=len(found))
            for piece in made:
                piece.W = address_of(layout.banks) + piece.W * layout.banks.itemsize
                piece.layer, piece.decays = number, decay
                piece.first, piece.of = len(found), len(made)
                piece.l1, piece.l2 = place.op.penalties[i] if place.op.penalties else (0.0, 0.0)
            found += made
    return (PieceRecord * len(found))(*found)


def _kernel(place: Place, limits: Limits | None) -> list[PieceRecord]:
    """A piece for each panel. A thin layer is one piece, or one for each output and panel of inputs."""
    if not place.thin:
        size = (place.height + 1) * place.width
        return [
            _piece(place.W + p * size, place.op.inputs * place.width, place.width, -1 if place.WT is None else p)
            for p in range(place.panels)
        ]
    width, outputs = place.source_width, place.op.outputs
    if limits is None or limits.kind != "norm":
        return [_piece(place.W, place.source_panels * outputs * width, width)]
    return [
        _piece(place.W + (p * outputs + c) * width, width, width)
        for c in range(outputs)
        for p in range(place.source_panels)
    ]


def _bias(place: Place) -> list[PieceRecord]:
    if place.thin:
        return [_piece(place.W + place.size - 16, 16, 16)]
    size = (place.height + 1) * place.width
    return [
        _piece(place.W + p * size + place.height * place.width, place.width, place.width) for p in range(place.panels)
    ]


def _piece(begin: int, count: int, width: int, panel: int = -1) -> PieceRecord:
    return PieceRecord(W=begin, count=count, width=width, panel=panel)


def _limit(pieces: list[PieceRecord], limits: Limits | None, together: int, *, columns: bool, first: int) -> None:
    """Norms of the columns of panels, or of so many pieces together: a thin kernel's by output, a bias's as a whole."""
    if limits is None:
        return
    for i, piece in enumerate(pieces):
        piece.constraint = NOT_NEGATIVE if limits.kind == "nonnegative" else NORMS if columns else NORM
        piece.low, piece.high, piece.rate = limits.low, limits.high, limits.rate
        piece.group, piece.group_size = first + i // together * together, together
