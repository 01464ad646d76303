"""Palette and matplotlib settings shared by every plot of the course."""

import matplotlib as mpl
from cycler import cycler
from matplotlib_inline.backend_inline import set_matplotlib_formats

#: Colour-blind safe (Okabe and Ito, 2008); the same values stand in the CSS.
COLORS = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "grey": "#6B7280",
}
PALETTE = [color for name, color in COLORS.items() if name != "grey"]  # grey is for background
SEQUENTIAL = "cividis"  # magnitudes
DIVERGING = "RdBu"  # signed values: negative red, zero white, positive blue


def use_course_style() -> None:
    """Apply the course's matplotlib settings to this process; call it once, in the first cell.

    Figures are rendered at double density, so they stay sharp on any screen.
    """
    mpl.rcParams.update(
        {
            "figure.figsize": (6.4, 3.6),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "savefig.facecolor": "white",
            "font.size": 11,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.grid": True,
            "grid.alpha": 0.25,
            "lines.linewidth": 2,
            "legend.frameon": False,
            "axes.prop_cycle": cycler(color=PALETTE),
            "image.cmap": "gray",
        }
    )
    set_matplotlib_formats("retina")
