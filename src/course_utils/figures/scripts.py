"""The figures' JavaScript, joined to what a browser takes: a module a figure, and the page's host.

The sources in ``static/`` are ES modules that import each other. Neither a page from the disk nor
anywidget can load several files, so the kit's modules and the figure's own become one text: imports
go, and what was exported stays under its name.
"""

import json
import re
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

STATIC = files(__package__) / "static"
NO_FIGURES = ("host", "kit")
_STAND_INS = ("kit/spec.js", "kit/style.js")  # for the type checker; filled in here

_IMPORT = re.compile(r'^(?:import|export) [^;"]*from "\.\.?/[^"]+";\n', re.MULTILINE)
_COMMENT = re.compile(
    r"^ */\*\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL
)  # on lines of its own
_NOTE = re.compile(r"^ *// .*\n| +// .*$|/\*\* @(?:(?!\*/).)*\*/ ?", re.MULTILINE)
_CSS_IMPORT = re.compile(r'^@import "\./(\w+\.css)";\n+', re.MULTILINE)
_CSS_NOTE = re.compile(r"^ */\*(?:(?!\*/).)*\*/\n", re.MULTILINE | re.DOTALL)
_CSS_SPACE = re.compile(r"(?<=[:,]) | (?=\{)")
# Indentation, empty lines, and line ends that nothing needs: no string runs over several lines.
_SPACE = re.compile(
    r"(?<=[(\[{},;=>+?:&|])\n\s*|[,;]?\n\s*(?=[)\]}])|\n\s*(?=[?:.&|+])|^\s+", re.MULTILINE
)
_EXPORT = re.compile(r"^export (?!default )", re.MULTILINE)
_KIT_MODULE = re.compile(r'from "\./(kit/\w+\.js)"')
_OWN_MODULE = re.compile(r'^import [^;"]*from "\./((?:\w+/)?(?!kit\.)\w+\.js)"', re.MULTILINE)


def read(filename: str) -> str:
    """Return the text of one file of ``static/``."""
    return (STATIC / filename).read_text(encoding="utf-8")


def names() -> list[str]:
    """Return the names of all figures: one for each module of ``static/``."""
    found = (f.name.removesuffix(".js") for f in STATIC.iterdir() if f.name.endswith(".js"))
    return sorted(set(found) - set(NO_FIGURES))


def figure_class(name: str) -> Any:
    """Return the Python class of a figure: SoftmaxPlayground of the module softmax_playground."""
    module = import_module(f"{__package__}.{name}")
    return getattr(module, "".join(word.title() for word in name.split("_")))


def without_imports(text: str) -> str:
    """Return a module of ``static/`` that takes what it imports from the text before it.

    Its documentation goes, too: types and notes are a third of what a reader would wait for.
    """
    return _NOTE.sub("", _COMMENT.sub("", _IMPORT.sub("", text)))


def style(filename: str) -> str:
    """Return a style sheet of ``static/`` and what it imports, without notes and needless space."""
    text = _CSS_IMPORT.sub(lambda found: read(found[1]), read(filename))
    return _CSS_SPACE.sub("", _SPACE.sub("", _CSS_NOTE.sub("", text)))


@cache
def kit() -> str:
    """Return the modules that all figures share, in the order in which ``kit.js`` lists them."""
    modules = [m for m in _KIT_MODULE.findall(read("kit.js")) if m not in _STAND_INS]
    joined = "".join(_EXPORT.sub("", without_imports(read(m))) for m in modules)
    return f"const STYLE = {json.dumps(style('kit.css'), ensure_ascii=False)};\n{joined}"


def own_modules(text: str) -> list[str]:
    """Return the files beside the kit that a module needs, each after those it needs itself."""
    found: dict[str, None] = {}
    for module in _OWN_MODULE.findall(text):
        path = module if "/" in module else f"training/{module}"  # its neighbours' files
        found |= dict.fromkeys([*own_modules(read(path)), path])
    return list(found)


def own_module(name: str, spec: dict[str, Any]) -> str:
    """Return a figure's own module, after what its Python class and its style sheet say."""
    own = style(f"{name}.css") if (STATIC / f"{name}.css").is_file() else ""
    constants = {"SPEC": spec, "OWN_STYLE": own}
    packed = json.JSONEncoder(separators=(",", ":")).encode
    lines = (f"const {key} = {packed(value)};\n" for key, value in constants.items())
    text = read(f"{name}.js")
    parts = (_EXPORT.sub("", without_imports(read(m))) for m in own_modules(text))
    return "".join((*lines, *parts, without_imports(text)))


def source(name: str, spec: dict[str, Any]) -> str:
    """Return the whole ES module of a figure, as anywidget takes it."""
    return kit() + own_module(name, spec)


def browser_script(name: str) -> str:
    """Return a classic script that hands a figure to the page's host (works from file://)."""
    return _handed_over(name, own_module(name, figure_class(name).spec()))


def trainer_text() -> str:
    """Return the text of the worker that trains in the page (``static/training/client.js``)."""
    parts = (without_imports(read(f"training/{m}.js")) for m in ("core", "worker"))
    core, worker = (_EXPORT.sub("", part) for part in parts)
    return f"{core}{worker}trainingWorker(self, trainingCore());\n"


def host_script(files: dict[str, str] | None = None) -> str:
    """Return the classic script that starts the figures of a page.

    Figures whose scripts do not stand on the page before it are loaded from ``files``: their
    addresses, seen from this script, by name.
    """
    listed = f"window.AFM_FILES = {json.dumps(files)};\n" if files else ""
    return _handed_over("kit", kit()) + listed + without_imports(read("host.js"))


def _handed_over(name: str, text: str) -> str:
    text = _SPACE.sub("", text)  # about 5 % of the compressed script
    quoted = json.dumps(text, ensure_ascii=False)[1:-1].replace('\\"', '"').replace("'", "\\'")
    return f"(window.AFM ??= {{}}).{name} = '{quoted}';\n"  # the sources have few single quotes
