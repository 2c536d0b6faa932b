"""How many threads training takes, and how many blocks a call: found by measuring while it trains.

Results do not depend on the number of threads, so trying another one costs its time and nothing else. What pays depends
on shapes, on the processor, and on who else is at work on it: no model of costs knows the last.
"""

from __future__ import annotations

from collections.abc import Iterator

CALL_SECONDS = 0.03  # Python looks for Ctrl-C between calls; 50 ms is the promise
SETTLED = 0.03  # seconds of training before the first trial: less is not worth one
TRIAL_SECONDS = 0.001  # of one call of a trial
TRIAL = 2  # turns of either number; the fastest call counts
ENOUGH = 0.02  # seconds: a trial that took so long ends with the other number's next call
HOPELESS = 3.0  # a trial ends with the first call that takes so many times as long
GAIN = 0.97  # another number of threads is taken if its time is below this part of the present one's
SOONEST, LATEST = 0.1, 3.2  # seconds between trials: twice as many after each that changed nothing
SHARE = 10  # and at least so many times what the last trial took; before the first, so many blocks
SLOWED = 1.25  # a call that took so many times the usual time brings the next trial forward
# Seconds that a block of several threads is taken to need at least, until one was timed: they meet in it, and where
# other programs have the processors, each meeting takes as long as those please.
MEETING = 4e-6


class Pace:
    """Threads and blocks of the calls of all runs of a kind, one after another: what one found out serves the next.

    Parameters
    ----------
    threads : int
        To begin with.
    most : int
        Threads up to which others are tried; below 2: none.
    blocks_per_second : float
        Guess for one thread.

    Attributes
    ----------
    threads : int
        The best known number.
    """

    def __init__(self, threads: int, most: int, blocks_per_second: float) -> None:
        self.threads = threads
        self._most = most
        self._guess = 1.0 / blocks_per_second
        self._usual: dict[int, float] = {}  # seconds of a block by the number of threads
        self._begun = False
        self._trial: Iterator[int] = iter(())  # threads of the calls of a trial
        self._next: int | None = None  # of the call that comes next; None: there is no trial
        self._fastest: dict[int, float] = {}  # in this trial
        self._trial_seconds = 0.0
        self._upwards = True  # which neighbour is tried next
        self._due, self._wait = SETTLED, SOONEST

    def call(self) -> tuple[int, int]:
        """Threads and blocks of the next call, which ends when the next trial is due.

        Else the trial would begin with whatever call comes then, as a rule the first one of a fit, which fetches rows
        and weights from where other programs have left them.
        """
        threads = self._next or self.threads
        length = CALL_SECONDS if self._most < 2 else min(CALL_SECONDS, max(TRIAL_SECONDS, self._due))
        seconds = self._usual.get(threads) or max(self._guess / threads, MEETING if threads > 1 else 0.0)
        return threads, max(1, int((TRIAL_SECONDS if self._next else length) / seconds))

    def note(self, threads: int, blocks: float, seconds: float) -> None:
        """What that call took; fewer blocks than were asked for are fine, and parts of one."""
        each = seconds / blocks
        if not self._begun:
            self._begun, self._due = True, max(SETTLED, SHARE * each)
        usual = self._usual.get(threads, each)
        if seconds > TRIAL_SECONDS / 2 or each <= usual:  # short calls say more than blocks take, never less
            self._usual[threads] = each
        if self._next:
            self._fastest[threads] = min(each, self._fastest.get(threads, each))
            self._trial_seconds += seconds
            self._next = next(self._trial, None)
            if self._next is None or (threads != self.threads and self._is_clear(threads)):
                self._decide()
            return
        self._due -= seconds
        if each > SLOWED * usual:
            self._due = min(self._due, SOONEST)
        if self._due <= 0 and self._most > 1:
            self._begin()

    def _begin(self) -> None:
        """Half as many threads or twice as many, by turns, against the present number."""
        above, below = min(2 * self.threads, self._most), max(1, self.threads // 2)
        choices = sorted({above, below} - {self.threads}, reverse=self._upwards)
        self._upwards = not self._upwards
        calls = 2 if self._usual[self.threads] < TRIAL_SECONDS else 1  # the first fetches what other processors wrote
        self._trial = iter(([self.threads] * calls + [choices[0]] * calls) * TRIAL)
        self._next = next(self._trial)
        self._fastest, self._trial_seconds = {}, 0.0

    def _is_clear(self, other: int) -> bool:
        return self._trial_seconds > ENOUGH or self._fastest[other] > HOPELESS * self._fastest[self.threads]

    def _decide(self) -> None:
        best = min(self._fastest, key=lambda threads: self._fastest[threads])
        if self._fastest[best] < GAIN * self._fastest[self.threads]:
            self.threads, self._due, self._wait = best, SETTLED, SOONEST
        else:
            self._due, self._wait = max(self._wait, SHARE * self._trial_seconds), min(2 * self._wait, LATEST)
        self._next = None
