"""What the README shows must run, and what it names must exist."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fastsgd import (
    Sequential,
    activations,
    callbacks,
    constraints,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    regularizers,
)
from fastsgd.__main__ import parser
from fastsgd.optimizers import schedules

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*) ?(\S*)\n(.*?)^```$", README + CONTRIBUTING, re.DOTALL | re.MULTILINE)
PROGRAM = [text for language, path, text in BLOCKS if language == "python" and not path]


def test_python_blocks_run_one_after_the_other(capsys):
    space = {"__name__": "readme"}
    for number, text in enumerate(PROGRAM):
        exec(compile(text, f"README block {number}", "exec"), space)
    shown = capsys.readouterr().out
    for promised in re.findall(r"print\(error\)  # (.*)", README):
        assert promised in shown
    assert space["history"]["loss"][-1] < space["history"]["loss"][0]  # this program has no seed: nothing sharper holds
    assert space["accuracy"] >= 0.96
    assert space["inside"] == pytest.approx(0.8, abs=0.06)
    assert "detail" in space["fastsgd"].backends()["cython"]


def test_new_activation_is_two_functions(tmp_path):
    shutil.copytree(ROOT / "fastsgd", tmp_path / "fastsgd", ignore=shutil.ignore_patterns("native", "__pycache__"))
    ((path, text),) = [(path, text) for _, path, text in BLOCKS if path]
    with open(tmp_path / path, "a", encoding="utf-8") as kernels:
        kernels.write(text.replace("from __future__ import annotations\n", ""))
    program = """
import numpy as np, fastsgd
x = np.linspace(-3, 3, 64)
y = fastsgd.activations.bent_identity(x)
assert np.allclose(y, (np.sqrt(x * x + 1) - 1) / 2 + x)
model = fastsgd.Sequential([fastsgd.layers.Dense(1, activation="bent_identity")], seed=0)
model.compile(fastsgd.optimizers.SGD(0.2), "mse", backend="numpy", dtype="float64")
assert model.fit(x[:, None], y, epochs=100, verbose=0)["loss"][-1] < 1e-9
"""
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=environment, check=True)


@pytest.mark.parametrize(
    "command", ["pip install '.[demo]' && python -m fastsgd demo", "pip install '.[test]' && python -m pytest -n 2"]
)
def test_commands_stand_there_to_be_copied(command):
    assert f"```sh\n{command}\n```" in README


def test_commands_of_the_package_exist():
    for command in set(re.findall(r"python -m fastsgd (\w+)", README)):
        assert parser().parse_args([command]).command == command


def test_extras_exist():
    offered = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for extras in re.findall(r"'\.\[([\w,]+)\]'", README + CONTRIBUTING):
        for extra in extras.split(","):
            assert f"\n{extra} = [" in offered


def test_links_lead_somewhere():
    made_by_a_measurement = {"bench/RESULTS.md", "bench/results.png"}
    for target in set(re.findall(r"\]\(([^)#:]+)\)", README + CONTRIBUTING)) - made_by_a_measurement:
        assert (ROOT / target).exists(), target


def test_files_of_the_tree_exist():
    (tree,) = [text for _, _, text in BLOCKS if text.startswith("fastsgd/\n")]
    package, _, rest = tree.partition("tests/ ")
    for name in re.findall(r"[\w/*]+\.py|\w+/", package.replace("...", "*")):
        assert name == "fastsgd/" or any((ROOT / "fastsgd").rglob(name)), name
    assert "bench/" in rest


def listed(title):
    (names,) = re.findall(rf"^\| {title} \| (.*) \|$", README, re.MULTILINE)
    return names


def test_what_is_listed_is_there():
    for title, module in {"activations": activations, "losses": losses, "metrics": metrics}.items():
        assert all(module.get(name) for name in listed(title).split(", "))
    classes = {
        "layers": layers, "optimizers": optimizers, "schedules": schedules, "callbacks": callbacks,
        "initializers": initializers, "regularizers": regularizers, "constraints": constraints, "models": Sequential,
    }  # fmt: skip
    settings = {"use_ema", "sample_weight", "class_weight", "weighted_metrics"}
    for title, module in classes.items():
        assert all(getattr(module, name) for name in set(re.findall(r"`(\w+)`", listed(title))) - settings)


def test_what_is_there_is_listed():
    assert set(listed("losses").split(", ")) == set(losses.FUNCTIONS)
    for title, classes in {"optimizers": optimizers.CLASSES, "schedules": schedules.CLASSES}.items():
        assert set(classes) <= set(re.findall(r"`(\w+)`", listed(title)))
    assert set(layers.__all__) - {"InputLayer", "Layer"} <= set(re.findall(r"`(\w+)`", listed("layers")))
    named = {"CallbackList", "History", "MonitorCallback"}
    assert set(callbacks.__all__) - named <= set(re.findall(r"`(\w+)`", listed("callbacks")))
