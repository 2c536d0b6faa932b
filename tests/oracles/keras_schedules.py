"""Writes keras_schedules.json: Keras's schedules and PyTorch's OneCycleLR at many updates, in float64.

    KERAS_BACKEND=torch python keras_schedules.py

Made with Keras 3.15.1 and PyTorch 2.13.0.
"""

import json
from pathlib import Path

STEPS = [0, 1, 2, 3, 5, 7, 9, 10, 11, 14, 20, 29, 30, 33, 50, 69, 70, 71, 99, 100, 150, 1000]

CASES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10, 70], "values": [1.0, 0.5, 0.25, 0.1]}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 30}),
    (
        "PolynomialDecay",
        {"initial_learning_rate": 0.1, "decay_steps": 30, "end_learning_rate": 0.01, "power": 0.5, "cycle": True},
    ),
    ("PolynomialDecay", {"initial_learning_rate": 0.01, "decay_steps": 50, "end_learning_rate": 0.1, "power": 2.0}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 10, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.7, "staircase": True}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 100}),
    (
        "CosineDecay",
        {"initial_learning_rate": 0.0, "decay_steps": 60, "alpha": 0.1, "warmup_target": 0.2, "warmup_steps": 10},
    ),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 10}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 7, "t_mul": 1.0, "m_mul": 0.8}),
    (
        "CosineDecayRestarts",
        {"initial_learning_rate": 0.1, "first_decay_steps": 9, "t_mul": 1.5, "m_mul": 0.9, "alpha": 0.05},
    ),
]

ONE_CYCLES = [
    {"max_lr": 0.1, "total_steps": 100},
    {"max_lr": 1.0, "total_steps": 101, "pct_start": 0.25, "anneal_strategy": "linear", "div_factor": 10.0},
    {"max_lr": 0.5, "total_steps": 71, "pct_start": 0.4, "three_phase": True, "final_div_factor": 100.0},
    {"max_lr": 0.5, "total_steps": 30, "pct_start": 0.0},
]


def one_cycle(settings):
    import torch

    optimizer = torch.optim.SGD([torch.zeros(1, dtype=torch.float64)], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, cycle_momentum=False, **settings)
    rates = []
    for _ in range(settings["total_steps"]):
        rates.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return rates


if __name__ == "__main__":
    import keras

    keras.config.set_floatx("float64")
    result = {
        "steps": STEPS,
        "schedules": [
            {"class_name": name, "config": config, "rates": [float(schedule(t)) for t in STEPS]}
            for name, config in CASES
            for schedule in [getattr(keras.optimizers.schedules, name)(**config)]
        ],
        "one_cycles": [{"config": config, "rates": one_cycle(config)} for config in ONE_CYCLES],
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
