"""Updates from whole gradients: the same bits in every compiled engine, for any threads, in calls of any length."""

import dataclasses

import numpy as np
import pytest
from engine_jobs import ALL, COMPILED, FUSED, workspace_of

from fastsgd import optimizers
from fastsgd.program import Finish, Limits

OPTIONS = {
    "clipnorm": Finish(clip="clipnorm"),
    "clipvalue": Finish(clip="clipvalue"),
    "global_clipnorm": Finish(clip="global_clipnorm"),
    "gathered": Finish(gather=3),
    "averaged": Finish(average=True),
    "decay of some": Finish(decays=(True, False) * 3),
    "all": Finish("global_clipnorm", 2, True, (True, False) * 3),
    "layers": None,
}
SETTINGS = {
    "clipnorm": {"clipnorm": 0.05},
    "clipvalue": {"clipvalue": 0.01},
    "global_clipnorm": {"global_clipnorm": 0.05},
    "gathered": {"gradient_accumulation_steps": 3},
    "averaged": {"use_ema": True, "ema_overwrite_frequency": 5},
    "decay of some": {"weight_decay": 0.1},
    "all": {"global_clipnorm": 0.05, "gradient_accumulation_steps": 2, "use_ema": True, "weight_decay": 0.1},
    "layers": {},
}
LAYERS = [
    {
        "penalties": ((0.01, 0.02), (0.0, 0.03)),
        "limits": (Limits("norm", 0.0, 0.8, 1.0), Limits("norm", 0.1, 0.2, 0.5)),
    },
    {"trainable": False},
    {"penalties": ((0.01, 0.0), (0.0, 0.0)), "limits": (Limits("norm", 0.5, 0.6, 0.9), Limits("nonnegative"))},
]


def job_of(trainer, option, dtype=np.float32, widths=(9, 40, 70, 2)):
    """A training of Adam with these options: several panels, and a thin layer on top."""
    job = trainer(widths, rule="adam", dtype=dtype, rows=70)
    ops = job.program.ops
    if option in ("layers", "all"):
        ops = tuple(dataclasses.replace(op, **more) for op, more in zip(ops, LAYERS, strict=True))
    job.program = dataclasses.replace(job.program, ops=ops, finish=OPTIONS[option])
    optimizer = optimizers.Adam(0.01, **SETTINGS[option])
    if "decay" in option:
        optimizer.exclude_from_weight_decay(var_names=["bias"])
    job.hyper = lambda t: numbers_of(optimizer, t)
    return job


def numbers_of(optimizer, t):
    """The numbers of Adam's plain rule, whatever decay the optimizer would rather have in it."""
    names = ("c1", "c2", "a", "eps", "now", "part", "decay", "limit", "keep", "overwrite")
    given = optimizer.all_numbers(t)
    return np.stack([np.broadcast_to(np.asarray(given[name], np.float64), len(t)) for name in names], axis=-1)


@pytest.mark.skipif(not FUSED, reason="this processor has no fused multiply-add that we compile for")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("option", OPTIONS)
def test_same_bits(trainer, option, dtype):
    job = job_of(trainer, option, dtype)
    engines = {name: make() for name, make in COMPILED.items() if name != "cython-baseline"}
    digests = {(name, 1): job.digest(e, batch_size=32) for name, e in engines.items()}
    digests |= {("", t): job.digest(next(iter(engines.values())), batch_size=32, threads=t) for t in (2, 3)}
    assert len(set(digests.values())) == 1, digests


@pytest.mark.parametrize("option", OPTIONS)
def test_thread_counts_on_the_row_path(trainer, option):
    """Layers of fewer than 64 outputs; those of 70 take the column path."""
    job = job_of(trainer, option, widths=(9, 40, 50, 2))
    engine = next(iter(COMPILED.values()))()
    assert len({job.digest(engine, batch_size=32, threads=t) for t in (1, 2, 3)}) == 1


@pytest.mark.parametrize(("batch_size", "outputs"), [(1, 70), (32, 70), (4, 128)])
@pytest.mark.parametrize("option", OPTIONS)
def test_engines_agree_with_the_reference(trainer, option, batch_size, outputs):
    """128 outputs and 4 rows: a layer without a transposed copy."""
    job = job_of(trainer, option, np.float64, widths=(9, 40, outputs, 2))
    found = []
    for name in ("numpy", next(name for name in COMPILED)):
        network, run = job.run(ALL[name](), batch_size=batch_size)
        if name != "numpy":
            assert any(layer.halves for layer in workspace_of(network).layers) == (outputs == 128)
        found.append([*network.get_weights(), *(a for slot in network.get_slots() for a in slot), np.array(run.losses)])
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", [*COMPILED][:1])
def test_calls_may_be_cut_anywhere(trainer, name):
    job = job_of(trainer, "all")
    network, long = job.run(COMPILED[name](), batch_size=20, epochs=3)
    short = COMPILED[name]().network(job.program)
    short.set_weights(job.weights)
    with short.training(
        job.x, job.y, batch_size=20, hyper=job.hyper, step=0, shuffle=True, seed=7, first_epoch=0
    ) as run:
        while run.epoch < 3:
            run.advance(3, 1)
    assert run.losses == long.losses
    for a, b in zip(network.get_weights(), short.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_interpreted_kernels_agree(trainer):
    from fastsgd.engines.interpreted import InterpretedEngine

    job = job_of(trainer, "all", widths=(3, 5, 17, 2))
    asked_for = 3  # it has one thread, whoever asks for more
    network = job.run(InterpretedEngine(), batch_size=30, epochs=1, threads=asked_for)[0]
    assert len(network.predict(job.x, asked_for)) == len(job.x)
    a = network.get_weights()
    b = job.run(ALL["numpy"](), batch_size=30, epochs=1)[0].get_weights()
    for left, right in zip(a, b, strict=True):
        np.testing.assert_allclose(left, right, rtol=1e-4, atol=1e-5)


def test_padding_stays_zero(trainer):
    job = job_of(trainer, "all")
    layout = job.run(next(iter(COMPILED.values()))(), batch_size=32)[0].layout
    for bank in range(len(layout.program.memories) + 1):
        kept = layout.banks[bank].copy()
        arrays = layout.get(bank)
        layout.banks[bank] = 0
        layout.put(bank, arrays)
        np.testing.assert_array_equal(layout.banks[bank], kept)
