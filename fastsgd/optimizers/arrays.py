"""Optimizers alone, as in Keras: memories for arrays, and updates of arrays in place."""

from __future__ import annotations

import re
import warnings
import weakref
from collections.abc import Iterable, MutableMapping, Sequence
from typing import Any

import numpy as np

from ..engines.reference.finish import Variable, finish
from ..kernels import records
from ..kernels.source.tables import AVERAGE, GATHERED, update_table


class Arrays:
    """The part of an optimizer that serves arrays; :class:`fastsgd.optimizers.Optimizer` has the settings."""

    # What Optimizer gives.
    learning_rate: Any
    use_ema: Any
    loss_scale_factor: Any
    gradient_accumulation_steps: Any
    iterations: int
    starts: Any
    all_numbers: Any
    _undecayed: list[Any]
    _undecayed_names: list[str]
    _learning_rate: Any

    def __init__(self) -> None:
        self.steps = 0
        self._variables: list[np.ndarray] = []
        self._slots: list[dict[str, np.ndarray]] = []  # of each variable: its memories by letter
        self._home: weakref.ref[Any] | None = None  # the weights of the model that was compiled with it

    @property
    def rule(self) -> str:
        raise NotImplementedError

    @property
    def built(self) -> bool:
        """Whether there are memories for arrays."""
        return bool(self._slots)

    @property
    def variables(self) -> list[Any]:
        """The state, as in Keras: update count, learning rate (no schedule), then the memories of every array.

        Of a model's optimizer the memories are copies, there as soon as it has been trained.
        """
        rate = [] if callable(self._learning_rate) else [self._learning_rate]
        return [self.steps, *rate, *(slot for slots in self._all_slots() for slot in slots.values())]

    def belong_to(self, weights: Any) -> None:
        """The memories are those of these weights, a :class:`fastsgd.weights.Weights`, unless arrays are updated."""
        self._home = weakref.ref(weights)

    def _all_slots(self) -> list[dict[str, np.ndarray]]:
        """Memories of each variable by letter."""
        home = None if self._home is None else self._home()
        if self._slots or home is None:
            return self._slots
        memories = home.memories()
        return [dict(zip(memories, arrays, strict=True)) for arrays in zip(*memories.values(), strict=True)]

    def get_weights(self) -> list[Any]:
        """:attr:`variables`, copied."""
        return [np.array(value) for value in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Put back what :meth:`get_weights` or :attr:`variables` gave.

        Raises
        ------
        ValueError
            Other arrays than there are; nothing has changed then. :meth:`build` makes them.
        """
        now, given = self.variables, [np.asarray(value) for value in weights]
        if [np.shape(value) for value in now] != [value.shape for value in given]:
            raise ValueError(
                (
                    ""
                    if self.built
                    else "You are calling set_weights of an optimizer that is not built: build it first. "
                )
                + f"weights have shapes {[value.shape for value in given]}, the state of this optimizer has shapes "
                f"{[np.shape(value) for value in now]}"
            )
        slots = self._all_slots()
        plain = len(now) - sum(map(len, slots))
        self.steps = int(given[0])
        if plain == 2:
            self.learning_rate = float(given[1])
        for old, new in zip((slot for part in slots for slot in part.values()), given[plain:], strict=True):
            old[...] = new
        if slots and not self._slots:
            assert self._home is not None
            self._home().set_memories({letter: [part[letter] for part in slots] for letter in slots[0]})  # type: ignore

    def save_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """:meth:`get_weights` into a mapping, as ``"0"``, ``"1"`` and so on."""
        for i, value in enumerate(self.get_weights()):
            store[str(i)] = value

    def load_own_variables(self, store: MutableMapping[str, Any]) -> None:
        """Put back what :meth:`save_own_variables` stored."""
        self.set_weights([store[str(i)] for i in range(len(store))])

    def build(self, variables: Iterable[np.ndarray]) -> None:
        """Make memories for these arrays; :meth:`apply` does so at its first call.

        If there are memories already, they pass over to these arrays.

        Raises
        ------
        TypeError, ValueError
            Something that cannot be updated in place: no float32 or float64 array, or read-only.
        """
        variables = [_checked_variable(i, w) for i, w in enumerate(variables)]
        if self._slots:  # it was copied or unpickled: the memories belong to the arrays that come first now
            kept = [{(slot.shape, slot.dtype) for slot in slots.values()} for slots in self._slots]
            if len(kept) != len(variables) or any(
                k - {(w.shape, w.dtype)} for k, w in zip(kept, variables, strict=True)
            ):
                raise ValueError(
                    f"variables have shapes {[w.shape for w in variables]}, the memories of this optimizer belong to "
                    f"{len(kept)} variables of other shapes or dtypes: {kept}"
                )
        else:
            self._slots = [{} for _ in variables]
        self._variables = variables
        for i in range(len(variables)):
            self._memories(i)

    def _memories(self, i: int) -> dict[str, np.ndarray]:
        """Slots of variable i that the present settings need, made where they were not needed before."""
        letters = update_table()[self.rule].slots
        letters += AVERAGE * self.use_ema + GATHERED * bool(self.gradient_accumulation_steps)
        slots, w, starts = self._slots[i], self._variables[i], self.starts()
        for letter in letters:
            if letter not in slots:
                late = letter == AVERAGE and self.steps
                slots[letter] = w.copy() if late else np.full_like(w, starts.get(letter, 0.0))
        return {letter: slots[letter] for letter in letters}

    def apply(self, grads: Sequence[Any], trainable_variables: Iterable[np.ndarray] | None = None) -> None:
        """One update: move arrays against their gradients, in place, and count it.

        The memories belong to the arrays of the first call (or of :meth:`build`); later calls may come with any of
        these arrays, or with views of the same memory.

        Parameters
        ----------
        grads : sequence of array_like or None
            One for each variable, of its shape; converted to its dtype. None: the variable stays as it is.
        trainable_variables : iterable of numpy.ndarray, optional
            float32 or float64, writeable; by default all that the optimizer was built with.

        Raises
        ------
        TypeError, ValueError
            Arrays that do not fit; nothing has changed then.
        """
        variables = self._variables if trainable_variables is None else list(trainable_variables)
        grads = list(grads)
        if len(grads) != len(variables):
            raise ValueError(f"got {len(grads)} gradients for {len(variables)} variables")
        if not grads:
            return
        if not self._variables:
            self.build(variables)
        given = [(i, g) for i, g in enumerate(grads) if g is not None]
        if not given:
            raise ValueError("No gradients provided for any variable.")
        if len(given) < len(grads):
            missing = sorted(set(range(len(grads))) - {i for i, _ in given})
            warnings.warn(f"no gradients for the variables {missing}: they stay as they are", stacklevel=2)
        known = {place_of(w): i for i, w in enumerate(self._variables)}
        steps: dict[int, Variable] = {}
        for i, g in given:
            w = _checked_variable(i, variables[i])
            place = place_of(w)
            if place not in known:
                raise ValueError(
                    f"Unknown variable: variables[{i}] of shape {w.shape} is none of those that this optimizer was "
                    "used with first; update arrays in place, and make a new optimizer for other arrays"
                )
            gradient = _checked_gradient(i, g, w) / w.dtype.type(self.loss_scale_factor or 1)
            memories = self._memories(known[place])
            constraint = getattr(w, "constraint", None)  # of a subclass of arrays that knows one
            steps[known[place]] = Variable(w, gradient, memories, self._decays(w), constraint)
        if self.use_ema:  # of all, as in Keras
            for i, w in enumerate(self._variables):
                steps.setdefault(i, Variable(w, None, self._memories(i)))
        numbers = {name: float(n) for name, n in self.all_numbers(np.asarray(self.steps)).items()}
        with np.errstate(all="ignore"):  # NaN and inf in gradients go where they go in the engines
            finish(update_table()[self.rule], numbers, list(steps.values()), self._clip())
        self.steps += 1

    def _decays(self, w: np.ndarray) -> bool:
        """Whether weight decay applies; a subclass of arrays may have a name."""
        name = getattr(w, "name", None)
        named = isinstance(name, str) and any(re.search(n, name) for n in self._undecayed_names)
        return not named and place_of(w) not in self._undecayed

    def scale_loss(self, loss: Any) -> Any:
        """The loss times ``loss_scale_factor``, whose gradients :meth:`apply` scales back."""
        return loss * (self.loss_scale_factor or 1)

    def _clip(self) -> str | None:
        for kind in records.CLIPS:
            if getattr(self, kind) is not None:
                return kind
        return None

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, np.ndarray]]) -> int:
        """:meth:`apply` with pairs ``(gradient, variable)``; returns the update count, as in Keras."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [w for _, w in pairs])
        return self.iterations

    def finalize_variable_values(self, var_list: Iterable[np.ndarray]) -> None:
        """Put the averages in the places of these arrays, if ``use_ema``.

        Raises
        ------
        ValueError
            An array that this optimizer does not know.
        """
        if self.use_ema:
            known = {place_of(w): i for i, w in enumerate(self._variables)}
            for w in var_list:
                if place_of(w) not in known:
                    raise ValueError(f"Unknown variable: an array of shape {w.shape}")
                w[...] = self._memories(known[place_of(w)])[AVERAGE]

    def __getstate__(self) -> dict[str, Any]:
        # a copy serves other arrays, but goes on with the same memories; a model takes its copy as its own
        return {**self.__dict__, "_variables": [], "_home": None}


def place_of(w: np.ndarray) -> tuple[Any, ...]:
    """Equal for two arrays that are the same numbers at the same place."""
    return w.__array_interface__["data"][0], w.shape, w.strides, w.dtype


def _checked_variable(i: int, w: Any) -> np.ndarray:
    if not isinstance(w, np.ndarray) or w.dtype.type not in (np.float32, np.float64):
        found = f"dtype {w.dtype}" if isinstance(w, np.ndarray) else f"type {type(w).__name__}"
        raise TypeError(f"variables[{i}] must be a float32 or float64 array, got {found}")
    if not w.flags.writeable:
        raise ValueError(f"variables[{i}] is read-only, it cannot be updated in place")
    return w


def _checked_gradient(i: int, g: Any, w: np.ndarray) -> np.ndarray:
    g = np.asarray(g)
    if g.dtype.kind not in "biuf":
        raise TypeError(f"grads[{i}] must be real numbers, got dtype {g.dtype}")
    if g.shape != w.shape:
        raise ValueError(f"grads[{i}] has shape {g.shape}, its variable has shape {w.shape}")
    with np.errstate(all="ignore"):
        return g.astype(w.dtype, copy=False)
