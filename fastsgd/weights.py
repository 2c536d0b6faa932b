"""The numbers of a model: plain arrays, until an engine's network takes them over."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .engines import Engine, Network
from .kernels.source.tables import AVERAGE
from .program import Program


class Weights:
    """Weights and the optimizer's memories of one model.

    They live in one place at a time: as float64 arrays (of ours, not to be written to) as long as nothing is computed,
    then in the network, in the engine's own form.

    Attributes
    ----------
    network : Network or None
        The present one; None: the next :meth:`network_for` makes one.
    """

    def __init__(self) -> None:
        self.network: Network | None = None
        self._arrays: list[np.ndarray] = []
        self._slots: dict[str, list[np.ndarray]] = {}  # memories by letter
        self._lock = threading.Lock()

    def get(self) -> list[np.ndarray]:
        """Copies, in the order of the layers: kernel, bias."""
        with self._lock:  # another thread may be about to predict for the first time
            network, arrays = self.network, self._arrays
        return [w.copy() for w in arrays] if network is None else network.get_weights()

    def set(self, arrays: Sequence[np.ndarray]) -> None:
        """Take over arrays that were checked."""
        if self.network is None:
            self._arrays = [np.array(w, np.float64) for w in arrays]
        else:
            self.network.set_weights(arrays)

    def memories(self) -> dict[str, list[np.ndarray]]:
        """Copies of the optimizer's memories by letter, an array for each of the weights."""
        with self._lock:
            network, slots = self.network, self._slots
        if network is None:
            return {letter: [a.copy() for a in arrays] for letter, arrays in slots.items()}
        return dict(zip(network.program.memories, network.get_slots(), strict=True))

    def set_memories(self, memories: Mapping[str, Sequence[np.ndarray]]) -> None:
        """Take over what :meth:`memories` gave, or arrays of the same letters and shapes."""
        if self.network is None:
            self._slots = {letter: [np.array(a) for a in arrays] for letter, arrays in memories.items()}
        else:
            self.network.set_slots([memories[letter] for letter in self.network.program.memories])

    def replace(self, arrays: Sequence[np.ndarray]) -> None:
        """Take over other arrays, float64, which are nobody else's, perhaps of other shapes; the memories go."""
        self.network, self._arrays, self._slots = None, list(arrays), {}

    def release(self, *, memories: bool = True) -> None:
        """Take everything out of the network, which is given up; the memories too, or they are forgotten."""
        network = self.network
        if network is not None:
            letters = network.program.memories
            self._arrays = [w.astype(np.float64) for w in network.get_weights()]
            self._slots = dict(zip(letters, network.get_slots(), strict=True))
            self.network = None
        if not memories:
            self._slots = {}

    def network_for(self, engine: Engine, program: Program, starts: Mapping[str, float]) -> Network:
        """The network of this program, with these weights and those of the memories that its rule knows.

        ``starts`` has what new memories begin with, by letter, if not with zero.
        """
        with self._lock:  # two threads may be the first to predict
            if self.network is None or self.network.program != program:
                self.release()
                network = engine.network(program)
                network.set_weights(self._arrays)
                known = {AVERAGE: self._arrays} | self._slots  # new averages are of weights that are there already
                letters = program.memories
                if any(s in known or starts.get(s) for s in letters):  # else they are zero, as in any new network
                    shapes = program.weight_shapes()
                    slots = {
                        s: known.get(s) or [np.full(shape, starts.get(s, 0.0)) for shape in shapes] for s in letters
                    }
                    network.set_slots([slots[s] for s in letters])
                self.network, self._arrays, self._slots = network, [], {}
            return self.network

    def __getstate__(self) -> dict[str, Any]:
        plain = Weights()
        plain.network, plain._arrays, plain._slots = self.network, self._arrays, dict(self._slots)
        plain.release()
        return {"arrays": plain._arrays, "slots": plain._slots}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self._arrays, self._slots = state["arrays"], state["slots"]


def settle_averages(network: Network) -> None:
    """Put the moving averages of trainable weights in their places, if there are some."""
    letters = network.program.memories
    if AVERAGE in letters:
        averages = network.get_slots()[letters.index(AVERAGE)]
        chosen = zip(network.get_weights(), averages, network.program.trained(), strict=True)
        network.set_weights([average if moved else w for w, average, moved in chosen])
