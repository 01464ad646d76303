"""Static files taken from installed packages, so that no page asks another server for anything."""

import shutil
from importlib.util import find_spec
from pathlib import Path

BOOK = Path(__file__).resolve().parents[2] / "book"

#: What a page needs of MathJax: 2.2 of the package's 24 MB.
MATHJAX = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")


def mathjax_folder() -> Path:
    """Where the package keeps MathJax; its name has hyphens, so it is found, not imported."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(
            "sphinx-mathjax-offline is not installed; pip install -r requirements.txt"
        )
    return Path(spec.submodule_search_locations[0]) / "static" / "mathjax"


def stage_mathjax(target: Path) -> None:
    """Copy the parts of MathJax that a page can ask for."""
    source = mathjax_folder()
    for name in MATHJAX:
        if (source / name).is_dir():
            shutil.copytree(source / name, target / name, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)


def setup(app):
    staging = Path(app.doctreedir).parent / "book_static"
    stage_mathjax(staging / "mathjax")

    def add_paths(_, config):
        config.html_static_path += [str(staging), str(BOOK / "static")]
        config.templates_path.append(str(BOOK / "templates"))

    app.connect("config-inited", add_paths)
    app.add_css_file("book.css", priority=900)
