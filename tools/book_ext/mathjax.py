"""MathJax from an installed package: the parts a course needs, in one file, and their fonts.

The package's smallest ready-made bundle carries a context menu and a second font engine
(262 kB compressed); the parts named here weigh 166 kB and do the same for a reader.
"""

import shutil
from importlib.util import find_spec
from pathlib import Path

FOLDER = "mathjax"  # below _static
TEX_EXTENSIONS = (
    "ams",
    "newcommand",
    "noundefined",
    "boldsymbol",
    "configmacros",
    "require",
    "autoload",
)
PARTS = (
    "core",
    "input/tex-base",
    *(f"[tex]/{name}" for name in TEX_EXTENSIONS),
    "output/chtml",
    "output/chtml/fonts/tex.js",
    "a11y/assistive-mml",  # what a screen reader reads
)
#: Copied as they are: the fonts, and extensions such as \cancel that load when a page uses them.
FOLDERS = ("output/chtml/fonts/woff-v2", "input/tex/extensions")


def package_folder() -> Path:
    """Where the package keeps MathJax; its name has hyphens, so it is found, not imported."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "sphinx-mathjax-offline is not installed; pip install -r requirements.txt"
        )
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def bundle(source: Path) -> str:
    """Return one script: start.js around the loader and every part, announced as loaded.

    The loader starts MathJax in a microtask, hence after the parts below it have run.
    """

    def text(part: str) -> str:
        name = part.replace("[tex]", "input/tex/extensions").removesuffix(".js")
        return (source / f"{name}.js").read_text(encoding="utf-8")

    loaded = ", ".join(f"'{part}'" for part in ("startup", *PARTS))
    announce = f"MathJax._.components.loader.Loader.preLoad({loaded});"
    parts = "\n;\n".join([text("startup"), announce, *map(text, PARTS)])
    start = Path(__file__).with_name("start.js").read_text(encoding="utf-8")
    return start.replace("/* MATHJAX */", f"\n{parts}\n")


def stage(target: Path) -> None:
    """Write the script and its fonts into ``target``."""
    source = package_folder()
    for folder in FOLDERS:
        shutil.copytree(source / folder, target / folder, dirs_exist_ok=True)
    (target / "mathjax.js").write_text(bundle(source), encoding="utf-8")


def setup(app, staging: Path) -> None:
    stage(staging / FOLDER)

    def configure(_, config):
        config.mathjax_path = f"{FOLDER}/mathjax.js"
        # After the figures' host (700), which start.js waits for.
        config.mathjax_options = {"defer": "defer", "priority": 800}
        config.mathjax3_config = {
            "tex": {"packages": ["base", *TEX_EXTENSIONS]},
            "chtml": {"scale": 1.0, "matchFontHeight": True},
        }

    app.connect("config-inited", configure, priority=100)
