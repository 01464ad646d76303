"""Pictures of the book: lighter files that show the same."""

from types import SimpleNamespace

import numpy as np
import pytest
from book_ext.pictures import CLOSE, SHADES, convert, few_colours, kind, rewritten, to_webp
from matplotlib.figure import Figure
from PIL import Image


def plot(tmp_path):
    """Lines and text, whose smooth edges have many shades."""
    fig = Figure(figsize=(6, 3))
    ax = fig.subplots()
    for i in range(7):
        ax.plot([0, 1, 2, 3], [i, i + 1, i - 1, 2 * i], label=f"line {i}")
    ax.legend()
    path = tmp_path / "plot.png"
    fig.savefig(path, dpi=150)
    with Image.open(path) as image:
        return path, np.asarray(image.convert("RGB"))


def read(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_a_plot_in_many_shades_is_reduced_and_looks_the_same(tmp_path):
    path, pixels = plot(tmp_path)
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 256
    exact = tmp_path / "exact.webp"
    Image.fromarray(pixels).save(exact, lossless=True, method=2, quality=60, exact=True)
    to_webp(path)
    assert not path.exists()
    found = read(path.with_suffix(".webp"))
    assert 0 < abs(found - pixels).max() <= CLOSE == 6  # of 255
    assert path.with_suffix(".webp").stat().st_size < exact.stat().st_size


@pytest.mark.parametrize("colours", [200, 2000, SHADES + 100], ids=["few", "far apart", "photo"])
def test_what_would_change_keeps_its_pixels(colours, tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (colours, 3), np.uint8)[rng.integers(0, colours, (80, 80))]
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    to_webp(path)
    assert (read(path.with_suffix(".webp")) == pixels).all()


def test_one_pixel_that_would_change_keeps_all_as_they_are(tmp_path):
    """Some hundred colours too many, each of one pixel; all others are of a few like shades."""
    rng = np.random.default_rng(0)
    pixels = np.full((120, 120, 3), 250, np.uint8) - rng.integers(0, 5, (120, 120, 3), np.uint8)
    pixels[5:120:8, 5:120:8] = rng.integers(0, 256, (15, 15, 3), np.uint8)
    pixels[1:120:8, 1:120:8] = rng.integers(0, 256, (15, 15, 3), np.uint8)
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    to_webp(path)
    assert (read(path.with_suffix(".webp")) == pixels).all()


@pytest.mark.parametrize(("alpha", "mode"), [(255, "RGB"), (40, "RGBA"), (0, "RGBA")])
def test_transparent_pictures_keep_their_pixels(alpha, mode, tmp_path):
    image = Image.new("RGBA", (4, 4), (10, 20, 30, 255))
    image.putpixel((1, 2), (10, 20, 30, alpha))
    image.save(tmp_path / "a.png")
    assert few_colours(image) is image
    to_webp(tmp_path / "a.png")
    with Image.open(tmp_path / "a.webp") as found:
        assert found.mode == mode
        assert found.convert("RGBA").tobytes() == image.tobytes()


@pytest.mark.parametrize(("levels", "kept"), [(12, False), (17, True)])
def test_a_photograph_keeps_its_shades_however_alike(levels, kept):
    assert (levels**3 > SHADES) is kept
    shades = np.indices((levels,) * 3).reshape(3, -1).T.reshape(levels, -1, 3) + 200
    image = Image.fromarray(shades.astype(np.uint8))
    assert (few_colours(image) is image) is kept


def test_a_book_of_pages_has_no_png_left_and_other_builds_keep_theirs(tmp_path):
    (tmp_path / "_images").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "_images" / name)
    for form, error, left in (("latex", None, "png"), ("html", ValueError(), "png"),
                              ("html", None, "webp")):  # fmt: skip
        app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format=form))
        convert(app, error)
        found = sorted(path.name for path in (tmp_path / "_images").iterdir())
        assert found == [f"a.{left}", f"b.{left}"]


@pytest.mark.parametrize(
    ("white", "words", "expected"),
    [
        (0.9, "A curve.", "plot"),
        (0.7, "Many bars.", "plot"),
        (0.5, "Ten garments.", "picture"),
        *[
            (0.9, f"{word} cells are large counts.", "picture")
            for word in ("Dark", "light", "Brighter", "pale", "White", "black")
        ],
        (0.9, "A highlight in twilight.", "plot"),
    ],
)
def test_what_is_mostly_white_is_a_plot_unless_words_speak_of_light(
    white, words, expected, tmp_path
):
    pixels = np.full((100, 100), 250, np.uint8)  # nearly white
    pixels[int(100 * white) :] = 249
    path = tmp_path / "image.png"
    Image.fromarray(pixels).save(path)
    assert kind(path, words) == expected


@pytest.mark.parametrize("chosen", ["plot", "picture"])
def test_an_author_overrides_what_the_pixels_say(chosen, tmp_path):
    path = tmp_path / "image.png"
    Image.fromarray(np.full((9, 9), 0 if chosen == "plot" else 255, np.uint8)).save(path)
    for given, expected in ((chosen, [chosen]), ("wide", ["wide", kind(path, "")])):
        tag = rewritten(f'<img class="{given}" src="image.png">', path, "")
        assert f'class="{" ".join(expected)}"' in tag
