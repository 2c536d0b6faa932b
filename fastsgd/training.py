"""The fit loop: epochs, validation, metrics, callbacks and history around the calls of an engine's run.

Python is entered once in a stretch of batches (some 30 ms), at every epoch if somebody wants to see it, and at every
batch only if a callback has batch hooks.
"""

from __future__ import annotations

import math
from dataclasses import replace
from time import perf_counter
from typing import Any

import numpy as np

from . import runs
from .backend import check_threads
from .callbacks import CallbackList
from .divergence import DivergenceError
from .engines import Diverged, Run
from .engines.reference import row_order
from .evaluation import evaluate
from .history import History
from .interrupts import Interrupts
from .place import Place
from .plan import Plan
from .progress import Progress
from .recording import recorded
from .weights import settle_averages


class Fit:
    """One call of ``fit``.

    Parameters
    ----------
    model : Sequential
        Of it are used: ``optimizer`` (read, and its ``steps`` written), ``report``, ``target_scale``, ``num_threads``,
        ``shuffle_seed``, ``epochs_begun``, ``place`` and ``stop_training``.
    plan : Plan
    callbacks : CallbackList
    history : History
        To be filled: with whole epochs, and one that was stopped by intent, whatever happens.
    progress : Progress
    """

    def __init__(self, model: Any, plan: Plan, callbacks: CallbackList, history: History, progress: Progress) -> None:
        self.model, self.plan = model, plan
        self.callbacks, self.history, self.progress = callbacks, history, progress
        self._ends: list[tuple[int, int]] = []  # passes and batches done at the end of every epoch, if somebody looks
        self._order: tuple[int, np.ndarray] | None = None  # a pass of the run, and the order of its rows

    def run(self) -> None:
        """Train.

        Raises
        ------
        DivergenceError
            The loss, or the weights at the end, are not finite.
        KeyboardInterrupt
            On Ctrl-C; the weights are those after a whole batch.
        """
        plan, model = self.plan, self.model
        model.stop_training, model.place = False, Place(plan.initial_epoch)
        check_threads(model.num_threads)  # an error in the environment's, before anybody is called
        self.callbacks.on_train_begin()
        self.start = model.place  # where a callback may have put the model back to
        train, validation = model.prepare(plan.train, plan.validation)
        if train is not plan.train or validation is not plan.validation:
            self.plan = plan = replace(plan, train=train, validation=validation)
        self.network = model._network()
        self.first_pass = model.epochs_begun - (self.start.batch > 0)  # of this model, for the shuffle
        self.epochs = max(0, plan.epochs - self.start.epoch)
        self.progress.begin(self.start.epoch)
        self.steps, self.watching = plan.steps, self.callbacks.overrides("on_moment")
        self.looking = bool(
            plan.validation is not None
            or plan.record
            or plan.steps != plan.batches
            or model.report
            or self.progress.every_epoch
            or self.callbacks.has_epoch_hooks
            or self.callbacks.has_batch_hooks
        )
        with Interrupts() as self.interrupts:
            run = self._engine_run()
            try:
                with run:
                    logs = self._each_epoch(run) if self.looking else self._straight_on(run)
            except Diverged as error:
                with self.interrupts.held:  # the run has put its weights back, perhaps some epochs
                    self._count(run)
                    self.history.truncate(self._epochs_at(run.epoch, 0))
                logs = self._diverged(error)
            else:
                if self.epochs:
                    with self.interrupts.held:
                        settle_averages(self.network)
            finally:
                self.progress.close()
        self.callbacks.on_train_end(logs)

    def _engine_run(self) -> Run:
        plan, model = self.plan, self.model
        passes = -(-self.epochs // -(-plan.batches // plan.steps)) + (self.start.batch > 0)  # at most
        run = runs.begin(
            model,
            self.network,
            plan.train,
            batch_size=plan.batch_size,
            shuffle=plan.shuffle,
            first_epoch=self.first_pass,
            epochs=passes,
            in_one_go=1 if self.callbacks.has_batch_hooks else self.steps if self.looking else passes * plan.batches,
        )
        if self.start.batch:
            run.skip(self.start.batch, self.start.loss)
        return run

    def _advance(self, run: Run, epoch: int, batches: int | None = None) -> None:
        """One stretch, with the model's counters kept in step with the weights; a batch if it is to be the last."""
        with self.interrupts.held:
            try:
                run.advance(epoch, 1 if self.model.stop_training else batches)
            finally:
                self._count(run)
        if self.progress.shows:
            self.progress.within_epoch(self._part_done(run), run.running_loss)
        if self.watching:
            self.callbacks.on_moment({"loss": run.running_loss})

    def _part_done(self, run: Run) -> float:
        """Of the present epoch, from 0 to 1."""
        if not self.looking:
            return run.batch / self.plan.batches
        return 1.0 if self._is_over(run) else (run.batch - self.began.begin) / self.steps

    def _count(self, run: Run) -> None:
        self.model.optimizer.steps = run.step
        self.model.epochs_begun = self.first_pass + run.epoch + (run.batch > 0)

    def _diverged(self, error: Diverged) -> dict[str, Any]:
        """Tell callbacks of the loss that is not finite; if none of them stops the training, it is an error."""
        done = self._epochs_at(error.epoch, error.batch)
        epoch, batch = self.start.epoch + done, error.batch - self._begin_of(done, error.epoch)
        logs = {"loss": math.nan}
        self.model.stop_training = False
        self.callbacks.on_train_batch_end(batch, logs)
        if not self.model.stop_training:
            raise DivergenceError(epoch + 1, batch + 1) from None
        self.callbacks.on_epoch_end(epoch, logs)
        self.history.append(epoch, logs)
        return logs

    def _epochs_at(self, passes: int, batch: int) -> int:
        """Epochs that were finished when so many passes, and so many batches of the next, were done."""
        return sum(end <= (passes, batch) for end in self._ends) if self.looking else passes

    def _begin_of(self, done: int, passes: int) -> int:
        """Batch of this pass with which the epoch began before which so many were done."""
        if not self.looking or not done:
            return self.start.begin if passes == 0 else 0
        before, batch = self._ends[done - 1]
        return batch if before == passes else 0

    # -- Nobody looks at single epochs
    def _straight_on(self, run: Run) -> dict[str, Any]:
        seen, first, begun = 0, self.start.epoch, run.step
        try:
            while run.epoch < self.epochs and not (self.model.stop_training and run.step > begun):
                self._advance(run, self.epochs)
                if run.epoch > seen:
                    seen = run.epoch
                    self.progress.epoch_end(first + seen - 1, {"loss": run.losses[-1]})
        finally:
            with self.interrupts.held:
                self.history.extend(first, "loss", run.losses)
        if run.batch and run.epoch < self.epochs:  # stopped within an epoch
            self.history.append(first + run.epoch, {"loss": run.running_loss})
        return {"loss": run.running_loss} if run.step > begun else {}

    # -- Somebody does
    def _each_epoch(self, run: Run) -> dict[str, Any]:
        plan, logs = self.plan, dict[str, Any]()
        batch_hooks = self.callbacks.has_batch_hooks
        for epoch in range(self.start.epoch, plan.epochs):
            self._begin_epoch(run, epoch)
            self.callbacks.on_epoch_begin(epoch)
            began = perf_counter()
            logs = self._each_batch(run) if batch_hooks else self._all_batches(run)
            seconds = perf_counter() - began
            if plan.validates_after(epoch):
                logs |= {f"val_{name}": value for name, value in self._validate().items()}
            if plan.record:
                model, rows = self.model, plan.train
                logs |= recorded(plan.record, model.optimizer, self.network, rows, model.num_threads, seconds)
            self._ends.append((run.epoch, run.batch))
            self.callbacks.on_epoch_end(epoch, logs)
            with self.interrupts.held:
                self.history.append(epoch, logs)
            self.progress.epoch_end(epoch, logs)
            if self.model.stop_training:
                break
        return logs

    def _begin_epoch(self, run: Run, epoch: int) -> None:
        """Note where it begins: not at the first row, if the epoch before it was only a part of a pass."""
        loss = run.running_loss if run.batch else 0.0
        first = epoch == self.start.epoch
        self.began = self.model.place = self.start if first else Place(epoch, run.batch, run.batch, loss, loss)
        self.pass_ = run.epoch

    def _is_over(self, run: Run) -> bool:
        """Whether the present epoch has had all its batches."""
        return run.epoch > self.pass_ or run.batch - self.began.begin >= self.steps

    def _move(self, run: Run) -> None:
        """Note where the fit stands, and would go on."""
        began, loss = self.began, run.running_loss if run.batch else 0.0
        if self._is_over(run):
            self.model.place = Place(began.epoch + 1, run.batch, run.batch, loss, loss)
        else:
            self.model.place = Place(began.epoch, began.begin, run.batch, began.loss_before, loss)

    def _all_batches(self, run: Run) -> dict[str, Any]:
        """An epoch, or the part of it before somebody stops the training; its logs."""
        begun, whole = run.step, self.steps == self.plan.batches
        while not self._is_over(run) and not (self.model.stop_training and run.step > begun):
            self._advance(run, self.pass_ + 1, None if whole else self.steps - (run.batch - self.began.begin))
        self._move(run)
        return self._logs(run, self.began.batch, fresh=True)

    def _each_batch(self, run: Run) -> dict[str, Any]:
        """As :meth:`_all_batches`, with hooks called around every batch."""
        logs: dict[str, Any] = {}
        while not self._is_over(run):
            batch, begun = run.batch, run.step
            number = batch - self.began.begin
            self.callbacks.on_train_batch_begin(number)
            while run.step == begun:
                self._advance(run, self.pass_ + 1, 1)
            self._move(run)
            logs = self._logs(run, batch, fresh=not logs)
            self.callbacks.on_train_batch_end(number, logs)
            if self.model.stop_training:
                break
        return logs

    def _logs(self, run: Run, first: int, fresh: bool) -> dict[str, Any]:
        """Loss over the epoch so far, and metrics over its batches from this one on and those taken in before."""
        plan, began, loss = self.plan, self.began, run.running_loss
        until = run.batch if run.epoch == self.pass_ else plan.batches
        if began.begin:
            before, done = began.begin * plan.batch_size, min(until * plan.batch_size, len(plan.train))
            loss = (loss * done - began.loss_before * before) / (done - before)
        return {"loss": loss, **self._metrics(run, first, until, fresh)}

    def _metrics(self, run: Run, first: int, until: int, fresh: bool) -> dict[str, Any]:
        """Metrics of what the outputs were when these batches were trained on, beside those taken in before."""
        if run.predictions is None:
            return {}
        report, train = self.model.report, self.plan.train
        rows = self._rows(first, until)
        if fresh:
            report.reset()
        outputs = self.model.target_scale.restored(run.predictions[rows])
        report.update(train.targets[rows], outputs, None if train.weights is None else train.weights[rows])
        return report.results()

    def _rows(self, first: int, until: int) -> np.ndarray | slice:
        """The rows of these batches of the present pass."""
        plan = self.plan
        part = slice(first * plan.batch_size, until * plan.batch_size)
        if not plan.shuffle or (first, until) == (0, plan.batches):
            return part
        if self._order is None or self._order[0] != self.pass_:
            order = row_order(len(plan.train), self.model.shuffle_seed, self.first_pass + self.pass_)
            self._order = self.pass_, order
        return self._order[1][part]

    def _validate(self) -> dict[str, Any]:
        assert self.plan.validation is not None
        return evaluate(
            self.network,
            self.plan.validation,
            self.model.report,
            self.model.num_threads,
            self.plan.validation_batch_size,
            self.callbacks,
            self.model.target_scale.restored,
        )
