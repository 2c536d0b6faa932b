"""A stack of layers with all that says how it is trained: optimizer, loss, metrics, engine, scale of the targets."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from . import backend as backends
from . import losses, optimizers
from . import metrics as metrics_module
from .arguments import flag, not_yet, whole
from .data import class_weights, features, row_weights, targets
from .engines import Engine, Network
from .evaluation import Rows
from .layers import Layer
from .preparation import TargetScale, learn, prepared
from .program import Program
from .stack import DTYPES, NotReadyError, Stack


class Compiled(Stack):
    """What :meth:`compile` decides, and what follows from it for rows and for the engine's network.

    Parameters, attributes and errors: see :class:`fastsgd.models.Sequential`.
    """

    def __init__(self, layers: Sequence[Layer] | None = None, name: str | None = None, seed: int | None = None) -> None:
        self.optimizer: Any = None
        self.loss: losses.Loss | None = None
        self.report = metrics_module.Report()
        self.target_scale = TargetScale()
        self.num_threads: int | str = "auto"
        self._backend: str | None = None
        self._lock = threading.RLock()
        self._busy = False
        super().__init__(layers, name, seed)

    # -- Setting up ---------------------------------------------------------------------------------------------------
    def compile(
        self,
        optimizer: Any = "sgd",
        loss: Any = None,
        metrics: Any = None,
        *,
        backend: str | None = None,
        dtype: Any = "float32",
        num_threads: int | str = "auto",
        scale_target: bool = False,
        loss_weights: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: Any = None,
        steps_per_execution: Any = None,
        jit_compile: Any = None,
        auto_scale_loss: Any = None,
    ) -> None:
        """Say how to train. The weights stay; the optimizer begins anew, without memories and from update 0.

        Parameters
        ----------
        optimizer : str, Optimizer or dict
            See :mod:`fastsgd.optimizers`. By default plain SGD with learning rate 0.01, where Keras takes RMSprop.
        loss : str, Loss, dict or function of :mod:`fastsgd.losses`, optional
            Also one of :func:`fastsgd.formulas.loss`. None: the model only predicts.
        metrics : str, Metric, or a list of them, optional
            See :mod:`fastsgd.metrics`.
        weighted_metrics : str, Metric, or a list of them, optional
            Likewise, and these weigh rows by ``sample_weight`` and ``class_weight``.
        backend : {"auto", "cython", "numba", "numpy"}, optional
            The engine; by default that of :func:`fastsgd.set_backend`.
        dtype : {"float32", "float64"}
            Of the weights and of all arithmetic.
        num_threads : int or "auto"
            "auto": as many as pay, at most :func:`fastsgd.get_num_threads`; long training finds out by trying. Results
            do not depend on it.
        scale_target : bool
            Bring each column of the targets to mean 0 and variance 1 for the network: by the rows that the first fit
            trains on, not those that validate. Losses are then those of scaled targets; metrics and predictions are in
            the targets' own units. For losses that mean the same on any scale. It stays with the weights: False, on a
            model that has been fitted, leaves predictions on the network's scale.
        loss_weights
            Keras's, of models with several outputs; there are none here: None.
        run_eagerly, steps_per_execution, jit_compile, auto_scale_loss
            Keras's ways of running the same training; accepted, without effect.

        Raises
        ------
        TypeError, ValueError
            An unknown name, or an argument out of range.
        NotImplementedError
            There are loss_weights.
        ImportError
            The backend is not available; the message says what to install.
        """
        not_yet(loss_weights=loss_weights)
        made = optimizers.get(optimizer)
        if made is None:
            raise TypeError("optimizer must be a name or an Optimizer, got None")
        made_loss = None if loss is None else losses.compiled(loss)
        report = metrics_module.Report(metrics_module.compiled(metrics), metrics_module.compiled(weighted_metrics))
        engine = backends.resolve(backend)
        made_dtype = _dtype(dtype)
        self._check_dtype(made_dtype.name)
        if num_threads != "auto":
            num_threads = whole("num_threads", num_threads, or_else=' (or "auto")')
        scale_target = flag("scale_target", scale_target)
        with self._alone("compile"):
            self.target_scale.choose(scale_target, made_loss)
            self._weights.release(memories=False)
            self.optimizer, self.loss, self.report = made, made_loss, report
            self.optimizer.steps = 0
            self.optimizer.belong_to(self._weights)
            self._backend, self._dtype, self.num_threads = engine.name, made_dtype, num_threads

    @property
    def metrics(self) -> list[metrics_module.Metric]:
        """Those compiled, weighted ones last."""
        return self.report.metrics

    @property
    def metrics_names(self) -> list[str]:
        """What :meth:`evaluate` returns, in order."""
        return ["loss", *self.report.names]

    # -- Inside -------------------------------------------------------------------------------------------------------
    def _need_loss(self) -> None:
        if self.optimizer is None:
            raise NotReadyError(f"the model {self.name!r} is not compiled: call compile(optimizer, loss) first")
        if self.loss is None:
            raise NotReadyError(f"the model {self.name!r} was compiled without a loss: call compile(optimizer, loss)")

    def _rows(self, *given: Any, of: str = "") -> Rows:
        """The user's rows, checked: see :meth:`_checked`."""
        return self._checked(*given, of=of)[0]

    def _checked(
        self, x: Any, y: Any, sample_weight: Any = None, class_weight: Any = None, *, of: str = ""
    ) -> tuple[Rows, Program]:
        """The user's rows, checked, and what the network is to compute that they are for.

        The rows build the model if nothing else did.

        Parameters
        ----------
        of : str
            What messages say of what the rows are.
        """
        if not self.layers:
            raise NotReadyError("the model has no layers: add some")
        dtype = None if self.preprocessing else self._dtype
        rows_x = features(
            x, self.inputs, dtype, name=f"x{of}", threads=partial(backends.threads_to_look, self.num_threads)
        )
        if self.inputs is None:
            self.build(rows_x.shape[1])
        assert self.loss is not None
        program, n = self._program(), len(rows_x)
        outputs = program.outputs
        exact = program.labels or self.target_scale.wanted
        has = f"the model has {outputs} output{'s' if outputs > 1 else ''}"
        rows_y = targets(
            y, n, program.targets or outputs, DTYPES["float64"] if exact else self._dtype, name=f"y{of}",
            x_name=f"x{of}", takes=f"{has}, {self.loss.takes}" if self.loss.takes else has,
        )  # fmt: skip
        made = self.loss.targets(rows_y, outputs, f"y{of}")
        if program.labels:
            rows_y = made
        weights = None
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError("class_weight and sample_weight say the same of each row; give one of them")
            weights = class_weights(class_weight, rows_y, self._dtype)
        elif sample_weight is not None:
            weights = row_weights(sample_weight, n, self._dtype, name=f"sample_weight{of}")
        if weights is not None and self.loss.reduction == "mean_with_sample_weight":
            raise ValueError(
                f"the loss {self.loss.name!r} has reduction='mean_with_sample_weight', which models have for rows "
                "without weights only: take 'sum_over_batch_size', and weights whose mean is 1"
            )
        return Rows(rows_x, made, weights, None if made is rows_y else rows_y), program

    def prepare(self, train: Rows, validation: Rows | None) -> tuple[Rows, Rows | None]:
        """Rows of a fit as the network takes them; what layers and targets do not know yet of them they learn now."""
        learn(self.preprocessing, train.x)
        self.target_scale.learn(train.y)
        return self._prepared(train), None if validation is None else self._prepared(validation)

    def _prepared(self, rows: Rows) -> Rows:
        """Checked rows as the network takes them."""
        return prepared(rows, self.preprocessing, self.target_scale, self._dtype)

    def weight_names(self) -> list[str]:
        """As the optimizer knows the weights."""
        return [f"{layer.name}/{part}" for layer in self.layers for part in layer.weight_shapes()]

    def _program(self) -> Program:
        """What the present settings say is to be computed."""
        ops = self._ops()
        if self.loss is None:
            return Program(ops, self._dtype)
        optimizer, terms = self.optimizer, self.loss.terms(ops[-1].outputs, ops[-1])
        return Program(ops, self._dtype, rule=optimizer.rule, finish=optimizer.finish(self.weight_names), **vars(terms))

    def _network(self, program: Program | None = None) -> Network:
        """The network of the present settings; of this program, where it is known already."""
        engine: Engine = backends.resolve(self._backend)
        starts = {} if self.loss is None else self.optimizer.starts()
        return self._weights.network_for(engine, program or self._program(), starts)

    @contextmanager
    def _alone(self, what: str) -> Iterator[None]:
        """Nobody else may change this model meanwhile: no other thread, and no callback."""
        if not self._lock.acquire(blocking=False):
            raise RuntimeError(f"{what}: another thread is training this model; train a copy, or wait for it")
        try:
            if self._busy:
                raise RuntimeError(
                    f"{what}: this model is being trained; call it after the training, not in a callback"
                )
            self._busy = True
            try:
                yield
            finally:
                self._busy = False
        finally:
            self._lock.release()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lock": None, "_busy": False}

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self._lock = threading.RLock()
        if self.optimizer is not None:
            self.optimizer.belong_to(self._weights)


def _dtype(dtype: Any) -> np.dtype:
    try:
        name = np.dtype(dtype).name if dtype is not None else None
    except TypeError:
        name = None
    if name not in DTYPES:
        raise ValueError(f"dtype must be 'float32' or 'float64', got {dtype!r}")
    return DTYPES[name]
