"""The explorers' numbers are those of torch: bars, tables and curves on a page without a kernel."""

import itertools
import math
import re

import pytest
import torch
from browser_tools import PAINTED, PHONE, move, put, value, values
from figure_checks import faults

from course_utils.figures.jacobian_explorer import JacobianExplorer
from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.overflow_explorer import DTYPES, OverflowExplorer
from course_utils.figures.softmax_playground import SoftmaxPlayground
from course_utils.softmax import log_softmax, softmax, softmax_jacobian, softmax_vjp

pytestmark = pytest.mark.browser
LIMITS = {  # exp overflows above, is zero below (curriculum, chapter 4)
    "float16": (11.09, -17.33),
    "bfloat16": (88.72, -92.88),
    "float32": (88.72, -103.97),
    "float64": (709.78, -745.13),
}
# What a page was given, imported once more to call two of its functions.
FLOATS = """import(URL.createObjectURL(new Blob(
    [AFM.kit, AFM.overflow_explorer, "export {expRange, roundTo};"], {type: "text/javascript"})))"""


def double(values):
    return torch.tensor(values, dtype=torch.float64)


def shown(page, names):
    return double([value(page, name) for name in names])


def test_playground_agrees_with_softmax(show):
    page = show(SoftmaxPlayground())
    for logits, temperature, shift, scale in [
        ([2, 1, -1], 1, 0, 1),
        ([10, 0.1], 1, -10, 1),
        ([-3, 4, 0.5, 9, 1, 9.5], 0.1, 7, 3),
    ]:
        put(
            page,
            SoftmaxPlayground(logits=logits, temperature=temperature, shift=shift, scale=scale),
        )
        z = double(logits) * scale + shift
        every = range(len(logits))
        torch.testing.assert_close(shown(page, [f"z{i}" for i in every]), z)
        exps = (z / temperature).exp()
        torch.testing.assert_close(shown(page, [f"e{i}" for i in every]), exps, rtol=1e-6, atol=0)
        probs = shown(page, [f"p{i}" for i in every])
        torch.testing.assert_close(probs, softmax(z / temperature), rtol=1e-6, atol=0)
        first, second = z.argsort(descending=True)[:2]
        assert page.locator(".say").get_attribute("data-argmax") == str(int(first))
        odds = math.exp((z[first] - z[second]) / temperature)
        assert value(page, "odds") == pytest.approx(odds, rel=1e-6)
    put(page, SoftmaxPlayground(scale=2.5))
    assert "Multiplying by 2.50 does what temperature 0.40 would do." in said(page)


def test_playground_names_no_winner_of_a_tie(show):
    page = show(SoftmaxPlayground(logits=[-1, 2, 2]))
    assert page.locator(".say").inner_text().startswith("A tie: cat and chicken have equal scores")
    assert page.locator(".marks text.strong").all_text_contents()[:2] == ["cat", "chicken"]
    move(page, "shift", 1)
    assert "is most probable" not in page.locator(".say").inner_text()
    move(page, "logits.1", 3)
    assert page.locator(".say").inner_text().startswith("cat is most probable, ")


def test_playground_shift_changes_nothing_and_scale_does(show):
    page = show(SoftmaxPlayground())
    names = ["p0", "p1", "p2"]
    first = shown(page, names)
    move(page, "shift", 8)
    torch.testing.assert_close(shown(page, names), first, rtol=1e-12, atol=0)
    assert value(page, "z0") == 10
    assert "changed no probability" in page.locator(".say").inner_text()
    move(page, "scale", 2)
    expected = softmax(2 * double(SoftmaxPlayground().logits))
    torch.testing.assert_close(shown(page, names), expected, rtol=1e-6, atol=0)


def test_playground_number_of_classes(show):
    page = show(SoftmaxPlayground())
    for count in (6, 2, 5):
        move(page, "classes", count)
        assert page.locator("[data-control^=logits]").count() == count
        probs = shown(page, [f"p{i}" for i in range(count)])
        assert probs.sum().item() == pytest.approx(1)
    assert [value(page, "z0"), value(page, "z1")] == [2, 1]


def heights(page):
    return page.locator(".marks rect").evaluate_all(
        "(all) => all.map((e) => Number(e.getAttribute('height')))"
    )


def test_playground_bars_become_scores_exponentials_and_shares(show):
    page = show(SoftmaxPlayground(), reduced_motion="reduce")
    for stage, key in (("score", "z"), ("exp", "e"), ("share", "p")):
        page.locator(f"[data-control='stage.{stage}']").check()
        values = shown(page, [f"{key}{i}" for i in range(3)]).abs()
        bars = double(heights(page))
        torch.testing.assert_close(bars / bars.max(), values / values.max(), rtol=0.02, atol=0.01)


def test_playground_morphs_between_two_stages(show):
    page = show(SoftmaxPlayground())
    before = heights(page)
    page.locator("[data-control='stage.exp']").check()
    page.wait_for_timeout(150)
    during = heights(page)
    page.wait_for_timeout(600)
    after = heights(page)
    assert before[1] != after[1]
    assert min(before[1], after[1]) < during[1] < max(before[1], after[1])


def test_playground_answer_gives_way_to_the_reader(show):
    page = show(SoftmaxPlayground(), questions=True)
    page.get_by_role("button", name="All of them grow").click()
    page.wait_for_timeout(200)
    page.get_by_role("button", name="a tie").click()
    page.wait_for_timeout(1200)
    assert "Equal scores" in page.locator(".tries .told").inner_text()


def test_playground_bars_can_be_dragged(show):
    page = show(SoftmaxPlayground(stage="score"))
    box = page.locator("svg.drag").bounding_box()
    knob = page.locator(".knob").nth(1).bounding_box()
    page.mouse.move(knob["x"] + 5, knob["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.up()
    assert value(page, "z1") > 2  # the bar that was grabbed, wherever the pointer went
    assert [value(page, "z0"), value(page, "z2")] == [2, -1]


def test_playground_goal_is_met_and_said(show):
    page = show(SoftmaxPlayground())
    assert not page.locator(".goal.done").is_visible()
    move(page, "logits.1", 2)
    move(page, "logits.2", -6)
    assert value(page, "p1") == pytest.approx(0.5, abs=5e-4)
    assert "as much as all the others" in page.locator(".goal.done").inner_text()
    move(page, "logits.0", 2.1)
    assert page.locator(".goal.done").count() == 0


def test_jacobian_agrees_with_torch(show):
    page = show(JacobianExplorer(), JacobianExplorer(product=True))
    for logits, v, column in [
        ([2, 1, -1], [1, 0, 0], 0),
        ([5, -5], [0.3, -2], 1),
        ([0, 1, 2, 3, 4, 5], [1] * 5 + [-1], 4),
    ]:
        k = len(logits)
        state = {"logits": logits, "v": v, "column": column, "nudge": 0.7}
        put(page, JacobianExplorer(**state, measured=[1e-6] * k))
        put(page, JacobianExplorer(**state, product=True), nth=1)
        z = double(logits)
        matrix = shown(page, [f"J{i}{j}" for i in range(k) for j in range(k)]).view(k, k)
        expected = softmax_jacobian(z)
        others = [j for j in range(k) if j != column]
        torch.testing.assert_close(matrix[:, others], expected[:, others], rtol=1e-5, atol=1e-9)
        assert shown(page, [f"sum{i}" for i in range(k)]).abs().max() < 1e-9
        assert value(page, "mean") == pytest.approx(float(softmax(z) @ double(v)))
        product = shown(page, [f"vjp{i}" for i in range(k)])
        expected_product = softmax_vjp(softmax(z), double(v))
        torch.testing.assert_close(product, expected_product, rtol=1e-6, atol=1e-15)
        apart = double(v) - softmax(z) @ double(v)
        torch.testing.assert_close(shown(page, [f"apart{i}" for i in range(k)]), apart)
        nudged = z.clone()
        nudged[column] += 0.7
        torch.testing.assert_close(shown(page, [f"z{i}" for i in range(k)]), z)
        real = shown(page, [f"real{i}" for i in range(k)])
        torch.testing.assert_close(real, softmax(nudged) - softmax(z), rtol=1e-6, atol=1e-15)
        torch.testing.assert_close(matrix[:, column], real / 0.7, rtol=1e-6, atol=1e-15)


def size(chart):
    """Return how wide and high a plot is within its axes."""
    axes = chart.locator(".axes .edge")
    return axes.evaluate("(e) => [e.getBBox().width, e.getBBox().height]")


def drag(page, knob, dy):
    """Drag a handle down by so many pixels."""
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 3, y + dy / 2)
    page.mouse.move(x + 60, y + dy)  # the one that was grabbed, wherever the pointer goes
    page.mouse.up()


def test_jacobian_logits_are_dragged_and_what_was_measured_follows(show):
    page = show(JacobianExplorer(nudge=0.02))
    _, tall = size(page.locator("svg.drag").first)
    drag(page, page.locator(".up .knob").nth(1), tall / 4)
    assert value(page, "z1") == pytest.approx(-1.5, abs=0.11)  # a quarter of ten units
    assert shown(page, ["nudge0", "nudge1"]).tolist() == [0.02, 0]
    z = shown(page, ["z0", "z1", "z2"])
    slopes = softmax_jacobian(z)[:, 0]
    torch.testing.assert_close(shown(page, [f"J{i}0" for i in range(3)]), slopes, rtol=0.02, atol=0)
    move(page, "logits.1", 5)
    assert value(page, "z1") == 5
    own = ", ".join(f"{x * (1 - x):.3f}"[1:] for x in probs(page))
    assert page.locator(".axis").first.inner_text().endswith(f"): {own}")
    put(page, JacobianExplorer(logits=[0, 3, -5], nudge=0.02, measured=[0, 0.02, 0]))
    goal = page.locator(".goal").nth(1)
    box = page.locator(".up .knob").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    _, y, _, tall = page.locator("svg.drag").first.bounding_box().values()
    middle = y + tall / 2
    page.mouse.move(box["x"], middle, steps=3)
    assert value(page, "J11") == pytest.approx(0.25, abs=0.0025)
    assert "✓" not in goal.inner_text()[:2]  # while it is held
    page.mouse.move(box["x"], middle + tall / 5)
    page.mouse.up()
    assert "✓" not in goal.inner_text()[:2]  # what was crossed
    move(page, "logits.1", 0)
    assert "✓" in goal.inner_text()[:2]
    assert page.locator("[data-q=p2]").inner_text() == ".003"
    move(page, "logits.0", 5)
    assert "(reached before) ¼ is p(1" in goal.inner_text()
    put(page, JacobianExplorer(logits=[5, -5, -5], nudge=1))
    assert page.locator("[data-q=p0]").inner_text() == ">.999"
    page.get_by_role("button", name="Reset").click()
    assert value(page, "z1") == 1


def test_jacobian_nudge_is_dragged_on_the_curve(show):
    page = show(JacobianExplorer())
    wide, _ = size(page.locator("svg.drag").nth(1))
    knob = page.locator(".across .knob")
    knob.scroll_into_view_if_needed()
    box = knob.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    ticks = page.locator(".box > svg").nth(1).locator(".axes text")
    before = ticks.all_text_contents()
    page.mouse.move(x + wide, y)
    assert value(page, "nudge0") == 2
    assert page.locator(".note").first.inner_text() == ""
    page.mouse.move(x - 0.9 * wide / 4.4, y + 40, steps=4)  # of ±2.2
    assert ticks.all_text_contents() == before
    page.mouse.up()
    ticks.filter(has_text="0.25").last.wait_for()
    assert value(page, "nudge0") == pytest.approx(0.1, abs=0.02)
    move(page, "nudge", 0.6)
    page.locator("[data-control='column.2']").click()
    page.locator("[data-q=nudge2][data-value='1']").wait_for()
    assert value(page, "nudge0") == 0.6  # what was measured is kept
    page.locator("[data-cell='2.0']").click()
    assert "p₃ by the nudge of z₁" in page.locator(".axis").all_inner_texts()[2]


@pytest.mark.parametrize("nudge", [1.2, -0.9])
def test_jacobian_shows_each_p_now_and_before(show, nudge):
    page = show(JacobianExplorer(nudge=nudge, column=1))
    before, change = probs(page), shown(page, ["real0", "real1", "real2"])
    for i, share in enumerate(page.locator(".share").all()):
        whole = share.bounding_box()["width"]
        bars = [bar.bounding_box()["width"] / whole for bar in share.locator("i").all()]
        now = before[i] + change[i]
        assert bars == pytest.approx([now.item(), before[i].item()], abs=0.006)


#: Keeps what a figure says and marks from now on.
HEARD = """() => {
  const board = document.querySelector(".cu-fig").shadowRoot.querySelector(".board");
  globalThis.heard = "";
  new MutationObserver(() => heard += board.textContent).observe(board, {
    childList: true, subtree: true,
  });
}"""


def test_jacobian_is_measured_column_by_column(show):
    page = show(JacobianExplorer(column=2, nudge=0.02))
    goal = page.locator(".goal").first
    for j in (2, 1, 0):
        assert "✓" not in goal.inner_text()
        if j == 0:
            for i, slope in enumerate(softmax_jacobian(double([2, 1, -1]))[0].tolist()):
                move(page, f"guess.{i}", slope)
            page.get_by_role("button", name="Check").click()
        elif j == 1:
            page.evaluate(HEARD)
            page.locator(f"[data-control='column.{j}']").click()
            page.locator(f"[data-q=nudge{j}][data-value='0.25']").wait_for()
            assert "skip" not in page.evaluate("heard")  # while the nudge is small, but moves
            move(page, "nudge", 0.02)
        page.locator(f"[data-q=nudge{j}][data-value='0.02']").wait_for()
        assert "✓" in page.locator(f"[data-cell='0.{j}']").inner_text()
        assert ("Before you nudge z₁: where will its bars end?" in said(page)) == (j == 1)
    assert said(page).endswith("right. Streak of columns checked without a ✗: 1.")
    assert "✓" in goal.inner_text()
    assert "before" not in goal.inner_text()
    move(page, "nudge", 1)
    assert "✓" in goal.inner_text()  # until Reset
    assert "(reached before) Columns sum to 0" in goal.inner_text()
    page.get_by_role("button", name="Reset").click()
    assert "✓" not in goal.inner_text()


def test_jacobian_last_column_is_guessed_in_its_cells(show):
    page = show(JacobianExplorer(nudge=0.08, measured=[0, 0.02, 0]))
    first, second = page.locator("[data-cell='0.2']"), page.locator("[data-cell='1.2']")
    box = first.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - box["width"] / 4, y, steps=5)
    page.mouse.up()
    guess = float(first.locator("input").input_value())
    assert -0.2 < guess < -0.1
    assert first.inner_text().startswith(f"\N{MINUS SIGN}{-guess:.3f}?".replace("0.", "."))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    assert second.locator("input").input_value() == "-0.005"
    assert page.locator(".unmet").count() == 1  # the sum
    page.get_by_role("button", name="Check").click()
    assert re.search(r"^Not yet: .* Raise your bars by \.\d+ in all", said(page))
    for i, to in enumerate((0.1, -0.01, -0.09)):
        move(page, f"guess.{i}", to)
    assert page.locator(".unmet").count() == 0  # not before it is checked
    page.get_by_role("button", name="Check").click()
    framed = page.locator(".unmet").evaluate_all("(all) => all.map((e) => e.dataset.cell)")
    assert framed == ["0.2", "2.2"]  # what is wrong
    assert "Tap it" in said(page)
    assert page.get_by_text("Tap it").count() == 1  # not in the square
    assert page.get_by_role("button", name="udge").count() == 0  # that would end the question
    page.locator("[data-cell='0.1']").click()
    assert said(page).startswith("Not that one. Which mirrors your p₁?")
    page.locator("[data-cell='2.1']").click()
    assert said(page).startswith("That mirrors your p₂. Which mirrors your p₁?")
    assert page.locator(".mirror").count() == 0
    page.locator("[data-cell='2.0']").click()
    assert said(page).startswith(
        "Yes. Slopes mirror each other: that of p₁ by z₃ equals that of p₃ by z₁"
    )
    assert said(page).endswith("(double frames). Your column of z₃ sums to \N{MINUS SIGN}.125.")
    slope = softmax_jacobian(double([2, 1, -1]))[2, 0]
    assert first.inner_text().split("?")[0] == f"{slope:.3f}".replace("-0", "\N{MINUS SIGN}")
    assert page.locator(".mirror").count() == 2
    assert page.get_by_text("Tap it").count() == 0  # the square waits
    page.locator("[data-control='column.1']").click()
    assert not said(page).startswith("Yes")


@pytest.mark.parametrize("dx", [-7, 3])
def test_jacobian_guess_follows_a_finger_at_once(show, dx):
    page = show(JacobianExplorer(nudge=0.02, measured=[0, 0.02, 0]), **PHONE)
    rod = page.locator("[data-cell='1.2'] .rod")
    rod.scroll_into_view_if_needed()
    box = rod.bounding_box()
    touch = page.context.new_cdp_session(page)
    for kind, moved in (("touchStart", 0), ("touchMove", dx / 2), ("touchMove", dx)):
        at = {"x": box["x"] + box["width"] / 2 + moved, "y": box["y"] + 8}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [at]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.evaluate(PAINTED)
    guess = float(page.locator("[data-control='guess.1']").input_value())
    assert guess == pytest.approx(dx / box["width"] / 2, abs=0.006)


def test_jacobian_shares_a_phone_screen_from_the_logits_to_the_square(show):
    page = show(JacobianExplorer(), **PHONE)
    first, last = (page.locator(".board .plot").nth(i).bounding_box() for i in (0, 2))
    assert last["y"] + last["height"] - first["y"] < 800
    message, halve = page.locator(".board > .say"), page.get_by_role("button", name="Halve")
    below = halve.bounding_box()["y"] - message.bounding_box()["y"]
    assert 0 < below - message.bounding_box()["height"] < 20


def test_jacobian_a_press_while_the_nudge_moves_ends_that_step(show):
    page = show(JacobianExplorer(nudge=0), questions=True)
    page.get_by_role("button", name="Equally").click()
    page.locator("[data-control='column.1']").click()
    page.locator("[data-q=nudge1][data-value='1']").wait_for()
    assert value(page, "nudge0") == 1
    page = show(JacobianExplorer())
    halve = page.get_by_role("button", name="Halve the nudge")
    halve.evaluate("(e) => { for (let i = 0; i < 4; i++) e.click(); }")
    page.locator("[data-q=nudge0][data-value='0.0625']").wait_for()
    assert page.locator(".past").count() == 3  # the chords of the last nudges that were halved


def test_jacobian_bars_are_drawn_for_a_quarter(show):
    page = show(JacobianExplorer(nudge=1.5, column=1))
    for i, j in [(0, 1), (1, 1), (2, 1)]:  # half a cell is a quarter
        rod = page.locator(f"[data-cell='{i}.{j}'] .rod")
        fill = rod.locator("i").first.bounding_box()["width"] / rod.bounding_box()["width"]
        assert fill == pytest.approx(2 * abs(value(page, f"J{i}{j}")), abs=0.01)


def test_jacobian_entries_are_areas_of_a_square(show):
    """A cell lights its rectangle, and the reverse; all of a column but the square, for its own."""
    page = show(JacobianExplorer(nudge=0.5))
    square = page.locator(".box > svg").nth(2)
    slopes = softmax_jacobian(double([2, 1, -1]))

    def areas(look):
        boxes = [part.bounding_box() for part in square.locator(look).all()]
        return [box["width"] * box["height"] / whole["width"] / whole["height"] for box in boxes]

    tiles = [part.bounding_box() for part in square.locator(".tile").all()]
    whole = {
        "width": tiles[-1]["x"] + tiles[-1]["width"] - tiles[0]["x"],
        "height": tiles[-1]["y"] + tiles[-1]["height"] - tiles[0]["y"],
    }
    assert whole["width"] == pytest.approx(whole["height"], abs=2)
    below = square.locator("xpath=../following-sibling::div")
    for state, says in (({}, "Where are slopes"), ({"logits": [1, 1, 0]}, "Filled")):
        put(page, JacobianExplorer(nudge=0.02 if state else 0.5, **state))
        square.locator(".tile").first.click()
        assert below.inner_text().startswith(says)
    put(page, JacobianExplorer(nudge=0.02))  # a column is measured: its largest loss is asked for
    title = page.locator(".axis").filter(has_text="slope of p₂ by z₁")
    assert "p₂p₁" not in title.inner_text()
    for tile, says in ((0, "Not p₁p₁. "), (1, "Filled area: p₂p₁ = .183")):
        assert square.locator(".solid").count() == 0
        square.locator(".tile").nth(tile).click()
        assert below.inner_text().replace("\N{NO-BREAK SPACE}", " ").startswith(says)
    assert areas(".solid") == pytest.approx([-slopes[1, 0].item()], abs=0.02)
    page.locator("[data-cell='0.0']").click()
    assert sum(areas(".solid")) == pytest.approx(slopes[0, 0].item(), abs=0.02)
    page.locator("[data-cell='1.0']").click()
    assert title.inner_text().replace("\N{NO-BREAK SPACE}", " ") == (
        f"slope of p₂ by z₁: \N{MINUS SIGN}p₂p₁ = \N{MINUS SIGN}{-slopes[1, 0]:.3f}"
    ).replace("0.", ".")
    square.locator(".tile").nth(1).click()  # row 1, column 2
    assert page.locator(".drawn").get_attribute("data-cell") == "0.1"
    assert page.get_by_text("slope of p₁ by z₂").inner_text().endswith("p₂")  # not measured yet
    put(page, JacobianExplorer(nudge=0.02, measured=[0, 0.02, 0]))
    square.locator(".tile").nth(2).click()
    assert said(page).startswith("You foretell the column of z₃")


def test_jacobian_product_stands_apart(show):
    page = show(JacobianExplorer(), JacobianExplorer(product=True))
    first, second = page.locator(".cu-fig").all()
    assert first.locator("[data-control='v.0']").count() == 0
    assert second.locator(".heat, [data-control='nudge']").count() == 0
    drag(page, second.locator(".knob").nth(1), -160)
    assert float(second.locator("[data-control='v.1']").input_value()) == 2
    page.evaluate("location.hash = '#jacobian_explorer:nudge=2&v=1,1,1'")  # an old address
    page.get_by_text("z₁ moves by 2.").wait_for()
    assert first.locator("[data-control='nudge']").input_value() == "2"


def test_jacobian_product_blocks_have_the_area_of_its_entries(show):
    page = show(JacobianExplorer(product=True, v=[1.5, -0.5, -2]))
    across, up = size(page.locator("svg.drag"))
    names = [f"vjp{i}" for i in range(3)]
    entries = shown(page, names).tolist()
    for i, entry in enumerate(entries):
        look = page.locator(".marks :is(.solid, .hollow)").nth(i)
        wide, high = (float(look.get_attribute(side)) for side in ("width", "height"))
        area = wide / across * 4 * high / up  # v from -2 to 2
        assert area == pytest.approx(abs(entry), abs=0.01)
        assert look.get_attribute("class") == ("solid" if entry > 0 else "hollow")


def test_jacobian_product_fills_the_hollow_with_earth_of_each_block(show):
    page = show(JacobianExplorer(product=True, v=[1, -1, 2]), reduced_motion="reduce")
    entries = shown(page, ["vjp0", "vjp1", "vjp2"])
    page.get_by_role("button", name="Level the ground").click()
    area = "e.width.baseVal.value * e.height.baseVal.value"
    found = page.locator(".marks .solid").evaluate_all(
        f"(all) => all.map((e) => [e.getAttribute('style').match(/cu-(\\w+)/)[1], {area}])"
    )
    across, up = size(page.locator("svg.drag"))
    for colour, entry in (("blue", entries[0]), ("green", entries[2])):
        filled = sum(share for name, share in found if name == colour) / across * 4 / up
        assert filled == pytest.approx(entry.item(), abs=0.002)


@pytest.mark.parametrize("width", [320, 1280])
def test_jacobian_product_names_the_area_of_every_block(show, width):
    page = show(JacobianExplorer(product=True, logits=[2, 1, 0.1, 0, 1, -1], v=[1, 1, 0, -2, 2, 0]))
    page.set_viewport_size({"width": width, "height": 900})
    page.evaluate(PAINTED)
    plain = "(nodes) => nodes.map((n) => n.textContent).filter((t) => t.includes('.')).sort()"
    named = page.locator(".marks text.strong:not([data-q])").evaluate_all(plain)
    entries = page.locator("[data-q^=vjp]").evaluate_all(plain)
    assert named == entries


def test_jacobian_product_keeps_a_ghost_of_what_was_before(show):
    page = show(JacobianExplorer(product=True))
    assert page.locator(".was").count() == 0
    level = page.locator(".level").get_attribute("d")
    page.get_by_role("button", name="one-hot + 1").click()
    assert page.locator(".was.mean").get_attribute("d") == level
    level = page.locator(".level").get_attribute("d")
    drag(page, page.locator(".knob").nth(0), 60)
    assert page.locator(".was.mean").get_attribute("d") == level
    page.get_by_role("button", name="Reset").click()
    assert page.locator(".was").count() == 0


def test_jacobian_curve_has_a_chord_that_becomes_the_tangent(show):
    """For the cell clicked; a wide nudge leaves the curve between them. Halving it zooms in."""
    page = show(JacobianExplorer(logits=[0, 0, 2], nudge=2), reduced_motion="reduce")
    page.locator("[data-cell='1.0']").click()
    assert "p₂ by the nudge of z₁" in page.locator(".axis").nth(2).inner_text()

    def slopes():
        curve = page.locator(".box > svg").nth(1)
        ends = [
            [float(n) for n in re.findall(r"[-\d.]+", curve.locator(look).get_attribute("d"))]
            for look in (".chord:not(.past)", ".level")
        ]
        return [(d - b) / (c - a) for a, b, c, d in ends]

    chord, tangent = slopes()
    assert chord / tangent > 1.2
    halve, seen = page.get_by_role("button", name="Halve the nudge"), []
    for by in (1, 0.5, 0.25):
        halve.click()
        knob = page.locator(".across").bounding_box()
        ticks = page.locator(".box > svg").nth(1).locator(".axes text").all_text_contents()
        seen.append((knob["x"], page.locator(".level").get_attribute("d")))
        assert str(2 * by).removesuffix(".0") in ticks
        assert seen[-1][0] == pytest.approx(seen[0][0], abs=0.5)
    assert {tangent for _, tangent in seen} == {seen[0][1]}
    move(page, "nudge", 0.01)
    chord, tangent = slopes()
    assert chord / tangent == pytest.approx(1, abs=0.02)


def test_jacobian_one_more_in_each_entry_leaves_the_product(show):
    page = show(JacobianExplorer(product=True))
    names = [f"vjp{i}" for i in range(3)]
    targets = [f"target{i}" for i in range(3)]
    page.get_by_role("button", name="one-hot", exact=True).click()
    before, v = shown(page, names), shown(page, ["v0", "v1", "v2"])
    torch.testing.assert_close(shown(page, targets), before)
    torch.testing.assert_close(before, softmax_jacobian(double([2, 1, -1]))[1])
    page.get_by_role("button", name="one-hot + 1").click()
    assert shown(page, ["v0", "v1", "v2"]).tolist() == (v + 1).tolist()
    torch.testing.assert_close(shown(page, names), before)


def test_jacobian_product_with_the_slope_of_cross_entropy(show):
    page = show(JacobianExplorer(product=True))
    page.get_by_role("button", name="cross-entropy").click()
    assert value(page, "mean") == pytest.approx(-1)
    expected = softmax(double([2, 1, -1])) - double([1, 0, 0])
    torch.testing.assert_close(shown(page, [f"vjp{i}" for i in range(3)]), expected)
    torch.testing.assert_close(shown(page, [f"target{i}" for i in range(3)]), expected)
    page = show(JacobianExplorer(product=True, logits=[0, 0, 0]))  # -1 / p is beyond the axis
    assert page.get_by_role("button", name="cross-entropy").count() == 0


@pytest.mark.parametrize("product", [False, True])
def test_jacobian_of_six_classes_fits_in_any_state(show, product):
    page = show(JacobianExplorer(logits=[2, 1, 0.1, 0, 1, -1], product=product))
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(PAINTED)
        assert faults(page, states=15, seed=width) == []


def test_jacobian_answers_the_guesses_by_moving(show):
    page = show(JacobianExplorer(), JacobianExplorer(product=True), questions=True)
    assert shown(page, ["real0", "real1", "real2"]).tolist() == [0, 0, 0]
    assert page.get_by_text("moves by").count() == 0
    page.get_by_role("button", name="Equally").click()
    page.get_by_text("each of the others").wait_for()
    before, change = probs(page), shown(page, ["real0", "real1", "real2"])
    kept = (before + change) / before
    assert kept[1] == pytest.approx(kept[2].item())
    assert f"each of the others loses {100 * (1 - kept[1]):.2g}\N{NARROW NO-BREAK SPACE}%" in said(
        page
    )
    names = [f"vjp{i}" for i in range(3)]
    product = shown(page, names)
    page.get_by_role("button", name="Only the last").click()
    page.locator("[data-q=v2]", has_text="2.00").wait_for()
    assert page.locator(".was.mean").count() == 1  # what it is to be compared with
    assert (shown(page, names) - product).abs().min() > 0.01


def said(page):
    return page.locator(".say").first.inner_text()


def losses_in_torch(x, k, smoothing):
    z = double([x] + [0] * (k - 1)).requires_grad_()
    label = torch.tensor([0])
    target = torch.full((k,), smoothing / k, dtype=z.dtype)
    target[0] += 1 - smoothing
    loss = torch.nn.functional.cross_entropy
    made = [
        loss(z[None], label, label_smoothing=smoothing),
        ((softmax(z) - target) ** 2).sum(),
        loss(softmax(z)[None], label, label_smoothing=smoothing),
    ]
    grads = [torch.autograd.grad(one, z, retain_graph=True)[0][0] for one in made]
    return torch.stack(made).detach(), torch.stack(grads)


LOSSES = ["cross-entropy", "squared error", "softmax twice"]
DESCEND = "Descend 50 steps"
RACE = "Probability of the true class, step by step"


def test_loss_agrees_with_torch(show):
    page = show(LossExplorer())
    for x, k, smoothing in [(-6, 3, 0), (0.5, 2, 0.1), (8, 10, 0), (3.2, 5, 0.5)]:
        put(page, LossExplorer(logit=x, num_classes=k, smoothing=smoothing, double_softmax=True))
        numbers = values(page)
        expected, grads = losses_in_torch(x, k, smoothing)
        losses = double([numbers[f"loss{i}"] for i in range(3)])
        torch.testing.assert_close(losses, expected, rtol=1e-6, atol=0)
        seen = double([numbers[f"grad{i}"] for i in range(3)])
        torch.testing.assert_close(seen, grads, rtol=1e-6, atol=1e-12)


def test_loss_controls_stay_while_the_score_passes_zero(show):
    page = show(LossExplorer(), viewport={"width": 720, "height": 900})
    places = set()
    for x in (-8, -0.1, 0, 8):
        move(page, "logit", x)
        places.add(page.get_by_role("button", name="Descend").bounding_box()["y"])
    assert len(places) == 1


#: Whether the curve runs through the words' box.
CROSSES = """(path, box) => {
  const place = path.getScreenCTM();
  const length = path.getTotalLength();
  return Array.from({length: 400}, (_, i) => path.getPointAtLength(length * i / 399))
    .map((point) => point.matrixTransform(place))
    .some(({x, y}) => x > box.x && x < box.x + box.width && y > box.y && y < box.y + box.height);
}"""


def test_loss_double_softmax_floor(show):
    page = show(LossExplorer(), viewport={"width": 718, "height": 900})
    for k, floor in [(3, 0.5514), (4, 0.7437), (10, 1.4612)]:
        put(page, LossExplorer(logit=-4, num_classes=k))
        assert page.locator("[data-q=loss2]").count() == 0
        put(page, LossExplorer(logit=-4, num_classes=k, double_softmax=True))
        assert value(page, "floor") == pytest.approx(floor, abs=5e-5)
        assert value(page, "floor") == pytest.approx(math.log(math.e + k - 1) - 1, rel=1e-9)
        assert value(page, "loss2") >= value(page, "floor")
        named = page.locator(".marks text").filter(has_text=f"floor {floor:.4f}")
        assert named.count() == 1
        # No curve of the same plot runs through the words.
        curves = named.locator("xpath=ancestor::*[name()='svg']").locator("path.line")
        box = named.bounding_box()
        assert [curve.evaluate(CROSSES, box) for curve in curves.all()] == [False] * 3
    switch = page.get_by_role("checkbox", name="softmax twice")
    assert switch.is_checked()
    switch.click()
    assert page.locator("[data-q=loss2]").count() == 0
    assert not switch.is_checked()
    switch.click()  # it stays, so that the third can be put on again
    assert page.locator("[data-q=loss2]").count() == 1
    switch.click()
    put(page, LossExplorer(logit=-2))
    switch.click()  # the state of a question
    assert switch.is_checked()
    switch.click()
    marks = page.locator(".marks").first
    for x in (-6, -3, -2.5, -2):  # the name is at its curve, or there is none
        put(page, LossExplorer(logit=x, smoothing=0.5))
        curve = marks.locator("path.line").nth(1).bounding_box()
        for name in marks.get_by_text("squared error").all():
            assert 0 < curve["y"] - name.bounding_box()["y"] < 25
    page.set_viewport_size({"width": 1280, "height": 900})
    put(page, LossExplorer(logit=-3, double_softmax=True))
    named = [page.locator(".marks").get_by_text(name, exact=True).count() for name in LOSSES]
    assert named == [2, 2, 2]  # each in both plots


def test_loss_says_how_the_gradients_are_related(show):
    page = show(LossExplorer())
    states = [(-6, 3), (-1, 3), (0, 2), (0, 3), (0, 10), (6, 3), (8, 3, 0.1), (8, 10), (-8, 10)]
    for x, k, smoothing in [(*state, 0)[:3] for state in states]:
        put(page, LossExplorer(logit=x, num_classes=k, smoothing=smoothing))
        _, (entropy, square, _) = losses_in_torch(x, k, smoothing)
        text = page.locator(".product").inner_text().replace("about 0", "0") + said(page)
        found = re.search(r"(\S+) \S (\S+) = (\S+)At z = .* times (\S*)p\(1", text)
        first, pull, second, factor = (float(number(text)) for text in found.groups())
        assert first == pytest.approx(entropy.item(), rel=5e-3)
        assert first != -1
        assert second == pytest.approx(square.item(), rel=0.05, abs=1e-4)
        assert factor == pytest.approx(2 * k / (k - 1), rel=1e-3)
        p = softmax(double([x] + [0] * (k - 1)))[0].item()
        assert pull == pytest.approx(2 * k / (k - 1) * p * (1 - p), rel=5e-3)
        assert not second or float(f"{first * pull:.2g}") == second  # as anyone may multiply


def number(text):
    return text.replace("\N{MINUS SIGN}", "-")


def test_loss_says_nothing_false_of_the_states_to_try(show):
    figure = LossExplorer(logit=-6, num_classes=10, smoothing=0.1, lr=10)
    page = show(figure, reduced_motion="reduce")
    race = page.get_by_label(RACE)
    page.get_by_role("button", name="undecided").click()
    page.get_by_role("button", name=DESCEND).click()
    assert race.get_by_text("2", exact=True).count() == 1  # of both
    assert "Both pass ½ at step 2;" in page.locator(".ask").inner_text()
    page.get_by_role("button", name="smoothing").click()
    page.get_by_role("button", name=DESCEND).click()
    assert race.get_by_text("0.667").count() == 1
    assert value(page, "target") == pytest.approx(2 / 3)
    assert value(page, "end0") == pytest.approx(2 * math.log(2), abs=1e-3)  # p = 2/3
    assert value(page, "end1") == pytest.approx(8, abs=0.05)
    page.get_by_role("button", name="softmax twice").click()
    page.get_by_role("button", name="Not so low").click()
    assert race.get_by_text("2nd softmax", exact=True).count() == 1
    score = torch.tensor(value(page, "end2"))
    assert losses_in_torch(score, 3, 0)[0][0] < 0.06  # of one softmax: near 0
    assert losses_in_torch(score, 3, 0)[0][2] == pytest.approx(0.587, abs=5e-4)
    page.get_by_role("button", name="rate 10").click()
    page.get_by_role("button", name="Run away").click()
    assert 0.1 < abs(value(page, "end0") - 2 * math.log(2)) < 4  # across the lowest point
    put(page, LossExplorer(logit=3, smoothing=0.5, double_softmax=True))
    page.get_by_role("button", name=DESCEND).click()
    beyond = softmax(double([value(page, "end2"), 0, 0]))
    assert f"p = {beyond[0]:.3f}, beyond the target 0.667" in page.locator(".ask").inner_text()
    assert beyond.softmax(0)[0] < math.e / (math.e + 2) < 0.5765  # what it says of the second


def test_loss_runs_the_descent_it_predicts(show):
    page = show(LossExplorer(), reduced_motion="reduce")
    for x, k, lr in [(-6, 3, 1), (-2, 10, 5), (1, 2, 0.1)]:
        put(page, LossExplorer(logit=x, num_classes=k, lr=lr, double_softmax=True))
        page.get_by_role("button", name=DESCEND).click()
        for kind, name in enumerate(LOSSES):
            score = x
            for _ in range(50):
                score -= lr * losses_in_torch(score, k, 0)[1][kind].item()
            assert value(page, f"end{kind}") == pytest.approx(score, rel=1e-6)
            p = softmax(double([score] + [0] * (k - 1)))[0]
            assert f"{float(f'{p:.3g}'):g} with {name}" in said(page)
        move(page, "logit", 0)
        assert value(page, "end0") == 0  # another score: another descent


def test_loss_says_where_the_steps_go_too_far(show):
    page = show(LossExplorer(), reduced_motion="reduce")
    for x, k, smoothing, lr in [
        (-6, 10, 0.5, 10),
        (8, 2, 0.5, 10),
        (-6, 3, 0, 10),
        (-6, 10, 0.5, 8),
    ]:
        put(page, LossExplorer(logit=x, num_classes=k, smoothing=smoothing, lr=lr))
        page.get_by_role("button", name=DESCEND).click()
        for go_on in page.get_by_role("button", name="Go on").all():
            go_on.click()
        way = [x]
        for _ in range(50):
            way.append(way[-1] - lr * losses_in_torch(way[-1], k, smoothing)[1][0].item())
        before, last = (softmax(double([score] + [0] * (k - 1)))[0] for score in way[-2:])
        assert ("back and forth" in page.locator(".ask").inner_text()) == bool(
            (before - last).abs() > 0.05
        )


@pytest.mark.parametrize(("k", "lr"), [(3, 1), (10, 7.94)])
def test_loss_goal_is_a_bracket_that_closes_in(show, k, lr):
    page = show(LossExplorer(num_classes=k, lr=lr), reduced_motion="reduce")
    goal, descend = page.locator(".goal").first, page.get_by_role("button", name="Descend")

    def steps(x, kind):
        score = x
        for n in range(1, 51):
            score -= lr * losses_in_torch(score, k, 0)[1][kind].item()
            if score > math.log(k - 1):
                return n
        return 0

    lowest = min(z / 10 for z in range(-80, 0) if steps(z / 10, 1))
    for x in (3, lowest + 1, -8, lowest - 0.2, lowest):
        assert "✓" not in goal.inner_text()
        move(page, "logit", x)
        descend.click()
        asks = f"And from {x - 0.1:.1f}?" if x == lowest + 1 else "."
        assert number(goal.inner_text()).endswith(asks)
    starts = (lowest + 1, lowest, lowest - 0.2, -8)
    found = ", ".join(f"{z:.1f}: {steps(z, 1) or '> 50'}" for z in starts)
    assert f"Steps from {found}." in number(goal.inner_text())
    assert f"(rate {lr}, smoothing 0)" in goal.inner_text()
    move(page, "lr", math.log10(lr) - 0.1)  # another question
    assert "The settings differ now, so runs don't count." in goal.inner_text()
    move(page, "logit", lowest - 0.1)
    descend.click()
    move(page, "lr", math.log10(lr))
    assert found in number(goal.inner_text())
    assert "✓" not in goal.inner_text()
    descend.click()
    words = (
        f"From {lowest:.1f}: {steps(lowest, 1)} steps, cross-entropy {steps(lowest, 0)}; "
        f"from {lowest - 0.1:.1f}: over 50."
    )
    assert "✓" in goal.inner_text()
    assert f"Goal: {lowest:.1f} is the lowest start." in number(page.locator(".ask").inner_text())
    move(page, "logit", 3)
    descend.click()
    assert words in number(goal.inner_text())  # it stays
    page.get_by_role("button", name="Reset", exact=True).click()
    assert words in number(goal.inner_text())  # what was reached, stays


def test_both_plots_are_seen_with_the_answer_to_the_guess(show):
    page = show(LossExplorer(), questions=True, **PHONE, reduced_motion="reduce")
    page.get_by_role("button", name="About as large").click()
    bar = page.locator(".bar").bounding_box()
    for part in (page.locator(".answer"), *page.locator(".plot").all()[:2]):
        box = part.bounding_box()
        assert box["y"] >= 60  # below the bar of a page
        assert box["y"] + box["height"] <= bar["y"] + 1
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Reset", exact=True).click()
    page.locator(".answer").evaluate("(e) => scrollBy(0, e.getBoundingClientRect().top - 64)")
    guess, knob = page.locator(".ask p").bounding_box(), page.locator(".knob").last.bounding_box()
    assert knob["y"] < guess["y"] < page.locator(".bar").bounding_box()["y"] - guess["height"]
    assert page.locator(".chip").first.bounding_box()["y"] > guess["y"]


def test_loss_balls_at_one_place_lie_around_each_other(show):
    page = show(LossExplorer(logit=-8, double_softmax=True), reduced_motion="reduce")
    balls = page.locator(".marks").first.locator("circle.ring")
    found = balls.evaluate_all(
        "(all) => all.map((e) => ['cx', 'cy', 'r'].map((n) => +e.getAttribute(n)))"
    )
    xs, ys, radii = zip(*found, strict=True)
    knob = page.locator(".knob").first.evaluate(
        "(e) => +e.parentNode.getAttribute('transform').split(',')[1].slice(0, -1)"
    )
    assert len(set(xs)) == 1
    assert ys[0] == pytest.approx(knob, abs=0.1)  # the ring lies on its curve, too
    assert min(a - b for a, b in itertools.pairwise(radii)) > 2


def pull(page, plot, x, y):
    """Drag the handle of a plot by so many pixels."""
    box = plot.locator(".knob").bounding_box()
    page.mouse.move(box["x"] + 11, box["y"] + 11)
    page.mouse.down()
    page.mouse.move(box["x"] + 11 + x, box["y"] + 11 + y)


@pytest.mark.parametrize("label", ["The losses", "The gradients of the losses"])
def test_loss_one_ring_is_pulled_in_both_plots(show, label):
    page = show(LossExplorer(), reduced_motion="reduce")
    pull(page, page.locator(f"svg[aria-label^='{label}']"), 60, 0)
    page.mouse.up()
    assert -4 < value(page, "end0") < -2
    places = page.locator(".grip.across").evaluate_all(
        "(all) => all.slice(0, 2).map((e) => e.getBoundingClientRect().x)"
    )
    assert places[0] == pytest.approx(places[1], abs=0.1)


def test_loss_a_mark_that_is_let_go_starts_the_race(show):
    page = show(LossExplorer(logit=-3), reduced_motion="reduce")
    race = page.get_by_label(RACE)
    across, up = size(race)
    across *= 50 / 60  # beyond step 50 it is later
    ask = page.locator(".ask")
    assert "at which step does squared error pass ½?" in ask.inner_text()
    pull(page, race, -4 / 50 * across, 30)  # from step 25
    assert value(page, "end0") == -3
    page.mouse.up()
    assert "at step 19; your guess: 21 ✓" in ask.inner_text()
    miss = race.locator(".miss").evaluate("(e) => e.getBBox().width")
    assert miss == pytest.approx(2 / 50 * across, abs=0.1)
    pull(page, race, -36 / 50 * across, 0)  # to step 14
    page.mouse.up()
    p = softmax(double([value(page, "end1"), 0, 0]))[0].item()
    z, product = number(page.locator(".product").inner_text()).split()[2:6:3]
    there = softmax(double([float(z[:-1]), 0, 0]))[0].item()  # of what is said, as anyone may check
    assert float(product) == float(f"{3 * there * (1 - there):.3g}")
    assert f"(p = 0.0243): after 14 steps p is 0.903 with cross-entropy, {p:.3g} with" in said(page)
    assert "at step 19; your guess: 21 ✓" in ask.inner_text()
    move(page, "guess", 0)
    assert value(page, "end1") == -3
    move(page, "logit", -6)
    assert page.locator("[data-control=guess]").get_attribute("aria-valuetext") == "21"
    move(page, "guess", 100)
    page.locator("[data-control=guess]").press("ArrowLeft")
    assert page.locator("[data-control=guess]").get_attribute("aria-valuetext") == "50"
    pull(page, race, across, 0)
    page.mouse.up()
    assert "your guess: later ✓. Close so far: 2 of 2." in ask.inner_text()
    move(page, "logit", -5)
    page.get_by_role("button", name=DESCEND).click()
    assert "Close so far" not in ask.inner_text()
    move(page, "logit", 1)
    assert "From here p only rises." in ask.inner_text()
    assert race.locator(".mark").count() == race.locator(".grip").count() == 0
    put(page, LossExplorer(logit=8, smoothing=0.5))
    pull(page, race, -50, -0.2 * up / 1.04)  # from ½
    page.mouse.up()
    assert "after 50 steps p = 0.667; your guess: 0.7" in ask.inner_text()
    move(page, "logit", 7)
    move(page, "guess", 80)
    page.locator("[data-control=guess]").press("Enter")
    assert "after 50 steps p = 0.667; your guess: 0.8" in ask.inner_text()
    page.get_by_role("button", name="Reset", exact=True).click()
    move(page, "guess", 20)
    page.locator("[data-control=guess]").press("Enter")
    assert ask.inner_text().endswith(
        "Close so far: 1 of 1.\n\nThe first step raised z by 0.069, step 19 by 0.42."
    )


def test_loss_descends_step_by_step(show):
    page = show(LossExplorer())
    page.get_by_role("button", name=DESCEND).click()
    page.wait_for_timeout(600)
    ask = page.locator(".ask")
    assert re.fullmatch(r"Step \d+: p is 0.0\d+ with squared error.", ask.inner_text())
    assert -6 < value(page, "end0") < 4.3
    page.wait_for_timeout(2500)
    assert value(page, "end0") > 4.3
    move(page, "logit", -3)
    move(page, "guess", 20)
    page.get_by_role("button", name=DESCEND).click()
    ask.get_by_text(
        re.compile(r"^Step \d+: p is 0.\d+ with squared error; you said 20.$")
    ).wait_for()
    move(page, "logit", -2.9)  # a run that was broken off doesn't count
    move(page, "guess", 20)
    page.get_by_role("button", name=DESCEND).click()
    ask.get_by_text("your guess: 20 ✓. Close so far: 1 of 1.").wait_for()
    page.get_by_role("button", name="rate 10").click()
    page.get_by_role("button", name="Settle").click()
    now = re.compile(r"^You said: Settle. Step \d+: p is 0.\d+ with cross-entropy.$")
    ask.get_by_text(now).wait_for()
    assert "what does cross-entropy do" in ask.inner_text()
    page.get_by_role("button", name="rate 10").click()
    page.get_by_role("button", name="Run away").click()  # it asks once more
    page.get_by_role("button", name="softmax twice").click()
    page.get_by_role("button", name="As low").click()
    now = re.compile(r"^You said: As low. Step \d+: the loss is 1.\d+.$")
    ask.get_by_text(now).wait_for()


# --- emulated formats --------------------------------------------------------------------


def hard_numbers(dtype):
    """Ties, subnormals, the largest values, numbers just beside them: as float64."""
    info = torch.finfo(getattr(torch, dtype))
    generator = torch.Generator().manual_seed(0)
    spread = torch.randn(1500, dtype=torch.float64, generator=generator)
    powers = torch.linspace(math.log2(info.tiny) - 30, math.log2(info.max) + 1, 1500)
    near = torch.tensor([info.max, info.tiny, info.eps, 1.0, 3.0], dtype=torch.float64)
    half = near * (1 + info.eps * torch.arange(-3, 4, dtype=torch.float64)[:, None] / 4)
    return torch.cat([spread, spread * 2.0**powers, half.ravel(), torch.tensor([0.0])])


def test_overflow_rounding_is_bit_exact(show):
    page = show(OverflowExplorer())
    for dtype in DTYPES:
        # torch rounds float64 to 16 bits by way of float32: start from numbers float32 holds,
        # so that there is one rounding there as here.
        numbers = hard_numbers(dtype)
        if dtype in ("float16", "bfloat16"):
            numbers = numbers.float().double()
        kept = numbers[numbers.isfinite()]
        rounded = page.evaluate(
            f"async ([dtype, xs]) => {{ const {{roundTo}} = await {FLOATS};"
            " return xs.map((x) => roundTo(dtype, x)); }",
            [dtype, kept.tolist()],
        )
        assert torch.equal(double(rounded), kept.to(getattr(torch, dtype)).double()), dtype


def test_overflow_limits_of_exp_and_format_by_radio_button(show):
    page = show(OverflowExplorer(dtype="float64", size=11))
    for dtype in DTYPES:
        low, high = page.evaluate(f"async (dtype) => (await {FLOATS}).expRange(dtype)", dtype)
        assert (round(high, 2), round(low, 2)) == LIMITS[dtype]
        kind = getattr(torch, dtype)
        near = torch.exp(double([high - 1e-3, high + 1e-3])).to(kind)
        assert near.isfinite().tolist() == [True, False]
        assert (torch.exp(double([low - 1e-3, low + 1e-3])).to(kind) > 0).tolist() == [False, True]
        page.locator(f"[data-control='dtype.{dtype}']").check()
        assert f"{high:.2f}" in page.locator("svg").text_content()
        expected = torch.tensor(11.0, dtype=kind).exp().double().item()
        assert value(page, "naive.exp.0") == pytest.approx(expected, rel=torch.finfo(kind).eps)


def test_overflow_steps_agree_with_torch(show):
    page = show(OverflowExplorer())
    for dtype, size, pattern in [
        ("float32", 100, [1, 0.5, 0]),
        ("float32", 200, [1, 0, 0]),
        ("float16", 20, [1, 0.5, 0]),
        ("bfloat16", 7, [1, 0, -1]),
        ("float64", 800, [1, 0.5, 0]),
        ("float32", 60, [-1, -2, -3]),
        ("float16", 3, [1, 0.3, -0.7]),
    ]:
        kind = getattr(torch, dtype)
        z = (size * double(pattern)).to(kind)
        shifted = z - z.max()
        tolerance = {"rtol": 2 * torch.finfo(kind).eps, "atol": 2 * torch.finfo(kind).eps}
        subnormal = torch.finfo(kind).tiny * torch.finfo(kind).eps
        for form, start in (("naive", z), ("shifted", shifted), ("fused", shifted)):
            put(page, OverflowExplorer(dtype=dtype, size=size, pattern=pattern, form=form))
            stages = {"exp": start.exp()}
            total = stages["exp"][0] + stages["exp"][1] + stages["exp"][2]
            stages["p"] = stages["exp"] / total
            stages["log"] = stages["p"].log() if form != "fused" else shifted - total.log()
            for step, expected in stages.items():
                if (form, step) == ("fused", "p"):
                    continue
                got = shown(page, [f"{form}.{step}.{i}" for i in range(3)])
                if step != "log":  # exp may differ by a unit in the last place of a subnormal
                    tolerance["atol"] = subnormal
                torch.testing.assert_close(got, expected.double(), equal_nan=True, **tolerance)
            assert value(page, f"{form}.sum.0") == pytest.approx(
                total.double().item(), rel=tolerance["rtol"]
            )


def test_overflow_marks_where_it_arises(show):
    page = show(OverflowExplorer())

    def cell(name):
        return page.locator(f"[data-q='{name}']").locator("xpath=..").inner_text().split()

    assert cell("naive.exp.0") == ["⚠", "inf", "overflow"]
    assert cell("naive.sum.0") == ["⚠", "inf"]  # handed on, not made here
    assert cell("naive.p.0") == ["⚠", "nan", "inf", "/", "inf"]
    assert cell("naive.log.0") == ["⚠", "nan"]
    assert cell("naive.log.1") == ["⚠", "\N{MINUS SIGN}inf", "log", "of", "0"]
    page.locator("[data-control='form.shifted']").check()
    assert cell("shifted.log.2")[-2:] == ["by", "0.017"]
    page.locator("[data-control='form.fused']").check()
    assert cell("fused.log.2") == ["\N{MINUS SIGN}100"]
    said = page.locator(".say").inner_text()
    assert "naive ends nan, shifted off by 0.017, fused right" in said
    ways = page.locator(".radios").first.locator("span").all_inner_texts()
    assert ways == ["naive: nan", "shifted: off by 0.017", "fused: right"]


def test_overflow_number_line_shows_the_shift(show):
    page = show(OverflowExplorer())
    minus = "\N{MINUS SIGN}"
    texts = page.locator(".marks text").all_text_contents()
    assert {"100", "50", "0", f"{minus}50", f"{minus}100"} <= set(texts)
    circles = page.locator("circle.ring").evaluate_all(
        "(all) => all.map((e) => e.cx.baseVal.value)"
    )
    low, high = (
        page.locator(".marks rect")
        .nth(1)
        .evaluate("(e) => [e.x.baseVal.value, e.x.baseVal.value + e.width.baseVal.value]")
    )
    assert circles[0] > high > circles[1] > circles[2] > low  # 100 is beyond 88.72


def test_overflow_number_line_reaches_to_all_logits_or_points_to_them(show):
    page = show(OverflowExplorer(pattern=[-1, -2, -3], size=200))
    line = page.locator(".marks").first

    def circles():
        seen = line.locator("circle.ring").evaluate_all(
            "(all) => all.map((e) => e.cx.baseVal.value)"
        )
        return double(seen)

    steps = circles().diff()
    assert steps.max() < 0
    assert steps.tolist() == pytest.approx([steps[0].item()] * 2)  # none is at the edge
    assert not any("←" in text for text in line.locator("text").all_text_contents())
    move(page, "size", 4)
    assert circles().diff().tolist() == [0, 0]
    assert any(text.startswith("←") for text in line.locator("text").all_text_contents())


def test_overflow_fused_loss_of_the_chapter(show):
    page = show(OverflowExplorer(size=200, pattern=[1, 0, 0], form="shifted"))
    assert value(page, "shifted.log.1") == -math.inf
    page.locator("[data-control='form.fused']").check()
    assert value(page, "fused.log.1") == -200
    expected = log_softmax(torch.tensor([200.0, 0, 0]))
    assert [value(page, f"fused.log.{i}") for i in range(3)] == expected.tolist()


def probs(page):
    return shown(page, [f"p{i}" for i in range(3)])


def of_naive(page, step):
    return shown(page, [f"naive.{step}.{i}" for i in range(3)])


#: Figure, state to try, what its sentence says, and whether the numbers say so.
TRIES = [
    (SoftmaxPlayground, "T = 0.1", "nearly all goes", lambda page: probs(page).max() > 0.999),
    (
        SoftmaxPlayground,
        "T = 10",
        "come close to each other; their order stays",
        lambda page: probs(page).max() < 0.4 and probs(page).diff().max() < 0,
    ),
    (
        SoftmaxPlayground,
        "add 5 to all",
        "A common shift cancels",
        lambda page: (probs(page) - softmax(double([2, 1, -1]))).abs().max() < 1e-12,
    ),
    (
        SoftmaxPlayground,
        "a tie",
        "Equal scores have equal shares",
        lambda page: value(page, "p0") == value(page, "p1") > value(page, "p2"),
    ),
    (
        OverflowExplorer,
        "float16, size 20",
        "exp overflows above 11.09: the naive form gives nan for a logit of 20",
        lambda page: of_naive(page, "p").isnan().any() and of_naive(page, "exp").isinf().any(),
    ),
    (
        OverflowExplorer,
        "all far below zero",
        "Naive: 0 / 0 is nan. Shifted: the quotients are 1, 0 and 0, but",
        lambda page: (of_naive(page, "exp") == 0).all() and of_naive(page, "p").isnan().all(),
    ),
    (
        OverflowExplorer,
        "a shift isn't enough",
        "the log of 0 is \N{MINUS SIGN}inf. Fused is right",
        lambda page: value(page, "shifted.log.1") == -math.inf,
    ),
    (
        OverflowExplorer,
        "float64, size 800",
        "the limit is 709.78; 800 is still beyond it",
        lambda page: (
            math.floor(math.log(torch.finfo(torch.float64).max)) == 709
            and of_naive(page, "exp").isinf().any()
        ),
    ),
]


@pytest.mark.parametrize("figure", [SoftmaxPlayground, OverflowExplorer])
def test_what_a_state_to_try_says_is_so(show, figure):
    page = show(figure())
    for _, name, words, holds in [entry for entry in TRIES if entry[0] is figure]:
        page.get_by_role("button", name=name, exact=True).click()
        assert words in page.locator(".tries .told").inner_text()
        if figure is OverflowExplorer and "shift" not in name:
            page.locator("[data-control='form.naive']").check()
        assert holds(page), name
