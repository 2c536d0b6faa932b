"""The fit loop: epochs, validation, metrics, callbacks and history around the calls of an engine's run.

Python is entered once in a stretch of batches (some 30 ms), at every epoch if somebody wants to see it, and at every
batch only if a callback has batch hooks.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .backend import threads_for
from .callbacks import CallbackList
from .engines import Diverged, Network, Run
from .engines.reference import row_order
from .evaluation import evaluate
from .history import History
from .interrupts import Interrupts
from .plan import Plan
from .progress import Progress


class DivergenceError(ArithmeticError):
    """Training came to a loss that is NaN or infinite, or ended with such weights.

    The model has the weights of the last epoch that ended with finite ones, and its history ends with that epoch.

    Attributes
    ----------
    epoch, batch : int
        The first batch whose loss is not finite, or the very last one; both from 1, the epoch as it is shown and
        counted by ``initial_epoch``.
    """

    def __init__(self, epoch: int, batch: int) -> None:
        super().__init__(
            f"training diverged: loss or weights are not finite in epoch {epoch}, batch {batch}. Try a smaller "
            "learning_rate, and inputs and targets scaled to about 1. The model keeps the weights of the last finite "
            "epoch"
        )
        self.epoch, self.batch = epoch, batch

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.epoch, self.batch)


class Fit:
    """One call of ``fit``.

    Parameters
    ----------
    model : Sequential
        Of it are used: ``optimizer`` (read, and its ``iterations`` written), ``report``, ``shuffle_seed``,
        ``epochs_begun`` (written) and ``stop_training``.
    network : Network
    plan : Plan
    callbacks : CallbackList
    history : History
        To be filled: with whole epochs only, whatever happens.
    progress : Progress
    """

    def __init__(
        self, model: Any, network: Network, plan: Plan, callbacks: CallbackList, history: History, progress: Progress
    ) -> None:
        self.model, self.network, self.plan = model, network, plan
        self.callbacks, self.history, self.progress = callbacks, history, progress
        self.first_epoch = model.epochs_begun  # of this model, for the shuffle
        self.epochs = max(0, plan.epochs - plan.initial_epoch)

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
        by_epoch = bool(
            plan.validation is not None
            or model.report
            or self.progress.every_epoch
            or self.callbacks.has_epoch_hooks
            or self.callbacks.has_batch_hooks
        )
        model.stop_training = False
        self.callbacks.on_train_begin()
        with Interrupts() as self.interrupts:
            run = self._engine_run()
            try:
                with run:
                    logs = self._each_epoch(run) if by_epoch else self._straight_on(run)
            except Diverged as error:
                with self.interrupts.held:  # the run has put its weights back, perhaps some epochs
                    self._count(run)
                    self.history.truncate(run.epoch)
                raise DivergenceError(plan.initial_epoch + error.epoch + 1, error.batch + 1) from None
            finally:
                self.progress.close()
        self.callbacks.on_train_end(logs)

    def _engine_run(self) -> Run:
        plan, model = self.plan, self.model
        return self.network.training(
            plan.train.x,
            plan.train.y,
            batch_size=plan.batch_size,
            hyper=hyper_of(model.optimizer, self.network),
            step=model.optimizer.iterations,
            shuffle=plan.shuffle,
            seed=model.shuffle_seed,
            first_epoch=self.first_epoch,
            threads=threads_for(self.network.program, plan.batch_size, plan.threads),
            keep_predictions=bool(model.report),
        )

    def _advance(self, run: Run, epoch: int, batches: int | None = None) -> None:
        """One stretch, with the model's counters kept in step with the weights."""
        with self.interrupts.held:
            try:
                run.advance(epoch, batches)
            finally:
                self._count(run)
        self.progress.within_epoch(run.batch / self.plan.steps, run.running_loss)

    def _count(self, run: Run) -> None:
        self.model.optimizer.iterations = run.step
        self.model.epochs_begun = self.first_epoch + run.epoch + (run.batch > 0)

    # -- Nobody looks at single epochs
    def _straight_on(self, run: Run) -> dict[str, Any]:
        seen = 0
        try:
            while run.epoch < self.epochs and not self.model.stop_training:  # another thread may set it
                self._advance(run, self.epochs)
                if run.epoch > seen:
                    seen = run.epoch
                    self.progress.epoch_end(self.plan.initial_epoch + seen - 1, {"loss": run.losses[-1]})
        finally:
            with self.interrupts.held:
                self.history.extend(self.plan.initial_epoch, "loss", run.losses)
        return {"loss": run.losses[-1]} if run.losses else {}

    # -- Somebody does
    def _each_epoch(self, run: Run) -> dict[str, Any]:
        logs: dict[str, Any] = {}
        batch_hooks = self.callbacks.has_batch_hooks
        for done in range(self.epochs):
            epoch = self.plan.initial_epoch + done
            self.callbacks.on_epoch_begin(epoch)
            if batch_hooks:
                logs = self._each_batch(run, done)
            else:
                while run.epoch == done:
                    self._advance(run, done + 1)
                logs = {"loss": run.running_loss, **self._training_metrics(run, slice(None), fresh=True)}
            if self.plan.validates_after(epoch):
                logs |= {f"val_{name}": value for name, value in self._validate().items()}
            self.callbacks.on_epoch_end(epoch, logs)
            with self.interrupts.held:
                self.history.append(epoch, logs)
            self.progress.epoch_end(epoch, logs)
            if self.model.stop_training:
                break
        return logs

    def _each_batch(self, run: Run, epoch: int) -> dict[str, Any]:
        """An epoch, or the part of it that callbacks want; its logs."""
        n, size = len(self.plan.train), self.plan.batch_size
        order = None
        if self.model.report and self.plan.shuffle:  # whose outputs are new after a batch
            order = row_order(n, self.model.shuffle_seed, self.first_epoch + epoch)
        logs: dict[str, Any] = {}
        for batch in range(self.plan.steps):
            self.callbacks.on_train_batch_begin(batch)
            while run.epoch == epoch and run.batch == batch:
                self._advance(run, epoch + 1, 1)
            rows = slice(batch * size, (batch + 1) * size)
            seen = rows if order is None else order[rows]
            logs = {"loss": run.running_loss, **self._training_metrics(run, seen, fresh=batch == 0)}
            self.callbacks.on_train_batch_end(batch, logs)
            if self.model.stop_training:
                break
        return logs

    def _training_metrics(self, run: Run, rows: np.ndarray | slice, fresh: bool) -> dict[str, Any]:
        """Metrics of what these rows' outputs were when they were trained on, beside those taken in before."""
        if run.predictions is None:
            return {}
        report, train = self.model.report, self.plan.train
        if fresh:
            report.reset()
        report.update(train.y[rows], run.predictions[rows], None if train.weights is None else train.weights[rows])
        return report.results()

    def _validate(self) -> dict[str, Any]:
        assert self.plan.validation is not None
        return evaluate(
            self.network,
            self.plan.validation,
            self.model.report,
            self.plan.threads,
            self.plan.validation_batch_size,
            self.callbacks,
        )


def hyper_of(optimizer: Any, network: Network) -> Any:
    """The optimizer's numbers for an engine, as long as it still wants the rule that the network was made for."""

    def hyper(t: np.ndarray) -> np.ndarray:
        if optimizer.rule != network.program.rule:
            raise ValueError(
                f"the optimizer's settings were changed amid training so that they need another update rule "
                f"({optimizer.rule} instead of {network.program.rule}); change them between two calls of fit"
            )
        return optimizer.hyper(t)

    return hyper
