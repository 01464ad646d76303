"""Softmax regression on points of the plane, trained in the page itself."""

import math
from typing import Any, ClassVar

import traitlets as t

from course_utils.figures.base import InteractiveFigure
from course_utils.figures.traits import Integer, Number, StateError

MOST_CLASSES = 5
PER_CLASS = 30
SIDE = 6  # the plane is [0, 6] x [0, 6]


class Points(t.TraitType):
    """A list of [x1, x2, number]; synced to the front end.

    Parameters
    ----------
    what : str
        What the numbers are, in words.
    count : int
        They are 0 to ``count - 1``.
    """

    def __init__(self, what: str, count: int) -> None:
        super().__init__(())
        self.what, self.count = what, count
        self.tag(sync=True)

    def make_dynamic_default(self) -> list:
        return []

    def validate(self, obj: t.HasTraits, value: object) -> list[list[float]]:
        if not isinstance(value, (list, tuple)):
            raise StateError(f"{self.name} must hold [x1, x2, number] rows, got {value!r}")
        return [self._point(point) for point in value]

    def _point(self, point: Any) -> list[float]:
        whole = isinstance(point, (list, tuple)) and len(point) == 3
        if not whole or not all(type(v) in (int, float) and math.isfinite(v) for v in point):
            raise StateError(f"{self.name} must hold [x1, x2, number] rows, got {point!r}")
        if point[2] not in range(self.count):
            raise StateError(
                f"{self.name} must hold {self.what} 0 to {self.count - 1}, got {point[2]!r}"
            )
        return [min(max(v, 0), SIDE) for v in point[:2]] + [int(point[2])]


class BrowserRegression(InteractiveFigure):
    """Minibatch SGD in the browser on points of 3 to 5 classes.

    Parameters
    ----------
    num_classes : int
        Clouds of 30 points each.
    lr : float
        Learning rate, 0.001 to 10.
    batch_size, epochs : int
        Points in a minibatch; passes over the points.
    seed : int
        Decides the points and the order of the minibatches: the same in every browser.
    added : list of [x1, x2, class]
        Further points, each coordinate in [0, 6].
    moved : list of [x1, x2, number]
        Points of the clouds that were dragged elsewhere, by their number.

    Attributes
    ----------
    trained : dict
        With a kernel: steps, loss, accuracy, weight (2, K) and bias (K) after the last pause.
    """

    _name = "browser_regression"
    _title = "Softmax regression, trained in this page"
    _constants: ClassVar = {"side": SIDE, "per_class": PER_CLASS}

    num_classes = Integer(3, 3, MOST_CLASSES)
    lr = Number(0.1, 0.001, 10)
    batch_size = Integer(10, 1, 150)
    epochs = Integer(40, 1, 200)
    seed = Integer(1, 0, 2**31)
    new_class = Integer(0, 0, MOST_CLASSES - 1)
    added = Points("classes", MOST_CLASSES)
    moved = Points("points", MOST_CLASSES * PER_CLASS)
    trained = t.Dict().tag(sync=True, static=False)

    def describe(self) -> str:
        """Return what the figure shows before anyone touches it."""
        return (
            f"A linear classifier learns to tell {self.num_classes} clouds of points apart by "
            f"minibatch SGD with learning rate {self.lr:g}; a rate of 0.01 is slow, "
            "and with one of 10 the loss stays above that of guessing."
        )
