"""Static files: ours, and what is taken from installed packages; each page loads what it uses."""

from pathlib import Path

from . import icons
from .palette import palette_css

BOOK = Path(__file__).resolve().parents[2] / "book"

#: Script or style sheet -> what stands in the HTML of a page that uses it.
NEEDED_BY = {
    "clipboard.min.js": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "copybutton.css": 'class="highlight',
    "togglebutton.js": "dropdown",
    "togglebutton.css": "dropdown",
    "design-tabs.js": "sd-tab-set",
    "sphinx-design.min.css": "sd-",
    "formulas.css": "<math",
    "exercise.css": 'class="exercise',
}


def wanted(asset, body: str) -> bool:
    """Say whether a page with this body uses the asset; unknown assets are always wanted."""
    name = str(getattr(asset, "filename", asset)).rsplit("/", 1)[-1].split("?")[0]
    return NEEDED_BY.get(name, "") in body


def trim(app, page, template, context, doctree):
    """Drop the scripts and style sheets of extensions that this page does not use."""
    body = context.get("body") or ""
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context[kind] if wanted(asset, body)]


def setup(app):
    # A fixed folder: one whose name changes would rewrite every page at every build.
    staging = Path(app.doctreedir).parent / "book_static"
    icons.stage(staging / "icons")
    (staging / "palette.css").write_text(palette_css(), encoding="utf-8")

    def add_paths(_, config):
        config.html_static_path += [str(staging), str(BOOK / "static")]
        config.templates_path.insert(0, str(BOOK / "templates"))

    app.connect("config-inited", add_paths)
    app.connect("html-page-context", trim, priority=900)
    for name in ("icons/icons.css", "palette.css", "book.css"):
        app.add_css_file(name, priority=900)
    app.add_js_file("book.js", loading_method="defer", priority=650)
