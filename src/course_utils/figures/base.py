"""What every interactive figure shares: the static form and the stored state."""

import html
import json
import math
from importlib.resources import files
from typing import Any

import anywidget
import traitlets as t

STATIC = files(__package__) / "static"
SHARED = ("host", "ui")  # modules that are no figure


def read(filename: str) -> str:
    """Return the text of one file of ``static/``."""
    return (STATIC / filename).read_text(encoding="utf-8")


def source(name: str) -> str:
    """Return the whole ES module of a figure: the shared helpers, then its own code."""
    return read("ui.js") + read(f"{name}.js")


def names() -> list[str]:
    """Return the names of all figures: one for each module of ``static/``."""
    found = (f.name.removesuffix(".js") for f in STATIC.iterdir() if f.name.endswith(".js"))
    return sorted(set(found) - set(SHARED))


def plain(value: Any, digits: int = 7) -> Any:
    """Return ``value`` as stable JSON data: rounded floats, None for nan and infinity."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}") + 0.0 if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [plain(item, digits) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, digits) for key, item in value.items()}
    return value


class Figure(anywidget.AnyWidget):
    """An anywidget that carries a static form of itself, for pages without a kernel.

    A subclass sets ``_name`` (its module in ``static/``), ``_title``, ``_esm = source(_name)`` and
    its traits; a change of meaning of the state raises ``version``, there and in the module.
    Traits tagged ``static=False`` need a kernel and stay out of the static form.
    """

    _name = ""
    _title = ""
    _css = read("ui.css")
    version = t.Int(1, read_only=True).tag(sync=True)
    notice = t.Unicode("").tag(sync=True, static=False)  # what the figure changed, and why

    def state(self) -> dict[str, Any]:
        """Return what the static form stores: every own synced trait, as stable JSON data."""
        inherited = anywidget.AnyWidget.class_traits()
        return {
            name: plain(getattr(self, name))
            for name, trait in sorted(self.traits(sync=True).items())
            if name not in inherited and name[0] != "_" and trait.metadata.get("static", True)
        }

    def describe(self) -> str:
        """Return one or two sentences that say what the figure shows now (for print and text)."""
        return ""

    def static_html(self) -> str:
        """Return the figure for a page without a kernel: its state, and the same in words."""
        state = json.dumps(self.state(), sort_keys=True, allow_nan=False).replace("<", "\\u003c")
        words = html.escape(f"Interactive figure: {self._title}. {self.describe()}", quote=False)
        return (
            f'<div data-afm="{self._name}"><script type="application/json">{state}</script>'
            f"<p>{words} Run this cell, or allow JavaScript, to use it.</p></div>"
        )

    def __repr__(self) -> str:
        shown = {k: repr(v) for k, v in self.state().items() if k != "version"}
        inside = ", ".join(f"{k}={v}" for k, v in shown.items() if len(v) <= 60)
        return f"{type(self).__name__}({inside})"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({}, {})
        data["text/html"] = self.static_html()
        return data, metadata
