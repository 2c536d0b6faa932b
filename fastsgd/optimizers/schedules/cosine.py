"""Schedules that fall by half a cosine wave: once, again and again, or after a rise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...arguments import flag, number, whole
from .base import Formula, positive


def _wave(fraction: np.ndarray) -> np.ndarray:
    """From 1 to 0 as the fraction goes from 0 to 1."""
    return 0.5 * (1.0 + np.cos(math.pi * fraction))


class CosineDecay(Formula):
    """Half a cosine wave from the initial rate to ``alpha`` times it; before that, if asked for, a linear rise.

    Without warm-up: ``initial * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)``, with step at most
    ``decay_steps``. With ``warmup_target``: a line from ``initial_learning_rate`` to it in ``warmup_steps`` updates,
    then the wave from there. Keras 3's; Loshchilov & Hutter 2016, https://arxiv.org/abs/1608.03983.

    Parameters
    ----------
    initial_learning_rate : float
        0 or more.
    decay_steps : int
        Length of the wave; above 0.
    alpha : float
        Of the rate that the wave begins at, what it ends with.
    name : str
    warmup_target : float, optional
        0 or more.
    warmup_steps : int
        0 or more.

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: float,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: float = 0,
    ) -> None:
        self.initial_learning_rate = number("initial_learning_rate", initial_learning_rate, 0)
        self.decay_steps = positive("decay_steps", decay_steps)
        self.alpha = number("alpha", alpha, 0)
        self.name = name
        self.warmup_target = None if warmup_target is None else number("warmup_target", warmup_target, 0)
        number("warmup_steps", warmup_steps, 0)
        self.warmup_steps = warmup_steps

    def formula(self, t: np.ndarray) -> np.ndarray:
        initial, target, warmup = self.initial_learning_rate, self.warmup_target, self.warmup_steps
        if target is None:
            return self._fall(t, initial)
        rise = (target - initial) * (t / warmup) + initial if warmup else t
        return np.where(t < warmup, rise, self._fall(t - warmup, target))

    def _fall(self, t: np.ndarray, top: float) -> np.ndarray:
        return top * ((1.0 - self.alpha) * _wave(np.minimum(t, self.decay_steps) / self.decay_steps) + self.alpha)


class CosineDecayRestarts(Formula):
    """Half a cosine wave from the initial rate to ``alpha`` times it, then the next, each ``t_mul`` times as long.

    The i-th wave (from 0) lasts ``first_decay_steps * t_mul**i`` updates and begins at
    ``initial * ((1 - alpha) * m_mul**i + alpha)``. Keras 3's; Loshchilov & Hutter 2016,
    https://arxiv.org/abs/1608.03983. A wave ends where its length says so; Keras finds the place by logarithms, whose
    rounding delays some restarts by one update.

    Parameters
    ----------
    initial_learning_rate : float
        0 or more.
    first_decay_steps : int
        Above 0.
    t_mul : float
        1 or more.
    m_mul : float
        0 or more.
    alpha : float
    name : str

    Raises
    ------
    TypeError, ValueError
        A setting that is no number, or out of its range.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: float,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = number("initial_learning_rate", initial_learning_rate, 0)
        self.first_decay_steps = positive("first_decay_steps", first_decay_steps)
        self.t_mul = number("t_mul", t_mul, 1)
        self.m_mul = number("m_mul", m_mul, 0)
        self.alpha = number("alpha", alpha, 0)
        self.name = name

    def formula(self, t: np.ndarray) -> np.ndarray:
        i, fraction = self._wave_of(t / self.first_decay_steps)
        decayed = (1.0 - self.alpha) * (self.m_mul**i * _wave(fraction)) + self.alpha
        return self.initial_learning_rate * decayed

    def _wave_of(self, done: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Number of the wave, and how much of it is done, when ``done`` first waves' lengths are done."""
        m = self.t_mul
        if m == 1.0:
            i = np.floor(done)
            return i, done - i
        i = np.floor(np.log(1.0 - done * (1.0 - m)) / np.log(m))
        i = i + (done >= (1.0 - m ** (i + 1.0)) / (1.0 - m))  # where rounding of the logarithms came to one too few
        i = i - (done < (1.0 - m**i) / (1.0 - m))
        return i, (done - (1.0 - m**i) / (1.0 - m)) / m**i


class OneCycle(Formula):
    """Up from a low rate to ``max_learning_rate``, then down to a far lower one, within ``total_steps`` updates.

    The rates are those of PyTorch's ``OneCycleLR`` (whose names the settings have) without its change of momentum; the
    last one goes on after ``total_steps``. fastai's ``fit_one_cycle`` is ``pct_start=0.25, final_div_factor=4000``.
    Smith & Topin 2017, https://arxiv.org/abs/1708.07120.

    Parameters
    ----------
    max_learning_rate : float
        0 or more.
    total_steps : int
        Updates in all: epochs times batches of an epoch.
    pct_start : float
        Part of them that the rise takes, from 0 to 1.
    anneal_strategy : {"cos", "linear"}
        Along half a cosine wave or a line.
    div_factor : float
        It begins at ``max_learning_rate / div_factor``.
    final_div_factor : float
        It ends at a rate lower by this factor than that at which it began.
    three_phase : bool
        Down in as many steps as up to where it began, and only then to the end.
    name : str

    Raises
    ------
    TypeError, ValueError
        A setting of another kind, or out of its range.

    Examples
    --------
    >>> rate = OneCycle(1.0, total_steps=101, anneal_strategy="linear")
    >>> [round(rate(t), 4) for t in (0, 29, 100, 1000)]
    [0.04, 0.9893, 0.0, 0.0]
    """

    def __init__(
        self,
        max_learning_rate: float,
        total_steps: int,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        name: str = "OneCycle",
    ) -> None:
        self.max_learning_rate = number("max_learning_rate", max_learning_rate, 0)
        self.total_steps = whole("total_steps", total_steps)
        self.pct_start = number("pct_start", pct_start, 0, 1)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be 'cos' or 'linear', got {anneal_strategy!r}")
        self.anneal_strategy = anneal_strategy
        self.div_factor = positive("div_factor", div_factor)
        self.final_div_factor = positive("final_div_factor", final_div_factor)
        self.three_phase = flag("three_phase", three_phase)
        self.name = name

    def formula(self, t: np.ndarray) -> np.ndarray:
        top, last = self.max_learning_rate, float(self.total_steps - 1)
        low = top / self.div_factor
        end = low / self.final_div_factor
        summit = self.pct_start * self.total_steps - 1.0
        ends, rates = [summit, last], [low, top, end]
        if self.three_phase:
            ends, rates = [summit, 2.0 * summit, last], [low, top, low, end]
        t = np.minimum(t, last)
        result: Any = end
        begins = [0.0, *ends[:-1]]
        for begin, until, a, b in reversed(list(zip(begins, ends, rates[:-1], rates[1:], strict=True))):
            phase = self._between(a, b, (t - begin) / (until - begin)) if until > begin else b
            result = np.where(t <= until, phase, result)
        return result

    def _between(self, a: float, b: float, fraction: np.ndarray) -> np.ndarray:
        if self.anneal_strategy == "linear":
            return (b - a) * fraction + a
        return b + (a - b) * _wave(fraction)
