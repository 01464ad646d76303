"""Sampled classes, draw by draw: shares are gradients of torch, and they go where it is said."""

import math
import re

import pytest
import torch
from browser_tools import value, values

from course_utils.figures.sampled_classes import MOST, SampledClasses

pytestmark = pytest.mark.browser
FIRST = [1.0, 0, 1, 2, 1.5]
Q = [0.57, 0.2, 0.11, 0.07, 0.05]
MINUS = "\N{MINUS SIGN}"
KINDS = {"plain": 0, "divided": -1, "multiplied": 1}  # the power of q
NAMES = {"plain": "exp(z)", "divided": "exp(z) / q", "multiplied": "exp(z) · q"}


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def row(page, name):
    return double([value(page, f"{name} {k}") for k in range(5)])


def proposal(q=Q):
    return double(q) / sum(q)


def distance(a, b):
    return (a - b).abs().sum().item() / 2


def shown(v):
    return f"{v:.{2 if v >= 0.0095 else 3}f}" if v >= 5e-4 else "0"


def solid(page):
    """What the solid parts add up to, by their heights."""
    grid = page.locator("svg").nth(1).locator(".grid")
    ys = grid.evaluate_all("(all) => all.map((e) => e.getBBox().y)")
    tall = page.locator("svg .over").evaluate_all("(a) => a.map((e) => e.height.baseVal.value)")
    return sum(tall) / (max(ys) - min(ys))


def say(page):
    return page.locator(".say").inner_text().replace(MINUS, "-")


def choose(page, kind):
    page.locator(f"[data-control='kind.{kind}']").check(force=True)


STATES = [
    (FIRST, Q, 200, 1),
    ([-4, 6, 0.5, -2, 3], [0.9, 0.04, 0.03, 0.02, 0.01], 7, 3),
    ([0.1, 0.2, 0.3, 0.4, 0.5], [0.2] * 5, 1000, 9),
    ([2, 2, -1, 0, 4], [0.01, 1, 0.5, 0.3, 0.2], 1, 50),
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("logits", "q", "draws", "seed"), STATES)
def test_shares_are_the_gradients_of_the_logarithm_of_the_sum(show, logits, q, draws, seed, kind):
    page = show(SampledClasses(logits=logits, q=q, draws=draws, seed=seed, kind=kind))
    q, counts = proposal(q), row(page, "count").long()
    assert counts.sum() == draws
    assert torch.allclose(row(page, "q"), q)
    samples = torch.repeat_interleave(torch.arange(5), counts)
    right = double(logits).softmax(0)
    z = double(logits).requires_grad_()
    (z + KINDS[kind] * q.log())[samples].logsumexp(0).backward()
    assert torch.allclose(row(page, "share"), z.grad, atol=1e-9)
    assert value(page, "now") == pytest.approx(distance(z.grad, right), abs=1e-9)
    ends = (double(logits) + (1 + KINDS[kind]) * q.log()).softmax(0)
    assert value(page, "limit") == pytest.approx(distance(ends, right), abs=1e-9)
    off = f"the solid parts, above softmax(z), add up to {shown(value(page, 'now'))}."
    said = f"{draws} {'draws' if draws > 1 else 'draw'} of {NAMES[kind]}: {off}"
    assert page.locator("svg").nth(2).get_attribute("aria-label") == said
    assert off.endswith(f" {shown(solid(page))}.")
    ends = f" In the limit: {shown(value(page, 'limit'))}."
    assert say(page) == said + ends if draws >= 100 else say(page).startswith("Draw ")


@pytest.mark.parametrize("kind", ["plain", "divided"])
def test_draws_come_from_the_proposal_and_the_sum_settles(show, kind):
    """Fifty thousand draws, of 25 seeds: counts, and the shares' limits."""
    page = show(SampledClasses(draws=MOST, kind=kind))
    q = proposal()
    ends = (double(FIRST) + (1 + KINDS[kind]) * q.log()).softmax(0)
    counts = torch.zeros(5, dtype=torch.float64)
    for _ in range(25):
        mine = row(page, "count")
        counts += mine
        assert distance(row(page, "share"), ends) < 0.08
        page.get_by_role("button", name="Other draws").click()
        assert not torch.equal(row(page, "count"), mine)
    n = counts.sum()
    assert n == 25 * MOST
    assert ((counts - n * q).abs() / (n * q * (1 - q)).sqrt()).max() < 4.5


@pytest.mark.parametrize(("kind", "sign"), [("plain", ""), ("divided", "/"), ("multiplied", "·")])
def test_each_draw_is_said_and_adds_what_it_says(show, kind, sign):
    page = show(SampledClasses(draws=1, seed=4, logits=[-4, 0.3, 1, 6, 2], kind=kind))
    before = row(page, "count")
    heard = set()
    for n in range(2, 40):
        page.get_by_role("button", name="Draw 1 more").click()
        (k,) = (row(page, "count") - before).nonzero()[0].tolist()
        before = row(page, "count")
        name = ["the", "of", "is", "loss", "argmax"][k]
        text = say(page)
        assert text.startswith(f"Draw {n} is “{name}”: it adds ")
        sum_, term = re.split(" [≈=] ", text.split("it adds ")[1].removesuffix("."))
        exp, *rest = sum_.split(" ")
        logit = [-4, 0.3, 1, 6, 2][k]
        assert exp == f"exp({logit})"
        assert rest[:1] == [sign] * bool(sign)
        q = float(rest[1]) if sign else 1
        assert float(term) == pytest.approx(math.exp(logit) * q ** KINDS[kind], rel=1.5e-2)
        heard.add(name)
    assert len(heard) > 2


def test_the_slider_stops_at_every_small_number_and_at_the_last(show):
    page = show(SampledClasses(draws=1))
    slider = page.locator("[data-control=draws]")
    for n in range(2, 15):
        slider.press("ArrowRight")
        assert slider.get_attribute("aria-valuetext") == str(n)
    slider.press("End")
    assert slider.get_attribute("aria-valuetext") == str(MOST)
    assert page.get_by_role("button", name="Draw 1 more").is_disabled()
    slider.press("ArrowLeft")
    assert page.get_by_role("button", name="Draw 1 more").is_enabled()
    assert page.locator(".note").inner_text() == ""


def test_a_run_ends_at_the_last_draw_and_can_be_stopped(show):
    page = show(SampledClasses(draws=10))
    run = page.get_by_role("button", name="Run").element_handle()
    # In one go: on a busy machine all draws may be done before a second click arrives.
    run.evaluate("(e) => { e.click(); setTimeout(() => e.click(), 100); }")
    page.wait_for_timeout(200)
    assert page.get_by_role("button", name="Run").count() == 1
    stopped = sum(row(page, "count").tolist())
    page.wait_for_timeout(300)
    assert sum(row(page, "count").tolist()) == stopped < MOST
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Run").wait_for(timeout=8000)
    assert sum(row(page, "count").tolist()) == MOST
    # From the first draw again; who changes something has the run end.
    run.evaluate("""(e) => {
      const q = e.getRootNode().querySelector("[data-control='q.0']");
      e.click();
      setTimeout(() => {
        q.value = 0.2;
        q.dispatchEvent(new Event("input", {bubbles: true}));
      }, 100);
    }""")
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Run").count() == 1
    assert sum(row(page, "count").tolist()) < MOST


def test_the_answer_stays_hidden_until_the_run_has_ended(show):
    page = show(SampledClasses(), questions=True)
    plain = (double(FIRST) + double(Q).log()).softmax(0)
    ends, answer = page.locator(".ends"), page.locator(".answer")
    for press in ("at q", None):
        if press:
            page.get_by_role("button", name=press).click()
        assert ends.all_text_contents() == ["?"] * 5
        assert page.locator(".limit").count() == 0
        assert "limit" not in values(page)
        assert not page.locator(".key .goal").is_visible()
        assert page.locator("svg .mine").count() == 5
    assert "Watch the run: is that where they go?" in answer.inner_text()
    assert "your guess" in page.locator(".key").inner_text()
    page.get_by_role("button", name="Run").wait_for(timeout=8000)
    q, adds = double(Q), double(FIRST).exp()
    total = (q * adds).sum()
    numbers = f"{q[0]:.2f} · {adds[0]:.2f} ≈ {q[0] * adds[0]:.2f} of {total:.2f}"
    assert "No: q is one factor" in answer.inner_text()
    assert f"{numbers} for all words: its bar goes to {plain[0]:.2f}." in answer.inner_text()
    assert ends.all_text_contents() == [f"{p:.2f}" for p in plain]
    assert page.locator(".key .goal").is_visible()
    assert page.locator(".limit").count() == 6
    assert page.locator("svg .mine").count() == 0
    assert sum(row(page, "count").tolist()) == MOST


def test_what_each_draw_adds_is_chosen_and_one_choice_settles(show):
    page = show(SampledClasses(draws=MOST), reduced_motion="reduce")
    right, done = double(FIRST).softmax(0), page.locator("p.goal.done")
    off = {}
    for kind in ("multiplied", "plain", "divided"):
        assert done.count() == 0
        choose(page, kind)
        assert sum(row(page, "count").tolist()) == MOST
        off[kind] = distance(row(page, "share"), right)
    assert off["divided"] < 0.08 < 0.3 < off["plain"] < off["multiplied"]
    assert "q cancels" in done.inner_text()
    assert page.locator("path.tried").count() == 2
    labels = page.locator("svg").nth(2).locator("text.halo").all_text_contents()
    assert labels == [f"{NAMES[kind]}, same draws" for kind in ("multiplied", "plain")]
    choose(page, "plain")
    assert "q cancels" in done.inner_text()
    page.get_by_role("button", name="Reset", exact=True).click()
    assert done.count() == page.locator("path.tried").count() == 0


def test_a_bar_is_cut_into_its_draws(show):
    """Ten draws: a block for each, the last one framed."""
    page = show(SampledClasses(draws=10))
    counts = row(page, "count").long().tolist()
    cuts = page.locator(".cuts").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
    tall = page.locator("svg .within").evaluate_all(
        "(all) => all.map((e) => Number(e.getAttribute('height')))"
    )
    # blocks thinner than three pixels are not cut apart
    expected = [
        n - 1 if n and height / n >= 3 else 0 for n, height in zip(counts, tall, strict=True)
    ]
    assert [d.count("M") for d in cuts] == expected
    assert max(expected) > 5
    latest = page.locator("svg .latest")
    before = latest.first.get_attribute("height")
    assert latest.count() == 1
    page.get_by_role("button", name="Draw 1 more").click()
    assert latest.count() == 1
    assert latest.first.get_attribute("height") != before
    page.locator("[data-control=draws]").press("End")
    assert latest.count() == 0
    assert page.locator(".cuts").evaluate_all("(all) => all.every((e) => !e.getAttribute('d'))")


def drag(page, k, share):
    """Drag the handle of a word's q to a share."""
    page.locator(".proposal").first.scroll_into_view_if_needed()
    boxes = [page.locator("svg .proposal").nth(i).bounding_box() for i in range(5)]
    bottom = boxes[k]["y"] + boxes[k]["height"]
    one = max(box["height"] for box in boxes) / row(page, "q").max().item()
    grip = page.locator(".grip").nth(k).bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    assert boxes[k]["y"] == pytest.approx(y, abs=1)
    assert x > boxes[k]["x"] + boxes[k]["width"] + 9  # beside it
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, bottom - share * one, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("k", range(5))
def test_each_word_has_a_handle_and_the_others_keep_their_proportions(show, k):
    page = show(SampledClasses())
    before = row(page, "q")
    drag(page, k, 0.4)
    after = row(page, "q")
    assert after[k] == pytest.approx(0.4, abs=0.01)
    assert after.sum() == pytest.approx(1)
    rest = [i for i in range(5) if i != k]
    assert torch.allclose(
        after[rest] / after[rest].sum(), before[rest] / before[rest].sum(), atol=0.01
    )
    name = ["the", "of", "is", "loss", "argmax"][k]
    plain = (double(FIRST) + after.log()).softmax(0)[k]
    assert say(page) == (
        f"q of “{name}” is {after[k]:.2f}: its bar ends at {plain:.2f}; softmax(z) is "
        f"{double(FIRST).softmax(0)[k]:.2f}."
    )
    slider = page.get_by_role("slider", name=f"q of “{name}”")
    slider.press("ArrowRight")
    assert value(page, f"q {k}") > after[k] + 0.005
    page.get_by_role("button", name="Draw 1 more").click()
    assert say(page).startswith("Draw 41 is ")


def test_q_stays_within_its_limits_and_the_others_in_proportion(show):
    page = show(SampledClasses())
    for k, share in ((0, 1.3), (3, -0.2), (4, 1.3), (1, -0.2)):
        before = row(page, "q")
        drag(page, k, share)
        after = row(page, "q")
        assert after.sum() == pytest.approx(1)
        assert after.max() / after.min() < 100.1
        assert page.locator(".note").inner_text() == ""
        assert "It stops here" in say(page)
        rest = [i for i in range(5) if i != k]
        ratio = after[rest] / before[rest]
        assert torch.allclose(ratio, ratio[:1], rtol=0.02)


@pytest.mark.parametrize(("draws", "button"), [(40, "Reset"), (MOST, "even q")])
def test_the_sentence_leaves_the_word_that_was_dragged(show, draws, button):
    page = show(SampledClasses(draws=draws))
    first = say(page)
    drag(page, 4, 0.4)
    assert say(page).startswith("q of “argmax” is 0.4")
    page.get_by_role("button", name=button, exact=True).click()
    assert say(page) == first if button == "Reset" else say(page).startswith(f"{MOST} draws of ")


@pytest.mark.parametrize("way", ["hand", "keys"])
def test_the_goal_is_reached_word_by_word_and_nothing_jumps(show, way):
    """Each line is brought to that of the first word; the others keep their proportions."""
    page = show(SampledClasses(), viewport={"width": 390, "height": 844})
    tall = page.locator(".cu-fig").bounding_box()["height"]
    assert page.locator("svg .aim, .there").count() == 0
    mark = page.locator("p.goal .mark").nth(1)
    for k in (1, 2, 3, 4):
        assert "○" in mark.inner_text()
        q = row(page, "q")
        odds = (FIRST[0] - double(FIRST[k])).exp() * q[0] / (1 - q[k])
        share = (odds / (1 + odds)).item()
        if way == "hand":
            drag(page, k, share)
        else:
            steps = round(100 * (share - q[k].item()))
            for _ in range(abs(steps)):
                key = "ArrowRight" if steps > 0 else "ArrowLeft"
                page.locator(f"[data-control='q.{k}']").press(key)
        plain = (double(FIRST) + row(page, "q").log()).softmax(0)[: k + 1]
        assert (plain / plain[0] - 1).abs().max() < 0.25
    assert "✓" in mark.inner_text()
    assert page.locator(".there").count() == 5
    said = page.locator("p.goal .told").nth(1).inner_text()
    assert ", ".join(f"{v:.2f}" for v in (-double(FIRST)).softmax(0)) in said
    assert page.locator(".cu-fig").bounding_box()["height"] == tall


def test_a_drawn_word_falls_as_a_block_of_its_size(show):
    """One draw on by one; nothing falls where many come at once, or for less motion."""
    page = show(SampledClasses(draws=18, seed=15, kind="divided"), reduced_motion="no-preference")
    block = page.get_by_role("button", name="Draw 1 more").evaluate("""(button) => {
      button.click();
      const root = button.getRootNode();
      for (const a of root.getAnimations()) Object.assign(a, { currentTime: 0 }).pause();
      const [rect, last] = [".falls rect", "svg .latest"].map((e) => root.querySelector(e));
      const size = (e) => ["x", "y", "width", "height"].map((k) => +e.getAttribute(k));
      const over = root.querySelectorAll(".proposal")[3].getBoundingClientRect();
      const { bottom } = rect.getBoundingClientRect();
      const { visibility } = getComputedStyle(root.querySelector(".awaits"));
      const text = root.querySelector(".falls text").textContent;
      return [size(rect), size(last), bottom - over.bottom, visibility, text];
    }""")
    x, y, width, height = block[1]
    assert block[0] == pytest.approx([x - 1, y - 1, width + 2, height + 2])
    assert abs(block[2]) < 8  # from the foot of its q
    assert block[3:] == ["visible", "+106"]
    page.get_by_role("button", name="even q").click()
    assert page.locator(".falls").count() == 0
    still = show(SampledClasses(), reduced_motion="reduce")
    still.get_by_role("button", name="Draw 1 more").click()
    assert still.locator(".falls, .awaits").count() == 0


def test_earlier_draws_stay_as_faint_lines(show):
    """All of them end at the limit, up to noise."""
    page = show(SampledClasses(draws=MOST))
    ends = """(all) => all.map((e) => Number(e.getAttribute("d").split(",").at(-1)))"""
    before = page.locator("path.line").evaluate_all(ends)
    for n in range(1, 9):
        page.get_by_role("button", name="Other draws").click()
        assert page.locator("path.faint").count() == min(n, 6)
        if n == 1:
            assert page.locator("path.faint").evaluate_all(ends) == before
    found = page.locator("path.line").evaluate_all(ends)
    assert max(found) < min(found) + 12  # in pixels
    page.get_by_role("button", name="Reset", exact=True).click()
    assert page.locator("path.faint").count() == 0


def all_alike(page):
    shares = []
    for kind in KINDS:
        choose(page, kind)
        page.locator("[data-control=draws]").press("End")
        shares.append(row(page, "share"))
    return all(torch.allclose(share, shares[0]) for share in shares)


def sizes(page):
    """What a draw of each word adds with the correction."""
    return double(FIRST).exp() / row(page, "q")


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("q steeper still", lambda page: row(page, "count")[4] < row(page, "count")[0] / 50),
        ("even q", all_alike),
        (
            "q = softmax(z)",
            lambda page: (
                sizes(page).max() < 1.1 * sizes(page).min()
                and (row(page, "share") - row(page, "count") / MOST).abs().max() < 0.02
            ),
        ),
    ],
)
def test_what_the_tries_say_is_so(show, name, holds):
    page = show(SampledClasses(draws=3, seed=8))
    page.get_by_role("button", name=name, exact=True).click()
    assert page.locator(".tries .told").inner_text()
    assert holds(page)


@pytest.mark.parametrize("q", [Q, [0.86, 0.08, 0.03, 0.02, 0.01]])
def test_a_steeper_proposal_is_compared_with_the_first_one(show, q):
    page = show(SampledClasses(q=q, draws=100, kind="divided"))
    adds, off = f"{sizes(page)[3]:.0f}", f"{value(page, 'now'):.2f}"
    page.get_by_role("button", name="q steeper still").click()
    said = page.locator(".tries .told").inner_text()
    after = f"not {adds}." in said and f"first q {off}." in said
    assert after if q == Q else f"adds {adds}," in said and f"100 draws {off} was solid" in said


def test_a_rare_word_arrives_and_its_bar_leaps(show):
    page = show(SampledClasses())
    first = page.get_by_role("button", name="a rare word arrives").evaluate("""(chip) => {
      chip.click();
      return chip.getRootNode().querySelector("[data-q='count 3']").dataset.value;
    }""")
    assert first == "0"
    page.get_by_text("came for the first time").wait_for()
    assert "is “loss”" in say(page)
    leapt = f"{value(page, 'share 3'):.2f}"
    other = show(SampledClasses(draws=19, seed=15))
    plain = f"{value(other, 'share 3'):.2f}"
    assert page.locator(".tries .told").inner_text() == (
        f"“loss” came for the first time: its bar leapt from 0 to {leapt}. With exp(z): to {plain}."
    )
    page.locator("[data-control=draws]").press("ArrowLeft")
    assert value(page, "count 3") == value(page, "share 3") == 0


def test_the_guess_does_not_run_to_the_state_of_a_try(show):
    page = show(SampledClasses(), questions=True, reduced_motion="reduce")
    page.get_by_role("button", name="at q", exact=True).click()
    assert page.locator(".chip[aria-pressed=true]").count() == 0
    assert page.locator(".tries .told").inner_text() == ""
