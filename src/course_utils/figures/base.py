"""What every interactive figure shares: the static form and the stored state."""

import html
import json
from typing import Any, ClassVar

import anywidget
import traitlets as t

from course_utils.figures.scripts import read, source
from course_utils.figures.traits import limits, plain


class InteractiveFigure(anywidget.AnyWidget):
    """An anywidget that carries a static form of itself, for pages without a kernel.

    A subclass sets ``_name`` (its module in ``static/``), ``_title``, its traits and, where the
    front end needs more numbers, ``_constants``; a change of the state's meaning raises
    ``version``. Traits tagged ``static=False`` need a kernel and stay out of the static form.
    """

    _name = ""
    _title = ""
    _constants: ClassVar[dict[str, Any]] = {}
    _css = read("theme.css")
    version = t.Int(1, read_only=True).tag(sync=True)
    notice = t.Unicode("").tag(sync=True, static=False)  # what the figure changed, and why

    @property
    def _esm(self) -> str:
        """The front end; anywidget asks for it once, before it makes a trait of it."""
        return source(self._name, self.spec())

    @classmethod
    def own_traits(cls) -> dict[str, t.TraitType]:
        """Return the traits that make up the state a page shows, by name."""
        inherited = anywidget.AnyWidget.class_traits()
        return {
            name: trait
            for name, trait in sorted(cls.class_traits(sync=True).items())
            if name not in inherited and name[0] != "_" and trait.metadata.get("static", True)
        }

    @classmethod
    def spec(cls) -> dict[str, Any]:
        """Return what the front end must know: title, version, limits, defaults."""
        traits = cls.own_traits()
        version = traits.pop("version").default()
        return {
            "name": cls._name,
            "title": cls._title,
            "version": version,
            "traits": {name: limits(trait) for name, trait in traits.items()},
            "constants": cls._constants,
        }

    def state(self) -> dict[str, Any]:
        """Return what the static form stores: every own synced trait, as stable JSON data."""
        return {name: plain(getattr(self, name)) for name in self.own_traits()}

    def describe(self) -> str:
        """Return one or two sentences that say what the figure shows now (for print and text)."""
        return ""

    def static_html(self) -> str:
        """Return the figure for a page without a kernel: its state, and the same in words.

        The attribute ``data-afm`` names the figure's anywidget front-end module (AFM), which
        ``static/host.js`` runs there.
        """
        state = json.dumps(self.state(), sort_keys=True, allow_nan=False).replace("<", "\\u003c")
        title = self._title + "." * (not self._title.endswith("?"))
        words = html.escape(f"Interactive figure: {title} {self.describe()}", quote=False)
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
