"""Tables for the screen."""

from __future__ import annotations

from collections.abc import Sequence


def render(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A title and aligned columns; the first one to the left, all others to the right.

    Examples
    --------
    >>> print(render("Time", ["engine", "ms"], [["numpy", "8.5"], ["cython", "0.5"]]))
    <BLANKLINE>
    Time
      engine   ms
      numpy   8.5
      cython  0.5
    """
    lines = [columns, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    text = [
        "  ".join([line[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(line[1:], widths[1:], strict=True))])
        for line in lines
    ]
    return "\n".join(["", title, *(f"  {line}".rstrip() for line in text)])
