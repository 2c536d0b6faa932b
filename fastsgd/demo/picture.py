"""The picture: losses over the epochs, time, and what was predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .batches import Size
from .engines import BATCH_SIZE, Trained
from .jobs import Job
from .peer import Side

ACROSS, SHOWN = 5, 10  # images
OURS, THEIRS = "tab:blue", "tab:gray"


def check(output: Path) -> None:
    """Raise, before any time is spent, if there is no such folder or format."""
    from matplotlib.figure import Figure

    folder, formats = output.resolve().parent, Figure().canvas.get_supported_filetypes()
    if not folder.is_dir():
        raise FileNotFoundError(f"output: there is no folder {folder}")
    if output.suffix[1:].lower() not in formats:
        raise ValueError(f"output: pictures end in {', '.join(f'.{name}' for name in formats)}, got {output.name}")


def draw(job: Job, sizes: list[Size], engines: list[Trained], theirs: Side, output: Path) -> None:
    """Draw and save; without a screen, a window or pyplot's settings.

    Parameters
    ----------
    output : Path
        Its suffix says the format.
    """
    from matplotlib.figure import Figure

    usable = [engine for engine in engines if not engine.problem]
    panels = 3 if job.images else 2
    figure = Figure(figsize=(5 * panels, 4.4), layout="constrained")
    axes = figure.subplots(1, panels)
    losses(axes[0], sizes)
    times(axes[1], usable, theirs)
    if job.images is not None:
        assert usable[0].outputs is not None
        images(axes[2], job.images.held_out[:SHOWN], job.images.completed(usable[0].outputs[:SHOWN]))
    figure.suptitle(f"fastsgd: {job.task}")
    figure.savefig(output, dpi=120)


def losses(ax: Any, sizes: list[Size]) -> None:
    for size in sizes:
        epochs = range(1, len(size.history.epoch) + 1)
        (line,) = ax.plot(epochs, size.history["val_loss"], label=f"{size.kind}, batch_size={size.batch_size!r}")
        ax.plot(epochs, size.history["loss"], "--", color=line.get_color(), linewidth=1)
    ax.set(title="Loss of held-out rows (dashed: of those trained on)", xlabel="epoch", ylabel="mean squared error")
    ax.legend()


def times(ax: Any, engines: list[Trained], theirs: Side) -> None:
    names = [*(engine.name for engine in engines), theirs.name.replace(" ", "\n")]
    milliseconds = [*(1e3 * engine.batches for engine in engines), 1e3 * theirs.seconds]
    bars = ax.barh(names, milliseconds, color=[OURS] * len(engines) + [THEIRS])
    ax.bar_label(bars, [f"{ms:.2g} ms" for ms in milliseconds], padding=3)
    ax.invert_yaxis()
    ax.margins(x=0.2)
    ax.set(title=f"Time of an epoch, batch_size={BATCH_SIZE}", xlabel="milliseconds")


def images(ax: Any, true: np.ndarray, completed: np.ndarray) -> None:
    """Rows of 8 x 8 images: as they are, and under each with the lower half as predicted."""
    lines = [
        np.hstack([np.pad(image.reshape(8, 8), 1) for image in some[start : start + ACROSS]])
        for start in range(0, len(true), ACROSS)
        for some in (true, completed)
    ]
    ax.imshow(np.vstack(lines), cmap="gray_r", vmin=0, vmax=16)
    ax.set(title="Held-out digits; under each, with\nits lower half as predicted", xticks=[], yticks=[])
    for line in range(2, len(lines), 2):
        ax.axhline(10 * line - 0.5, color="tab:gray", linewidth=1)
