"""Functions of one variable or two: curves, bars, level lines, colours on a triangle."""

from collections.abc import Mapping, Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from torch import Tensor

from course_utils.plots.labels import name_lines, note, number
from course_utils.plots.style import COLORS, SEQUENTIAL

LINE_COLORS = [COLORS[name] for name in ("blue", "vermillion", "green", "purple", "grey")]
HEIGHT = 3**0.5 / 2  # of a triangle with sides of length 1
CORNERS = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.5, HEIGHT]], dtype=torch.float64)


def plot_curves(
    ax: Axes, x: Tensor, curves: Mapping[str, Tensor], *, label_at: float | None = None
) -> Axes:
    """Draw curves over a common ``x``, each with its name written beside it.

    Parameters
    ----------
    ax : Axes
    x : Tensor of shape (n,), ascending
    curves : mapping of name to Tensor of shape (n,)
        Drawn in this order, in the colours ``LINE_COLORS``.
    label_at : float, optional
        Write the names to the right of this ``x``, above falling and below rising curves;
        at the right ends of the curves by default.
    """
    for (name, y), color in zip(curves.items(), LINE_COLORS, strict=False):
        ax.plot(x.tolist(), y.tolist(), color=color, label=name)
        if label_at is not None:
            i = int((x - label_at).abs().argmin())
            rises = bool(y[min(i + 1, len(y) - 1)] > y[i])
            style = {"va": "top" if rises else "bottom", "color": color, "fontweight": "bold"}
            note(ax, name, (float(x[i]), float(y[i])), (4, -3 if rises else 3), **style)
    return ax if label_at is not None else name_lines(ax)


def plot_activation(ax: Axes, name: str, t: Tensor, values: Tensor, slopes: Tensor) -> Axes:
    """Draw an activation function (solid) and its derivative (dashed).

    Parameters
    ----------
    ax : Axes
    name : str
        Title of the panel.
    t, values, slopes : Tensors of shape (n,)
        Inputs, ascending; the function and its derivative there.
    """
    x = t.tolist()
    ax.plot(x, values.tolist(), color=COLORS["blue"], label="function")
    ax.plot(x, slopes.tolist(), color=COLORS["vermillion"], ls="--", label="derivative")
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(title=name, xlabel="input t")
    return ax


def plot_bars(
    ax: Axes,
    values: Tensor,
    names: Sequence[str],
    *,
    color: str = COLORS["blue"],
    digits: int = 2,
) -> Axes:
    """Draw one bar for each value and write the number at its end.

    Parameters
    ----------
    ax : Axes
    values : Tensor of shape (k,)
        Scores or probabilities; they may be negative.
    names : sequence of k str
    color : str
    digits : int
        Digits after the decimal point.
    """
    bars = ax.bar(list(names), values.tolist(), color=color, width=0.6)
    ax.bar_label(bars, [number(value, f".{digits}f") for value in values.tolist()], padding=3)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.margins(y=0.15)
    ax.grid(axis="x", visible=False)
    return ax


def plot_floor(ax: Axes, value: float, label: str, *, color: str = COLORS["grey"]) -> Axes:
    """Draw a dotted horizontal line that the data cannot pass, with its meaning written on it.

    Parameters
    ----------
    ax : Axes
    value : float
        Height of the line, in the units of the y axis.
    label : str
    color : str
    """
    ax.axhline(value, color=color, ls=":")
    style = {"xycoords": ("axes fraction", "data"), "ha": "right", "va": "top", "color": color}
    return note(ax, label, (0.98, value), (0, -4), **style)


def plot_entropy_split(ax: Axes, p: Tensor, losses: Tensor, truth: float, entropy: float) -> Axes:
    """Draw the cross-entropy of a two-class truth as entropy plus divergence.

    Parameters
    ----------
    ax : Axes
    p : Tensor of shape (n,)
        Predicted probabilities of the first class, ascending.
    losses : Tensor of shape (n,)
        Cross-entropy of each, in nats.
    truth, entropy : float
        True probability of the first class, and its entropy in nats: where ``losses`` is least.
    """
    x, y = p.tolist(), losses.tolist()
    ax.plot(x, y, color=COLORS["blue"])
    ax.fill_between(x, 0, entropy, color=COLORS["grey"], alpha=0.25, linewidth=0)
    ax.fill_between(x, entropy, y, color=COLORS["orange"], alpha=0.35, linewidth=0)
    ax.plot(truth, entropy, "o", color=COLORS["vermillion"])
    ax.text(sum(x) / len(x), entropy / 2, "entropy of the truth", ha="center", va="center")
    ax.text(min(x) + 0.05, entropy * 1.15, "divergence", va="bottom")
    ax.set(xlabel="predicted probability p", ylabel="nats", ylim=(0, max(y) * 1.02))
    return ax


def plot_simplex(
    ax: Axes, probs: Tensor, values: Tensor, *, names: Sequence[str], label: str
) -> Axes:
    """Colour the triangle of three-class probabilities by a value at each point.

    The corners are certainty, the centre is indifference.

    Parameters
    ----------
    ax : Axes
    probs : Tensor of shape (m, 3), rows that sum to one
    values : Tensor of shape (m,)
    names : three class names, one for each corner
    label : what the colour means
    """
    points = (probs.to(CORNERS) @ CORNERS).T.tolist()  # x and y of the m points
    colors = ax.tripcolor(*points, values.tolist(), shading="gouraud", cmap=SEQUENTIAL)
    ax.figure.colorbar(colors, ax=ax, label=label)
    for (x, y), name in zip(CORNERS.tolist(), names, strict=True):
        style = {"ha": "center", "va": "bottom" if y > 0 else "top"}
        note(ax, f"certainly {name}", (x, y), (0, 8 if y > 0 else -8), **style)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def plot_regions(ax: Axes, grid: Tensor, probs: Tensor, names: Sequence[str]) -> Axes:
    """Colour a square by the most probable of three classes, and draw where two leaders tie.

    The colour is the paler, the less probable the leader is.

    Parameters
    ----------
    ax : Axes
    grid : Tensor of shape (m,), ascending
        Values of the features on both axes.
    probs : Tensor of shape (m, m, 3)
        ``probs[r, c]`` belongs to ``grid[c]`` on the x axis and ``grid[r]`` on the y axis.
    names : three class names
        Each is written in the middle of its region; a class that leads nowhere is not named.
    """
    leaders = probs.argmax(dim=-1)
    pure = torch.tensor([to_rgb(color) for color in LINE_COLORS[:3]]).to(probs)
    # Mixed with white, so that black lines and names stay readable.
    strength = 0.75 * probs.amax(dim=-1, keepdim=True)
    colors = 1 - strength * (1 - pure[leaders])
    log_probs = probs.log()
    low, high = float(grid[0]), float(grid[-1])
    ax.imshow(colors.tolist(), origin="lower", extent=(low, high, low, high))
    x = grid.tolist()
    for k, name in enumerate(names):
        region = leaders == k
        # Of the line on which the two other classes tie, only where this one trails is drawn. A
        # contour of the largest of the two would be ragged where the three regions meet.
        i, j = (other for other in range(3) if other != k)
        lead = log_probs[..., i] - log_probs[..., j]
        line = ax.contour(x, x, lead.tolist(), levels=[0], colors="black")
        margin = log_probs[..., i] - log_probs[..., k]
        levels = [0, margin.max().clamp(min=0).item() + 1]
        ahead = ax.contourf(x, x, margin.tolist(), levels=levels)
        line.set_clip_path(ahead.get_paths()[0], ax.transData)
        ahead.remove()
        if region.any():
            rows = region.any(dim=1).nonzero().flatten().tolist()
            row = rows[len(rows) // 2]
            column = round(region[row].nonzero().double().mean().item())
            style = {"ha": "center", "va": "center", "fontsize": 9}
            ax.text(x[column], x[row], name, **style)
    ax.grid(visible=False)
    return ax
