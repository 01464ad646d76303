"""The course's look: settings, colours that differ, sharp pictures."""

from itertools import pairwise

import matplotlib as mpl
import pytest
from matplotlib.colors import to_rgb

from course_utils.plots import style
from course_utils.plots.style import COLORS, DIVERGING, SEQUENTIAL, use_course_style


@pytest.fixture
def formats(monkeypatch):
    """Keep the process's settings; note the picture formats asked for."""
    asked = []
    monkeypatch.setattr(style, "set_matplotlib_formats", asked.append)
    with mpl.rc_context():
        yield asked


def test_settings_are_applied(formats):
    use_course_style()
    assert formats == ["retina"]
    assert mpl.rcParams["figure.facecolor"] == mpl.rcParams["savefig.facecolor"] == "white"
    assert mpl.rcParams["image.cmap"] == "gray"
    assert not mpl.rcParams["axes.spines.top"]


def test_lines_take_the_palettes_colours_and_grey_is_kept_for_the_background(formats):
    use_course_style()
    cycle = mpl.rcParams["axes.prop_cycle"].by_key()["color"]
    assert cycle == [value for name, value in COLORS.items() if name != "grey"]


def test_colour_maps_exist_and_the_diverging_one_is_white_at_zero():
    assert SEQUENTIAL in mpl.colormaps
    assert min(mpl.colormaps[DIVERGING](0.5)) > 0.95


def test_colours_differ_also_in_lightness():
    """In a black and white print the neighbours of the cycle can still be told apart."""
    light = [sum(w * c for w, c in zip((0.2, 0.7, 0.1), to_rgb(v), strict=True))
             for n, v in COLORS.items() if n != "grey"]  # fmt: skip
    assert all(abs(a - b) > 0.02 for a, b in pairwise(light))
