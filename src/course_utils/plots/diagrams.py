"""Drawn networks: nodes, edges and numbers on an empty Axes."""

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Circle, Rectangle
from torch import Tensor

from course_utils.plots.style import COLORS

RADIUS = 0.36
PICTURE_X, INPUT_X, OUTPUT_X = 0.0, 3.2, 8.0  # left edge, then two columns of node centres
# Where along its edge a weight is written; staggered, so that no two numbers collide.
LABEL_POSITIONS = (0.15, 0.26, 0.35)


def signed(value: float, spec: str = "+.1f") -> str:
    """Write a number with a true minus sign; by default with one digit and always a sign."""
    return f"{value:{spec}}".replace("-", "\N{MINUS SIGN}")


def draw_picture(ax: Axes, pixels: Tensor, *, left: float, bottom: float, side: float) -> Axes:
    """Draw a small grey picture with its pixel values written on it.

    Parameters
    ----------
    ax : Axes
    pixels : Tensor of shape (h, w)
        Grey values in [0, 1]: 0 black, 1 white.
    left, bottom, side : float
        Lower left corner of the picture and side of one pixel, in data units.
    """
    height, width = pixels.shape
    for row in range(height):
        for column in range(width):
            value = float(pixels[row, column])
            x, y = left + column * side, bottom + (height - 1 - row) * side
            patch = Rectangle((x, y), side, side, facecolor=str(value), edgecolor="black")
            ax.add_patch(patch)
            number = row * width + column + 1
            text = f"$x_{number}$\n{value:.1f}"
            color = "black" if value > 0.45 else "white"
            ax.text(x + side / 2, y + side / 2, text, ha="center", va="center", color=color)
    return ax


def draw_node(ax: Axes, x: float, y: float, text: str, *, color: str) -> Axes:
    """Draw one neuron: a circle with its name."""
    ax.add_patch(Circle((x, y), RADIUS, facecolor="white", edgecolor=color, lw=2, zorder=3))
    ax.text(x, y, text, ha="center", va="center", zorder=4)
    return ax


def draw_weight(
    ax: Axes, start: tuple[float, float], end: tuple[float, float], weight: float, position: float
) -> Axes:
    """Draw one edge: blue above zero, red below, as thick as the weight is large.

    Parameters
    ----------
    ax : Axes
    start, end : tuple of float
        Centres of the two nodes, in data units.
    weight : float
    position : float
        Where the number stands: 0 at ``start``, 1 at ``end``.
    """
    color = COLORS["blue"] if weight >= 0 else COLORS["vermillion"]
    ax.plot(*zip(start, end, strict=True), color=color, lw=0.4 + 1.6 * abs(weight), zorder=1)
    x, y = (a + position * (b - a) for a, b in zip(start, end, strict=True))
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    ax.text(x, y, signed(weight), ha="center", va="center", fontsize=8.5, color=color, bbox=box)
    return ax


def column_heights(count: int, spacing: float) -> list[float]:
    """Heights of ``count`` nodes in a column centred at zero, from the top down."""
    return [spacing * ((count - 1) / 2 - i) for i in range(count)]


def draw_linear_network(
    ax: Axes, pixels: Tensor, weight: Tensor, bias: Tensor, classes: Sequence[str]
) -> Axes:
    """Draw a one-layer fully connected network: a picture, its pixels, all weights, the scores.

    Parameters
    ----------
    ax : Axes
    pixels : Tensor of shape (h, w)
        Grey values in [0, 1]; h * w = d inputs.
    weight : Tensor of shape (d, q)
        Column j holds the weights of class j.
    bias : Tensor of shape (q,)
    classes : sequence of q str
    """
    x = pixels.flatten()
    scores = (x @ weight + bias).tolist()
    inputs = column_heights(len(x), 1.35)
    outputs = column_heights(len(scores), 1.7)
    draw_picture(ax, pixels, left=PICTURE_X, bottom=-0.9, side=0.9)
    for i, y_in in enumerate(inputs):
        for j, y_out in enumerate(outputs):
            start, end = (INPUT_X, y_in), (OUTPUT_X, y_out)
            draw_weight(ax, start, end, float(weight[i, j]), LABEL_POSITIONS[j])
        draw_node(ax, INPUT_X, y_in, f"$x_{i + 1}$", color="black")
    for j, (y_out, name) in enumerate(zip(outputs, classes, strict=True)):
        draw_node(ax, OUTPUT_X, y_out, f"$o_{j + 1}$", color="black")
        text = f"{name}\nscore {signed(scores[j], '.2f')} (bias {signed(float(bias[j]))})"
        ax.text(OUTPUT_X + 0.6, y_out, text, ha="left", va="center")
    ax.set(xlim=(-0.1, 11.6), ylim=(-2.6, 2.6), aspect="equal")
    ax.set_axis_off()
    return ax
