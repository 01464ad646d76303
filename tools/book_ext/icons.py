"""The theme's icons as two small fonts, in place of 1.5 MB of script that draws them all."""

import re
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
FONTS = THEME / "vendor/fontawesome/webfonts"

#: Icons that the theme's templates and scripts put on a page, by their name in the font.
SOLID = (
    "angle-left",
    "angle-right",
    "arrow-up",
    "bars",
    "chevron-down",
    "circle-half-stroke",
    "code",
    "download",
    "file",
    "file-pdf",
    "lightbulb",
    "list",
    "magnifying-glass",
    "moon",
    "pencil",
    "rocket",
    "sun",
)
BRANDS = ("github",)


def from_stylesheet(css: str) -> set[int]:
    """Code points that the theme's style sheet draws itself (admonitions, previous, next)."""
    values = re.findall(r'--pst-icon-[\w-]+:"(\\?[^"]+)"', css)
    return {int(v[1:], 16) if v.startswith("\\") else ord(v) for v in values}


def small_font(source: Path, names: tuple[str, ...], extra: set[int]) -> tuple[bytes, list[int]]:
    """Return a WOFF2 font with the named glyphs and the code points it covers."""
    font = TTFont(source)
    cmap = font.getBestCmap()
    missing = set(names) - set(cmap.values())
    if missing:
        raise RuntimeError(f"{source.name} has no icon named {', '.join(sorted(missing))}")
    points = sorted({c for c, name in cmap.items() if name in names} | (extra & set(cmap)))
    options = subset.Options(flavor="woff2", layout_features=[], name_IDs=[], hinting=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=points)
    subsetter.subset(font)
    font.flavor = "woff2"
    buffer = BytesIO()
    font.save(buffer)
    return buffer.getvalue(), points


def stage(target: Path) -> None:
    """Write ``icons.css``: the fonts, whose faces come before the theme's full ones."""
    target.mkdir(parents=True, exist_ok=True)
    drawn = from_stylesheet((THEME / "styles/pydata-sphinx-theme.css").read_text(encoding="utf-8"))
    rules = []
    for filename, family, weight, names in (
        ("fa-solid-900", "Font Awesome 6 Free", 900, SOLID),
        ("fa-brands-400", "Font Awesome 6 Brands", 400, BRANDS),
    ):
        data, points = small_font(FONTS / f"{filename}.ttf", names, drawn)
        # In the style sheet: nothing moves when they arrive.
        letters = b64encode(data).decode()
        ranges = ", ".join(f"U+{p:X}" for p in points)
        rules.append(
            f'@font-face {{ font-family: "{family}"; font-weight: {weight}; font-display: block;\n'
            f'  src: url("data:font/woff2;base64,{letters}") format("woff2");\n'
            f"  unicode-range: {ranges}; }}"
        )
    (target / "icons.css").write_text("\n".join(rules) + "\n", encoding="utf-8")
