"""How the time grows with rows, width, depth, batch, threads: ``python -m bench.scaling``, SCALING.md and .png."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.engine_epochs import Epochs, fastest, flops
from bench.grid import Cell
from bench.report import number, table
from bench.results import available_cores, processor


@dataclass(frozen=True)
class Point:
    """One measurement: what varies, its value, and the job."""

    series: str
    line: str
    value: int
    cell: Cell
    rows: int | None = None
    threads: int = 1


def points(cores: int) -> Iterator[Point]:
    """Everything that is measured."""
    for net in ("8-32-32-1", "64-128-128-1"):
        for power in range(8, 19, 2):
            yield Point("rows", f"{net}, batch 32", 1 << power, Cell(net, 32), rows=1 << power)
    for batch in (32, 256):
        for width in (8, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512):
            yield Point("width", f"16-w-w-1, batch {batch}", width, Cell(f"16-{width}-{width}-1", batch))
        for depth in (1, 2, 3, 4, 6, 8, 12, 16):
            yield Point("depth", f"64 wide, batch {batch}", depth, Cell("-".join(["16", *["64"] * depth, "1"]), batch))
    for net in ("8-32-32-1", "64-128-128-1"):
        for power in range(14):
            yield Point("batch", net, 1 << power, Cell(net, 1 << power))
    for net, batch in (("8-32-32-1", 4096), ("64-128-128-1", 256), ("784-256-10", 32), ("784-256-10", 4096)):
        for threads in range(1, cores + 1):
            yield Point("threads", f"{net}/{batch}", threads, Cell(net, batch), threads=threads)


def page(measured: dict[Point, tuple[float, float]], engine: str, dtype: str) -> str:
    """Nanoseconds a row and GFLOP/s of each point, as Markdown."""
    rows = [
        [p.series, p.line, str(p.value), number(took * 1e9), number(rate / 1e9)] for p, (took, rate) in measured.items()
    ]
    head = ["what varies", "job", "value", "ns a row", "GFLOP/s"]
    text = (
        f"{processor()}, {engine}, {dtype}. Training by the engine alone, rows shuffled, SGD with Nesterov momentum, "
    )
    text += "mean squared error; one thread where threads do not vary. Made by `python -m bench.scaling`."
    return "\n\n".join(["# How the time grows", text, "![the table as curves](scaling.png)", table(head, rows)]) + "\n"


def picture(measured: dict[Point, tuple[float, float]], path: Path) -> None:
    """A panel for what varies: nanoseconds a row above, GFLOP/s below."""
    from matplotlib.figure import Figure

    series = list(dict.fromkeys(p.series for p in measured))
    figure = Figure(figsize=(4 * len(series), 6), layout="constrained")
    panels = figure.subplots(2, len(series), squeeze=False, sharex="col")
    for column, name in zip(panels.T, series, strict=True):
        for line in dict.fromkeys(p.line for p in measured if p.series == name):
            mine = [p for p in measured if (p.series, p.line) == (name, line)]
            values = [p.value for p in mine]
            top, bottom = column
            top.plot(values, [measured[p][0] * 1e9 for p in mine], marker="o", markersize=3, label=line)
            bottom.plot(values, [measured[p][1] / 1e9 for p in mine], marker="o", markersize=3)
        scale = "linear" if name in ("threads", "depth") else "log"
        top.set(title=name, xscale=scale, yscale="log", ylabel="ns a row")
        bottom.set(xscale=scale, xlabel=name, ylabel="GFLOP/s", ylim=(0, None))
        if name == "threads":
            bottom.set_xticks(sorted({p.value for p in measured if p.series == name}))
        top.legend(frameon=False, fontsize=8)
        for panel in column:
            panel.grid(color="#eeeeee", linewidth=0.6)
    figure.savefig(path, dpi=100)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.scaling", description="Rows, width, depth, batch, threads; some 30 s."
    )
    parser.add_argument("--engine", default="cython", choices=("cython", "numba"))
    parser.add_argument("--dtype", default="float32", choices=("float32", "float64"))
    parser.add_argument("--only", nargs="+", default=[], metavar="WHAT", help="rows, width, depth, batch, threads")
    parser.add_argument("--threads", type=int, default=available_cores(), help="most")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--milliseconds", type=float, default=10.0, help="of an epoch, very roughly")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder (default: bench)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    measured = {}
    for p in points(options.threads):
        if options.only and p.series not in options.only:
            continue
        epochs = Epochs(
            p.cell, options.engine, dtype=options.dtype, threads=p.threads, rows=p.rows,
            milliseconds=options.milliseconds,
        )  # fmt: skip
        (took,) = fastest([epochs], options.repeats)
        measured[p] = took / p.cell.batch, flops(p.cell) / took
    text = page(measured, options.engine, options.dtype)
    print(text)
    (options.output / "SCALING.md").write_text(text)
    picture(measured, options.output / "scaling.png")


if __name__ == "__main__":
    main()
