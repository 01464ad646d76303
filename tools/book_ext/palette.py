"""The palette of the plots, as variables for the book's style sheet."""

from course_utils.plots.style import COLORS


def palette_css() -> str:
    """Return one custom property for each colour, e.g. ``--course-blue``."""
    lines = [f"  --course-{name}: {value};" for name, value in COLORS.items()]
    return ":root {\n" + "\n".join(lines) + "\n}\n"
