"""What all optimizers share: learning rate, options, and what they tell the engines."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..arguments import flag, number, takes, whole
from ..identifiers import Configured
from ..kernels import records
from ..kernels.source.tables import update_table
from ..names import snake
from ..program import Finish
from . import schedules
from .arrays import Arrays, place_of
from .schedules.base import rates_of
from .settings import Clip, Setting, optional

Rate = float | Callable[[int], Any]


class Optimizer(Arrays, Configured):
    """Base of all optimizers: learning rate, options, and the update of arrays in place.

    A subclass names its :meth:`formula` and gives the :meth:`numbers` of a step. The order of an update: clip, decay,
    step, average, constraints, count.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        0 or more; a schedule (see :mod:`fastsgd.optimizers.schedules`), or a function of the update count (of nothing,
        as in Keras: asked once before each stretch of updates). Reading it
        gives that of the next update. ``lr`` is its old name; only one of both may be given.
    weight_decay : float, optional
        Decoupled: ``w = w - lr weight_decay w`` before each step, see :meth:`exclude_from_weight_decay`.
    clipnorm : float, optional
        Above 0. A variable's gradient that is longer than this is made so long.
    clipvalue : float, optional
        Above 0. Elements of gradients are kept between ``-clipvalue`` and ``clipvalue``.
    global_clipnorm : float, optional
        As clipnorm, for all variables together. Only one of the three may be given.
    use_ema : bool
        Keep an exponential moving average of each weight; ``fit`` puts it in the weight's place when it ends.
    ema_momentum : float
        In [0, 1]: ``average = ema_momentum average + (1 - ema_momentum) w``; the first average is w.
    ema_overwrite_frequency : int, optional
        Put the averages in the weights' places after every so many updates, too.
    loss_scale_factor : float, optional
        Above 0: what gradients given to :meth:`apply` are to be divided by. ``fit`` needs none.
    gradient_accumulation_steps : int, optional
        2 or more: update with the mean of so many gradients, after as many batches.
    name : str, optional
    decay : float
        Of Keras 1 and 2: the learning rate at update t (from 0) is ``learning_rate / (1 + decay * t)``.

    Attributes
    ----------
    steps : int
        Gradients seen so far: what schedules and ``decay`` count.
    iterations : int
        Updates done so far: the same, but for gradient_accumulation_steps.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range, or two ways of clipping; on assignment too.
    """

    weight_decay = Setting(optional(number), 0)
    clipnorm = Clip()
    clipvalue = Clip()
    global_clipnorm = Clip()
    use_ema = Setting(flag)
    ema_momentum = Setting(number, 0, 1)
    ema_overwrite_frequency = Setting(optional(whole), 1)
    loss_scale_factor = Setting(optional(number), 2.0**-1022)
    gradient_accumulation_steps = Setting(optional(whole), 2)
    decay = Setting(number, 0)

    def __init__(
        self,
        learning_rate: Rate = 0.01,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        *,
        decay: float = 0.0,
        lr: Rate | None = None,
    ) -> None:
        super().__init__()
        if lr is not None and learning_rate is not inspect.signature(type(self)).parameters["learning_rate"].default:
            raise ValueError(
                f"lr is the old name of learning_rate: got both, lr={lr!r}, learning_rate={learning_rate!r}"
            )
        self._learning_rate: Rate = 0.0
        self.learning_rate = learning_rate if lr is None else lr  # type: ignore[assignment]
        self.weight_decay, self.decay, self.name = weight_decay, decay, name or snake(type(self).__name__)
        self.clipnorm, self.clipvalue, self.global_clipnorm = clipnorm, clipvalue, global_clipnorm
        self.use_ema, self.ema_momentum = use_ema, ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._undecayed: list[Any] = []  # places of arrays
        self._undecayed_names: list[str] = []

    # -- Settings ------------------------------------------------------------------------------------------------------
    @property
    def learning_rate(self) -> float:
        if callable(self._learning_rate):
            return float(rates_of(self._learning_rate, np.array([self.steps]))[0])
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Rate) -> None:
        if isinstance(value, dict):
            value = schedules.deserialize(value)
        if callable(value) and not isinstance(value, type):
            if not (takes(value, 1) or takes(value, 0)):
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
    def iterations(self) -> int:
        return self.steps // (self.gradient_accumulation_steps or 1)

    @iterations.setter
    def iterations(self, value: int) -> None:
        self.steps = value * (self.gradient_accumulation_steps or 1)

    def exclude_from_weight_decay(
        self, var_list: Iterable[np.ndarray] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Leave some variables out of weight decay; a second call replaces the first one's choice.

        Parameters
        ----------
        var_list : iterable of numpy.ndarray, optional
            Arrays that :meth:`apply` will get.
        var_names : iterable of str, optional
            Regular expressions; of a model, the weights in whose names one of them is found. Names are like
            ``"dense_1/bias"``, so ``["bias"]`` means all biases.

        Raises
        ------
        TypeError
            Something else.
        """
        arrays, names = list(var_list or ()), [var_names] if isinstance(var_names, str) else list(var_names or ())
        if not all(isinstance(w, np.ndarray) for w in arrays) or not all(isinstance(n, str) for n in names):
            raise TypeError(f"var_list must hold arrays and var_names text, got {var_list!r} and {var_names!r}")
        self._undecayed, self._undecayed_names = [place_of(w) for w in arrays], names

    # -- For engines ---------------------------------------------------------------------------------------------------
    def formula(self) -> str:
        """Which rule of ``kernels/updates.py`` the present settings need, weight decay apart."""
        raise NotImplementedError(f"{type(self).__name__} names no formula")

    @property
    def rule(self) -> str:
        """The rule, with the decay of all weights in it."""
        decayed = self.weight_decay and not self._undecayed and not self._undecayed_names
        return self.formula() + "_decayed" * bool(decayed)

    def starts(self) -> dict[str, float]:
        """What the rule's memories begin with, by letter, if not with zero."""
        return {}

    def finish(self, names: Callable[[], Sequence[str]]) -> Finish | None:
        """What the options ask for beside the rule, for weights of the names that ``names`` gives; None: nothing.

        Raises
        ------
        ValueError
            Arrays were excluded from weight decay: what a model trains has names only.
        """
        if self._undecayed:
            raise ValueError(
                "exclude_from_weight_decay by var_list is for arrays; give var_names for a model's weights"
            )
        decays: tuple[bool, ...] = ()
        if self.weight_decay and self._undecayed_names:
            pattern = re.compile("|".join(self._undecayed_names))
            decays = tuple(pattern.search(name) is None for name in names())
        clip, gather = self._clip(), self.gradient_accumulation_steps or 1
        return Finish(clip, gather, self.use_ema, decays) if clip or gather > 1 or self.use_ema or decays else None

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

    def updates(self, t: np.ndarray) -> np.ndarray:
        """Updates done before gradient t, float64."""
        return (t // (self.gradient_accumulation_steps or 1)).astype(np.float64)

    def numbers(self, t: np.ndarray) -> dict[str, Any]:
        """The rule's numbers by name, when t gradients were seen: float64, of t's shape, or scalar for all t."""
        return {"lr": self.rates(t)}

    def all_numbers(self, t: np.ndarray) -> dict[str, Any]:
        """As :meth:`numbers`, with those of the options (``records.FINISH``)."""
        every, n, clip = self.gradient_accumulation_steps or 1, self.updates(t), self._clip()
        numbers = self.numbers(t)
        return {
            **numbers,
            "decay": numbers["lr"] * (self.weight_decay or 0.0),
            "now": np.where((t + 1) % every == 0, 1.0, 0.0) if every > 1 else 1.0,
            "part": 1.0 / every,
            "limit": getattr(self, clip) if clip else 0.0,
            "keep": np.where(n == 0, 0.0, self.ema_momentum) if self.use_ema else 0.0,
            "overwrite": np.where((n + 1) % (self.ema_overwrite_frequency or np.inf) == 0, 1.0, 0.0),
        }

    def hyper(self, t: np.ndarray, finish: bool = False) -> np.ndarray:
        """What the rule needs when t gradients were seen.

        Parameters
        ----------
        t : numpy.ndarray of int64, shape (steps,)
        finish : bool
            The numbers of the options, too.

        Returns
        -------
        numpy.ndarray of float64, shape (steps, numbers)
            In the order of ``update_table()[rule].numbers``, then of ``records.FINISH``; of stride 0 if it is the
            same at all steps.
        """
        given = self.all_numbers(t) if finish or self.weight_decay else self.numbers(t)
        names = update_table()[self.rule].numbers + (records.FINISH if finish else ())
        wanted = [given[name] for name in names]
        if all(isinstance(number, float) or np.ndim(number) == 0 for number in wanted):
            row = np.array(wanted, np.float64)
            return np.ndarray((len(t), len(row)), row.dtype, row, strides=(0, row.itemsize))
        return np.stack([np.broadcast_to(np.asarray(number, np.float64), len(t)) for number in wanted], axis=-1)

    # -- Configs -------------------------------------------------------------------------------------------------------
    def get_config(self) -> dict[str, Any]:
        """Settings from which :meth:`from_config` makes an equal optimizer (without its state)."""
        rate: Any = self._learning_rate
        if isinstance(rate, schedules.LearningRateSchedule):
            rate = schedules.serialize(rate)
        options = (
            "decay", "weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum",
            "ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps",
        )  # fmt: skip
        own = [
            name for cls in reversed(type(self).__mro__) if cls is not Optimizer
            for name, setting in vars(cls).items() if isinstance(setting, Setting)
        ]  # fmt: skip
        return {"name": self.name, "learning_rate": rate, **{name: getattr(self, name) for name in (*options, *own)}}

    def __repr__(self) -> str:
        known = dict(inspect.signature(Optimizer).parameters) | dict(inspect.signature(type(self)).parameters)
        settings = {
            k: v for k, v in self.get_config().items()
            if k == "learning_rate" or (k != "name" and not (k in known and v == known[k].default))
        }  # fmt: skip
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in settings.items())})"
