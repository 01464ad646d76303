"""The images for training in the page: packed from the data set, which is fetched where it lacks.

4 bits per pixel, in the order of the files, a few thousand images per script, so that a reader
loads no more than is asked for, with progress, from a server and from a disk (where a page may load
nothing but scripts). Nothing is packed without the real files: the build and the figure say so.
"""

import base64
import gzip
import json
import sys
from pathlib import Path

import numpy as np

from course_utils.fashion_mnist.idx import DataError
from course_utils.fashion_mnist.sources import load_arrays
from course_utils.figures.scripts import trainer_text

from .figures import figures_in

PART = 2_500  # images per file: about half a megabyte
EVERY = 5  # of so many test images the page gets one: the first 2000 are easier than all
FOLDER = "lab_images"  # below _static
USERS = {"training_lab", "what_the_model_sees"}  # the figures that load them


def packed(images: np.ndarray, labels: np.ndarray) -> bytes:
    """Return labels (n,), then images (n, 28, 28) of 0..255 at 4 bits per pixel.

    The left one of two neighbours stands in the high bits; 15 is white.
    """
    levels = ((images.astype(np.uint16) + 8) // 17).astype(np.uint8).reshape(len(images), -1)
    return labels.astype(np.uint8).tobytes() + (levels[:, ::2] << 4 | levels[:, 1::2]).tobytes()


def handed(name: str, text: str) -> str:
    """Return the script that hands a text to the page (``static/training/files.js``)."""
    return f"globalThis.courseImages?.({json.dumps(name)}, {json.dumps(text)});\n"


def script(name: str, data: bytes) -> str:
    """Return the script of one part of the images."""
    return handed(name, base64.b64encode(gzip.compress(data, 6, mtime=0)).decode())


def write_parts(folder: Path, arrays: dict[str, np.ndarray]) -> None:
    """Write the trainer, all parts of the training images and one of every fifth test image."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "trainer.js").write_text(handed("trainer", trainer_text()), encoding="ascii")
    for split, step in (("train", 1), ("test", EVERY)):
        images, labels = arrays[f"{split}_images"][::step], arrays[f"{split}_labels"][::step]
        for part, start in enumerate(range(0, len(labels), PART)):
            piece, name = slice(start, start + PART), f"{split}-{part}"
            text = script(name, packed(images[piece], labels[piece]))
            (folder / f"{name}.js").write_text(text, encoding="ascii")


def write(folder: Path) -> bool:
    """Write all files into ``folder``; say whether there were images to pack."""
    try:
        arrays, _ = load_arrays(None, "real")
    except DataError as error:  # no warning: the book is whole but for this, and builds anywhere
        print(f"Nobody can train in the pages of this book: {error}", file=sys.stderr)
        return False
    write_parts(folder, arrays)
    return True


def where(folder: Path, address: str) -> str:
    """Return the line of a page that says what lies in ``folder`` and where the page finds it."""
    parts = sorted(folder.glob("train-*.js"))
    size = max(part.stat().st_size for part in parts)
    said = {"folder": address, "train": len(parts), "partSize": PART, "partBytes": size}
    return f"globalThis.courseImagesAt = {json.dumps(said)};"


def setup(app):
    staging = Path(app.doctreedir).parent / "lab_images"
    if not write(staging / FOLDER):
        return

    def tell(app, page, template, context, doctree):
        if USERS & set(figures_in(context.get("body") or "")):
            address = context["pathto"](f"_static/{FOLDER}/", resource=True)
            app.add_js_file(None, body=where(staging / FOLDER, address), priority=500)

    app.connect("config-inited", lambda _, config: config.html_static_path.append(str(staging)))
    app.connect("html-page-context", tell)
