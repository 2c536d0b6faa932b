"""scikit-learn's MLPRegressor, an epoch being one ``partial_fit``.

Reorders by gathering each batch's rows through a permutation, as it does on its own. Its loss is half the squared
error summed over the outputs, so ``d`` outputs take a learning rate ``2 / d`` times that of a mean.
"""

from __future__ import annotations

import numpy as np

from bench.grid import Task

PACKAGES = ("sklearn",)
ENVIRONMENT: dict[str, str] = {}
VARIANTS: dict[str, dict] = {"scikit-learn": {}}


def version() -> str:
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


class Regressor:
    def __init__(self, task: Task) -> None:
        from sklearn.neural_network import MLPRegressor

        outputs = task.y.shape[1]
        self.x, self.y = task.x, task.y.ravel() if outputs == 1 else task.y
        self.model = MLPRegressor(
            hidden_layer_sizes=[len(bias) for bias in task.weights[1:-1:2]],
            solver="sgd",
            learning_rate_init=2 * task.learning_rate / outputs,
            momentum=task.momentum,
            nesterovs_momentum=True,
            alpha=0,
            batch_size=min(task.batch, len(task.x)),
            shuffle=task.shuffle,
            random_state=0,
            tol=0,
        )
        # Weights exist only after a first fit; the one place for an update's memory is the private optimizer, made
        # anew when it is missing.
        self.model.partial_fit(self.x[: task.batch], self.y[: task.batch])
        for mine, given in zip(self.weights(), task.weights, strict=True):
            mine[...] = given
        del self.model._optimizer

    def epoch(self) -> None:
        self.model.partial_fit(self.x, self.y)

    def weights(self) -> list[np.ndarray]:
        return [w for pair in zip(self.model.coefs_, self.model.intercepts_, strict=True) for w in pair]


def setup(task: Task, threads: int) -> Regressor:
    return Regressor(task)
