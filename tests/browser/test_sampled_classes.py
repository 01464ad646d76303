"""Sampled classes, draw by draw: shares are gradients of torch, and they go where it is said."""

import pytest
import torch
from browser_tools import value, values

from course_utils.figures.sampled_classes import MOST, SampledClasses

pytestmark = pytest.mark.browser
FIRST = [1.0, 0, 1, 3, 2]
MINUS = "\N{MINUS SIGN}"


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def row(page, name):
    return double([value(page, f"{name} {k}") for k in range(5)])


def proposal(skew):
    weights = torch.arange(1, 6, dtype=torch.float64) ** -skew
    return weights / weights.sum()


def distance(a, b):
    return (a - b).abs().sum().item() / 2


def say(page):
    return page.locator(".say").inner_text().replace(MINUS, "-")


STATES = [
    (FIRST, 1.5, 200, 1),
    ([-4, 6, 0.5, -2, 3], 2, 7, 3),
    ([0.1, 0.2, 0.3, 0.4, 0.5], 0, 1000, 9),
    ([2, 2, -1, 0, 4], 0.8, 1, 50),
]


@pytest.mark.parametrize(("logits", "skew", "draws", "seed"), STATES)
def test_shares_are_the_gradients_of_the_logarithm_of_each_sum(show, logits, skew, draws, seed):
    page = show(SampledClasses(logits=logits, skew=skew, draws=draws, seed=seed))
    q, counts = proposal(skew), row(page, "count").long()
    assert counts.sum() == draws
    assert torch.allclose(row(page, "q"), q)
    assert torch.allclose(row(page, "even"), counts / q)
    samples = torch.repeat_interleave(torch.arange(5), counts)
    right = double(logits).softmax(0)
    for name, correction in (("without", torch.zeros(5)), ("with", q.log())):
        z = double(logits).requires_grad_()
        (z - correction)[samples].logsumexp(0).backward()
        assert torch.allclose(row(page, name), z.grad, atol=1e-9)
        assert value(page, f"now {name}") == pytest.approx(distance(z.grad, right), abs=1e-9)
    plain = (double(logits) + q.log()).softmax(0)
    assert value(page, "limit without") == pytest.approx(distance(plain, right), abs=1e-9)
    off = [f"{value(page, f'now {name}'):.2f}" for name in ("without", "with")]
    assert page.locator("svg").nth(1).get_attribute("aria-label") == (
        f"{draws} draws: of the shares without the correction {off[0]} would have to move, "
        f"of those with it {off[1]}."
    )


def test_draws_come_from_the_proposal_and_both_sums_settle(show):
    """Fifty thousand draws, of 25 seeds: counts, and the shares' limits."""
    page = show(SampledClasses(draws=MOST))
    q, right = proposal(1.5), double(FIRST).softmax(0)
    plain = (double(FIRST) + q.log()).softmax(0)
    counts = torch.zeros(5, dtype=torch.float64)
    for _ in range(25):
        mine = row(page, "count")
        counts += mine
        assert distance(row(page, "with"), right) < 0.08
        assert distance(row(page, "without"), plain) < 0.08
        assert distance(row(page, "without"), right) > 0.25
        page.get_by_role("button", name="Other draws").click()
        assert not torch.equal(row(page, "count"), mine)
    n = counts.sum()
    assert n == 25 * MOST
    assert ((counts - n * q).abs() / (n * q * (1 - q)).sqrt()).max() < 4.5


def test_each_draw_is_said_and_adds_what_it_says(show):
    page = show(SampledClasses(draws=1, seed=4, logits=[-4, 0.3, 1, 6, 2], skew=2))
    before = row(page, "count")
    heard = set()
    for n in range(2, 40):
        page.get_by_role("button", name="Draw 1 more").click()
        (k,) = (row(page, "count") - before).nonzero()[0].tolist()
        before = row(page, "count")
        name = ["the", "of", "is", "loss", "argmax"][k]
        text = say(page)
        assert text.startswith(f"Draw {n} is “{name}”. It adds ")
        term, rest = text.split("It adds ")[1].split(" without the correction, ")
        left, corrected = rest.removesuffix(" with it.").split(" = ")
        above, below = left.split(" / ")
        assert above == term
        assert float(term) == pytest.approx(double([-4, 0.3, 1, 6, 2])[k].exp().item(), rel=1e-3)
        assert float(above) / float(below) == pytest.approx(float(corrected), rel=2e-3)
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
      const skew = e.getRootNode().querySelector("[data-control=skew]");
      e.click();
      setTimeout(() => {
        skew.value = 0;
        skew.dispatchEvent(new Event("input", {bubbles: true}));
      }, 100);
    }""")
    page.wait_for_timeout(300)
    assert page.get_by_role("button", name="Run").count() == 1
    assert sum(row(page, "count").tolist()) < MOST


def test_the_answer_stays_hidden_until_the_guess(show):
    page = show(SampledClasses(), questions=True, reduced_motion="reduce")
    assert page.locator(".limit").count() == 0
    assert "limit without" not in values(page)
    assert not page.get_by_text("softmax(z + ln q)", exact=True).is_visible()
    page.get_by_role("button", name="to another distribution").click()
    assert "Yes" in page.locator(".answer").inner_text()
    assert page.get_by_text("softmax(z + ln q)", exact=True).is_visible()
    assert page.locator(".limit").count() == 6
    assert sum(row(page, "count").tolist()) == MOST


def settled(page):
    q = proposal(1.5)
    limits = double(FIRST).softmax(0), (double(FIRST) + q.log()).softmax(0)
    return ((row(page, "even") - MOST).abs() < 0.1 * MOST).all() and all(
        distance(row(page, name), limit) < 0.05
        for name, limit in zip(("with", "without"), limits, strict=True)
    )


def test_a_bar_is_cut_into_its_draws(show):
    """Ten draws: a block for each, the last one framed in both bars of its word."""
    page = show(SampledClasses(draws=10))
    counts = row(page, "count").long().tolist()
    cuts = page.locator(".cuts").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
    tall = page.locator("svg [data-q^=with]").evaluate_all(
        "(all) => all.map((e) => Number(e.getAttribute('height')))"
    )
    # blocks thinner than three pixels are not cut apart
    expected = [
        n - 1 if n and height / n >= 3 else 0
        for n, height in zip([n for n in counts for _ in range(2)], tall, strict=True)
    ]
    assert [d.count("M") for d in cuts] == expected
    assert max(expected) > 5
    latest = page.locator("svg .latest")
    assert latest.count() == 2
    before = latest.first.get_attribute("height")
    page.get_by_role("button", name="Draw 1 more").click()
    assert latest.count() == 2
    assert latest.first.get_attribute("height") != before


def test_an_even_proposal_has_equal_bars_and_reaches_the_goal(show):
    page = show(SampledClasses(skew=0))
    assert torch.allclose(row(page, "with"), row(page, "without"), atol=1e-12)
    assert "Only the even one" in page.locator("p.goal").inner_text()


def test_the_proposal_is_dragged_in_the_picture(show):
    page = show(SampledClasses())
    grip = page.locator(".grip").bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    even = page.locator("svg .proposal").nth(4).bounding_box()
    assert page.locator("svg .proposal").first.bounding_box()["y"] == pytest.approx(y, abs=1)
    page.mouse.click(even["x"] + 3, even["y"])  # no handle there
    assert value(page, "q 0") == pytest.approx(proposal(1.5)[0])
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 10)
    assert value(page, "q 0") > proposal(1.5)[0]
    page.mouse.move(x, even["y"] + even["height"])
    page.mouse.up()
    assert torch.allclose(row(page, "q"), proposal(0))
    assert (
        page.locator("svg .proposal").evaluate_all(
            "(all) => new Set(all.map((e) => e.getAttribute('y'))).size"
        )
        == 1
    )
    assert "✓" in page.locator(".goal .mark").inner_text()


def test_earlier_draws_stay_as_faint_lines(show):
    """All of them end at the two limits, up to noise."""
    page = show(SampledClasses(draws=MOST))
    ends = """(all) => all.map((e) => Number(e.getAttribute("d").split(",").at(-1)))"""
    before = page.locator("path.line").evaluate_all(ends)
    for n in range(1, 9):
        page.get_by_role("button", name="Other draws").click()
        assert page.locator("path.faint").count() == 2 * min(n, 6)
        if n == 1:
            assert page.locator("path.faint").evaluate_all(ends) == before
    found = page.locator("path.line").evaluate_all(ends)
    without, corrected = found[::2], found[1::2]
    assert max(without) < min(corrected) - 10  # in pixels, from above
    page.get_by_role("button", name="Reset", exact=True).click()
    assert page.locator("path.faint").count() == 0


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        (
            "ten draws",
            lambda page: (
                ((row(page, "count") == 0) == (row(page, "with") == 0)).all()
                and (row(page, "count") == 0).any()
            ),
        ),
        ("2000 draws", settled),
    ],
)
def test_what_the_tries_say_is_so(show, name, holds):
    page = show(SampledClasses(logits=[0, 1, 2, 3, 4], draws=3, seed=8))
    page.get_by_role("button", name=name, exact=True).click()
    assert holds(page)
    assert page.locator(".tries .told").inner_text()
