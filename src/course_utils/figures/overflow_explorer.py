"""Where naive, shifted and fused log-softmax break: each step rounded as the dtype rounds it."""

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Number, Numbers

FORMS = ("naive", "shifted", "fused")
DTYPES = ("float16", "bfloat16", "float32", "float64")


class OverflowExplorer(InteractiveFigure):
    """The steps of log-softmax of three scores in four floating-point formats.

    Parameters
    ----------
    dtype : {"float16", "bfloat16", "float32", "float64"}
        Format that every score and every intermediate result is rounded to.
    size : float in [1, 200000]
        The scores are this times ``pattern``.
    pattern : list of 3 floats in [-3, 3]
        The scores relative to ``size``.
    form : {"naive", "shifted", "fused"}
        The way of computing whose steps are shown.
    """

    _name = "overflow_explorer"
    _title = "Overflow explorer"
    dtype = t.Enum(DTYPES, "float32").tag(sync=True)
    size = Number(100, 1, 200_000)
    form = t.Enum(FORMS, "naive").tag(sync=True)
    pattern = Numbers([1.0, 0.5, 0.0], -3, 3, least=3, most=3)

    def describe(self) -> str:
        """Return the scores and the format in words."""
        scores = ", ".join(f"{self.size * p:g}" for p in self.pattern)
        return (
            f"Log-softmax of the scores {scores} in {self.dtype}, step by step: "
            "naive, shifted by the maximum, and fused."
        )
