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


def goes_to_the_first_softmax(page):
    z = double([0, 0, 1.6, 4.1, 3.4])
    assert torch.allclose(z - z[0], double(FIRST) - proposal(1.5).log() - 1.564, atol=0.06)
    right = double(FIRST).softmax(0)
    limit = (z + proposal(1.5).log()).softmax(0)
    return distance(limit, right) < 0.02 and distance(row(page, "without"), right) < 0.06


def test_a_bar_is_cut_into_its_draws(show):
    """Ten draws: a block for each, the last one green in both bars of its word."""
    page = show(SampledClasses(draws=10))
    counts = row(page, "count").long().tolist()
    cuts = page.locator(".cuts").evaluate_all("(all) => all.map((e) => e.getAttribute('d'))")
    assert [d.count("M") for d in cuts] == [max(n - 1, 0) for n in counts for _ in range(2)]
    latest = page.locator("rect[fill='var(--cu-green)']")
    assert latest.count() == 2
    before = latest.first.get_attribute("height")
    page.get_by_role("button", name="Draw 1 more").click()
    assert latest.count() == 2
    assert latest.first.get_attribute("height") != before


def test_an_even_proposal_has_equal_bars_and_reaches_the_goal(show):
    page = show(SampledClasses(skew=0))
    assert torch.allclose(row(page, "with"), row(page, "without"), atol=1e-12)
    assert "Only the even one" in page.locator("p.goal").inner_text()


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
        ("ln q taken out of the scores", goes_to_the_first_softmax),
    ],
)
def test_what_the_tries_say_is_so(show, name, holds):
    page = show(SampledClasses(logits=[0, 1, 2, 3, 4], draws=3, seed=8))
    page.get_by_role("button", name=name, exact=True).click()
    assert holds(page)
    assert page.locator(".tries .told").inner_text()
