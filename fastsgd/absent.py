"""What Keras has by name and this version has not: so that errors can tell "not yet" from "never heard of".

A name goes from here when the thing comes. Each table leads from a name to what is to be said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from .names import fold

Notes = Mapping[str, str]


def _not_yet(names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), "not supported yet")


CALLBACKS: Notes = _not_yet("ProgbarLogger RemoteMonitor")
INITIALIZERS: Notes = _not_yet("STFT STFTInitializer")
LAYERS: Notes = _not_yet(
    "Add Average AveragePooling1D AveragePooling2D Bidirectional Concatenate Conv1D Conv2D "
    "Conv3D Dot Embedding GRU GroupNormalization Lambda LSTM MaxPooling1D MaxPooling2D Maximum Merge Multiply PReLU "
    "RepeatVector Reshape SimpleRNN SpectralNormalization "
    "Subtract ThresholdedReLU TimeDistributed UnitNormalization"
)
LOSSES: Notes = {
    **_not_yet("CTC Circle categorical_generalized_cross_entropy"),
    **dict.fromkeys(["RootMeanSquaredError", "rmse", "R2Score", "r2"], "a metric, not a loss"),
}
MODELS: Notes = _not_yet("Functional Model clone_model load_model model_from_json save_model")
OPTIMIZERS: Notes = _not_yet("Adafactor Ftrl Lamb LossScaleOptimizer Muon legacy")
METHODS: Notes = {  # of a model
    **dict.fromkeys(
        ["export", "save", "to_json"], "not supported yet, but pickle keeps a whole model, save_weights its weights"
    ),
    **dict.fromkeys(["evaluate_generator", "fit_generator", "predict_generator"], "not supported yet, pass arrays"),
}


def refusing(module: str, notes: Notes, there: Iterable[str]) -> Callable[[str], Any]:
    """The ``__getattr__`` of a module in which ``there`` are names, and those of ``notes`` may be looked for.

    It raises NotImplementedError for the latter (``from module import name`` would swallow the message of an
    AttributeError) and AttributeError for any other name. Modules hide it from type checkers, which would else take
    every name for good.
    """
    listed = ", ".join(sorted(there))

    def __getattr__(name: str) -> Any:
        for other, note in () if name.startswith("_") else notes.items():
            if fold(other) == fold(name):
                raise NotImplementedError(f"{module}.{name}: {note}. Names: {listed}")
        raise AttributeError(f"module {module!r} has no attribute {name!r}")

    return __getattr__
