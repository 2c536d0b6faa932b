"""Results as a page and as a picture."""

from __future__ import annotations

import platform
from importlib.util import find_spec
from pathlib import Path

from bench.grid import BATCHES, NETS, cells, jobs
from bench.results import Results, processor

FAMILIES = {  # a label's start and its colour: a family's columns are one line of the picture, the fastest in each cell
    "NumPy": "#7f7f7f",
    "scikit-learn": "#ff7f0e",
    "PyTorch": "#8c564b",
    "JAX": "#1f77b4",
    "Keras (JAX)": "#17becf",
    "Keras (TF)": "#2ca02c",
}
OURS = "#d62728"


def number(value: float | None) -> str:
    """Three digits, or a dash."""
    return "-" if value is None else f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def times(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}x"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def line(results: Results, cell: str) -> str:
    """One cell in one line, for the screen."""
    figures = (f"{label} {number(figure.microseconds)}" for label, figure in results.figures[cell].items())
    return f"{cell}: " + ", ".join(figures)


def in_order(results: Results) -> list[str]:
    """The measured cells as the grid has them, in whatever order they were measured."""
    return [cell.name for cell in (*cells(), *jobs()) if cell.name in results.figures]


def markdown(results: Results) -> str:
    """The page: machine, versions, microseconds per step, ratios, and what went wrong."""
    columns = [label for label in results.versions if any(label in row for row in results.figures.values())]
    ours = [label for label in results.ours if label in columns]
    plain = [label for label in ours if "," not in label]
    steps, ratios = [], []
    for cell in in_order(results):
        net, _, batch = cell.partition("/")
        best, design = results.best_peer(cell), results.best_peer(cell, lent=False)
        row = [number(results.microseconds(cell, label)) for label in columns]
        steps.append(
            [net, batch, *(f"**{text}**" if label == best else text for label, text in zip(columns, row, strict=True))]
        )
        ahead = [times(results.ahead(cell, label)) for label in plain]
        own = [times(results.ahead(cell, label, lent=False)) for label in plain]
        ratios.append([net, batch, best or "-", *ahead, design or "-", *own, f"{results.unrest(cell):.2f}"])
    summaries = []
    for title, peer, lent in (
        ("best peer of each cell", None, True),
        ("best peer that shuffles by itself", None, False),
        *((peer, peer, True) for peer in results.peers),
    ):
        found = [results.summary(label, peer, lent) for label in plain]
        if any(found):
            texts = [f"{times(pair[0])} ({times(pair[1])})" if pair else "-" for pair in found]
            summaries.append([title, *texts])
    versions = dict.fromkeys(
        f"{label}: {text}" if text == "not installed" else text for label, text in results.versions.items()
    )
    parts = [
        "# Measured side by side",
        f"{processor()}, {results.threads} cores, {platform.system()}, Python {platform.python_version()}. "
        f"{'; '.join(versions)}.",
        "One epoch of mini-batch SGD in each cell: ReLU hidden layers, linear output, mean squared error, Nesterov "
        "momentum 0.9, float32, rows shuffled; adam, tanh and softmax (with cross-entropy) beside a batch size stand "
        f"instead of the optimizer, the activation, or output and loss. Minimum of {results.repeats} interleaved "
        "repeats or more; how it is done: [README](README.md). Made by `python -m bench.peers`.",
        "## Microseconds per step",
        table(["net", "batch", *columns], steps),
        "The best peer of a cell is bold." + ("" if ours else " fastsgd was not measured."),
    ]
    if plain:
        parts += [
            "## How many times faster",
            table(["net", "batch", "best peer", *plain, "best, own shuffle", *plain, "unrest"], ratios),
            "JAX's own shuffle sorts, and costs more than many a step; JAX scan has its rows' order from NumPy, "
            "outside of what is compiled. The first best peer is the stricter one, the second is among those that "
            "shuffle by themselves. Unrest: the slowest repeat over the fastest, median of the columns; near 1 on a "
            "quiet machine.",
            "Over all cells measured, geometric mean (least):",
            table(["against", *plain], summaries),
        ]
    if problems := results.problems():
        parts += ["## Not timed", "\n".join(f"- {what} ({', '.join(cells)})" for what, cells in problems.items())]
    return "\n\n".join(parts) + "\n"


def times_longer(results: Results, net: str, labels: list[str], base: str) -> dict[int, float]:
    """By batch size: time of the fastest of these columns over the time of ``base``, where both were timed."""
    found = {}
    for batch in BATCHES:
        cell = f"{net}/{batch}"
        if cell in results.figures:
            ratios = [results.ahead(cell, base, label) for label in labels]
            if timed := [ratio for ratio in ratios if ratio is not None]:
                found[batch] = min(timed)
    return found


def picture(results: Results, path: Path) -> None:
    """A panel for each network: how many times longer than fastsgd (its first column) everybody takes."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import FuncFormatter

    base, *others = [label for label in results.ours if "," not in label]
    lines = [(label, [label], {"color": OURS, "linestyle": "--"}) for label in others]
    for start, color in FAMILIES.items():
        family = [label for label in results.peers if label.startswith(start)]
        lines.append((start, family, {"color": color, "marker": "o", "markersize": 4}))

    nets = [net for net in NETS if any(cell.startswith(f"{net}/") for cell in results.figures)]
    columns = min(3, len(nets))
    rows = -(-len(nets) // columns)
    figure = Figure(figsize=(4 * columns, 3 * rows + 0.8), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).ravel()
    for panel, net in zip(panels, nets, strict=False):
        panel.axhline(1, color=OURS, linewidth=2.5, label=base)
        for label, family, style in lines:
            points = times_longer(results, net, family, base)
            if points:
                panel.plot([BATCHES.index(batch) for batch in points], list(points.values()), label=label, **style)
        panel.set(title=net, yscale="log", xticks=range(len(BATCHES)), xticklabels=BATCHES, xlabel="batch size")
        panel.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}x"))
        panel.grid(axis="y", color="#dddddd", linewidth=0.6)
        panel.spines[["top", "right"]].set_visible(False)
    for panel in panels[len(nets) :]:
        panel.set_visible(False)
    figure.suptitle(f"Time per step, {base} = 1 (each peer at its best)")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    figure.savefig(path, dpi=110)


def write(results: Results, folder: Path) -> None:
    """RESULTS.md and, where matplotlib is installed and fastsgd was measured, results.png."""
    page = markdown(results)
    if results.ours and find_spec("matplotlib") and any(cell.name in results.figures for cell in cells()):
        picture(results, folder / "results.png")
        page += "\n![time per step against fastsgd](results.png)\n"
    (folder / "RESULTS.md").write_text(page)
