"""Sequential: a network as a list of layers, and how it is trained."""

from __future__ import annotations

import os
from collections.abc import Container, Sequence
from typing import TYPE_CHECKING, Any

from . import absent, weight_files
from .arguments import number
from .callbacks import CallbackList, TimeLimit
from .history import History
from .layers import Layer
from .place import Place
from .plan import make_plan
from .predictor import Predictor, results
from .progress import Progress
from .stack import NotReadyError
from .step import train_step
from .training import Fit

__all__ = ["NotReadyError", "Sequential"]


class Sequential(Predictor):
    """Layers one after the other.

    Parameters
    ----------
    layers : sequence of Layer, optional
        An :func:`~fastsgd.layers.Input` may come first; else the number of features is that of the first fit.
    name : str, optional
    seed : int, optional
        Of the initial weights and of the order of rows; drawn from the operating system if not given. Nothing else is
        random, and no global generator is used.

    Attributes
    ----------
    layers : list of Layer
    inputs, outputs : int or None
        Features that come in and go out, as far as they are known.
    built : bool
        There are weights.
    optimizer, loss, metrics
        As compiled.
    dtype : str
        "float32" or "float64", of the weights and of all arithmetic.
    history : History or None
        Of the last fit.
    stop_training : bool
        Set to True by callbacks, or from another thread: training ends after a batch, within a moment.

    Raises
    ------
    TypeError, ValueError
        Something that is no layer, or an argument out of range.

    Notes
    -----
    Any number of threads may predict with one model at a time; only one may train it, while others train other models.
    Copies (``copy``, ``pickle``) have everything that training needs to go on, bit for bit: weights, the optimizer's
    memories and counters, seeds.

    Examples
    --------
    >>> import numpy as np
    >>> from fastsgd.layers import Dense
    >>> x = np.linspace(-1, 1, 100)[:, None]
    >>> model = Sequential([Dense(1)], seed=0)
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(x, 3 * x[:, 0] + 1, epochs=400, verbose=0)
    >>> model.predict([[2.0]]).round(2)
    array([[7.]], dtype=float32)
    """

    def __init__(self, layers: Sequence[Layer] | None = None, name: str | None = None, seed: int | None = None) -> None:
        self.history: History | None = None
        self.stop_training = False
        self.place = Place()  # of the present fit, for callbacks that keep it
        self.epochs_begun = 0  # of all fits: the order of rows goes on from one to the next
        super().__init__(layers, name, seed)

    def fit(
        self,
        x: Any,
        y: Any,
        batch_size: int | str | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: Any = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: Any = None,
        validation_steps: Any = None,
        validation_batch_size: int | str | None = None,
        validation_freq: int | Container[int] = 1,
        *,
        validation_shuffle: bool = False,
        max_seconds: float | None = None,
        record: Any = (),
        nb_epoch: int | None = None,
    ) -> History:
        """Train; a second call goes on where the first ended.

        Parameters
        ----------
        x : array_like, shape (n, inputs)
            Real numbers of any dtype and memory layout; copied only if dtype or layout demand it, or if many narrow
            rows are shuffled for several epochs. What becomes of changes during the fit is undefined.
        y : array_like, shape (n,) or (n, columns)
            As many columns as the model has outputs, or what the loss takes, see :mod:`fastsgd.losses`.
        batch_size : int or "full", optional
            Rows of a step: 1 is single-sample descent, "full" (or n and more) batch descent; 32 by default. The last
            batch of an epoch has what rows are left. It is no number of threads.
        epochs : int
            Index of the final epoch: epochs ``initial_epoch`` to ``epochs - 1`` are run. ``nb_epoch`` is its old name.
        verbose : {"auto", 0, 1, 2}
            See :class:`fastsgd.progress.Progress`.
        callbacks : Callback or list of Callback, optional
        validation_split : float in [0, 1)
            This part of the rows, the last ones, validates.
        validation_data : tuple (x, y) or (x, y, sample_weight), optional
            Rows to validate with; validation_split is ignored then.
        shuffle : bool
            Train on the rows in a new order every epoch, which follows from the model's seed. A single batch of all
            rows takes them as they stand: another order would round otherwise (and hand what dropout and noise draw to
            other rows), and no more.
        initial_epoch : int
        steps_per_epoch : int, optional
            Batches of an epoch; the next epoch goes on where it ended, until all rows have been trained on.
        validation_steps : int, optional
            Validate with so many batches only, always the first ones.
        validation_batch_size : int or "full", optional
            What callbacks and validation_steps take for a batch; by default ``batch_size``.
        validation_freq : int or container of int
            Validate after every so many epochs, or after these (from 1).
        validation_shuffle : bool
            Take the rows of validation_split from everywhere: always the same ones for one model and number of rows.
        max_seconds : float, optional
            Stop after this time, at the end of a batch: see :class:`fastsgd.callbacks.TimeLimit`.
        record : str or iterable of str
            What the history shall have beside loss and metrics: "learning_rate", of the next update; "grad_norm", the
            Euclidean norm of the gradient over all training rows after the epoch (a pass by the NumPy engine, which
            takes its time); "epoch_time" in seconds, without validation; "loss_end", the loss of all training rows
            after the epoch, which one more pass computes ("loss" is the mean while it ran).
        class_weight : dict of int to float, optional
            How much rows of these classes count; others count 1. Validation knows no such weights.
        sample_weight : array_like, shape (n,), optional
            How much each row counts: its loss is multiplied, the mean over rows still divides by their number. Cut by
            validation_split as x and y are. Not together with class_weight.

        Returns
        -------
        History
            Losses and metrics of each epoch.

        Raises
        ------
        NotReadyError
            The model is not compiled, or has no layers.
        TypeError, ValueError
            Data or an argument that cannot be; nothing was trained then.
        RuntimeError
            The model is being trained already.
        DivergenceError
            The loss, or the weights at the end, became infinite or NaN; the model has those of the last finite epoch.
        KeyboardInterrupt
            On Ctrl-C, within a moment; the weights are those after a whole batch, :attr:`history` has the whole epochs.

        Warns
        -----
        UserWarning
            The rows seem to be sorted, so that the last ones do not represent the others; or steps that do not fit.
        """
        if nb_epoch is not None:
            if epochs != 1:
                raise ValueError(
                    f"nb_epoch is the old name of epochs: got both, nb_epoch={nb_epoch!r}, epochs={epochs!r}"
                )
            epochs = nb_epoch
        limit = [] if max_seconds is None else [TimeLimit(number("max_seconds", max_seconds, 0))]
        self._need_loss()
        with self._alone("fit"):
            plan = make_plan(
                self._rows, x, y, batch_size=batch_size, epochs=epochs, initial_epoch=initial_epoch, shuffle=shuffle,
                validation_split=validation_split, validation_data=validation_data, validation_freq=validation_freq,
                validation_batch_size=validation_batch_size, validation_shuffle=validation_shuffle,
                steps_per_epoch=steps_per_epoch, validation_steps=validation_steps, record=record,
                class_weight=class_weight, sample_weight=sample_weight, split_seed=self.shuffle_seed,
            )  # fmt: skip
            progress = Progress(verbose, plan.epochs, plan.initial_epoch, plan.steps)
            params = plan.params() | {"verbose": verbose}
            self.history = history = History(params)
            called = CallbackList([callbacks, limit], self, **params)
            Fit(self, plan, called, history, progress).run()
        return history

    def train_on_batch(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, return_dict: bool = False
    ) -> Any:
        """One step on all these rows; arguments are those of :meth:`fit`.

        Returns
        -------
        float, list of float, or dict
            The loss before the step; ``[loss, *metrics]`` if there are metrics; by name with ``return_dict``. (Keras 3
            returns the mean over all calls so far instead.)

        Raises
        ------
        As :meth:`fit`.
        """
        self._need_loss()
        with self._alone("train_on_batch"):
            return results(train_step(self, *self._checked(x, y, sample_weight, class_weight)), return_dict)

    def save_weights(self, filepath: str | os.PathLike[str], overwrite: bool = True) -> None:
        """Write all weights to an ``.npz`` file: arrays named by layer and part, as ``"dense/kernel"``.

        The scale of the targets goes with them, if the model learned one (``scale_target``). The file is there whole
        or as it was before, whenever the process dies.

        Parameters
        ----------
        filepath : path
            Folders on the way to it are made.
        overwrite : bool
            Whether it may exist.

        Raises
        ------
        NotReadyError
            The model is not built.
        FileExistsError
            It exists, and is not to be overwritten.
        OSError, ValueError
            It cannot be written, or its name says another format.
        """
        weight_files.write(filepath, weight_files.of_model(self), overwrite)

    def load_weights(self, filepath: str | os.PathLike[str]) -> None:
        """Take over the weights of a file of :meth:`save_weights`, or of any ``.npz`` with arrays in this order.

        Raises
        ------
        NotReadyError
            The model is not built.
        OSError
            There is no such file, or it is damaged.
        ValueError
            Too many arrays, too few, or of other shapes; nothing has changed then.
        """
        self._need_weights()
        weight_files.put_into(self, weight_files.read(filepath))

    if not TYPE_CHECKING:  # which would else take every name for good

        def __getattr__(self, name: str) -> Any:
            note = f": {absent.METHODS[name]}" if name in absent.METHODS else ""
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{note}", name=name, obj=self)


if not TYPE_CHECKING:
    __getattr__ = absent.refusing(__name__, absent.MODELS, ["Sequential"])
