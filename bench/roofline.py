"""How near the machine's limits each cell is: ``python -m bench.roofline`` writes ROOFLINE.md and roofline.png."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from bench.bandwidth import bandwidths, levels
from bench.engine_epochs import Epochs, fastest, flops
from bench.grid import BATCHES, NETS, Cell, cells
from bench.peak import peak_flops
from bench.report import number, table
from bench.results import processor

COLOURS = ("#7f7f7f", "#ff7f0e", "#8c564b", "#1f77b4", "#2ca02c", "#d62728")
BLOCK = 256  # rows that go through the network together


@dataclass(frozen=True)
class Machine:
    """One core's limits: operations a second, and bytes a second and bytes that fit by level of the memory."""

    peak: float
    bandwidths: dict[str, float]
    sizes: dict[str, int]

    def level(self, size: int) -> str:
        """The nearest level that so many bytes fit."""
        return next((name for name, most in self.sizes.items() if size <= most), "memory")


def traffic(cell: Cell, itemsize: int) -> int:
    """Bytes that a step must move at least: weights and velocities read and written once, the rows read once."""
    return itemsize * (4 * cell.weights + cell.batch * (cell.widths[0] + cell.widths[-1]))


def held(cell: Cell, itemsize: int) -> int:
    """Bytes that are used again in the next step: weights, velocities, and a block's outputs and deltas."""
    return itemsize * (2 * cell.weights + 2 * min(cell.batch, BLOCK) * sum(cell.widths))


@dataclass(frozen=True)
class Point:
    """One cell against the limits; times in seconds a step."""

    cell: Cell
    arithmetic: float
    moving: float
    level: str
    took: float
    intensity: float

    @property
    def limit(self) -> float:
        return max(self.arithmetic, self.moving)


def point(cell: Cell, machine: Machine, itemsize: int, took: float) -> Point:
    level = machine.level(held(cell, itemsize))
    moved = traffic(cell, itemsize)
    return Point(cell, flops(cell) / machine.peak, moved / machine.bandwidths[level], level, took, flops(cell) / moved)


def page(machine: Machine, points: list[Point], engine: str, dtype: str) -> str:
    """Table of limits and times, as Markdown."""
    rows = [
        [
            p.cell.net, str(p.cell.batch), number(flops(p.cell) / 1e3), f"{p.intensity:.3g}", p.level,
            number(p.arithmetic * 1e6), number(p.moving * 1e6), number(p.took * 1e6),
            number(flops(p.cell) / p.took / 1e9), f"{p.arithmetic / p.took:.0%}", f"{p.limit / p.took:.0%}",
        ]
        for p in points
    ]  # fmt: skip
    head = ["net", "batch", "kflop", "flop/byte", "held in", "arithmetic, us", "bytes, us", "took, us", "GFLOP/s"]
    head += ["of the peak", "of the limit"]
    rates = ", ".join(f"{level} {rate / 1e9:.0f} GB/s" for level, rate in machine.bandwidths.items())
    return "\n\n".join(
        [
            "# How near the limits",
            f"{processor()}; one core, {engine}, {dtype}. FMA peak {machine.peak / 1e9:.0f} GFLOP/s; triad {rates}. "
            "Made by `python -m bench.roofline`.",
            "A step's arithmetic: the products' (three a layer, without the inputs' deltas) at the peak. Its bytes: "
            "weights and velocities read and written once and the rows read once, at the triad's rate of the level "
            "that holds weights, velocities and a block's activations. The limit is the larger of the two.",
            table(head, rows),
            "![operations a second over operations a byte, under the machine's roof](roofline.png)",
        ]
    )


def picture(machine: Machine, points: list[Point], path: Path) -> None:
    """The roof, and the cells under it; a point is the larger the larger its batch."""
    import numpy as np
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    panel = figure.subplots()
    intensity = np.geomspace(0.1, 2000, 200)
    for level, rate in machine.bandwidths.items():
        panel.plot(intensity, np.minimum(intensity * rate, machine.peak) / 1e9, color="#bbbbbb", linewidth=1)
        panel.annotate(level, (0.12, 0.12 * rate / 1e9), fontsize=8, color="#666666", va="bottom")
    for net, colour in zip(NETS, COLOURS, strict=True):
        mine = [p for p in points if p.cell.net == net]
        panel.plot(
            [p.intensity for p in mine], [flops(p.cell) / p.took / 1e9 for p in mine], color=colour, linewidth=0.8
        )
        panel.scatter(
            [p.intensity for p in mine], [flops(p.cell) / p.took / 1e9 for p in mine], color=colour, label=net,
            s=[12 + 12 * BATCHES.index(p.cell.batch) for p in mine],
        )  # fmt: skip
    panel.set(xscale="log", yscale="log", xlabel="operations a byte", ylabel="GFLOP/s of one core")
    panel.set_title("Larger points: batches of " + ", ".join(map(str, BATCHES)))
    panel.grid(color="#eeeeee", linewidth=0.6)
    panel.legend(frameon=False, loc="lower right")
    figure.savefig(path, dpi=110)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.roofline", description="Every cell against the machine's limits; some 20 s, one core."
    )
    parser.add_argument("--engine", default="cython", choices=("cython", "numba"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--cells", nargs="+", default=["*"], metavar="NET/BATCH", help="patterns, such as '*/32'")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--milliseconds", type=float, default=10.0, help="of an epoch, very roughly")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder (default: bench)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    itemsize = 4 if options.dtype == "float32" else 8
    chosen = [cell for cell in cells() if any(fnmatch(cell.name, pattern) for pattern in options.cells)]
    rates = bandwidths()
    peak = peak_flops(options.dtype)
    times = {}
    for cell in chosen:
        epochs = Epochs(cell, options.engine, dtype=options.dtype, milliseconds=options.milliseconds)
        (times[cell],) = fastest([epochs], options.repeats)
        peak = max(peak, peak_flops(options.dtype, repeats=3))  # the machine's best moment counts for both
    machine = Machine(peak, rates, levels())
    points = [point(cell, machine, itemsize, took) for cell, took in times.items()]
    text = page(machine, points, options.engine, options.dtype)
    print(text)
    (options.output / "ROOFLINE.md").write_text(text + "\n")
    picture(machine, points, options.output / "roofline.png")


if __name__ == "__main__":
    main()
