"""Parameters have the names, the order and the defaults that they have in Keras (``oracles/keras_signatures.json``)."""

import ast
import importlib
import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from fastsgd import optimizers

KERAS = json.loads((Path(__file__).parent / "oracles" / "keras_signatures.json").read_text())
LACKS = {  # what Keras has at the end, or what is to be named there
    ("callbacks", "CallbackList"): {"add_history", "add_progbar"},
    ("layers", "Dense"): {"lora_rank", "lora_alpha", "quantization_config"},
}
DEFAULTS = {  # None, so that the old name of the parameter may be given instead
    ("layers", "Dense"): {"units", "use_bias", "kernel_initializer"},
    ("layers", "LeakyReLU"): {"negative_slope"},
}
OTHERS = {  # bases, which take anything in Keras; and a parameter of another name
    ("callbacks", "History"),
    ("initializers", "Initializer"),
    ("initializers", "serialize"),
    ("optimizers", "Optimizer"),
}
ABSENT = {
    module: set(names.split())
    for module, names in {
        "activations": "deserialize",
        "callbacks": "OrbaxCheckpoint ProgbarLogger RemoteMonitor",
        "initializers": "STFT STFTInitializer",
        "losses": "CTC CategoricalGeneralizedCrossEntropy Circle categorical_generalized_cross_entropy circle ctc",
        "optimizers": "Adafactor Ftrl Lamb LossScaleOptimizer MultiOptimizer Muon OptimizerMap ScheduleFreeAdamW",
    }.items()
}
CASES = [
    (module, name)
    for module, items in KERAS.items()
    for name in items
    if name not in ABSENT.get(module, ()) and (module, name) not in OTHERS
]
RULES = [name for where, name in CASES if where == "optimizers" and name[0].isupper()]


def module(name):
    return importlib.import_module(f"fastsgd.{name}")


def defaults(parameters):
    """Names and values: numbers are equal also where one is written 0 and the other 0.0."""
    return [(name, ... if text is None else ast.literal_eval(text)) for name, text in parameters]


@pytest.mark.parametrize(("where", "name"), CASES, ids=[".".join(case) for case in CASES])
def test_signature(where, name):
    given = inspect.signature(getattr(module(where), name)).parameters.values()
    ours = [(p.name, ... if p.default is p.empty else p.default) for p in given if p.kind is p.POSITIONAL_OR_KEYWORD]
    keras = [p for p in defaults(KERAS[where][name]) if p[0] not in LACKS.get((where, name), ())]
    unlike = DEFAULTS.get((where, name), set())
    assert ours == [(p, None if p in unlike else default) for p, default in keras]


@pytest.mark.parametrize("where", KERAS)
def test_what_is_absent(where):
    """So that a name comes under test when it comes."""

    def there(name):
        try:
            return hasattr(module(where), name)
        except NotImplementedError:
            return False

    assert {name for name in KERAS[where] if not there(name)} == ABSENT.get(where, set())


@pytest.mark.parametrize("name", RULES)
def test_options_of_optimizers_by_position(name):
    parameters = defaults(KERAS["optimizers"][name])[:-1]
    chosen = {"learning_rate": 0.5, "weight_decay": 0.25, "clipvalue": 3.0, "use_ema": True, "ema_momentum": 0.75}
    values = [chosen.get(p, default) for p, default in parameters]
    w, same = np.ones(3), np.ones(3)
    made = getattr(optimizers, name)(*values, f"my_{name}")
    made.apply([np.arange(3.0)], [w])
    getattr(optimizers, name)(**chosen).apply([np.arange(3.0)], [same])
    np.testing.assert_array_equal(w, same)
    assert made.name == f"my_{name}"
    assert {p: getattr(made, p) for p in chosen} == chosen
