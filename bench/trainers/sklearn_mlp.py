"""scikit-learn's MLPRegressor (for softmax its MLPClassifier), an epoch being one ``partial_fit``.

Reorders by gathering each batch's rows through a permutation, as it does on its own. Its loss is half the squared
error summed over the outputs, so ``d`` outputs take a learning rate ``2 / d`` times that of a mean. Adam does not
mind the scale of gradients; a classifier's loss is the mean.
"""

from __future__ import annotations

import numpy as np

from bench.grid import EPSILON, Task

PACKAGES = ("sklearn",)
ENVIRONMENT: dict[str, str] = {}
VARIANTS: dict[str, dict] = {"scikit-learn": {}}


def version() -> str:
    import sklearn

    return f"scikit-learn {sklearn.__version__}"


class Regressor:
    def __init__(self, task: Task) -> None:
        from sklearn.neural_network import MLPClassifier, MLPRegressor

        outputs = task.y.shape[1]
        classes = task.job == "softmax"
        self.x, self.y = task.x, task.labels if classes else task.y.ravel() if outputs == 1 else task.y
        scale = 1 if classes else 2 / outputs
        self.model = (MLPClassifier if classes else MLPRegressor)(
            hidden_layer_sizes=[len(bias) for bias in task.weights[1:-1:2]],
            activation=task.activation,
            solver="adam" if task.job == "adam" else "sgd",
            learning_rate_init=task.learning_rate * (1 if task.job == "adam" else scale),
            epsilon=EPSILON,
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
        begin = {"classes": np.arange(outputs)} if classes else {}
        self.model.partial_fit(self.x[: task.batch], self.y[: task.batch], **begin)
        for mine, given in zip(self.weights(), task.weights, strict=True):
            mine[...] = given
        del self.model._optimizer

    def epoch(self) -> None:
        self.model.partial_fit(self.x, self.y)

    def weights(self) -> list[np.ndarray]:
        return [w for pair in zip(self.model.coefs_, self.model.intercepts_, strict=True) for w in pair]


def setup(task: Task, threads: int) -> Regressor:
    return Regressor(task)
