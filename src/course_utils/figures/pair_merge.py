"""Pairs (largest score, sum relative to it) of four shards, merged in any order."""

import math
from typing import ClassVar

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

DTYPES = ("float16", "bfloat16", "float32")
BELOW = (-1, -2, 0, -3)  # each shard has two scores; how far the second is from the first
ORDERS = 18  # six pairs of four, three of three, one of two


class PairMerge(InteractiveFigure):
    """Merge the pairs of four shards, two at a time, by dragging one bar onto another.

    Parameters
    ----------
    tops : list of 4 floats in [-120, 120]
        The first score of each shard; the other one is 1, 2, 0 and 3 below it.
    dtype : {"float16", "bfloat16", "float32"}
        Format that every step is rounded to.
    order : int in [0, 17]
        The sequence of merges. What is left is listed, results of merges last, and its pairs are
        numbered as by `itertools.combinations`: the first merge takes pair ``order // 3`` of six,
        the second ``order % 3`` of three.
    stage : int in [0, 3]
        How many merges are done.
    forget : bool
        Whether sums are added without being brought to the common maximum.
    """

    _name = "pair_merge"
    _title = "Pairs that merge in any order"
    _constants: ClassVar = {"below": BELOW}
    tops = Numbers([100.0, 98.0, 99.0, 97.0], -120, 120, least=4, most=4)
    dtype = t.Enum(DTYPES, "float32").tag(sync=True)
    order = Integer(0, 0, ORDERS - 1)
    stage = Integer(0, 0, 3)
    forget = t.Bool(False).tag(sync=True)

    def describe(self) -> str:
        """Return the scores, the pair of all and its log-sum-exp in words."""
        scores = [(top, top + below) for top, below in zip(self.tops, BELOW, strict=True)]
        largest = max(self.tops)
        total = sum(math.exp(z - largest) for pair in scores for z in pair)
        forgotten = sum(1 + math.exp(below) for below in BELOW)
        shards = "; ".join(f"{a:g}, {b:g}" for a, b in scores)
        return (
            f"Four shards of scores, {shards}, are described by their largest score and the sum "
            f"of exponentials relative to it. Merged in whatever order, the four pairs make "
            f"({largest:g}, {total:.4g}), up to rounding: log-sum-exp "
            f"{largest + math.log(total):.4f}. No exponent is above 0. Added without the "
            f"factors that bring them to the common maximum, the sums would make {forgotten:.4g}."
        )
