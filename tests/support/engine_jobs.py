"""Engines under test, and one small way to train with any of them."""

import hashlib
from copy import copy
from dataclasses import replace
from itertools import pairwise

import numpy as np

from fastsgd.engines import cython, interpreted, numba, processor, reference, workshop
from fastsgd.kernels import records
from fastsgd.kernels.source.tables import activation_table, loss_table, row_loss_table, update_table
from fastsgd.program import Finish, Limits, Op, Program


def with_unit(engine, unit=True):
    """The engine, with the matrix unit for wide layers or without, whatever ``FASTSGD_ISA`` says."""
    engine.unit = unit
    return engine


def cython_at(isa):
    engine = cython.CythonEngine()
    engine.isa = isa
    return with_unit(engine, False)


FUSED = [isa for isa in processor.supported() if isa in cython.built() and isa != "baseline"]
COMPILED = {f"cython-{isa}": lambda isa=isa: cython_at(isa) for isa in cython.built() if isa in processor.supported()}
COMPILED["numba"] = lambda: with_unit(numba.NumbaEngine(), False)
ALL = {**COMPILED, "numpy": reference.ReferenceEngine}


UNIT = {}
if processor.has_unit():
    UNIT["numba"] = lambda: with_unit(numba.NumbaEngine())
    if processor.UNIT_BUILD in cython.built() and cython.extension(processor.UNIT_BUILD, "float32").UNIT:
        UNIT["cython"] = lambda: with_unit(cython_at(processor.UNIT_BUILD))
EMULATION = {"interpreted": lambda: with_unit(interpreted.InterpretedEngine())}

NUMBERS = {  # of any update rule, in a step, and of records.FINISH
    "lr": 0.02, "mu": 0.9, "rho": 0.9, "c": 0.1, "eps": 0.001, "decay": 0.001,
    "a": 0.02, "b": 0.002, "c1": 0.1, "c2": 0.01, "beta_1": 0.9, "beta_2": 0.99,
    "now": 1.0, "part": 1.0, "limit": 0.5, "keep": 0.0, "overwrite": 0.0,
}  # fmt: skip


def calls_of_one_block(run, epochs, threads=1, look=lambda: None):
    """Drive a compiled engine's run to its end by the shortest calls; returns how many, and looks after each."""
    run._pace = copy(run._pace)
    run._pace.call = lambda: (threads, 1)
    calls = 0
    while run.epoch < epochs:
        run.advance(epochs)
        calls += 1
        look()
    return calls


def alone(engine, program):
    """A network that shares nothing with others of its program."""
    workshop._workshops.clear()
    workshop._recent.clear()
    return engine.network(program)


def workspace_of(network):
    """The one that its last run was made in."""
    return network._workshop._tools[-1].work


def was_on(network, path):
    """Whether its last run was made by the kernel of this name."""
    work = workspace_of(network)
    return work.task.block == work._kernel_address(f"block_of_{path}")


def bits(network):
    """Of its weights and memories."""
    return b"".join(w.tobytes() for w in [*network.get_weights(), *(a for slot in network.get_slots() for a in slot)])


class Trainer:
    """Everything that one training needs besides the engine."""

    def __init__(
        self, widths, activation="relu", *, rule="nesterov", dtype=np.float32, rows=50, bias=True, last="linear",
        loss="mse", seed=0,
    ):  # fmt: skip
        table = activation_table()

        def op(i, k, n):
            name = activation if i < len(widths) - 2 else last
            return Op("dense", k, n, bias, name, (0.3,) * len(table[name].parameters))

        ops = tuple(op(i, k, n) for i, (k, n) in enumerate(pairwise(widths)))
        constants = (0.3,) * len(loss_table()[loss].parameters)
        self.program = Program(ops, np.dtype(dtype), loss, constants, rule)
        rng = np.random.default_rng(seed)
        self.x = rng.standard_normal((rows, widths[0])).astype(dtype)
        self.y = rng.standard_normal((rows, widths[-1])).astype(dtype)
        if loss != "mse":  # probabilities and counts among them: every loss takes 0 to 1
            self.y = abs(self.y) % 1
        self.weights = [
            (rng.standard_normal(s) / np.sqrt(s[0]) if len(s) == 2 else rng.standard_normal(s) * 0.1).astype(dtype)
            for s in self.program.weight_shapes()
        ]

    def hyper(self, t):
        numbers = update_table()[self.program.rule].numbers + (records.FINISH if self.program.finish else ())
        falling = 1 / (1 + 0.01 * t[:, None] * np.array([name in ("lr", "a", "b") for name in numbers]))
        return np.array([NUMBERS[name] for name in numbers]) * falling

    def run(
        self, engine, *, batch_size, epochs=2, threads=1, shuffle=True, seed=7, keep_predictions=False, x=None, y=None,
        weights=None, network=None,
    ):  # fmt: skip
        """Train from the initial weights, a new network or one that was trained; returns it and the finished run."""
        network = network or alone(engine, self.program)
        network.set_weights(self.weights)
        network.set_slots([[np.zeros_like(w) for w in self.weights] for _ in network.get_slots()])
        with network.training(
            self.x if x is None else x, self.y if y is None else y, batch_size=batch_size, hyper=self.hyper, step=0,
            shuffle=shuffle, seed=seed, first_epoch=0, threads=threads, keep_predictions=keep_predictions,
            weights=weights, epochs=epochs,
        ) as run:  # fmt: skip
            while run.epoch < epochs:
                run.advance(epochs)
        return network, run

    def digest(self, engine, **settings):
        """SHA-256 of weights, velocities, losses and predictions of unseen rows after training."""
        network, run = self.run(engine, **settings)
        sha = hashlib.sha256()
        for array in [*network.get_weights(), *(a for slot in network.get_slots() for a in slot)]:
            sha.update(array.tobytes())
        sha.update(np.array(run.losses).tobytes())
        sha.update(network.predict(self.x[::-1].copy(), settings.get("threads", 1)).tobytes())
        return sha.hexdigest()


KINDS = "plain", "finish", "limits", "steps", "head"


def job_of_kind(kind):
    """One of KINDS: what else paths have to be told of a network's weights."""
    job = Trainer((9, 40, 128, 70, 3), rows=600)
    job.x /= 9  # longer rows diverge, one at a time
    first, *rest = job.program.ops
    if kind == "finish":
        job.program = replace(job.program, finish=Finish(clip="global_clipnorm", average=True))
    elif kind == "limits":
        limits = Limits("norm", 0.1, 0.5, 1.0), None
        ops = (replace(first, penalties=((0.01, 0.02),) * 2, limits=limits), *rest)
        job.program = replace(job.program, ops=ops, finish=Finish(clip="clipvalue"))
    elif kind == "steps":
        ops = (first, Op("batch_norm", 40, 40, constants=(1e-3, 0.9)), Op("dropout", 40, 40, constants=(0.3,)), *rest)
        job.program = replace(job.program, ops=ops)
        ones = [np.zeros(40, np.float32), np.ones(40, np.float32)]  # moving mean and variance
        job.weights[2:2] = ones
    elif kind == "head":
        loss = "categorical_crossentropy_logits"
        assert loss in row_loss_table()
        ops = (*job.program.ops, Op("softmax", 3, 3))
        job.program = replace(job.program, ops=ops, loss=loss, loss_elements=1, on_logits=True)
        job.y = np.eye(3, dtype=np.float32)[np.arange(600) % 3]
    return job
