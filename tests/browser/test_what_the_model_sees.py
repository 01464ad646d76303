"""What the model sees: sums of pixel times weight, the smallest change, painting, test images."""

import base64
import re

import numpy as np
import pytest
import torch
from browser_tools import PAINTED, PHONE, move, skip_questions, value, values
from packed_images import drawn_arrays, write_images

from course_utils.data import CLASSES
from course_utils.figures.what_the_model_sees import WhatTheModelSees
from course_utils.models import SoftmaxRegression

pytestmark = pytest.mark.browser


def uneven_figure(**settings):
    """Return the figure of a model whose classes have weights of different sizes."""
    generator = torch.Generator().manual_seed(11)
    model = SoftmaxRegression(sigma=0.1, generator=generator)
    with torch.no_grad():
        model.weight *= torch.linspace(0.1, 3, 10)[torch.randperm(10, generator=generator)]
        model.bias += torch.linspace(-1, 1, 10)
    return WhatTheModelSees.of(model, CLASSES, **settings)


FIGURE = uneven_figure()


def weights():
    raw = np.frombuffer(base64.b64decode(FIGURE.model["weights"]), np.int8).reshape(784, 10)
    return raw * FIGURE.model["scale"], np.array(FIGURE.model["bias"])


def draw(page, silhouette):
    page.locator(f"[data-control='silhouette.{silhouette}']").check(force=True)


def drawn(silhouette):
    images = np.frombuffer(base64.b64decode(FIGURE.silhouettes), np.uint8).reshape(10, 784)
    return images[silhouette] / 255


def shown(page, what):
    return np.array([value(page, f"{what}{k}") for k in range(10)])


#: The colours of a canvas: red, green, blue and opacity, pixel by pixel.
BYTES = "(c) => [...c.getContext('2d').getImageData(0, 0, 28, 28).data]"


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("seen") / "images"
    return folder, write_images(folder, parts=1)


def test_scores_are_the_sums_of_pixel_times_weight(show):
    page = show(FIGURE)
    for silhouette in range(10):
        draw(page, silhouette)
        numbers = values(page)
        z, p, pixels, biases = (
            np.array([numbers[f"{what}{k}"] for k in range(10)])
            for what in ("z", "p", "pixels", "bias")
        )
        scores = uneven_figure(silhouette=silhouette).scores()
        small = page.locator(".radios canvas").nth(silhouette)
        assert small.get_attribute("aria-label") == CLASSES[silhouette]
        np.testing.assert_allclose(small.evaluate(BYTES)[::4], 255 * drawn(silhouette), atol=1)
        np.testing.assert_allclose(z, scores, rtol=1e-9)
        np.testing.assert_allclose(pixels + biases, scores, rtol=1e-9)
        exps = np.exp(scores - scores.max())
        np.testing.assert_allclose(p, exps / exps.sum(), rtol=1e-7, atol=1e-12)


def borders(silhouette):
    """Return the scores of a silhouette and how far each class is away, the first one inf."""
    matrix, bias = weights()
    scores = drawn(silhouette) @ matrix + bias
    first = scores.argmax()
    lengths = np.linalg.norm(matrix - matrix[:, [first]], axis=0)
    lengths[first] = 1e-300
    sizes = (scores[first] - scores) / lengths
    sizes[first] = np.inf
    return scores, sizes


def test_the_smallest_change_makes_two_classes_equal_and_is_the_smallest(show):
    second = {k: np.argsort(borders(k)[0])[-2] for k in range(10)}
    # Where the nearest border is not that of the second best class.
    silhouette = next(k for k in range(10) if borders(k)[1].argmin() != second[k])
    page = show(FIGURE)
    draw(page, silhouette)
    scores, sizes = borders(silhouette)
    first, nearest = scores.argmax(), int(sizes.argmin())
    move(page, "change", 1)
    at_border = shown(page, "z")
    assert at_border[first] == pytest.approx(at_border[nearest], abs=1e-9)
    assert at_border[first] >= at_border.max() - 1e-9
    move(page, "change", 1.05)
    assert shown(page, "z").argmax() == nearest
    root_mean_square = min(sizes) / np.sqrt(784)
    flip = page.locator("p.soft").filter(has_text="smallest change").inner_text()
    assert f"turns {CLASSES[first]} into {CLASSES[nearest]}" in flip
    assert f"{root_mean_square:.4f} in the root mean square" in flip


def test_the_smallest_change_is_drawn_with_the_gain_that_is_said(show):
    page = show(FIGURE)
    scores, sizes = borders(1)
    matrix, _ = weights()
    first, second = scores.argmax(), int(sizes.argmin())
    way = matrix[:, second] - matrix[:, first]
    step = (scores[first] - scores[second]) / (way @ way) * way
    picture = page.get_by_role("img", name="the smallest change, drawn")
    gain = float(re.search(r"drawn ([\d.]+) times", picture.get_attribute("aria-label"))[1])
    assert gain * np.abs(step).max() == pytest.approx(1, rel=0.06)  # the gain has two digits
    red, _, blue, _ = np.array(picture.evaluate(BYTES)).reshape(784, 4).T
    strong = np.abs(gain * step) > 0.1
    assert (np.sign(blue - red) == np.sign(step))[strong].all()
    darkest = np.minimum(red, blue).argmin()  # red ends at 43, blue at 33
    assert abs(step[darkest]) > 0.9 * np.abs(step).max()
    assert gain > 2
    assert min(red[darkest], blue[darkest]) < 60  # drawn at full strength
    move(page, "change", 1)
    after = page.get_by_role("img", name="the image with 1.00 of the change").evaluate(BYTES)
    np.testing.assert_allclose(after[::4], 255 * np.clip(drawn(1) + step, 0, 1), atol=1)
    said = page.locator(".bar + .why").inner_text()
    assert said.startswith(
        f"At 1, {CLASSES[first]} and {CLASSES[second]} are equally likely; below 0"
    )
    move(page, "change", -1)  # the border is farther away
    away = shown(page, "z")
    gap = scores[first] - scores[second]
    assert away[first] - away[second] == pytest.approx(2 * gap, rel=1e-9)


def test_why_the_second_best_class_is_not_the_nearest_is_said_where_it_is_so(show):
    page = show(FIGURE)
    for k in range(10):
        draw(page, k)
        scores, sizes = borders(k)
        runner = int(np.argsort(scores)[-2])
        text = page.locator("p.soft").filter(has_text="smallest change").inner_text()
        size = sizes[runner] / 28
        expected = f"that of {CLASSES[runner]}, but its border is farther away, at {size:.4f}"
        assert (expected in text) == (runner != sizes.argmin())
        assert ("farther" in text) == (runner != sizes.argmin())


@pytest.mark.parametrize(
    ("answer", "right", "scale"), [(0, 0, 1), (1, 1, 0.01), (2, 2, 0.004), (2, 0, 1)]
)
def test_before_the_guess_the_change_is_secret_and_after_it_the_answer_has_turned(
    show, monkeypatch, answer, right, scale
):
    model = FIGURE.model
    monkeypatch.setattr(FIGURE, "model", {**model, "scale": scale * model["scale"]})
    page = show(FIGURE, questions=True)
    scores, sizes = borders(1)
    blank = page.get_by_role("img", name="guess first").evaluate(BYTES)
    assert len({tuple(blank[i : i + 4]) for i in range(0, len(blank), 4)}) == 1
    assert page.locator("p.soft:not(:empty)").filter(has_text="smallest change").count() == 0
    paper = page.get_by_role("application")
    paper.click(force=True)  # closed, too, but not faded
    assert paper.evaluate("(e) => getComputedStyle(e).opacity") == "1"
    page.get_by_role("button", name="Empty").click(force=True)
    np.testing.assert_allclose(shown(page, "z"), scores, rtol=1e-9)
    choices = page.locator(".guess button:not(.skip)")
    text = choices.nth(answer).inner_text()
    choices.nth(answer).click()
    size = min(sizes) / 28
    assert (0, 0.05, 0.2)[right] <= size < (0.05, 0.2, np.inf)[right]
    said = page.locator(".guess .answer").inner_text()
    assert said.startswith(f"{text}: {'Yes' if answer == right else 'No'}: by {size:.3f}, if")
    turned = int(shown(page, "z").argmax())
    assert turned == sizes.argmin()
    assert f"At 1.05 of that change the model says {CLASSES[turned]}: compare" in said
    assert page.locator("p.soft").filter(has_text="smallest change").count() == 1


def test_on_paper_nothing_is_secret_and_the_controls_stay_in_their_place(show):
    page = show(FIGURE, questions=True)
    assert page.get_by_role("button", name="Test image").count() == 0  # there are none here
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.get_by_role("img", name="the smallest change, drawn").count() == 1
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.get_by_role("img", name="the smallest change, drawn").count() == 0
    skip_questions(page)
    page.emulate_media(media="print")
    assert page.locator(".bar").evaluate("(e) => getComputedStyle(e).position") == "static"


def test_controls_pictures_sentence_and_table_are_on_one_screen(show):
    page = show(FIGURE, viewport={"width": 1280, "height": 900})
    boxes = [page.locator(s).bounding_box() for s in (".radios", ".four", ".say", "table")]
    top, end = (f(f(b["y"], b["y"] + b["height"]) for b in boxes) for f in (min, max))
    assert end - top < 760  # the head of the book and a line of text besides
    frame = page.locator(".frame").bounding_box()
    assert frame["height"] < 900


def test_on_a_telephone_the_slider_and_what_it_moves_are_on_one_screen(show):
    page = show(FIGURE, **PHONE)
    for height in (664, 844):
        page.set_viewport_size({"width": 390, "height": height})
        page.evaluate(PAINTED)
        page.locator(".four").evaluate("(e) => e.scrollIntoView({ block: 'end' })")
        boxes = [page.locator(s).bounding_box() for s in (".bar", ".four")]
        assert all(b["y"] >= 0 and b["y"] + b["height"] <= height + 1 for b in boxes)
        page.locator(".four").evaluate("(e) => e.scrollIntoView()")
        assert 0 <= page.locator(".bar").bounding_box()["y"] < 100  # stays, also further down


def test_on_a_telephone_the_rows_add_up_and_the_controls_never_cover_the_table(show):
    page = show(FIGURE, viewport={"width": 390, "height": 844})
    row = page.locator("tbody tr").first.locator("td:visible").all_inner_texts()
    pixels, bias, score = (float(text.replace("\u2212", "-")) for text in row)
    assert pixels + bias == pytest.approx(score, abs=0.011)
    page.locator("table").evaluate("(e) => e.scrollIntoView()")
    for _ in range(8):
        bar, table = (page.locator(s).bounding_box() for s in (".bar", "table"))
        assert bar["y"] + bar["height"] <= table["y"] + 1
        page.mouse.wheel(0, 60)
        page.evaluate(PAINTED)
    for width, rows in ((390, 2), (600, 1), (1280, 2)):
        page.set_viewport_size({"width": width, "height": 844})
        pictures = page.locator(".pixels").all()[10:]
        assert len({round(picture.bounding_box()["y"]) for picture in pictures}) == rows


def test_keys_paint_and_erase_and_reset_brings_the_image_back(show):
    page = show(FIGURE)
    before = shown(page, "z")
    page.get_by_role("button", name="Empty").press("Enter")
    matrix, bias = weights()
    np.testing.assert_allclose(shown(page, "z"), bias, atol=1e-9)
    paper = page.get_by_role("application")
    paper.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    assert page.locator(".four .axis").first.inner_text().startswith("arrows move")
    x, y = 15, 13
    expected = bias + matrix[28 * y + x]
    for i, j in ((x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)):
        expected = expected + 0.6 * matrix[28 * j + i]
    np.testing.assert_allclose(shown(page, "z"), expected, rtol=1e-9)
    page.keyboard.press("x")
    assert np.abs(shown(page, "z") - expected).max() > 1e-3
    page.get_by_role("button", name="Reset", exact=True).click()
    np.testing.assert_allclose(shown(page, "z"), before, rtol=1e-9)


def test_a_drawing_is_marked_while_it_is_shown_and_comes_back_at_a_click(show):
    page = show(FIGURE)
    before = shown(page, "z")
    marked = page.locator("[data-control^='silhouette.']:checked")
    name = marked.get_attribute("data-control")
    page.get_by_role("button", name="Empty").click()
    assert marked.count() == 0
    page.locator(f"[data-control='{name}']").check(force=True)
    np.testing.assert_allclose(shown(page, "z"), before, rtol=1e-9)
    draw(page, 3)
    assert marked.count() == 1
    page.get_by_role("application").click()
    assert marked.count() == 0
    page.get_by_role("button", name="Empty").click()
    box = page.get_by_role("application").bounding_box()  # a stroke of the mouse
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"], steps=12)
    page.mouse.up()
    assert np.abs(shown(page, "z") - weights()[1]).max() > 0.1


def test_test_images_and_mistakes_are_loaded_when_asked_for(show, images, tmp_path):
    (tmp_path / "images").symlink_to(images[0])
    page = show(FIGURE, extra=images[1])
    assert not [u for u in page.requested if "/images/" in u]
    page.get_by_role("button", name="Test image").click()
    page.get_by_text("It is a test image").first.wait_for()
    arrays = drawn_arrays(1)
    matrix, bias = weights()
    x = ((arrays["test_images"].astype(int) + 8) // 17).reshape(-1, 784) / 15
    scores = x @ matrix + bias
    np.testing.assert_allclose(shown(page, "z"), scores[0], rtol=1e-7)
    page.get_by_role("button", name="Confident mistake").click()
    exps = np.exp(scores - scores.max(1, keepdims=True))
    probs = exps / exps.sum(1, keepdims=True)
    wrong = probs.argmax(1) != arrays["test_labels"]
    assert shown(page, "p").max() == pytest.approx(probs.max(1)[wrong].max(), rel=1e-9)
    true = arrays["test_labels"][(probs.max(1) * wrong).argmax()]
    assert true > 0
    said = f"It is a test image of the class {CLASSES[true]}. "
    assert said in page.locator(".say").inner_text()
    move(page, "change", 1.5)
    assert f"The unchanged image is a test image of the class {CLASSES[true]}. " in (
        page.locator(".say").inner_text()
    )
    i = (probs.max(1) * wrong).argmax()
    first, runner = np.argsort(scores[i])[:-3:-1]
    lengths = np.linalg.norm(matrix - matrix[:, [first]], axis=0)
    lengths[first] = np.inf
    far = (scores[i, first] - scores[i]) / lengths / 28
    far[first] = np.inf
    text = page.locator("p.soft").filter(has_text="smallest change").inner_text()
    assert (f"The border to {CLASSES[true]}, its label, is at {far[true]:.4f}." in text) == (
        true not in (runner, far.argmin())
    )
    assert page.problems == []


def test_a_bag_painted_on_empty_paper_reaches_the_goal(show):
    page = show(FIGURE)
    goal, paper = page.locator(".goal"), page.locator("[role=application]")
    matrix, bias = weights()
    bag = CLASSES.index("bag")
    # The strokes of one pixel, and of those that help a bag most, one after the other.
    strokes = np.zeros((28, 28, 30, 30))
    for y, x in np.ndindex(28, 28):
        for dy, dx, part in [(0, 0, 1), (0, 1, 0.6), (0, -1, 0.6), (1, 0, 0.6), (-1, 0, 0.6)]:
            strokes[y, x, y + dy + 1, x + dx + 1] = part
    strokes = strokes[:, :, 1:-1, 1:-1].reshape(784, 784)

    def paint(image):
        box = paper.bounding_box()
        for _ in range(30):
            painted = np.maximum(image, strokes) @ matrix + bias
            lead = painted[:, bag] - np.delete(painted, bag, axis=1).max(axis=1)
            pixel = int(lead.argmax())
            image = np.maximum(image, strokes[pixel])
            y, x = divmod(pixel, 28)
            place = {"x": (x + 0.5) / 28 * box["width"], "y": (y + 0.5) / 28 * box["height"]}
            paper.click(position=place)

    draw(page, 1)
    paint(drawn(1))
    assert shown(page, "p")[bag] >= 0.9
    assert "need not look like a bag" not in goal.inner_text()  # not from Empty
    page.get_by_role("button", name="Empty").click()
    paint(np.zeros(784))
    assert shown(page, "p")[bag] >= 0.9
    assert "need not look like a bag" in goal.inner_text()


def test_painting_takes_the_new_answer_apart_unless_another_class_was_chosen(show):
    page = show(FIGURE)
    page.get_by_role("button", name="Empty").click()
    paper = page.get_by_role("application")
    checked = page.locator("[data-control^='label.']:checked")
    paper.focus()
    answers = set()
    for key in ["ArrowRight", "ArrowDown"] * 6:
        page.keyboard.press(key)
        page.keyboard.press(" ")
        answers.add(int(shown(page, "z").argmax()))
        assert checked.get_attribute("data-control") == f"label.{shown(page, 'z').argmax()}"
    assert len(answers) > 1
    other = int(shown(page, "z").argmin())
    page.locator(f"[data-control='label.{other}']").check(force=True)
    page.get_by_role("button", name="Empty").focus()
    paper.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press(" ")
    assert checked.get_attribute("data-control") == f"label.{other}"


def test_a_bad_file_is_said_and_the_rest_stays_usable(show, images, tmp_path):
    page = show(FIGURE, extra=images[1])
    path = tmp_path / "images/test-0.js"
    path.parent.mkdir()
    contents = (None, "", 'globalThis.courseImages?.("test-0", "H4sI");')
    for silhouette, content in enumerate(contents):
        if content is not None:
            path.write_text(content, "ascii")
        said = page.get_by_role("button", name="Test image").evaluate(
            "(b) => { b.click(); return b.getRootNode().querySelector('p.say').textContent; }"
        )
        assert said == "Loading the test images…"
        page.get_by_text("The test images could not be loaded").first.wait_for()
        draw(page, silhouette)
        assert "The model says" in page.locator(".say").inner_text()
