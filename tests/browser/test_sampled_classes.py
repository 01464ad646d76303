"""Sampled classes, draw by draw: shares are gradients of torch, and they go where it is said."""

import re

import pytest
import torch
from browser_tools import PHONE, value

from course_utils.figures.sampled_classes import MOST, SampledClasses

pytestmark = pytest.mark.browser
FIRST = [2.5, 0, -0.5, -1, 2.5]
Q = [0.57, 0.2, 0.11, 0.07, 0.05]
NAMES = ["the", "of", "is", "loss", "logit"]
FEWEST = 29  # draws, by a search among 4000 q


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def row(page, name):
    return double([value(page, f"{name} {k}") for k in range(5)])


def proposal(q=Q):
    return double(q) / sum(q)


def distance(a, b):
    return (a - b).abs().sum().item() / 2


def rounded(v):
    if v < 5e-4 or v > 0.9995:
        return "<0.001" if v < 0.5 else ">0.999"
    return f"{v:.{2 if 0.0995 <= v <= 0.9905 else 3}f}"


def heights(page, look):
    """Of these parts of bars, as shares."""
    grid = page.locator("svg").nth(0).locator(".grid")
    ys = grid.evaluate_all("(all) => all.map((e) => e.getBBox().y)")
    tall = page.locator(look).evaluate_all("(a) => a.map((e) => e.height.baseVal.value)")
    return double(tall) / (max(ys) - min(ys))


def say(page):
    return page.locator(".say").inner_text()


def goal(page):
    return page.locator("p.goal:visible")


def drag(page, k, power):
    """Drag the handle of a word to this power of ten."""
    page.locator(".grip").nth(k).scroll_into_view_if_needed()
    bars = [page.locator("svg .set").nth(i).bounding_box() for i in range(5)]
    tens = row(page, "height").log10()
    low, high = tens.argmin(), tens.argmax()
    ten = (bars[low]["y"] - bars[high]["y"]) / (tens[high] - tens[low]).item()
    grip = page.locator(".grip").nth(k).bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    assert bars[k]["y"] == pytest.approx(y, abs=1)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - (power - tens[k].item()) * ten, steps=4)
    page.mouse.up()


STATES = [
    (FIRST, Q, 200, 1),
    ([-4, 6, 0.5, -2, 3], [0.9, 0.04, 0.03, 0.02, 0.01], 7, 3),
    ([0.1, 0.2, 0.3, 0.4, 0.5], [0.2] * 5, 1000, 9),
    ([2, 2, -1, 0, 4], [0.01, 1, 0.5, 0.3, 0.2], 1, 50),
]


@pytest.mark.parametrize("hand", ["blocks", "q"])
@pytest.mark.parametrize(("logits", "q", "draws", "seed"), STATES)
def test_shares_are_the_gradients_of_the_logarithm_of_the_sum(show, logits, q, draws, seed, hand):
    less = [0.5, -2, 1, 0, 3]
    given = {"logits": logits, "q": q, "draws": draws, "seed": seed}
    page = show(SampledClasses(**given, correction=less, hand=hand))
    q, counts = proposal(q), row(page, "count").long()
    assert counts.sum() == draws
    correction = q.log() if hand == "q" else double(less)
    blocks = (double(logits) - correction).exp()
    assert torch.allclose(row(page, "height"), blocks)
    table = page.locator("svg").nth(1).locator(".soft").all_text_contents()
    told = double([float(text.removesuffix(" %")) for text in table[-15:]]).reshape(5, -1).T
    samples = torch.repeat_interleave(torch.arange(5), counts)
    right = double(logits).softmax(0)
    parts = right**2 / q
    off = (parts * (1 - right) ** 2 + (parts.sum() - parts) * right**2).sqrt()
    last, slack = (100 * off / off.sum(), 0.51) if hand == "q" else (double(logits).exp(), 0)
    assert torch.allclose(told[:2], torch.stack([q, blocks]), rtol=6e-3)
    assert torch.allclose(told[2], last, rtol=6e-3, atol=slack)
    z = double(logits).requires_grad_()
    (z - correction)[samples].logsumexp(0).backward()
    assert torch.allclose(row(page, "share"), z.grad, atol=1e-9)
    assert value(page, "now") == pytest.approx(distance(z.grad, right), abs=1e-9)
    ends = (double(logits) - correction + q.log()).softmax(0)
    near = ((ends / right - 1).abs() <= 0.2) & (hand == "blocks")
    ticks = [" \N{CHECK MARK}" * there for there in near]
    told = [rounded(end) + tick for end, tick in zip(ends.tolist(), ticks, strict=True)]
    assert page.locator(".ends").all_text_contents() == told
    error = f"error {rounded(value(page, 'now'))}, so much stands above softmax(z)."
    said = f"{draws} {'draws' if draws > 1 else 'draw'}: {error}"
    assert page.locator("svg").nth(2).get_attribute("aria-label") == said
    assert f"error {rounded(heights(page, 'svg .over').sum().item())}," in error
    large = (10 * z.grad[right < 0.1]).clamp(max=1)  # small words are shown so, too
    assert torch.allclose(heights(page, "svg .larger:not(.above)"), large, atol=1e-6)
    if draws >= 100 and hand == "blocks":
        assert say(page) == said
    elif draws < 100:
        k = NAMES.index(re.search("“(.+)”", say(page)).group(1))
        block = float(say(page).removesuffix(".").rsplit(" ", 1)[1])
        assert say(page).startswith(f"Draw {draws} is “{NAMES[k]}”: it adds ")
        assert block == pytest.approx(blocks[k].item(), rel=5e-3)
        assert counts[k] > 0


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
      const q = e.getRootNode().querySelector("[data-control='height.0']");
      e.click();
      setTimeout(() => {
        q.value = 1;
        q.dispatchEvent(new Event("input", {bubbles: true}));
      }, 100);
    }""")
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Run").count() == 1
    assert sum(row(page, "count").tolist()) < MOST
    assert page.locator(".key .latest").is_visible() == (page.locator("svg .latest").count() > 0)


def test_the_answer_stays_hidden_until_the_run_has_ended(show):
    page = show(SampledClasses(), questions=True)
    plain = (double(FIRST) + double(Q).log()).softmax(0)
    ends, answer = page.locator(".ends"), page.locator(".answer")
    for press in ("at q", None):
        if press:
            page.get_by_role("button", name=press).click()
        assert ends.all_text_contents() == ["?"] * 5
        assert page.locator(".faint[d*=M], .mean, .there").count() == 0
        assert page.locator("svg .mine").count() == 5
        assert not page.get_by_text("20 other runs").is_visible()
    assert "Watch the run: where do the bars go?" in answer.inner_text()
    assert "your guess" in page.locator(".key").inner_text()
    page.get_by_role("button", name="Run").wait_for(timeout=8000)
    assert "No: q is one factor" in answer.inner_text()
    assert f"softmax(z + ln q): “the” to {plain[0]:.2f} with the figure" in answer.inner_text()
    assert ends.all_text_contents() == [rounded(p) for p in plain.tolist()]
    assert page.locator("svg").nth(2).locator(".faint").count() == 1
    assert page.locator("svg .mine").count() == 5
    drag(page, 0, 1)
    assert page.locator("svg .mine").count() == 0
    assert sum(row(page, "count").tolist()) == MOST


def test_on_a_phone_guess_and_bars_are_seen_together(show):
    page = show(SampledClasses(), questions=True, **PHONE)
    page.evaluate("document.body.style.paddingTop = '900px'")
    page.locator(".guess").evaluate("(guess) => guess.scrollIntoView({ block: 'end' })")
    page.get_by_role("button", name="at neither").click()
    page.get_by_role("button", name="Run").wait_for(timeout=8000)
    for part in (page.locator(".answer"), page.locator("svg").nth(0)):
        box = part.bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= PHONE["viewport"]["height"]


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
    assert page.locator(".key .latest").is_visible()
    page.locator("[data-control=draws]").press("End")
    assert latest.count() == 0
    assert page.locator(".key .latest").is_hidden()
    assert page.locator(".cuts").evaluate_all("(all) => all.every((e) => !e.getAttribute('d'))")


@pytest.mark.parametrize("k", range(5))
def test_each_block_is_set_by_hand(show, k):
    page = show(SampledClasses(draws=MOST))
    before, shares = row(page, "height"), row(page, "share")
    drag(page, k, 1.5)
    after = row(page, "height")
    rest = [i for i in range(5) if i != k]
    assert after[k].log10() == pytest.approx(1.5, abs=0.05)
    assert torch.equal(after[rest], before[rest])
    assert row(page, "share")[k] > shares[k]
    end = (after * double(Q) / (after * double(Q)).sum())[k]
    right = double(FIRST).softmax(0)[k]
    assert say(page) == (
        f"A draw of “{NAMES[k]}” adds {after[k]:.3g}: its bar goes to {rounded(end)}; softmax(z) "
        f"is {rounded(right)}."
    )
    page.get_by_role("slider", name=f"block of “{NAMES[k]}”").press("ArrowRight")
    assert value(page, f"height {k}") > after[k] * 1.02
    page.get_by_role("button", name="Reset", exact=True).click()
    assert torch.equal(row(page, "height"), before)
    assert say(page).startswith(f"{MOST} draws: error ")


def slide(page, k, place):
    """Drag the edge after a word to this place on the line from 0 to 1."""
    page.locator(".grip").nth(k).scroll_into_view_if_needed()
    line = [page.locator("svg .set").nth(i).bounding_box() for i in (0, 4)]
    left, right = line[0]["x"], line[1]["x"] + line[1]["width"]
    grip = page.locator(".grip").nth(k).bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(left + place * (right - left), grip["y"] + grip["height"] / 2, steps=4)
    page.mouse.up()


def proposed(page):
    """q and the blocks, by the areas that are drawn."""
    boxes = page.locator("svg .set").evaluate_all(
        "(all) => all.map((e) => [e.width, e.height].map((v) => v.baseVal.value))"
    )
    return double([w for w, _ in boxes]) / sum(w for w, _ in boxes), double([h for _, h in boxes])


def test_q_is_chosen(show):
    """The draws stay; each word's area is exp(z), and 20 runs stand at its bar."""
    page = show(SampledClasses(draws=MOST))
    page.locator("[data-control='hand.q']").check(force=True)
    assert say(page) == "Highest block: 244 (“logit”)."  # its draws are asked for
    assert page.locator(".dot, .mean").count() == 0
    page.get_by_role("button", name="Skip the question").click()
    assert page.locator(".dot, .mean").count() == 2
    assert sum(row(page, "count").tolist()) == MOST
    q, heights = proposed(page)
    assert torch.allclose(q, proposal(), atol=0.005)
    area = (proposal() * heights)[:4]  # the last block is higher than the plot
    assert torch.allclose(area / area.sum(), double(FIRST[:4]).softmax(0), atol=2e-3)
    others = (
        page.locator("svg")
        .nth(0)
        .locator(".faint")
        .evaluate_all("(all) => all.map((e) => e.getAttribute('d').split('M').length - 1)")
    )
    assert others == [20] * 5
    page.locator("[data-control='hand.blocks']").check(force=True)
    assert sum(row(page, "count").tolist()) == MOST
    assert page.locator("svg").nth(0).locator(".faint[d*=M]").count() == 0


@pytest.mark.parametrize("k", range(4))
def test_each_edge_is_set_by_hand_and_the_other_words_keep_their_q(show, k):
    page = show(SampledClasses(hand="q"))
    before, first = proposal(), value(page, "from")
    place = (before[:k].sum() + (before[k] + before[k + 1]) * 0.4).item()
    slide(page, k, place)
    blocks = row(page, "height")
    q = double(FIRST).exp() / blocks
    numbers = sorted({int(first), int(value(page, "from"))}, reverse=True)
    for n, side in zip(numbers, (1, -1), strict=False):  # the left dot's number to its left
        text = page.locator("svg .halo").filter(has_text=re.compile(f"about {n}$")).bounding_box()
        dot = page.locator(f"svg .dot[data-value='{n}']").bounding_box()
        assert (text["x"] + text["width"] / 2 - dot["x"] - dot["width"] / 2) * side > 8
    assert q.sum() == pytest.approx(1, abs=1e-3)
    assert q[: k + 1].sum() == pytest.approx(place, abs=0.01)
    rest = [i for i in range(5) if i not in (k, k + 1)]
    assert torch.allclose(q[rest], before[rest], atol=1e-3)
    top = blocks.argmax()
    highest = f"Highest block: {blocks[top]:.3g} (“{NAMES[top]}”). Mean error "
    assert say(page).startswith(highest)
    beyond = [f"↑ {blocks[top]:.3g}"] * (blocks[top] > 6 * double(FIRST).exp().sum()).item()
    arrows = page.locator("svg .halo").filter(has_text="↑")
    assert arrows.all_text_contents() == beyond
    slider = page.get_by_role("slider", name=f"edge between “{NAMES[k]}” and “{NAMES[k + 1]}”")
    slider.press("ArrowRight")
    assert value(page, f"height {k}") < blocks[k] * 0.995
    assert page.locator(".keyed:visible").count() == 4
    page.get_by_role("button", name="Draw 1 more").click()
    assert say(page).startswith("Draw 7 is ")
    page.get_by_role("button", name="Other draws").click()
    assert say(page).startswith("7 draws: error ")


def test_q_stays_within_its_limits(show):
    page = show(SampledClasses(hand="q"))
    page.get_by_role("slider", name="edge between “of” and “is”").fill("0.79")
    assert "best" not in say(page)  # the first q is not the reader's
    for k, place in ((0, 1), (3, 0), (1, 1), (2, 0)):
        slide(page, k, place)
        q = double(FIRST).exp() / row(page, "height")
        assert q.sum() == pytest.approx(1, abs=2e-3)
        assert q.max() / q.min() < 100.5
        assert page.locator(".note").inner_text() == ""
        assert say(page).startswith("This edge stops here: no q over 100 times another. Mean ")
    page.get_by_role("button", name="Draw 1 more").click()
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Run").wait_for(timeout=8000)
    assert "stops" not in say(page)


def test_a_second_guess_is_scored_and_its_answers_set_q(show):
    page = show(SampledClasses(hand="q"), questions=True)
    page.locator(".guess .skip").click()
    question = page.get_by_text("Which of these q brings the mean error below 0.1")
    assert question.is_visible()
    assert goal(page).count() == 0
    page.get_by_role("button", name="all equal").click()
    verdict = "Mean error below 0.1 by about draw 35 (softmax(z)), 47 (all equal), 102 (first q)."
    assert say(page) == f"all equal: no. {verdict}"
    page.get_by_role("button", name="Draw 1 more").click()
    assert say(page) == "Draw 7 is “the”: it adds 21.4."
    assert not question.is_visible()
    assert "fewer draws than softmax(z), about 35," in goal(page).inner_text()
    areas = {"all equal": [0.2] * 5, "softmax(z)": double(FIRST).softmax(0).tolist(), "first q": Q}
    for name, q in areas.items():
        page.get_by_role("button", name=name).click()
        assert torch.allclose(proposed(page)[0], proposal(q), atol=0.005)
        assert name in page.locator("[aria-pressed=true]").inner_text()
        assert "○" in goal(page).inner_text()
    page.get_by_role("button", name="Reset", exact=True).click()
    assert not question.is_visible()  # both guesses stay answered


def test_on_a_phone_bars_edges_and_error_are_seen_together(show):
    page = show(SampledClasses(hand="q"), **PHONE)
    slide(page, 0, 0.3)
    top = page.locator(".key").bounding_box()["y"]
    error = page.locator("svg").nth(2).bounding_box()
    assert error["y"] > page.locator("svg").nth(1).bounding_box()["y"]
    assert error["y"] + error["height"] - top < PHONE["viewport"]["height"] - 20


def test_both_goals_are_reached_by_hand_and_nothing_jumps(show):
    """Each block times q is brought to the same multiple of exp(z); then q near the softmax."""
    page = show(SampledClasses(draws=MOST), **PHONE)
    tall = page.locator(".cu-fig").bounding_box()["height"]
    block = double(FIRST).exp() / double(Q)
    for k in (1, 2, 3, 4):
        assert "○" in goal(page).inner_text()
        drag(page, k, (block[k] / block[0] * double(FIRST).exp()[0]).log10().item())
    assert "Done: each block is within a fifth of the same multiple" in goal(page).inner_text()
    assert "Next: press “q” beside “the blocks”." in goal(page).inner_text()
    assert page.locator(".there").count() == 5
    assert page.locator(".cu-fig").bounding_box()["height"] == tall
    hand = row(page, "height")
    page.locator("[data-control='hand.q']").check(force=True)
    page.get_by_role("button", name="Skip the question").click()
    first, back = value(page, "from"), page.get_by_role("button", name="Your best q")
    assert page.locator(".dot").count() == 1
    assert not back.is_visible()
    for k in range(4):
        slide(page, k, (0.3, 0.45, 0.6, 0.75)[k])
        assert page.locator(".cu-fig").bounding_box()["height"] == tall
    best = value(page, "from")
    assert best < first / 2
    page.get_by_role("button", name="softmax(z)").click()
    assert say(page).startswith("All blocks: about 26.3. ")
    assert "○" in goal(page).inner_text()  # fewer draws than with softmax(z) are asked for
    for places in ((0.33, 0.45, 0.53, 0.6), (0.4, 0.495, 0.56, 0.605)):
        for k, place in enumerate(places):
            slide(page, k, place)
        more = f"and about 35 draws, its square root about {FEWEST}, your best q about "
        best = int(goal(page).inner_text().partition(more)[2].strip("."))
        assert FEWEST <= best <= value(page, "from") < 35  # on the way there it may be lower
    slide(page, 0, 0.33)
    assert best < value(page, "from") < 35
    assert f"your best q about {int(best)}." in goal(page).inner_text()
    slide(page, 3, 0.9)
    assert value(page, "from") > best
    assert f"; best: about {int(best)}." in say(page)
    assert page.locator("svg .before").count() > 0
    assert "○" in goal(page).inner_text()
    assert page.locator(".cu-fig").bounding_box()["height"] == tall
    back.click()
    assert value(page, "from") == best
    assert not back.is_visible()
    page.locator("[data-control='hand.blocks']").check(force=True)
    assert torch.equal(row(page, "height"), hand)
    page.get_by_role("button", name="Reset", exact=True).click()
    page.locator("[data-control='hand.q']").check(force=True)
    for k in range(4):  # to equal q
        page.get_by_role("slider", name=f"edge between “{NAMES[k]}”").fill(str((k + 1) / 5))
    assert "○" in goal(page).inner_text()  # which is not enough
    page.locator("[data-control='hand.blocks']").check(force=True)
    assert "Done: " in goal(page).inner_text()
    assert "Next" not in goal(page).inner_text()  # q has been dragged


def test_a_drawn_word_flies_as_a_block_of_its_size(show):
    """One draw on by one; nothing flies where many come at once, or for less motion."""
    page = show(SampledClasses(draws=20, hand="q"), reduced_motion="no-preference")
    block = page.get_by_role("button", name="Draw 1 more").evaluate("""(button) => {
      button.click();
      const root = button.getRootNode();
      for (const a of root.getAnimations()) Object.assign(a, { currentTime: 0 }).pause();
      const [rect, last] = [".flies rect", "svg .latest"].map((e) => root.querySelector(e));
      const size = (e) => ["x", "y", "width", "height"].map((k) => +e.getAttribute(k));
      const over = root.querySelectorAll(".set")[4].getBoundingClientRect();
      const { top, left, width } = rect.getBoundingClientRect();
      const aside = left + width / 2 - over.left - over.width / 2;
      const { visibility } = getComputedStyle(root.querySelector(".awaits"));
      const text = root.querySelector(".flies text");
      text.dispatchEvent(new Event("animationend", { bubbles: true }));
      const stays = rect.isConnected;
      rect.parentNode.dispatchEvent(new Event("animationend"));
      const distance = Math.hypot(top - over.top, aside);
      const flew = [text.textContent, stays, rect.isConnected];
      return [size(rect), size(last), distance, visibility, ...flew];
    }""")
    x, y, width, height = block[1]
    assert block[0] == pytest.approx([x - 1, y - 1, width + 2, height + 2])
    assert block[2] < 8  # from where it stands on the line
    assert block[3:] == ["visible", "+244", True, False]
    page.locator("[data-control='hand.blocks']").check(force=True)
    assert page.locator(".flies").count() == 0
    still = show(SampledClasses(), reduced_motion="reduce")
    still.get_by_role("button", name="Draw 1 more").click()
    assert still.locator(".flies, .awaits").count() == 0
