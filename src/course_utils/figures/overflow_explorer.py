"""Where naive, shifted and fused log-softmax break: each step rounded as the dtype rounds it."""

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Number, Numbers

FORMS = ("naive", "shifted", "fused")
DTYPES = ("float16", "bfloat16", "float32", "float64")


class OverflowExplorer(InteractiveFigure):
    """The steps of log-softmax of three logits in four floating-point formats.

    Parameters
    ----------
    dtype : {"float16", "bfloat16", "float32", "float64"}
        Format that every logit and every intermediate result is rounded to.
    size : float in [1, 200000]
        The logits are this times ``pattern``.
    pattern : list of 3 floats in [-3, 3]
        The logits relative to ``size``.
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
        """Return the logits and the format in words."""
        logits = ", ".join(f"{self.size * p:g}" for p in self.pattern)
        return (
            f"Log-softmax of the logits {logits} in {self.dtype}, step by step: "
            "naive, shifted by the maximum, and fused."
        )
