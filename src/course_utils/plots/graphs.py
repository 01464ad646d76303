"""Drawings of derivatives: a computational graph with its gradients, a Jacobian as a heat map."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils.plots.style import COLORS, DIVERGING

FORWARD, BACKWARD = COLORS["blue"], COLORS["vermillion"]
HALF_WIDTH, HALF_HEIGHT = 1.25, 0.9  # of a box, in the units of the axes

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A box of the graph: what it computes, where it stands, its value and its gradient."""

    text: str
    xy: Point
    value: float
    gradient: float


@dataclass(frozen=True)
class Edge:
    """An arrow between two boxes: the local derivative, and the gradient sent back along it."""

    start: str
    end: str
    local: str
    sent_back: float


def product_graph(w: float, x: float) -> tuple[dict[str, Node], list[Edge]]:
    """Values and gradients of y = (w + x)(w + 1), computed by autograd.

    Returns
    -------
    (nodes, edges)
        Five nodes by name, and the five edges with what flows back along each.
    """
    leaf_w, leaf_x = (torch.tensor(float(v), requires_grad=True) for v in (w, x))
    a, b = leaf_w + leaf_x, leaf_w + 1
    y = a * b
    tensors = {"w": leaf_w, "x": leaf_x, "a": a, "b": b, "y": y}
    grads = torch.autograd.grad(y, list(tensors.values()))
    texts = {"w": "w", "x": "x", "a": "a = w + x", "b": "b = w + 1", "y": "y = a · b"}
    places = {"w": (0, 4), "x": (0, 0), "a": (6, 0), "b": (6, 4), "y": (12, 2)}
    nodes = {
        name: Node(texts[name], places[name], tensor.item(), grad.item())
        for (name, tensor), grad in zip(tensors.items(), grads, strict=True)
    }
    to_a, to_b = nodes["a"].gradient, nodes["b"].gradient  # the slopes of both sums are 1
    return nodes, [
        Edge("w", "b", "∂b/∂w = 1", to_b),
        Edge("w", "a", "∂a/∂w = 1", to_a),
        Edge("x", "a", "∂a/∂x = 1", to_a),
        Edge("b", "y", f"∂y/∂b = a = {nodes['a'].value:g}", to_b),
        Edge("a", "y", f"∂y/∂a = b = {nodes['b'].value:g}", to_a),
    ]


def plot_graph(ax: Axes, nodes: dict[str, Node], edges: Sequence[Edge]) -> Axes:
    """Draw a computational graph: values flow forward (solid), gradients backward (dashed).

    Parameters
    ----------
    ax : Axes
    nodes : name to Node
    edges : which node feeds which, see ``product_graph``
    """
    ax.set_axis_off()
    ax.set_aspect("equal")
    for edge in edges:
        _draw_edge(ax, nodes[edge.start].xy, nodes[edge.end].xy, edge)
    for node in nodes.values():
        _draw_node(ax, node)
    xs, ys = zip(*(node.xy for node in nodes.values()), strict=True)
    ax.set_xlim(min(xs) - HALF_WIDTH - 0.1, max(xs) + HALF_WIDTH + 0.1)
    ax.set_ylim(min(ys) - HALF_HEIGHT - 0.4, max(ys) + HALF_HEIGHT + 0.4)
    return ax


def _draw_node(ax: Axes, node: Node) -> None:
    x, y = node.xy
    corner = (x - HALF_WIDTH, y - HALF_HEIGHT)
    style = dict(boxstyle="round,pad=0,rounding_size=0.15", facecolor="white")
    ax.add_patch(
        FancyBboxPatch(corner, 2 * HALF_WIDTH, 2 * HALF_HEIGHT, edgecolor=COLORS["grey"], **style)
    )
    middle = dict(ha="center", va="center")
    ax.text(x, y + 0.5, node.text, fontsize=13, fontweight="bold", **middle)
    ax.text(x, y - 0.02, f"value {node.value:g}", color=FORWARD, **middle)
    ax.text(x, y - 0.52, f"gradient {node.gradient:g}", color=BACKWARD, **middle)


def _draw_edge(ax: Axes, start: Point, end: Point, edge: Edge) -> None:
    """Draw the arrow forward, the arrow backward beside it, and a label on either side."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = (dx**2 + dy**2) ** 0.5
    ux, uy = dx / length, dy / length  # along the edge; (-uy, ux) points to its left
    out = min(HALF_WIDTH / abs(ux), HALF_HEIGHT / abs(uy) if uy else float("inf")) + 0.15

    def beside(along: float, left: float) -> Point:
        return start[0] + along * ux - left * uy, start[1] + along * uy + left * ux

    line = dict(arrowstyle="-|>", shrinkA=0, shrinkB=0, linewidth=1.4)
    solid, dashed = line | dict(color=FORWARD), line | dict(color=BACKWARD, linestyle="--")
    ax.annotate("", beside(length - out, 0.12), beside(out, 0.12), arrowprops=solid)
    ax.annotate("", beside(out, -0.12), beside(length - out, -0.12), arrowprops=dashed)
    turn = dict(rotation=math.degrees(math.atan2(dy, dx)), rotation_mode="anchor", ha="center")
    middle = length / 2
    ax.text(*beside(middle, 0.25), edge.local, va="bottom", color=FORWARD, fontsize=10, **turn)
    back = f"sends back {edge.sent_back:g}"
    ax.text(*beside(middle, -0.25), back, va="top", color=BACKWARD, fontsize=10, **turn)


def plot_jacobian(ax: Axes, jacobian: Tensor, *, names: Sequence[str] | None = None) -> Axes:
    """Draw a square matrix as a heat map: negative red, zero white, positive blue.

    Parameters
    ----------
    ax : Axes
    jacobian : Tensor of shape (k, k); entry (i, j) is the derivative of output i by input j
    names : k class names; up to six classes the numbers are written into the cells

    Raises
    ------
    ValueError
        If ``jacobian`` is no square matrix.
    """
    if jacobian.ndim != 2 or jacobian.shape[0] != jacobian.shape[1]:
        raise ValueError(f"jacobian must have shape (k, k), got {tuple(jacobian.shape)}")
    k = len(jacobian)
    limit = jacobian.abs().max().item() or 1.0
    image = ax.imshow(jacobian.detach().numpy(), cmap=DIVERGING, vmin=-limit, vmax=limit)
    ax.grid(False)
    if k <= 6:
        for i in range(k):
            for j in range(k):
                value = jacobian[i, j].item()
                color = "white" if abs(value) > 0.6 * limit else "black"
                text = f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")
                ax.text(j, i, text, ha="center", va="center", color=color)
    else:
        ax.figure.colorbar(image, ax=ax, label="derivative")
    labels = [str(i) for i in range(k)] if names is None else list(names)
    if k <= 12:
        ax.set_xticks(range(k), labels)
        ax.set_yticks(range(k), labels)
    ax.set_xlabel("logit that is raised, $j$")
    ax.set_ylabel("probability that answers, $i$")
    return ax
