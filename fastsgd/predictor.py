"""A compiled stack of layers, evaluated, and asked for predictions."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import backend as backends
from .arguments import rows_of_batch, whole
from .callbacks import CallbackList
from .compilation import Compiled
from .data import features
from .evaluation import Rows, evaluate, first_batches, predict
from .preparation import applied
from .progress import shown


class Predictor(Compiled):
    """All of a model but its training.

    Parameters, attributes and errors: see :class:`fastsgd.models.Sequential`.
    """

    def evaluate(
        self,
        x: Any,
        y: Any,
        batch_size: int | str | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: Any = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics of these rows.

        Parameters
        ----------
        x, y
            As for :meth:`fit`.
        batch_size : int or "full", optional
            What callbacks see as a batch, and steps count; no result depends on it.
        verbose : {"auto", 0, 1, 2}
            1 and 2 print a line.
        sample_weight : array_like, shape (n,), optional
            As for :meth:`fit`.
        steps : int, optional
            Take so many batches only, the first ones.
        callbacks : Callback or list of Callback, optional
        return_dict : bool

        Returns
        -------
        float, list of float, or dict
            The loss; ``[loss, *metrics]`` if there are metrics; by name with ``return_dict``.

        Raises
        ------
        NotReadyError
            The model is not built, or compiled without a loss.
        TypeError, ValueError
            Data or an argument that cannot be.
        """
        if verbose not in ("auto", 0, 1, 2):
            raise ValueError(f"verbose must be 'auto', 0, 1 or 2, got {verbose!r}")
        self._need_loss()
        self._need_weights()
        rows, program = self._checked(x, y, sample_weight)
        size = rows_of_batch("batch_size", batch_size, len(rows))
        if steps is not None:
            rows = first_batches("steps", rows, whole("steps", steps), size)
        rows = self._prepared(rows)
        called, restored = CallbackList(callbacks, self), self.target_scale.restored
        logs = evaluate(self._network(program), rows, self.report, self.num_threads, size, called, restored)
        if verbose in (1, 2):
            print(" - ".join(f"{name}: {value}" for name, value in shown(logs).items()))
        return results(logs, return_dict)

    def test_on_batch(self, x: Any, y: Any, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """:meth:`evaluate` of one batch."""
        return self.evaluate(x, y, "full", 0, sample_weight, return_dict=return_dict)

    def predict(
        self, x: Any, batch_size: int | str | None = None, verbose: Any = 0, steps: Any = None, callbacks: Any = None
    ) -> np.ndarray:
        """Outputs of these rows; a row with NaN gives NaN.

        Parameters
        ----------
        x : array_like, shape (n, inputs)
        batch_size : int or "full", optional
            What callbacks see as a batch, and steps count; no result depends on it.
        verbose
            Accepted as in Keras; nothing is printed.
        steps : int, optional
            Take so many batches only, the first ones.
        callbacks : Callback or list of Callback, optional

        Returns
        -------
        numpy.ndarray, shape (n, outputs), of the model's dtype

        Raises
        ------
        NotReadyError
            The model is not built.
        TypeError, ValueError
            Data or an argument that cannot be.
        """
        network = self._weights.network
        if network is None:
            self._need_weights()
            network = self._network()
        if not (
            type(x) is np.ndarray
            and x.dtype == self._dtype
            and x.ndim == 2
            and _is_plain(x)
            and x.shape[1] == self.inputs
        ):
            x = features(x, self.inputs, None if self.preprocessing else self._dtype, finite=False)
        layers, restored = self.preprocessing, self.target_scale.restored
        if layers:
            x = applied(layers, x, self._dtype)
        if batch_size is not None or steps is not None or callbacks is not None:
            size = rows_of_batch("batch_size", batch_size, len(x))
            if steps is not None:
                x = first_batches("steps", Rows(x, x), whole("steps", steps), size).x
            return predict(network, x, self.num_threads, size, CallbackList(callbacks, self), restored)
        if len(x) == 1:
            return restored(network.predict(x))
        threads = backends.threads_for(network.program, len(x), self.num_threads)
        return restored(network.predict(x, threads))

    def __call__(self, x: Any, training: bool = False) -> np.ndarray:
        """:meth:`predict` of an array; training is for ``fit`` and :meth:`train_on_batch`, and must be False."""
        if training:
            raise NotImplementedError("a model is trained by fit and train_on_batch, it is called with training=False")
        if not self.built and self.layers:
            self.build(np.shape(x)[1:])
        return self.predict(x)

    def predict_on_batch(self, x: Any) -> np.ndarray:
        """:meth:`predict` of one batch."""
        return self.predict(x)


def _is_plain(x: np.ndarray) -> bool:
    """Read as it is by any engine."""
    flags = x.flags
    return flags.c_contiguous and flags.aligned and len(x) > 0


def results(logs: dict[str, Any], return_dict: bool) -> Any:
    """What Keras returns of an evaluation: a number, a list of numbers, or a dict."""
    values = list(logs.values())
    return logs if return_dict else values[0] if len(values) == 1 else values
