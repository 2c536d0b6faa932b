"""What training leaves behind: the numbers of every epoch."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from .names import lookup


def _optional(module: str, extra: str, use: str) -> Any:
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise ImportError(f"{use} needs {missing.name}: pip install 'fastsgd[{extra}]'") from missing


def plain(value: Any) -> Any:
    """A float, or a list of floats of what is an array: something that JSON can say."""
    return value if type(value) is float else np.asarray(value, dtype=np.float64).tolist()


class History(dict[str, list[Any]]):
    """Lists of what was logged, by name: ``history["loss"][-1]``.

    A dict of lists of Python floats, one for every epoch (``val_`` ones only for those with validation), which JSON,
    pandas and pickle take as it is. It is also the callback that Keras has by this name.

    Parameters
    ----------
    params : mapping, optional
        What it was trained with.

    Attributes
    ----------
    history : History
        The dict itself, for Keras's ``fit(...).history["loss"]``.
    epoch : list of int
        The epochs, from 0.
    params : dict
        What it was trained with: ``epochs``, ``steps``, ``verbose``, ...

    Examples
    --------
    >>> h = History()
    >>> h.append(0, {"loss": 0.5})
    >>> h["loss"], h.epoch
    ([0.5], [0])
    """

    def __init__(self, params: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.epoch: list[int] = []
        self.params: dict[str, Any] = dict(params or {})
        self._rows: dict[str, list[int]] = {}  # where in ``epoch`` a name's values belong: some may leave epochs out

    @property
    def history(self) -> History:
        return self

    def append(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Add an epoch (from 0) and its numbers, which become Python floats (arrays: lists of them)."""
        values = {name: plain(value) for name, value in logs.items()}
        self.epoch.append(int(epoch))
        for name, value in values.items():
            self.setdefault(name, []).append(value)
            self._rows.setdefault(name, []).append(len(self.epoch) - 1)

    def extend(self, first: int, name: str, values: Sequence[float]) -> None:
        """Add consecutive epochs, the first of this number (from 0), of which there is one float each."""
        if values:
            before = len(self.epoch)
            self.epoch.extend(range(first, first + len(values)))
            self.setdefault(name, []).extend(values)
            self._rows.setdefault(name, []).extend(range(before, len(self.epoch)))

    def truncate(self, epochs: int) -> None:
        """Keep the first so many epochs; a name of which no value is left goes."""
        for name in list(self):
            kept = [row for row in self._rows_of(name) if row < epochs]
            del self[name][len(kept) :]
            self._rows[name] = kept
            if not kept:
                del self[name], self._rows[name]
        del self.epoch[epochs:]

    def _rows_of(self, name: str) -> list[int]:
        """Where in ``epoch`` the values under a name belong, which may have been put there by hand."""
        rows, count = self._rows.get(name, []), len(self[name])
        return rows if len(rows) == count else list(range(count))

    # -- As a callback -------------------------------------------------------------------------------------------------
    def set_params(self, params: Mapping[str, Any]) -> None:
        self.params = dict(params)

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        self.append(epoch, logs or {})

    # -- To look at ----------------------------------------------------------------------------------------------------
    def to_frame(self) -> Any:
        """A pandas DataFrame: a row for every epoch (index ``epoch``, from 0), NaN where nothing was logged.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        pandas = _optional("pandas", "frame", "History.to_frame")
        columns = {name: pandas.Series(values, index=self._rows_of(name)) for name, values in self.items()}
        frame = pandas.DataFrame(columns, index=range(len(self.epoch)))
        return frame.set_axis(pandas.Index(self.epoch, name="epoch", dtype=np.int64))

    def plot(self, ax: Any = None, metrics: str | Iterable[str] | None = None) -> Any:
        """Draw the numbers over the epochs (from 1): one colour for each, training solid, validation dashed.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, optional
            Where to; a new figure by default.
        metrics : str or iterable of str, optional
            Which, without ``val_``; all by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ImportError
            matplotlib is not installed.
        ValueError
            An unknown name.
        """
        ticker = _optional("matplotlib.ticker", "plot", "History.plot")
        known = {name.removeprefix("val_"): name.removeprefix("val_") for name in self}
        wanted = [metrics] if isinstance(metrics, str) else list(known if metrics is None else metrics)
        names = [lookup("metric of this history", name, known) for name in wanted]
        if ax is None:
            _, ax = _optional("matplotlib.pyplot", "plot", "History.plot").subplots()
        for name in names:
            colour = None
            for label, style in ((name, "-"), (f"val_{name}", "--")):
                if label in self:
                    epochs = [self.epoch[row] + 1 if row < len(self.epoch) else row + 1 for row in self._rows_of(label)]
                    marker = "o" if len(epochs) == 1 else None  # a line of one point is not seen
                    lines = ax.plot(epochs, self[label], style, color=colour, label=label, marker=marker)
                    colour = lines[0].get_color()
        ax.set_xlabel("epoch")
        ax.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        if len(names) == 1:
            ax.set_ylabel(names[0])
        if names:
            ax.legend()
        return ax

    def copy(self) -> History:
        return copy.copy(self)

    def __repr__(self) -> str:
        last = ", ".join(f"{k}={v[-1]:.4g}" if isinstance(v[-1], float) else k for k, v in self.items() if v)
        count = f"{len(self.epoch)} epoch{'' if len(self.epoch) == 1 else 's'}"
        return f"<History of {count}: {last}>" if last else f"<History of {count}>"
