"""Words on plots: numbers, notes beside points, names at the ends of lines, cells of tables."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

LINE_HEIGHT = 12.0  # points, of a name beside a line


def number(value: float, spec: str) -> str:
    """Write a number with a true minus sign, such as ``number(-1, "+.1f")``."""
    return f"{value:{spec}}".replace("-", "\N{MINUS SIGN}")


def note(
    ax: Axes, text: str, point: tuple[Any, Any], offset: tuple[float, float], **style: Any
) -> Axes:
    """Write ``text`` at an offset, in points, from a point in the units of the data."""
    ax.annotate(text, point, offset, textcoords="offset points", **style)
    return ax


def name_lines(ax: Axes) -> Axes:
    """Write each line's label at its right end, moved up where it would cover another.

    The axes must have their scales and limits. Lines without a label of their own have no name.
    """
    ax.get_ylim()  # the limits follow from what is drawn; until asked for, they are stale
    lines = [line for line in ax.get_lines() if not str(line.get_label()).startswith("_")]
    ends = [np.asarray(line.get_xydata())[-1] for line in lines]
    heights = [ax.transData.transform(end)[1] * 72 / ax.figure.dpi for end in ends]
    free = -float("inf")
    for i in sorted(range(len(lines)), key=heights.__getitem__):
        place = max(heights[i], free)
        free = place + LINE_HEIGHT
        style = {"va": "center", "color": lines[i].get_color(), "annotation_clip": False}
        note(ax, str(lines[i].get_label()), tuple(ends[i]), (7, place - heights[i]), **style)
    return ax


def write_cells(
    ax: Axes, texts: Sequence[Sequence[str]], dark: Sequence[Sequence[bool]], **style: Any
) -> Axes:
    """Write a text into each cell of an image, white where the cell is dark."""
    for i, row in enumerate(texts):
        for j, text in enumerate(row):
            color = "white" if dark[i][j] else "black"
            ax.text(j, i, text, ha="center", va="center", color=color, **style)
    ax.grid(visible=False)
    return ax
