"""The report of a whole run: the machine, the ratios, the tables, and a plot of the ratios."""

import os
import platform
from collections.abc import Sequence
from pathlib import Path

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks import ROOT, Ratio
from course_utils.plots.style import COLORS

RESULTS = ROOT / "benchmarks" / "results.md"
PLOT = ROOT / "pages" / "speed.svg"


def rounded(times: float) -> str:
    """Return a ratio with two digits, the even thousands written out."""
    return f"{float(f'{times:.2g}'):,.0f}" if times >= 10 else f"{times:.2g}"


def processor() -> str:
    """Return the model name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def describe_machine() -> str:
    """Return a line on what the numbers depend on."""
    return (
        f"{os.cpu_count()} x {processor()}, {platform.system()}; Python "
        f"{platform.python_version()}, torch {torch.__version__}, "
        f"{torch.get_num_threads()} threads; load {os.getloadavg()[0]:.1f} at the end"
    )


def markdown(machine: str, ratios: Sequence[Ratio], printed: dict[str, str]) -> str:
    """Return the report: the table of the ratios, then what each benchmark printed."""
    rows = "\n".join(f"| {r.slow} | {r.fast} | {rounded(r.times)} |" for r in ratios)
    tables = "\n\n".join(
        f"## {name}\n\n```text\n{text.strip()}\n```" for name, text in printed.items()
    )
    return (
        "# What `make bench` measured\n\n"
        f"{machine}.\n\n"
        "Both sides of a ratio were measured in the same run, in turns where they are short. "
        "Compare ratios, not seconds.\n\n"
        "| first way | second way | the first takes so many times as long |\n|---|---|---:|\n"
        f"{rows}\n\n{tables}\n"
    )


def plot_ratios(ax: Axes, ratios: Sequence[Ratio]) -> Axes:
    """Draw a bar for each ratio from 1, on a logarithmic axis, the largest on top."""
    ordered = sorted(ratios, key=lambda ratio: ratio.times)
    for row, ratio in enumerate(ordered):
        color = COLORS["vermillion"] if ratio.times >= 1 else COLORS["blue"]
        ax.barh(row, ratio.times - 1, left=1, height=0.36, color=color)
        style = {"textcoords": "offset points", "fontsize": 9}
        ax.annotate(f"{ratio.slow}, against {ratio.fast}", (1, row + 0.25), (4, 0), **style)
        ax.annotate(rounded(ratio.times), (max(ratio.times, 1), row), (4, 0), va="center", **style)
    ax.set_xscale("log")
    ax.set(xlabel="times as long (1: equally long)", yticks=[], ylim=(-0.5, len(ordered)))
    ax.set_xlim(min(0.8, *(0.8 * r.times for r in ratios)), 3 * ordered[-1].times)
    ax.axvline(1, color=COLORS["grey"], linewidth=1)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax


def write(ratios: Sequence[Ratio], printed: dict[str, str]) -> None:
    """Write the report and its plot."""
    RESULTS.write_text(markdown(describe_machine(), ratios, printed), encoding="utf-8")
    figure = Figure(
        figsize=(6.8, 0.52 * len(ratios) + 0.8), layout="constrained", facecolor="white"
    )
    plot_ratios(figure.subplots(), ratios)
    figure.savefig(PLOT, metadata={"Date": None})
