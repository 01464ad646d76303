"""Pictures: alternative text required, stored small, shown at their size, fit for dark mode.

A notebook's PNG becomes a lossless WebP, a third of its weight. On a dark page a plot on white is
inverted by the style sheet (class ``plot``); a picture full of colour or grey values, which would
turn into its negative, lies on white paper instead (class ``picture``). So does one whose caption
or alt text speaks of light and dark. An author overrides the choice in the cell's metadata:
``{"mystnb": {"image": {"classes": "picture", ...}}}``.
"""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from docutils import nodes
from PIL import Image, ImageChops
from sphinx.util import logging

logger = logging.getLogger(__name__)

TAG = re.compile(r"<img\b[^>]*>")
ATTRIBUTE = re.compile(r'([\w-]+)="([^"]*)"')
SIZE = re.compile(r"(width|height): *([\d.]+)px;? *")
PLOT_WHITE = 0.6  # a plot leaves at least this fraction of its area white
SHADES = 4096  # a picture of more colours is a photograph, or nearly
CLOSE = 6  # of 255: nobody sees it
VIEW_BOX = re.compile(r'viewBox="\S+ \S+ ([\d.]+) ([\d.]+)"')
BRIGHTNESS = re.compile(r"\b(light|dark|bright|pale|white|black)", re.IGNORECASE)


def require_alt(app, doctree, docname):
    """Warn (and so fail the build) about a picture that says nothing to who cannot see it."""
    for image in doctree.findall(nodes.image):
        if not image.get("alt", "").strip() and not image["uri"].startswith("data:"):
            logger.warning(
                f"{docname}: a picture has no alt text; give its cell the metadata "
                '{"mystnb": {"image": {"alt": "..."}}}',
                location=image,
            )


def white_fraction(path: Path) -> float:
    """Fraction of the area that is white, on a thumbnail."""
    with Image.open(path) as image:
        small = image.convert("RGB").resize((160, 160), Image.Resampling.NEAREST).convert("L")
    histogram = small.histogram()
    return sum(histogram[250:]) / sum(histogram)


def kind(source: Path, words: str) -> str:
    """Say whether a picture can be inverted: "plot" or "picture"."""
    if BRIGHTNESS.search(words) or white_fraction(source) < PLOT_WHITE:
        return "picture"
    return "plot"


def add_height(attributes: dict[str, str], drawing: Path) -> None:
    """Give an SVG of a given width its height, so that the page doesn't move when it arrives."""
    box = VIEW_BOX.search(drawing.read_text("utf-8"))
    if box and "width" in attributes:
        w, h = map(float, box.groups())
        attributes.setdefault("height", str(round(float(attributes["width"]) * h / w)))


def rewritten(tag: str, source: Path | None, caption: str) -> str:
    """Return an ``img`` tag with class, size, lazy loading, and the lighter file's name."""
    attributes = dict(ATTRIBUTE.findall(tag))
    for name, value in SIZE.findall(attributes.get("style", "")):
        attributes[name] = str(round(float(value)))
    style = SIZE.sub("", attributes.pop("style", "")).strip(" ;")
    if source is not None and source.suffix == ".svg":
        add_height(attributes, source)
    if "width" in attributes:  # book.css has a use for it on a telephone
        style += f"{style and '; '}--width:{attributes['width']}px"
    if style:
        attributes["style"] = style
    if source is not None and source.suffix == ".png":
        classes = attributes.get("class", "").split()
        if not {"plot", "picture"} & set(classes):
            classes.append(kind(source, attributes.get("alt", "") + caption))
        attributes["class"] = " ".join(classes)
        attributes["src"] = attributes["src"].removesuffix(".png") + ".webp"
    attributes |= {"loading": "lazy", "decoding": "async"}
    return "<img " + " ".join(f'{k}="{v}"' for k, v in attributes.items()) + ">"


def rewrite(app, page, template, context, doctree):
    sources = {name: Path(app.srcdir, path) for path, name in app.builder.images.items()}

    def one(match: re.Match) -> str:
        tag = match.group()
        name = re.search(r'_images/([^"]+\.(?:png|svg))"', tag)
        figure = match.string[match.end() :].partition("</figure>")[0]
        caption = figure if "<figcaption>" in figure and "<img" not in figure else ""
        return rewritten(tag, sources.get(name.group(1)) if name else None, caption)

    if "body" in context:
        # The link around a picture, which opens it at full size, follows it.
        link = re.compile(r'(href="[^"]*_images/[^"]+)\.png"')
        context["body"] = link.sub(r'\1.webp"', TAG.sub(one, context["body"]))


def few_colours(image: Image.Image) -> Image.Image:
    """The same picture in 256 colours if no channel of any pixel moves by more than `CLOSE`.

    That holds for lines and text, whose shades are many but alike, and saves a third of the file.
    """
    if image.mode != "RGB" or image.getcolors(SHADES) is None:
        return image
    fewer = image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).convert("RGB")
    furthest = np.asarray(ImageChops.difference(image, fewer)).max()
    return fewer if furthest <= CLOSE else image


def to_webp(path: Path) -> None:
    """Replace a PNG by a WebP with the same pixels, or in 256 colours that look the same."""
    with Image.open(path) as image:
        opaque = image.mode != "RGBA" or image.getchannel("A").getextrema() == (255, 255)
        few_colours(image.convert("RGB" if opaque else "RGBA")).save(
            path.with_suffix(".webp"), lossless=True, method=2, quality=60, exact=True
        )
    path.unlink()


def convert(app, error):
    if error is None and app.builder.format == "html":
        with ThreadPoolExecutor() as pool:  # Pillow works outside the interpreter's lock
            list(pool.map(to_webp, Path(app.outdir, "_images").glob("*.png")))


def setup(app):
    app.connect("doctree-resolved", require_alt)
    app.connect("html-page-context", rewrite)
    app.connect("build-finished", convert)
