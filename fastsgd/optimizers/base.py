"""What all optimizers share: learning rate, update count, memories, and the update of arrays in place."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..arguments import number, takes
from ..kernels import source
from . import schedules
from .schedules.base import rates_of

DEFAULT_RATE = 0.01  # an argument that is this very object was not given
Rate = float | Callable[[int], Any]


class Optimizer:
    """Base of all optimizers: learning rate, update count, memories, and the update of arrays in place.

    A subclass names its ``rule`` and gives the ``numbers`` of a step.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        0 or more; a schedule (see :mod:`fastsgd.optimizers.schedules`), or a function of the update count. Reading it
        gives that of the next update. ``lr`` is its old name; only one of both may be given.
    decay : float
        Learning rate at update t (from 0): ``learning_rate / (1 + decay * t)``, as in Keras 1 and 2.
    name : str, optional

    Attributes
    ----------
    iterations : int
        Updates done so far.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range; on assignment too.
    """

    def __init__(
        self,
        learning_rate: Rate = DEFAULT_RATE,
        *,
        decay: float = 0.0,
        lr: Rate | None = None,
        name: str | None = None,
    ) -> None:
        if lr is not None and learning_rate is not DEFAULT_RATE:
            raise ValueError(
                f"lr is the old name of learning_rate: got both, lr={lr!r}, learning_rate={learning_rate!r}"
            )
        self.iterations = 0
        self._learning_rate: Rate = 0.0
        self.learning_rate = learning_rate if lr is None else lr  # type: ignore[assignment]
        self.decay = decay
        self.name = name or type(self).__name__
        self._variables: list[np.ndarray] = []
        self._slots: list[dict[str, np.ndarray]] = []  # of each variable: the rule's memories by letter

    # -- Settings ------------------------------------------------------------------------------------------------------
    @property
    def learning_rate(self) -> float:
        if callable(self._learning_rate):
            return float(rates_of(self._learning_rate, np.array([self.iterations]))[0])
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Rate) -> None:
        if isinstance(value, dict):
            value = schedules.deserialize(value)
        if callable(value) and not isinstance(value, type):
            if not takes(value, 1):
                raise TypeError(f"learning_rate as a function must take the update count alone, got {value!r}")
            self._learning_rate = value
        elif callable(self._learning_rate):
            raise TypeError(
                f"This optimizer was created with a `LearningRateSchedule`, {self._learning_rate!r}, so its learning "
                f"rate cannot be set to {value!r}: assign another schedule, or make the optimizer with a float"
            )
        else:
            self._learning_rate = number("learning_rate", value, 0)

    @property
    def lr(self) -> float:
        """Old name of ``learning_rate``."""
        return self.learning_rate

    @lr.setter
    def lr(self, value: float) -> None:
        self.learning_rate = value

    @property
    def decay(self) -> float:
        return self._decay

    @decay.setter
    def decay(self, value: float) -> None:
        self._decay = number("decay", value, 0)

    # -- For engines ---------------------------------------------------------------------------------------------------
    def rates(self, t: np.ndarray) -> Any:
        """Learning rates at update counts t, schedule and decay applied: float64, of t's shape, or a float for all t.

        Raises
        ------
        ValueError
            A schedule gives one that is negative or not finite.
        """
        rate: Any = self._learning_rate
        if callable(rate):
            rate = rates_of(rate, t.reshape(-1)).reshape(t.shape)
        return rate / (1.0 + self.decay * t) if self.decay else rate

    @property
    def rule(self) -> str:
        """Which rule of ``kernels/updates.py`` the present settings need."""
        raise NotImplementedError(f"{type(self).__name__} names no rule")

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        """The rule's per-step numbers by name, for update counts t: float64, of t's shape, or scalar for all t."""
        return {"lr": self.rates(t)}

    def hyper(self, t: np.ndarray) -> np.ndarray:
        """What the rule needs at updates t.

        Parameters
        ----------
        t : numpy.ndarray of int64, shape (steps,)
            Updates done before each step.

        Returns
        -------
        numpy.ndarray of float64, shape (steps, numbers)
            In the order of ``source.update_table()[rule].numbers``; of stride 0 if it is the same at all steps.
        """
        given = self.numbers(t)
        wanted = [np.asarray(given[name], np.float64) for name in source.update_table()[self.rule].numbers]
        if all(number.ndim == 0 for number in wanted):
            return np.broadcast_to(np.array(wanted), (len(t), len(wanted)))
        return np.stack([np.broadcast_to(number, len(t)) for number in wanted], axis=-1)

    # -- Alone, on arrays ----------------------------------------------------------------------------------------------
    @property
    def variables(self) -> list[Any]:
        """The state, as in Keras: update count, learning rate (no schedule), then the memories of every array."""
        rate = [] if callable(self._learning_rate) else [self._learning_rate]
        return [self.iterations, *rate, *(slot for slots in self._slots for slot in slots.values())]

    def build(self, variables: Iterable[np.ndarray]) -> None:
        """Make memories (of zeros) for these arrays; :meth:`apply` does so at its first call.

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
        """The slots of variable i; zeros where the present settings need one that was not needed before."""
        for letter in source.update_table()[self.rule].slots:
            self._slots[i].setdefault(letter, np.zeros_like(self._variables[i]))
        return self._slots[i]

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
        known = {_memory_of(w): i for i, w in enumerate(self._variables)}
        steps = []
        for i, g in given:
            w = _checked_variable(i, variables[i])
            if _memory_of(w) not in known:
                raise ValueError(
                    f"Unknown variable: variables[{i}] of shape {w.shape} is none of those that this optimizer was "
                    "used with first; update arrays in place, and make a new optimizer for other arrays"
                )
            steps.append((w, _checked_gradient(i, g, w), self._memories(known[_memory_of(w)])))
        numbers = {name: float(n) for name, n in self.numbers(np.asarray(self.iterations)).items()}
        for w, g, slots in steps:
            _step(self.rule, numbers, {"w": w, "g": g, **slots})
        self.iterations += 1

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, np.ndarray]]) -> int:
        """:meth:`apply` with pairs ``(gradient, variable)``; returns the update count, as in Keras."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [w for _, w in pairs])
        return self.iterations

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_variables": []}  # a copy serves other arrays, but goes on with the same memories

    # -- Configs -------------------------------------------------------------------------------------------------------
    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal optimizer (without its state)."""
        rate: Any = self._learning_rate
        if isinstance(rate, schedules.LearningRateSchedule):
            rate = schedules.serialize(rate)
        return {"name": self.name, "learning_rate": rate, "decay": self.decay}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Optimizer:
        return cls(**config)

    def __repr__(self) -> str:
        settings = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items() if k != "name")
        return f"{type(self).__name__}({settings})"


def _memory_of(w: np.ndarray) -> tuple[Any, ...]:
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


def _step(rule: str, numbers: dict[str, float], arrays: dict[str, np.ndarray]) -> None:
    """Evaluate a rule's functions in their order and assign what they give."""
    real: Any = arrays["w"].dtype.type
    formulas, signatures = source.on_arrays(real), source.signatures("updates")
    with np.errstate(all="ignore"):  # NaN and inf in gradients go where they go in the engines
        for letter in source.update_table()[rule].assigns:
            function = f"{rule}_{letter}"
            values = [arrays[p] if p in arrays else real(numbers[p]) for p in signatures[function]]
            arrays[letter][...] = formulas[function](*values)
