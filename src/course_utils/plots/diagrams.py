"""Drawn networks and graphs: nodes, edges and numbers on an empty Axes."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Circle, FancyBboxPatch, Rectangle
from torch import Tensor

from course_utils.plots.labels import number
from course_utils.plots.style import COLORS

RADIUS = 0.36
IMAGE_X, INPUT_X, OUTPUT_X = 0.0, 3.2, 8.0  # left edge, then two columns of node centres
# Where along its edge a weight is written; staggered, so that no two numbers collide.
LABEL_POSITIONS = (0.15, 0.26, 0.35)

FORWARD, BACKWARD = COLORS["blue"], COLORS["vermillion"]
HALF_WIDTH, HALF_HEIGHT = 1.25, 0.9  # of a box of the graph, in the units of the axes
TEXTS = {"w": "w", "x": "x", "a": "a = w + x", "b": "b = w + 1", "y": "y = a · b"}
PLACES = {"w": (0, 4), "x": (0, 0), "a": (6, 0), "b": (6, 4), "y": (12, 2)}

Point = tuple[float, float]


def _draw_image(ax: Axes, image: Tensor, corner: Point, side: float) -> None:
    """Draw a small grey image (h, w), its lower left corner given, with its pixels' values."""
    height, width = image.shape
    for n, value in enumerate(image.flatten().tolist()):
        row, column = divmod(n, width)
        x, y = corner[0] + column * side, corner[1] + (height - 1 - row) * side
        ax.add_patch(Rectangle((x, y), side, side, facecolor=str(value), edgecolor="black"))
        text, color = f"$x_{n + 1}$\n{value:.1f}", "black" if value > 0.45 else "white"
        ax.text(x + side / 2, y + side / 2, text, ha="center", va="center", color=color)


def _draw_node(ax: Axes, x: float, y: float, text: str) -> None:
    """Draw one neuron: a circle with its name."""
    ax.add_patch(Circle((x, y), RADIUS, facecolor="white", edgecolor="black", lw=2, zorder=3))
    ax.text(x, y, text, ha="center", va="center", zorder=4)


def _draw_weight(ax: Axes, start: Point, end: Point, weight: float, position: float) -> None:
    """Draw one edge: blue above zero, red below, as thick as the weight is large.

    The number stands at ``position``: 0 is the start, 1 the end.
    """
    color = COLORS["blue"] if weight >= 0 else COLORS["vermillion"]
    ax.plot(*zip(start, end, strict=True), color=color, lw=0.4 + 1.6 * abs(weight), zorder=1)
    x, y = (a + position * (b - a) for a, b in zip(start, end, strict=True))
    style = {"ha": "center", "va": "center", "fontsize": 8.5, "color": color}
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
    ax.text(x, y, number(weight, "+.1f"), bbox=box, **style)


def _heights(count: int, spacing: float) -> list[float]:
    """Heights of ``count`` nodes in a column centred at zero, from the top down."""
    return [spacing * ((count - 1) / 2 - i) for i in range(count)]


def draw_linear_network(
    ax: Axes, image: Tensor, weight: Tensor, bias: Tensor, classes: Sequence[str]
) -> Axes:
    """Draw a one-layer fully connected network: an image, its pixels, all weights, the scores.

    Parameters
    ----------
    ax : Axes
    image : Tensor of shape (h, w)
        Grey values in [0, 1]: 0 black, 1 white; h * w = d inputs.
    weight : Tensor of shape (d, k)
        Column j holds the weights of class j; at most three classes.
    bias : Tensor of shape (k,)
    classes : sequence of k str
    """
    scores = (image.flatten() @ weight + bias).tolist()
    outputs = _heights(len(scores), 1.7)
    _draw_image(ax, image, (IMAGE_X, -0.9), 0.9)
    for i, (y_in, weights) in enumerate(zip(_heights(len(weight), 1.35), weight, strict=True)):
        for y_out, w, position in zip(outputs, weights.tolist(), LABEL_POSITIONS, strict=False):
            _draw_weight(ax, (INPUT_X, y_in), (OUTPUT_X, y_out), w, position)
        _draw_node(ax, INPUT_X, y_in, f"$x_{i + 1}$")
    for j, (y_out, name) in enumerate(zip(outputs, classes, strict=True)):
        _draw_node(ax, OUTPUT_X, y_out, f"$z_{j + 1}$")
        text = f"score {number(scores[j], '.2f')} (bias {number(float(bias[j]), '+.1f')})"
        ax.text(OUTPUT_X + 0.6, y_out, f"{name}\n{text}", ha="left", va="center")
    ax.set(xlim=(-0.1, 11.6), ylim=(-2.6, 2.6), aspect="equal")
    ax.set_axis_off()
    return ax


def plot_product_graph(ax: Axes, values: Mapping[str, Tensor], gradients: Sequence[Tensor]) -> Axes:
    """Draw the graph of y = a b with a = w + x and b = w + 1.

    Values flow forward (solid), gradients backward (dashed).

    Parameters
    ----------
    ax : Axes
    values : Tensors of no axis: w, x, a, b and y, by name
    gradients : derivatives of y by them, in the same order
    """
    ax.set_axis_off()
    ax.set_aspect("equal")
    value = {name: v.item() for name, v in values.items()}
    gradient = {name: v.item() for name, v in zip(values, gradients, strict=True)}
    for start, end in (("w", "b"), ("w", "a"), ("x", "a")):  # the slope of each sum is 1
        _draw_arrows(ax, start, end, "1", gradient[end])
    _draw_arrows(ax, "b", "y", f"a = {value['a']:g}", gradient["b"])
    _draw_arrows(ax, "a", "y", f"b = {value['b']:g}", gradient["a"])
    for name in TEXTS:
        _draw_box(ax, name, value[name], gradient[name])
    xs, ys = zip(*PLACES.values(), strict=True)
    ax.set_xlim(min(xs) - HALF_WIDTH - 0.1, max(xs) + HALF_WIDTH + 0.1)
    ax.set_ylim(min(ys) - HALF_HEIGHT - 0.4, max(ys) + HALF_HEIGHT + 0.4)
    return ax


def _draw_box(ax: Axes, name: str, value: float, gradient: float) -> None:
    x, y = PLACES[name]
    corner = (x - HALF_WIDTH, y - HALF_HEIGHT)
    style = dict(boxstyle="round,pad=0,rounding_size=0.15", facecolor="white")
    ax.add_patch(
        FancyBboxPatch(corner, 2 * HALF_WIDTH, 2 * HALF_HEIGHT, edgecolor=COLORS["grey"], **style)
    )
    middle = dict(ha="center", va="center")
    ax.text(x, y + 0.5, TEXTS[name], fontsize=13, fontweight="bold", **middle)
    ax.text(x, y - 0.02, f"value {value:g}", color=FORWARD, **middle)
    ax.text(x, y - 0.52, f"gradient {gradient:g}", color=BACKWARD, **middle)


def _draw_arrows(ax: Axes, start: str, end: str, local: str, sent_back: float) -> None:
    """Draw the arrow forward, the arrow backward beside it, and a label on either side.

    The labels are the local derivative, and the gradient that is sent back.
    """
    (x, y), (to_x, to_y) = PLACES[start], PLACES[end]
    dx, dy = to_x - x, to_y - y
    length = (dx**2 + dy**2) ** 0.5
    ux, uy = dx / length, dy / length  # along the edge; (-uy, ux) points to its left
    out = min(HALF_WIDTH / abs(ux), HALF_HEIGHT / abs(uy) if uy else float("inf")) + 0.15

    def beside(along: float, left: float) -> Point:
        return x + along * ux - left * uy, y + along * uy + left * ux

    line = dict(arrowstyle="-|>", shrinkA=0, shrinkB=0, linewidth=1.4)
    solid, dashed = line | dict(color=FORWARD), line | dict(color=BACKWARD, linestyle="--")
    ax.annotate("", beside(length - out, 0.12), beside(out, 0.12), arrowprops=solid)
    ax.annotate("", beside(out, -0.12), beside(length - out, -0.12), arrowprops=dashed)
    turn = dict(rotation=math.degrees(math.atan2(dy, dx)), rotation_mode="anchor", ha="center")
    text = f"∂{end}/∂{start} = {local}"
    ax.text(*beside(length / 2, 0.25), text, va="bottom", color=FORWARD, fontsize=10, **turn)
    back = f"sends back {sent_back:g}"
    ax.text(*beside(length / 2, -0.25), back, va="top", color=BACKWARD, fontsize=10, **turn)
