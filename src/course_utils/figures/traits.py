"""Trait types of the figures: out-of-range values are clamped and said, malformed ones refused."""

import math

import traitlets as t


class StateError(t.TraitError, ValueError):
    """A figure was given a value it cannot show."""


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise StateError(f"{where} must be a number, got {value!r} ({type(value).__name__})")
    if math.isnan(value):
        raise StateError(f"{where} must be a number, got nan")
    return float(value)


def _clamped(obj: t.HasTraits, value: object, where: str, low: float, high: float) -> float:
    number = _number(value, where)
    inside = float(min(max(number, low), high))
    if inside != number and obj.has_trait("notice"):
        obj.set_trait("notice", f"{where} {number:g} is outside {low:g} to {high:g}: {inside:g}.")
    return inside


class Number(t.TraitType):
    """A float within ``low`` and ``high``; synced to the front end."""

    def __init__(self, default: float, low: float, high: float) -> None:
        super().__init__(float(default))
        self.low, self.high = low, high
        self.tag(sync=True)

    def validate(self, obj: t.HasTraits, value: object) -> float:
        return _clamped(obj, value, str(self.name), self.low, self.high)


class Integer(Number):
    """A whole number within ``low`` and ``high``; synced to the front end."""

    def __init__(self, default: int, low: int, high: int) -> None:
        super().__init__(default, low, high)
        self.default_value = int(default)

    def validate(self, obj: t.HasTraits, value: object) -> int:
        return round(super().validate(obj, value))


class Numbers(t.TraitType):
    """A list of ``least`` to ``most`` floats, each within ``low`` and ``high``; synced."""

    def __init__(
        self, default: list[float], low: float, high: float, least: int, most: int
    ) -> None:
        super().__init__(tuple(map(float, default)))
        self.low, self.high, self.least, self.most = low, high, least, most
        self.tag(sync=True)

    def make_dynamic_default(self) -> list[float]:
        return list(self.default_value)  # a list of its own for every figure

    def validate(self, obj: t.HasTraits, value: object) -> list[float]:
        if not isinstance(value, (list, tuple)) or not self.least <= len(value) <= self.most:
            raise StateError(
                f"{self.name} must be a list of {self.least} to {self.most} numbers, got {value!r}"
            )
        return [
            _clamped(obj, item, f"{self.name}[{i}]", self.low, self.high)
            for i, item in enumerate(value)
        ]


class Choice(t.Enum):
    """One of the given strings; synced to the front end."""

    def __init__(self, default: str, options: tuple[str, ...]) -> None:
        super().__init__(options, default)
        self.options = options
        self.tag(sync=True)

    def validate(self, obj: t.HasTraits, value: object) -> str:
        if not isinstance(value, str) or value not in self.options:
            raise StateError(f"{self.name} must be one of {self.options}, got {value!r}")
        return value


class Flag(t.Bool):
    """True or False; synced to the front end."""

    def __init__(self, default: bool) -> None:
        super().__init__(default)
        self.tag(sync=True)

    def validate(self, obj: t.HasTraits, value: object) -> bool:
        if not isinstance(value, bool):
            raise StateError(f"{self.name} must be True or False, got {value!r}")
        return value
