"""Pairs (largest score, sum relative to it) of shards, merged in any order."""

import math
from typing import ClassVar

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Numbers

DTYPES = ("float16", "bfloat16", "float32")
BELOW = 2 * (-1, -2, 0, -3)  # each shard has two scores; how far the second is from the first
MOST = len(BELOW)


def orders(count: int) -> int:
    """Return how many sequences of merges so many shards have: 18 for four."""
    return math.prod(math.comb(left, 2) for left in range(2, count + 1))


class PairMerge(InteractiveFigure):
    """Merge the pairs of shards, two at a time, by dragging one bar onto another.

    Parameters
    ----------
    tops : list of 4 to 8 floats in [-120, 120]
        The first score of each shard; the other one is 1, 2, 0, 3, 1, 2, 0 and 3 below it.
    dtype : {"float16", "bfloat16", "float32"}
        Format that every step is rounded to.
    order : int
        The sequence of merges, below `orders` of the number of shards. What is left is listed,
        results of merges last, and its pairs are numbered as by `itertools.combinations`; the
        numbers of the pairs, each below their count, are the digits of the order: with four
        shards the first merge takes pair ``order // 3`` of six, the second ``order % 3`` of three.
    stage : int in [0, 7]
        How many merges are done, at most one fewer than there are shards.
    forget : bool
        Whether sums are added without being brought to the common maximum.
    """

    _name = "pair_merge"
    _title = "Pairs that merge in any order"
    _constants: ClassVar = {"below": BELOW}
    tops = Numbers([100.0, 98.0, 99.0, 97.0], -120, 120, least=4, most=MOST)
    dtype = t.Enum(DTYPES, "float32").tag(sync=True)
    order = Integer(0, 0, orders(MOST) - 1)
    stage = Integer(0, 0, MOST - 1)
    forget = t.Bool(False).tag(sync=True)

    def describe(self) -> str:
        """Return the scores, the pair of all and its log-sum-exp in words."""
        below = BELOW[: len(self.tops)]
        scores = [(top, top + lower) for top, lower in zip(self.tops, below, strict=True)]
        count = ("Four", "Five", "Six", "Seven", "Eight")[len(self.tops) - 4]
        largest = max(self.tops)
        total = sum(math.exp(z - largest) for pair in scores for z in pair)
        forgotten = sum(1 + math.exp(lower) for lower in below)
        shards = "; ".join(f"{a:g}, {b:g}" for a, b in scores)
        return (
            f"{count} shards of scores, {shards}, are described by their largest score and the sum "
            f"of exponentials relative to it. Merged in whatever order, the {count.lower()} pairs "
            f"make ({largest:g}, {total:.4g}), up to rounding: log-sum-exp "
            f"{largest + math.log(total):.4f}. No exponent is above 0. Added without the "
            f"factors that bring them to the common maximum, the sums would make {forgotten:.4g}."
        )
