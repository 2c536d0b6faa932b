"""A workspace with the room that the matrix unit's path needs: see kernels/unit.py."""

from __future__ import annotations

from collections.abc import Callable

from ..kernels import records
from .layout import LayerRecord, Layout, Place
from .paths import by_unit
from .workspace import Workspace


class UnitWorkspace(Workspace):
    """Chunks for the weights of all layers whose products are the unit's; in a thread's own, for the rows of a block.

    Parameters
    ----------
    layout, address, rows
        As for :class:`Workspace`.
    run : UnitWorkspace, optional
        For a thread's own: that of the run, which holds the weights.
    """

    unit = True

    def __init__(
        self, layout: Layout, address: Callable[[str], int], rows: int, run: UnitWorkspace | None = None
    ) -> None:
        super().__init__(layout, address, rows)
        for number, (layer, place) in enumerate(zip(self.layers, layout.places, strict=True)):
            if not by_unit(place.op):
                continue
            layer.by_unit, layer.WT = 1, 0  # that is the tile's copy, which nobody reads then
            if run is None:
                self._make_room_for_weights(layer, place)
            else:
                shared = run.layers[number]
                layer.W_right, layer.WT_right = shared.W_right, shared.WT_right
                self._make_room_for_rows(layer, place)

    def another(self, layout: Layout) -> UnitWorkspace:
        return UnitWorkspace(layout, self._kernel_address, self.rows, self)

    def _make_room_for_weights(self, layer: LayerRecord, place: Place) -> None:
        size = place.source_panels * place.panels
        layer.W_right = self._chunks(size)
        layer.WT_right = 0 if place.WT is None else self._chunks(size)

    def _make_room_for_rows(self, layer: LayerRecord, place: Place) -> None:
        groups = layer.groups = -(-self.rows // 32)
        layer.X_left = self._chunks(groups * place.source_panels)
        layer.XT_left = self._chunks(groups * place.source_panels)
        layer.D_left = 0 if place.WT is None else self._chunks(groups * place.panels)
        layer.D_right = self._chunks(groups * place.panels)

    def _chunks(self, count: int) -> int:
        return self.zeros(count * records.CONSTANTS["CHUNK"], self.program.dtype)
