"""The numbers of a model: plain arrays, until an engine's network takes them over."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .engines import Engine, Network
from .kernels.source.tables import AVERAGE
from .program import Program


class Held(NamedTuple):
    """Where the numbers are; replaced as a whole, as other threads may look at it at any time."""

    network: Network | None
    arrays: list[np.ndarray]  # float64, not written to; empty if there is a network
    slots: dict[str, list[np.ndarray]]  # memories by letter; likewise


class Weights:
    """Weights and the optimizer's memories of one model.

    They live in one place at a time: as float64 arrays as long as nothing is computed, then in the network, in the
    engine's own form.
    """

    def __init__(self) -> None:
        self._held = Held(None, [], {})
        self._lock = threading.Lock()

    @property
    def network(self) -> Network | None:
        """The present one; None: the next :meth:`network_for` makes one."""
        return self._held.network

    def get(self) -> list[np.ndarray]:
        """Copies, in the order of the layers: kernel, bias."""
        network, arrays, _ = self._held
        return [w.copy() for w in arrays] if network is None else network.get_weights()

    def set(self, arrays: Sequence[np.ndarray]) -> None:
        """Take over arrays that were checked."""
        network, _, slots = self._held
        if network is None:
            self._held = Held(None, [np.array(w, np.float64) for w in arrays], slots)
        else:
            network.set_weights(arrays)

    def memories(self) -> dict[str, list[np.ndarray]]:
        """Copies of the optimizer's memories by letter, an array for each of the weights."""
        network, _, slots = self._held
        if network is None:
            return {letter: [a.copy() for a in arrays] for letter, arrays in slots.items()}
        return dict(zip(network.program.memories, network.get_slots(), strict=True))

    def set_memories(self, memories: Mapping[str, Sequence[np.ndarray]]) -> None:
        """Take over what :meth:`memories` gave, or arrays of the same letters and shapes."""
        network, weights, _ = self._held
        if network is None:
            self._held = Held(None, weights, {s: [np.array(a) for a in arrays] for s, arrays in memories.items()})
        else:
            network.set_slots([memories[letter] for letter in network.program.memories])

    def extend(self, arrays: Sequence[np.ndarray]) -> None:
        """Take over those of layers on top, float64, which are nobody else's; the memories go."""
        self.release(memories=False)
        self._held = Held(None, [*self._held.arrays, *arrays], {})

    def cut(self, count: int) -> None:
        """Keep so many arrays, the first ones; the memories go."""
        self.release(memories=False)
        self._held = Held(None, self._held.arrays[:count], {})

    def release(self, *, memories: bool = True) -> None:
        """Take everything out of the network, which is given up; the memories too, or they are forgotten."""
        network, arrays, slots = self._held
        if network is not None:
            arrays = [w.astype(np.float64) for w in network.get_weights()]
            slots = dict(zip(network.program.memories, network.get_slots(), strict=True))
        self._held = Held(None, arrays, slots if memories else {})

    def network_for(self, engine: Engine, program: Program, starts: Mapping[str, float]) -> Network:
        """The network of this program, with these weights and those of the memories that its rule knows.

        ``starts`` has what new memories begin with, by letter, if not with zero.
        """
        with self._lock:  # two threads may be the first to predict
            network = self._held.network
            if network is None or network.program != program:
                self.release()
                _, arrays, slots = self._held
                network = engine.network(program)
                network.set_weights(arrays)
                known = {AVERAGE: arrays} | slots  # new averages are of weights that are there already
                letters = program.memories
                if any(s in known or starts.get(s) for s in letters):  # else they are zero, as in any new network
                    shapes = program.weight_shapes()
                    wanted = {
                        s: known.get(s) or [np.full(shape, starts.get(s, 0.0)) for shape in shapes] for s in letters
                    }
                    network.set_slots([wanted[s] for s in letters])
                self._held = Held(network, [], {})
            return network

    def __getstate__(self) -> dict[str, Any]:
        plain = Weights()
        plain._held = self._held
        plain.release()
        return {"arrays": plain._held.arrays, "slots": plain._held.slots}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__()  # type: ignore[misc]
        self._held = Held(None, state["arrays"], state["slots"])


def settle_averages(network: Network) -> None:
    """Put the moving averages of trainable weights in their places, if there are some."""
    letters = network.program.memories
    if AVERAGE in letters:
        averages = network.get_slots()[letters.index(AVERAGE)]
        chosen = zip(network.get_weights(), averages, network.program.trained(), strict=True)
        network.set_weights([average if moved else w for w, average, moved in chosen])
