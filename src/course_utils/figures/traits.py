"""Trait types of the figures: out-of-range values are clamped and said, malformed ones refused."""

import math
from numbers import Real
from typing import Any

import traitlets as t


class StateError(t.TraitError, ValueError):
    """A figure was given a value it cannot show."""


def plain(value: Any, digits: int = 7) -> Any:
    """Return ``value`` as stable JSON data: rounded floats, None for nan and infinity."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") + 0.0 if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [plain(item, digits) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, digits) for key, item in value.items()}
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real):
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


def limits(trait: t.TraitType) -> dict[str, Any]:
    """Return kind, default and limits of a trait, as ``static/kit/traits.js`` reads them."""
    found: dict[str, Any] = {"kind": "other", "init": plain(trait.default())}
    if isinstance(trait, (Number, Numbers)):
        kind = {Number: "number", Integer: "integer", Numbers: "numbers"}[type(trait)]
        found |= {"kind": kind, "min": trait.low, "max": trait.high}
    if isinstance(trait, Numbers):
        found |= {"least": trait.least, "most": trait.most}
    if isinstance(trait, t.Enum):
        found |= {"kind": "choice", "options": list(trait.values or ())}
    if isinstance(trait, (t.Bool, t.Unicode)):
        found["kind"] = "flag" if isinstance(trait, t.Bool) else "text"
    return found
