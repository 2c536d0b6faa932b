"""Layers by themselves, called on arrays: the NumPy engine computes, and a stack of one layer has the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..losses import real_array
from ..program import Op, Program

if TYPE_CHECKING:
    from ..stack import Stack


class OnArrays:
    """The part of a layer that serves arrays; :class:`fastsgd.layers.Layer` has the settings."""

    # What Layer gives.
    name: str
    inputs: int | None
    model: Any
    ops: Any
    outputs: Any
    parts: Any
    kept_shapes: Any
    trained: Any
    get_weights: Any
    set_weights: Any
    given_inputs: int | None

    _alone: Stack | None = None  # where the weights are of a layer that was built by itself
    _calls = 0  # in training: each has draws of its own
    _activity = 0.0  # what the outputs of the last call cost, as a mean over rows

    def build(self, input_shape: Any) -> None:
        """Draw the weights of a layer that is in no model; nothing happens if there are some.

        Parameters
        ----------
        input_shape : tuple of int
            ``(..., features)``, of what comes in.

        Raises
        ------
        ValueError
            Another number of features than the layer says.
        """
        from ..stack import Stack  # which is made of layers

        if self.model is None:
            shape = tuple(input_shape) if isinstance(input_shape, Sequence) else (input_shape,)
            stack = Stack([self])  # type: ignore[list-item]
            if stack.inputs is None:
                stack.build((None, shape[-1]))
            self._alone = stack

    @property
    def built(self) -> bool:
        """Whether there are weights, if the layer has some."""
        return self.model is not None and self.model.built

    def __call__(self, inputs: Any, training: bool = False) -> np.ndarray:
        """What comes out for an array.

        Parameters
        ----------
        inputs : array_like, shape (..., features)
            A layer that is in no model draws its weights when it is called first.
        training : bool
            Dropout and noise draw, anew at every call, and batch normalization goes by all these rows, whose mean and
            variance it adds to its moving ones.

        Returns
        -------
        numpy.ndarray, shape (..., outputs)
            float32 where that comes in, else float64.

        Raises
        ------
        TypeError, ValueError
            No numbers, or another number of features.
        """
        from ..engines.reference import ReferenceNetwork
        from ..engines.reference.layers import Moment

        array = real_array("inputs", inputs)
        if array.ndim == 0:
            raise ValueError(f"layer {self.name!r} takes arrays of shape (..., features), got a single number")
        self.build(array.shape)
        if self._alone and not self.parts():
            self.inputs = array.shape[-1]  # nothing was drawn that this would not fit
        if array.shape[-1] != self.inputs:
            raise ValueError(
                f"layer {self.name!r} takes {self.inputs} features, shape (..., {self.inputs}), got {array.shape}"
            )
        ops = self.ops() or (Op("activation", array.shape[-1], array.shape[-1]),)
        network = ReferenceNetwork(Program(ops, array.dtype))
        weights, kept = self.get_weights(), len(self.kept_shapes())
        network.set_weights(weights[kept:])
        rows = np.ascontiguousarray(array.reshape(-1, array.shape[-1]))
        moment = Moment(self.model.shuffle_seed, self._calls, 0, len(rows)) if training and self._alone else None
        if training and moment is None:
            raise ValueError(
                f"layer {self.name!r} belongs to a model, which alone can train it: call a layer of its own"
            )
        with np.errstate(all="ignore"):
            outputs, _, tape = network.forward(rows, moment)
        self._activity = network.activity(tape) / (network.program.elements * max(1, len(rows)))
        if training:
            self._calls += 1
            self.set_weights([*weights[:kept], *network.get_weights()])
        return outputs.reshape(*array.shape[:-1], outputs.shape[1])

    @property
    def losses(self) -> list[float]:
        """What regularizers add to the loss: that of the last call's outputs, and those of weights."""
        ops = self.ops() if self.built else ()
        costs = [self._activity] if any(op.kind == "activity" for op in ops) else []
        weights = iter(self.get_weights()[len(self.kept_shapes()) :])
        for op in ops:
            arrays = [next(weights) for _ in op.weights]
            for w, (l1, l2) in zip(arrays, op.penalties, strict=False):
                costs += [float(l1 * np.abs(w).sum() + l2 * np.square(w).sum())] if l1 or l2 else []
        return costs

    # -- Weights, as Keras has them; all are copies
    @property
    def weights(self) -> list[np.ndarray]:
        """:meth:`get_weights`."""
        return self.get_weights()

    variables = weights

    @property
    def trainable_weights(self) -> list[np.ndarray]:
        """Those that training changes."""
        return self._chosen(True)

    @property
    def non_trainable_weights(self) -> list[np.ndarray]:
        """Those that it does not."""
        return self._chosen(False)

    trainable_variables, non_trainable_variables = trainable_weights, non_trainable_weights

    def _chosen(self, trained: bool) -> list[np.ndarray]:
        flags = [False] * len(self.kept_shapes()) + list(self.trained())
        return [w for w, flag in zip(self.get_weights(), flags, strict=False) if flag == trained]

    def _weight(self, part: str) -> np.ndarray | None:
        """The weight of this name; None if the layer has none, or is not built."""
        return dict(zip(self.parts(), self.get_weights(), strict=False)).get(part)
