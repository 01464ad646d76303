"""Static files: ours, and what is taken from installed packages; each page loads what it uses.

Style sheets of packages lose the rules for classes that are on no page and in no script: three
quarters of what a reader would have to wait for. Our own lose their comments.
"""

import re
from pathlib import Path

import pydata_sphinx_theme
from sphinx.util import logging

from . import icons
from .palette import palette_css

logger = logging.getLogger(__name__)

BOOK = Path(__file__).resolve().parents[2] / "book"

#: Style sheets of packages; scripts of ours put class names together, as Bootstrap does with bs-.
PACKAGES = "styles/*.css sphinx-design*.css mystnb*.css basic.css pygments.css copybutton.css"
#: What we wrote ourselves; the figures' scripts have lost their comments before.
OWN = "book.css figures/theme.css book.js progress.js overview.js"
#: The theme measures each box that may scroll when the page has loaded, and marks it before it
#: measures the next: a layout for each box, half a second on a telephone. book.js does it.
THEME = "scripts/pydata-sphinx-theme.js"
MEASURING = re.compile(
    r',"complete"===document\.readyState\?(\w)\(\):window\.addEventListener\("load",\1\)'
)
COMMENT = re.compile(r"/\*.*?\*/|^ *//[^\n]*\n", re.DOTALL | re.MULTILINE)
#: Script or style sheet -> what stands in the HTML of a page that uses it.
NEEDED_BY = {
    "clipboard.min.js": 'class="highlight',
    "copybutton.js": 'class="highlight',
    "copybutton.css": 'class="highlight',
    "design-tabs.js": "sd-tab-set",
    "sphinx-design.min.css": "sd-",
    "formulas.css": "<math",
    "progress.js": "data-chapter=",
    "overview.js": 'id="your-progress"',
}

#: Scripts that nothing waits for: book.js has them run one by one when the page has loaded.
LATER = ("clipboard.min.js", "copybutton.js", "sphinx-book-theme.js")


def file_name(asset) -> str:
    """Return a script's or style sheet's name without folder and version."""
    return str(getattr(asset, "filename", asset)).rsplit("/", 1)[-1].split("?")[0]


def wanted(asset, body: str) -> bool:
    """Say whether a page with this body uses the asset; unknown assets are always wanted."""
    return NEEDED_BY.get(file_name(asset), "") in body


def trim(app, page, template, context, doctree):
    """Drop scripts and style sheets that this page does not use; mark those that can wait."""
    body = context.get("body") or ""
    for kind in ("script_files", "css_files"):
        context[kind] = [asset for asset in context[kind] if wanted(asset, body)]
    for script in context["script_files"]:
        if file_name(script) in LATER:
            script.attributes["type"] = "text/later"


def pruned(css: str, words: set[str]) -> str:
    """Return a style sheet without the selectors that need a class that is not among ``words``.

    A class inside brackets, as in ``:not(.x)``, may be missing.
    """

    def possible(selector: str) -> bool:
        outside = re.sub(r"\([^()]*\)", "", re.sub(r"\([^()]*\)", "", selector))
        return set(re.findall(r"\.(?!bs-)([a-zA-Z_][\w-]*)", outside)) <= words

    def one(rule: re.Match) -> str:
        selectors, declarations = rule.groups()
        if selectors.lstrip().startswith("@"):
            return rule.group()
        kept = [s for s in re.split(r",(?![^(]*\))", selectors) if possible(s)]
        return f"{','.join(kept)}{{{declarations}}}" if kept else ""

    css = COMMENT.sub("", css)
    return re.sub(r"([^{};]+)\{([^{}]*)\}", one, css)


def prune(app, error):
    """Cut the packages' style sheets down to what the pages and their scripts name."""
    if error is None and app.builder.format == "html":
        static = Path(app.outdir, "_static")
        texts = [*Path(app.outdir).rglob("*.html"), *static.rglob("*.js")]
        words = set(re.findall(r"[\w-]+", " ".join(path.read_text("utf-8") for path in texts)))
        for path in (found for pattern in PACKAGES.split() for found in static.glob(pattern)):
            path.write_text(pruned(path.read_text("utf-8"), words), encoding="utf-8")
        for path in (static / name for name in OWN.split()):
            if path.is_file():
                path.write_text(COMMENT.sub("", path.read_text("utf-8")), encoding="utf-8")


def spare_layouts(app, error):
    """Write the theme's script without its measuring of boxes."""
    if error is None and app.builder.format == "html":
        theme = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
        script, found = MEASURING.subn("", (theme / THEME).read_text("utf-8"))
        if found != 1:
            logger.warning(
                f"{THEME} of pydata-sphinx-theme {pydata_sphinx_theme.__version__} has {found} "
                "places that measure boxes at load, not 1: see assets.py"
            )
        Path(app.outdir, "_static", THEME).write_text(script, encoding="utf-8")


def setup(app):
    # A fixed folder: one whose name changes would rewrite every page at every build.
    staging = Path(app.doctreedir).parent / "book_static"
    icons.stage(staging / "icons")
    (staging / "palette.css").write_text(palette_css(), encoding="utf-8")
    licence = (BOOK.parent / "LICENSE").read_text(encoding="utf-8")  # it goes with every copy
    (staging / "license.txt").write_text(licence, encoding="utf-8")

    def add_paths(_, config):
        config.html_static_path += [str(staging), str(BOOK / "static")]
        config.templates_path.insert(0, str(BOOK / "templates"))

    app.connect("config-inited", add_paths)
    app.connect("html-page-context", trim, priority=900)
    app.connect("build-finished", prune)
    app.connect("build-finished", spare_layouts)
    for name in ("icons/icons.css", "palette.css", "book.css"):
        app.add_css_file(name, priority=900)
    app.add_js_file("book.js", loading_method="defer", priority=650)
