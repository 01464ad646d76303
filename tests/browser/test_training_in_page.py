"""The training lab where the build packed images: it trains in the page."""

import itertools
import math
import re
import shutil

import numpy as np
import pytest
from book_ext import lab_images
from browser_tools import (
    PAINTED,
    PHONE,
    STARTED,
    accessibility_violations,
    move,
    value,
    write_page,
)
from figure_checks import AT_ONCE, faults, sweep
from figure_samples import training_lab
from packed_images import drawn_arrays, write_images
from page_checks import with_deep
from serving import served

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """Folders of 2500 and of 12 500 images, by their parts, and the line that tells a page."""
    folders = {parts: tmp_path_factory.mktemp("packed") / "images" for parts in (1, 5)}
    return {parts: (folder, write_images(folder, parts)) for parts, folder in folders.items()}


@pytest.fixture
def folder(tmp_path):
    """Where the images of the lab lie, beside the page: to damage at will."""
    return tmp_path / "images"


@pytest.fixture
def lab(show, packed, folder):
    """Open the lab of a page that has images: few where the number isn't the point."""

    def open_lab(questions=False, parts=1, settings=None, **options):
        shutil.copytree(packed[parts][0], folder)
        figure = training_lab(**{"epochs": 5} | (settings or {}))
        page = show(figure, extra=packed[parts][1], questions=questions, **options)
        assert page.locator("[data-runs]").get_attribute("data-runs") == "page"
        return page

    return open_lab


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def done(page, rows=None):
    """Wait until nothing is trained any more."""
    page.locator("button:text-is('Train'):enabled").wait_for(timeout=60_000)
    if rows is not None:
        assert page.locator(".runs tbody tr").count() == rows


def train(page, button="Train", rows=None, **positions):
    """Set sliders, train, and wait for the end."""
    for control, position in positions.items():
        move(page, control, position)
    press(page, button)
    done(page, rows)


def words(page):
    return page.locator(".say").inner_text()


def names(page):
    """The names of the runs, beside their accuracies."""
    return page.locator(".marks").nth(1).locator("text")


def accuracies(page):
    return [float(t.split()[0]) for t in page.locator(".runs td:last-child").all_inner_texts()]


def under(page, heading):
    """The number of the first run below a heading of the table."""
    column = page.locator(".runs thead th").all_inner_texts().index(heading)
    cells = page.locator(".runs tbody tr").first.locator("th, td").all_inner_texts()
    return float(cells[column].split()[0])


@pytest.mark.parametrize("way", ["file", "http"])
def test_train_loads_the_images_and_a_curve_grows(pages, packed, folder, tmp_path, way):
    shutil.copytree(packed[5][0], folder)
    path = write_page(tmp_path, training_lab(), extra=packed[5][1])
    with served(tmp_path) as address:
        page = pages.open(path if way == "file" else f"{address}/page.html")
        loaded = [u.rsplit("/", 1)[1] for u in page.requested if "/images/" in u]
        press(page, "Skip the question")
        move(page, "images", 5_000)
        announced = page.locator("[data-runs]").inner_text()
        train(page, rows=1, epochs=3)
    assert loaded == []  # nothing before the reader asks for it
    loaded = [u.rsplit("/", 1)[1] for u in page.requested if "/images/" in u]
    assert loaded == ["trainer.js", "test-0.js", "train-0.js", "train-1.js"]
    size = sum((folder / name).stat().st_size for name in loaded[1:])
    told = re.search(r"the first run loads ([\d.]+) MB\.", announced)[1]  # by the size of one part
    assert float(told) == pytest.approx(size / 1e6, rel=0.15)
    assert "Run 1, learning rate 0.1, after epoch 3" in words(page)
    assert value(page, "test_accuracy") > 0.9
    assert value(page, "test_loss") < 1
    # The table says what the sentence says, and the training images have one accuracy.
    for name in ("test_loss", "train_accuracy", "test_accuracy"):
        assert under(page, name.replace("_", " ").replace("train ", "training ")) == pytest.approx(
            value(page, name), abs=1e-3
        )
    assert names(page).all_text_contents() == ["1: rate 0.1"]
    assert page.locator(".templates canvas:visible").count() == 10
    shown = page.locator(".templates .number").all_inner_texts()
    assert len(shown) == 10
    assert all(re.fullmatch(r"recall [01]\.\d\d", text) for text in shown)
    assert page.problems == []


#: Notes in each frame which of the buttons can be pressed, and whether a bar shows the progress.
OPEN = """() => {
  window.shown = [];
  const part = Object.fromEntries(deep("button").map((e) => [e.textContent, e]));
  const look = () => {
    const buttons = ["Train", "Stop", "Clear"].filter((name) => !part[name].disabled);
    shown.push([...buttons, ...(deep("progress")[0].hidden ? [] : ["bar"])].join());
    requestAnimationFrame(look);
  };
  look();
}"""


def test_a_guess_trains_all_three_and_marks_the_best(lab):
    page = lab(questions=True)
    page.evaluate(with_deep(OPEN))
    page.locator(".guess").get_by_role("button", name="0.1", exact=True).click()
    page.locator(".runs tbody tr").nth(2).wait_for(timeout=60_000)
    done(page, rows=3)
    page.wait_for_function("shown.at(-1) === 'Train,Clear'")
    seen = [now for now, _ in itertools.groupby(page.evaluate("shown"))]
    assert seen == ["Train", "Stop,bar", "Train,Clear"]  # the three are one piece of work
    assert [t.split(",")[0] for t in page.locator(".runs td:nth-child(2)").all_inner_texts()] == [
        "rate 0.01", "rate 0.1", "rate 10",
    ]  # fmt: skip
    best = page.locator(".runs tr:has(.best)")
    shown = accuracies(page)
    assert f"{max(shown):.3f}" in best.last.inner_text() or best.count() == 2
    assert "highest test accuracy" in words(page)
    assert ", rate " in words(page).split("test loss")[-1]  # of the best, not its number alone
    shown = page.locator(".runs td:nth-child(3)").all_inner_texts()
    losses = [float(text.split()[0].replace("\u2212", "-")) for text in shown]
    right = ["0.01", "0.1", "10"][losses.index(min(losses))]
    mine = ", as you guessed." if right == "0.1" else ". You guessed 0.1."
    verdict = page.locator(".guess .answer").inner_text()
    assert verdict.startswith(
        f"0.1: The rate with the smallest test loss at the end: {right}{mine} "
    )
    assert "With 0.01 it fell in each epoch. With 10" in verdict


def test_steps_that_are_too_long_are_counted(lab, folder):
    arrays = drawn_arrays(4)
    labels = arrays["train_labels"]
    arrays["train_labels"] = np.where(np.arange(len(labels)) % 3, labels, labels[::-1])
    page = lab(questions=True, parts=5)
    lab_images.write_parts(folder, arrays)  # a third of the labels is wrong
    page.locator(".guess").get_by_role("button", name="0.1", exact=True).click()
    page.locator(".runs tbody tr").nth(2).wait_for(timeout=60_000)
    done(page, rows=3)
    verdict = page.locator(".guess .answer").inner_text()
    found = re.search(
        r"With 10 it swings .* Steps among the first 40 that raised the loss of their own images: "
        r"(\d+) with 0.01, (\d+) with 0.1, (\d+) with 10\.",
        verdict,
    )
    small, _, large = map(int, found.groups())
    assert small == 0 < large < 40
    long = re.search(r"An early step was too long: .* from ([\d.]+) to ([\d.]+)\.", words(page))
    assert 2 < float(long[1]) < float(long[2])
    page.get_by_role("button", name="Show run 1").click()
    assert "An early step was too long" not in words(page)


def test_regimes_have_a_question_and_runs_of_their_own(lab):
    page = lab(questions=True, parts=5, settings={"question": "regimes", "epochs": 10})
    page.locator(".guess").get_by_role("button", name="0.05", exact=True).click()
    page.locator(".runs tbody tr").nth(3).wait_for(timeout=60_000)
    done(page, rows=4)
    rates = [t.split(",")[0] for t in page.locator(".runs td:nth-child(2)").all_inner_texts()]
    assert rates == ["rate 0.003", "rate 0.05", "rate 1", "rate 10"]
    verdict = page.locator(".guess .answer").inner_text()
    assert verdict.startswith("0.05: Rates whose test loss fell in every epoch: 0.003")
    assert ("as you guessed" in verdict) == (", 0.05" in verdict)
    assert page.locator(".chip").all_inner_texts() == [
        "rate 0.003, 50 epochs", "rate 1", "rate 10, weight decay 1",
    ]  # fmt: skip
    page.locator(".chip").last.click()
    assert "\u22129" in page.locator(".tries .told").inner_text()
    train(page, rows=5)
    assert "the loss is no longer a finite number" in words(page).lower()


def test_a_guess_whose_runs_were_stopped_says_so(lab):
    page = lab(questions=True)
    parts = [page.locator(".runs"), page.locator("button:text-is('Stop')")]
    page.locator(".guess").get_by_role("button", name="0.1", exact=True).click()
    second = "([table, stop]) => table.querySelectorAll('tbody tr').length > 1 && !stop.click()"
    page.wait_for_function(second, arg=[part.element_handle() for part in parts])
    done(page, rows=2)
    page.wait_for_timeout(100)
    assert page.locator(".guess .answer").inner_text() == (
        "0.1: A run was stopped or its rate changed: no answer to the question."
    )


#: Moves the rate in the frame in which the second run shows its first point.
MOVED_IN_THE_SECOND_RUN = """() => {
  if (deep(".runs tbody tr").length < 2) return false;
  const [rate] = deep("[data-control=lr]");
  rate.value = 0;
  rate.dispatchEvent(new Event("input", {bubbles: true}));
  return true;
}"""


def test_a_guess_whose_rate_was_changed_in_mid_run_says_so(lab):
    page = lab(questions=True)
    page.locator(".guess").get_by_role("button", name="0.01", exact=True).click()
    page.wait_for_function(with_deep(MOVED_IN_THE_SECOND_RUN))  # a call later it may be over
    page.get_by_text("\u2192 0.001").first.wait_for()
    done(page, rows=3)
    page.wait_for_timeout(100)
    assert page.locator(".guess .answer").inner_text() == (
        "0.01: A run was stopped or its rate changed: no answer to the question."
    )


def test_a_ring_marks_the_epoch_after_which_a_run_went_on_at_another_rate(lab):
    page = lab()
    train(page, epochs=2)
    train(page, "Continue", lr=0)
    edge = page.locator(".axes .edge").first.get_attribute("d")
    left, right = (float(re.search(rf"{letter}([\d.]+)", edge)[1]) for letter in "MH")
    ring = page.locator(".marks").first.locator(".ring").get_attribute("cx")
    assert float(ring) == pytest.approx(left + (right - left) / 3, abs=0.1)  # 2 of 1 to 4


def test_before_a_run_the_loss_of_guessing_is_marked_and_there_is_nothing_to_clear(lab):
    page = lab()
    assert page.get_by_role("button", name="Clear", exact=True).is_disabled()
    line = page.locator(".marks").first.locator("path.ghost").get_attribute("d")
    rows = page.locator(".axes").first.evaluate(
        "(g) => [...g.querySelectorAll('.grid')].map((p) =>"
        " [p.nextSibling.textContent, p.getAttribute('d')])"
    )
    y, *ys = (float(re.search(r",([\d.]+)H", d)[1]) for d in (line, *(d for _, d in rows)))
    first, *_, last = (math.log(float(text)) for text, _ in rows)
    place = (math.log(math.log(10)) - first) / (last - first)  # the axis is logarithmic
    assert y == pytest.approx(ys[0] + (ys[-1] - ys[0]) * place, abs=0.5)


def test_what_was_recorded_is_for_paper_and_the_loss_is_called_what_it_is(lab):
    page = lab(questions=True)
    title = page.locator(".plot .axis").filter(has_text="nats")
    below = page.locator(".templates")

    def nothing_is_shown():
        assert page.locator(".line").count() == 0
        assert words(page) == "Nothing is trained yet: the curves of your runs will stand here."
        assert below.is_hidden()

    nothing_is_shown()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".line").count() > 0  # on paper there is nothing to press
    assert "Recorded, learning rate 0.1" in words(page)
    assert title.inner_text().startswith("training loss, running")  # recordings have no test loss
    assert below.is_visible()
    assert page.locator(".mode").inner_text().startswith("Recorded runs")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    nothing_is_shown()
    press(page, "Skip the question")
    nothing_is_shown()
    train(page, rows=1, epochs=1)
    page.emulate_media(media="print")
    assert page.locator(".runs tbody button").is_visible()  # it is the number of the run
    assert page.locator("summary").is_hidden()  # nobody can unfold it there
    page.emulate_media(media="screen")
    assert page.locator(".line").count() > 0
    assert "test (bold)" in title.inner_text()
    assert "running" not in page.locator(".frame").inner_text()  # one accuracy, one name


def test_settings_that_few_need_are_folded_until_one_is_changed(lab):
    page = lab()
    seed = page.locator("[data-control=seed]")
    assert page.locator(".bar input").count() == 3
    assert not seed.is_visible()
    page.get_by_role("button", name="rate 1", exact=True).click()
    assert not seed.is_visible()
    page.get_by_role("button", name="momentum 0.9", exact=True).click()
    assert seed.is_visible()
    page.locator("summary").click()
    move(page, "lr", 3)
    assert not seed.is_visible()  # a reader who folds them is not contradicted


def test_a_slim_lead_is_called_so(lab):
    page = lab()
    train(page, lr=24, weight_decay=5)
    train(page, seed=3)
    assert re.search(r"The lead in test loss is [\d.]+; .* changes by up to [\d.]+\.", words(page))
    train(page, weight_decay=0)
    assert "The lead" not in words(page)


def test_why_the_loss_is_large_is_said_where_the_scores_are(lab):
    page = lab()
    train(page)
    assert "Why so large a loss?" not in words(page)
    train(page, lr=24, weight_decay=5, epochs=3)
    said = re.search(
        r"(\d+) wrong answers make ([\d.]+) % of it.*makes the loss ([\d.]+)\.", words(page)
    )
    assert value(page, "test_loss") > 2 * float(said[3])
    wrong = (1 - value(page, "test_accuracy")) * 2_000
    assert int(said[1]) == pytest.approx(wrong, abs=0.01)
    page.get_by_role("button", name="Show run 1").click()
    assert "Why so large a loss?" not in words(page)


@pytest.mark.parametrize("width", [390, 1280])
def test_knobs_both_plots_and_the_sentence_are_on_one_screen(lab, width):
    size = PHONE if width == 390 else {"viewport": {"width": 1280, "height": 900}}
    page = lab(**size)
    move(page, "lr", 24)
    bar = page.locator(".bar")
    before = bar.bounding_box()["height"]
    press(page, "Train")
    assert page.locator("progress").is_visible()
    assert bar.bounding_box()["height"] == before
    done(page)
    assert page.locator("progress").is_hidden()
    parts = [page.locator(".bar"), *page.locator(".plot").all()[:2]]
    height = parts[0].bounding_box()["height"]
    assert height < 200
    page.evaluate("(y) => scrollTo(0, y)", parts[0].bounding_box()["y"])
    bar, *plots = (part.bounding_box() for part in parts)
    assert bar["y"] >= 0
    assert bar["y"] + bar["height"] <= min(plot["y"] for plot in plots)
    end = max(plot["y"] + plot["height"] for plot in plots)
    assert end < page.viewport_size["height"] - 40  # the sentence begins below them


def test_names_stand_in_a_column_beside_the_longest_run(lab):
    page = lab()
    train(page, epochs=1)
    train(page, epochs=3)
    left = [box["x"] for box in (text.bounding_box() for text in names(page).all())]
    assert max(left) - min(left) < 1
    ends = page.locator(".marks").nth(1).locator("circle").all()
    assert min(left) > max(end.bounding_box()["x"] for end in ends)


def test_many_names_stand_in_the_order_of_their_curves(lab):
    page = lab()
    move(page, "epochs", 1)
    for position in (0, 2, 3, 6, 12, 24):
        train(page, lr=position)
    high = {text.text_content(): text.bounding_box()["y"] for text in names(page).all()}
    in_order = [int(name.split(":")[0]) for name in sorted(high, key=high.get)]
    assert sorted(in_order) == [1, 2, 3, 4, 5, 6]
    reached = accuracies(page)
    assert [reached[i - 1] for i in in_order] == sorted(reached, reverse=True)
    heights = sorted(high.values())
    assert min(b - a for a, b in itertools.pairwise(heights)) > 12
    plot = page.locator(".plot svg").nth(1).bounding_box()
    assert heights[0] > plot["y"] - 8


def test_the_same_seed_gives_the_same_run_and_another_does_not(lab):
    page = lab()
    move(page, "epochs", 2)
    losses = []
    for seed in (3, 3, 4):
        train(page, seed=seed)
        losses.append(value(page, "test_loss"))
    assert losses[0] == losses[1] != losses[2]


def test_stop_continue_and_a_new_rate_in_mid_run(lab):
    page = lab()
    move(page, "epochs", 50)
    press(page, "Train")
    page.wait_for_function(
        with_deep("() => /after epoch \\d/.test(deep('.say')[0].innerText)"), timeout=20_000
    )
    move(page, "lr", 0)
    page.get_by_text("rate 0.1 → 0.001").first.wait_for()
    press(page, "Stop")
    done(page, rows=1)
    assert "Stopped early; Continue goes on." in words(page)
    epochs = int(re.search(r"after epoch (\d+)", words(page))[1])
    assert epochs < 50
    train(page, "Continue", rows=1, epochs=2)
    assert f"after epoch {epochs + 2}" in words(page)
    assert "stopped" not in words(page).lower()


def test_the_new_rate_is_the_one_that_counts(lab):
    page = lab()
    move(page, "epochs", 1)
    losses = {}
    for position in (12, 0):  # 0.1, as before, and 0.001
        train(page, lr=12)
        before = value(page, "test_loss")
        train(page, "Continue", lr=position)
        losses[position] = (before, value(page, "test_loss"))
    assert losses[0][0] == losses[12][0]
    assert losses[0][1] != losses[12][1]
    assert 0 < losses[0][0] - losses[0][1] < losses[12][0] - losses[12][1]


def test_every_knob_changes_the_run(lab):
    page = lab(parts=5)
    move(page, "epochs", 1)
    seen = {}
    for name, position in {
        "seed": 0, "lr": 3, "batch_size": 5, "images": 2_500, "momentum": 0.9, "weight_decay": 5,
    }.items():  # fmt: skip
        train(page, **{name: position})
        seen[name] = value(page, "test_loss")
    assert len(set(seen.values())) == len(seen)
    shown = names(page).all_text_contents()
    # Each is named by what sets it apart.
    assert sorted(shown) == [
        "1: rate 0.1", "2: 256 per step", "3: 10\u202f000 images", "4: 2500 images",
        "5: momentum 0.9", "6: weight decay 0.1",
    ]  # fmt: skip
    assert page.locator(".runs tbody tr").count() == 6
    assert (
        "momentum 0.9, weight decay 0.1" in page.locator(".runs td:nth-child(2)").last.inner_text()
    )
    train(page, rows=6)  # the oldest one has gone
    assert page.locator(".runs tbody th").first.inner_text() == "2"
    strokes = (
        page.locator(".marks")
        .first.locator("circle")
        .evaluate_all("(all) => all.map((e) => e.getAttribute('fill'))")
    )
    assert len(set(strokes)) == 6
    press(page, "Clear")
    assert page.locator(".runs").is_hidden()
    assert "Nothing is trained yet" in words(page)


def test_an_earlier_run_and_an_earlier_epoch_can_be_looked_at(lab):
    page = lab()
    train(page, epochs=3)
    train(page, rows=2, lr=0)
    heading = page.locator(".head2")
    assert heading.inner_text().startswith("Run 2, learning rate 0.001, after epoch 3.")
    below = page.locator(".templates .number").all_inner_texts()
    said = page.get_by_label("Confusion matrix").get_attribute("aria-label")
    assert below == [f"recall {number}" for number in re.findall(r"[01]\.\d\d", said)]
    assert len(set(below)) > 1
    page.get_by_role("button", name="Show run 1").click()
    assert "Run 1" in words(page)
    tiles = "deep('.templates canvas').map((c) => c.toDataURL()).join()"
    last = page.evaluate(with_deep(f"() => {tiles}"))
    move(page, "at_epoch", 1)
    assert heading.inner_text().startswith("Run 1, learning rate 0.1, after epoch 1.")
    assert page.evaluate(with_deep(f"() => {tiles}")) != last
    move(page, "at_epoch", 3)
    assert page.evaluate(with_deep(f"() => {tiles}")) == last


def test_numbers_that_stop_being_finite_are_said_in_words(lab):
    page = lab(parts=5, settings={"epochs": 10})
    train(page, rows=1, lr=24, weight_decay=6)
    assert "the loss is no longer a finite number" in words(page).lower()
    assert "Why so large" not in words(page)
    assert page.get_by_role("button", name="Continue").is_disabled()
    assert page.problems == []
    train(page, rows=2, weight_decay=0, lr=12, epochs=1)
    assert value(page, "test_accuracy") > 0.5


@pytest.mark.parametrize("file", ["train-1.js", "test-0.js"])
def test_a_bad_file_is_named_and_the_lab_stays_usable(lab, folder, file):
    page = lab(parts=5, settings={"epochs": 1})
    path = folder / file
    whole = path.read_text("ascii")
    path.unlink()
    for damaged in (
        None,
        "",
        whole[:5_000],
        whole.replace('"H4sI', '"AAAA'),
        whole[:3_000] + "A" * 3_000 + whole[6_000:],
    ):
        if damaged is not None:
            path.write_text(damaged, "ascii")
        train(page, rows=0)
        assert f"{file} of the images" in words(page)
        assert ("missing" in words(page)) == (damaged is None)
        move(page, "epochs", 1)
    path.write_text(whole, "ascii")
    train(page, rows=1)
    assert "after epoch 1" in words(page)


NO_WORKER = "delete window.Worker"
NO_UNPACKING = "delete window.DecompressionStream"
REFUSED = """window.Worker = class { constructor() { throw new Error("not here"); } }"""
DUMB = """window.Worker = class {
  constructor() { setTimeout(() => this.onerror({message: "", preventDefault() {}}), 0); }
  postMessage() {}
  terminate() {}
}"""


@pytest.mark.parametrize("script", [NO_WORKER, NO_UNPACKING])
def test_a_browser_that_cannot_train_says_so_and_shows_recordings(show, packed, script):
    page = show(training_lab(), extra=packed[1][1], script=script)
    mode = page.locator("[data-runs=recorded]")
    assert "This browser can't train in the page" in mode.inner_text()
    move(page, "lr", 0)
    assert "Recorded, learning rate 0.01" in words(page)
    assert page.get_by_role("button", name="Train").count() == 0


@pytest.mark.parametrize("script", [REFUSED, DUMB])
def test_a_worker_that_is_refused_is_said(lab, script):
    page = lab(script=script)
    press(page, "Train")
    page.get_by_text("does not let this page start a worker").first.wait_for()
    done(page, rows=0)
    move(page, "lr", 0)
    assert page.locator("[data-control=lr]").get_attribute("aria-valuetext") == "0.001"


def test_without_images_the_reason_is_said(show):
    page = show(training_lab())
    assert "holds no images" in page.locator("[data-runs=recorded]").inner_text()


def test_a_hidden_page_trains_on(lab):
    page = lab()
    move(page, "epochs", 5)
    press(page, "Train")
    page.evaluate(
        "Object.defineProperty(document, 'hidden', {value: true, configurable: true});"
        "window.requestAnimationFrame = () => 0"  # as a hidden page has no frames
    )
    done(page, rows=1)
    assert "after epoch 5" in words(page)


def test_the_address_sets_the_knobs_and_nonsense_is_said(lab, tmp_path):
    page = lab()
    address = (tmp_path / "page.html").as_uri()
    page.goto("about:blank")
    page.goto(f"{address}#training_lab:lr=2&momentum=0.5&epochs=soon&images=1e9&seed=7")
    page.wait_for_function(STARTED)
    assert page.locator(".guess .skip").count() == 0  # the controls are open
    shown = {
        name: page.locator(f"[data-control={name}]").get_attribute("aria-valuetext")
        for name in ("lr", "momentum", "seed", "images")
    }
    assert shown == {"lr": "2", "momentum": "0.50", "seed": "7", "images": "60\u202f000"}
    assert page.locator(".note").inner_text()
    train(page, rows=1, epochs=1, images=2_500)
    assert "momentum 0.5, seed 7" in page.locator(".runs").inner_text()


def test_more_images_than_there_are_means_all_of_them(lab):
    page = lab(parts=5)
    train(page, rows=1, images=60_000, epochs=1)
    assert "12\u202f500 images" in page.locator(".runs").inner_text()


def test_with_runs_nothing_is_cut_off_and_axe_finds_nothing(lab):
    """At any width; a screen reader hears at most twenty words."""
    page = lab(script=AT_ONCE)
    move(page, "epochs", 2)
    for _ in range(3):
        train(page)
        move(page, "lr", 24)
    assert page.locator(".runs tbody tr").count() == 3
    texts = {page.locator(".spoken").inner_text()}
    for width in (1280, 390, 320):
        page.set_viewport_size({"width": width, "height": 844})
        page.evaluate(PAINTED)
        assert accessibility_violations(page) == []
        found, heard = sweep(page, states=15, seed=width)
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") == width
        texts.update(heard)
    for chip in page.locator(".chip").all():
        chip.click()
        texts.add(page.locator(".spoken").inner_text())
    assert any("test accuracy" in text for text in texts)
    assert [text for text in texts if len(text.split()) > 20] == []
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(400)  # colours fade
    assert accessibility_violations(page) == []


def test_keys_alone_train_and_choose_a_run(lab):
    page = lab()
    page.locator("[data-control=epochs]").focus()
    page.keyboard.press("Home")
    page.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Enter")
    done(page, rows=1)
    page.get_by_role("button", name="Train", exact=True).focus()
    page.keyboard.press("Enter")
    done(page, rows=2)
    one = page.get_by_role("button", name="Show run 1")
    one.focus()
    page.keyboard.press("Enter")
    assert one.get_attribute("aria-pressed") == "true"
    assert one.evaluate("(e) => e === e.getRootNode().activeElement")


def test_less_motion_shows_a_run_when_it_has_ended(lab):
    page = lab(reduced_motion="reduce")
    page.evaluate(
        with_deep("""() => {
      window.drawn = new Set();
      const marks = deep(".marks")[0];
      new MutationObserver(() => {
        const d = deep(".marks path.line")[0]?.getAttribute("d") ?? "";
        window.drawn.add(d);
      }).observe(marks, {childList: true});
    }""")
    )
    train(page, rows=1)
    assert page.evaluate("window.drawn.size") <= 3
    assert names(page).all_text_contents() == ["1: rate 0.1"]


def test_the_name_of_a_run_with_many_rates_has_the_first_and_the_last(lab):
    page = lab()
    train(page, rows=1, epochs=1, lr=6)
    for rate in (9, 3, 0):
        move(page, "lr", rate)
        press(page, "Continue")
        done(page, rows=1)
    (name,) = names(page).all_text_contents()
    assert re.fullmatch(r"1: rate [\d.]+ … 0\.001", name)
    page.set_viewport_size({"width": 320, "height": 900})
    page.wait_for_timeout(200)
    assert names(page).all_text_contents() == ["1: … 0.001"]
    assert faults(page, states=0) == []


#: Whether all of the confusion matrix lies in its plot, in a frame of the asked width.
MATRIX_FITS = """(width) => {
  const cells = deep("svg text.cell, svg text.on").map((e) => e.previousSibling);
  const plot = cells[0].closest("svg").getBoundingClientRect();
  return innerWidth === width
    && cells.every((cell) => cell.getBoundingClientRect().right < plot.right + 1);
}"""
#: What is drawn less often while a run is trained is not drawn at all.
NO_REST = """() => {
  const later = window.setTimeout;
  window.setTimeout = (f, ms, ...rest) => ms === 100 ? 1 : later(f, ms, ...rest);
}"""


def test_the_matrix_fits_its_box_while_it_is_trained(lab):
    page = lab()
    train(page, rows=1, epochs=1)
    page.evaluate(NO_REST)
    move(page, "epochs", 50)
    press(page, "Train")
    for width in (500, 330) * 4:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(with_deep(MATRIX_FITS), arg=width, timeout=3000)
    assert page.locator("progress").is_visible()


def test_numbers_of_a_narrow_matrix_keep_to_their_cells(lab):
    page = lab()
    train(page, rows=1)
    page.set_viewport_size({"width": 320, "height": 900})
    page.wait_for_timeout(200)
    rights = "(all) => all.map((e) => [e.getBBox().width, e.previousSibling.getBBox().width])"
    widths = page.locator("svg text.cell, svg text.on").evaluate_all(rights)
    assert any(text > cell - 1 for text, cell in widths)  # those that would be wider
    assert max(text - cell for text, cell in widths) < 2


def test_runs_are_named_by_what_differs(lab):
    page = lab()
    move(page, "epochs", 1)
    for position in (7, 16):
        train(page, batch_size=position)
    shown = names(page).all_text_contents()
    assert sorted(shown) == ["1: 128 per step", "2: 2500 per step"]
    assert re.search(r"listed: run \d, (128|2500) per step, rate 0\.1;", words(page))
    label = page.locator("svg[aria-label^=Loss]").get_attribute("aria-label")
    assert "1: 128" in label
    assert "2: 2500" in label
    for _ in range(2):  # twins, which their rate tells from the others, and nothing from each other
        train(page, lr=15, batch_size=7)
    assert re.search(r"listed: run \d, rate [\d.]+; highest .* run \d, rate [\d.]+\.", words(page))
