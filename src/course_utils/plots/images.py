"""Images in grids: garments with their labels, and weights as images."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from torch import Tensor

from course_utils.plots.style import DIVERGING


def mosaic(images: Tensor, columns: int, gap: int, title_rows: int) -> Tensor:
    """Lay images (n, h, w) out in one array, row by row, NaN between them.

    Above each image stand ``gap`` and ``title_rows`` empty rows, to its right ``gap`` columns.
    """
    n, h, w = images.shape
    rows = -(-n // columns)
    cell_h, cell_w = h + gap + title_rows, w + gap
    canvas = torch.full((rows * cell_h, columns * cell_w - gap), float("nan"))
    for index, image in enumerate(images):
        top, left = (index // columns) * cell_h + gap + title_rows, (index % columns) * cell_w
        canvas[top : top + h, left : left + w] = image
    return canvas


def image_grid(
    ax: Axes,
    images: Tensor,
    titles: Sequence[str] = (),
    *,
    columns: int = 8,
    cmap: str = "gray",
    limit: tuple[float, float] = (0.0, 1.0),
) -> Axes:
    """Draw images in a grid with a title above each.

    Parameters
    ----------
    ax : matplotlib Axes
        Where to draw; its frame and ticks are switched off.
    images : Tensor of shape (n, h, w)
    titles : sequence of n str, or empty
        A title may have several lines.
    columns : int
        Images in a row.
    cmap, limit : str, (float, float)
        Colour map, and the values at its two ends.

    Raises
    ------
    ValueError
        The number of titles is not the number of images.
    """
    if titles and len(titles) != len(images):
        raise ValueError(f"titles must hold one title per image, {len(images)}, got {len(titles)}")
    n, h, w = images.shape
    columns = min(columns, n)
    lines = max((title.count("\n") + 1 for title in titles), default=0)
    gap, title_rows = max(2, w // 10), round(0.3 * h * lines)
    canvas = mosaic(images.detach(), columns, gap, title_rows).numpy()
    ax.imshow(canvas, cmap=cmap, vmin=limit[0], vmax=limit[1])
    # From the top of the first images; what stands above the axes is their titles alone
    ax.set_ylim(len(canvas) - 0.5, gap + title_rows - 0.5)
    ax.set_axis_off()
    for index, title in enumerate(titles):
        row, column = divmod(index, columns)
        x = column * (w + gap) + w / 2
        y = (row + 1) * (h + gap + title_rows) - h - 1
        ax.text(x, y, title, ha="center", va="bottom", fontsize="small", linespacing=1.1)
    return ax


def weight_templates(
    ax: Axes, templates: Tensor, titles: Sequence[str], *, columns: int = 5
) -> Axes:
    """Draw signed weights as images: blue speaks for the class, red against it.

    Parameters
    ----------
    ax : matplotlib Axes
    templates : Tensor of shape (k, h, w)
        All share one colour scale, symmetric about zero.
    titles : sequence of k str
    columns : int
    """
    bound = templates.abs().max().item()
    return image_grid(ax, templates, titles, columns=columns, cmap=DIVERGING, limit=(-bound, bound))
