"""The backward pass to step through: values and gradients are torch's, step by step."""

import pytest
import torch
from browser_tools import value
from torch.nn.functional import cross_entropy

from course_utils.figures.backward_pass import BACKWARD, FORWARD, BackwardPass

pytestmark = pytest.mark.browser
LAST = FORWARD + BACKWARD
TIMES = "\N{MULTIPLICATION SIGN}"
MINUS = "\N{MINUS SIGN}"


def step(page, times=1):
    for _ in range(times):
        page.get_by_role("button", name="Next", exact=True).click()


def choose(page, name):
    page.locator(".ask").get_by_role("button", name=name, exact=True).click()


def shown(page):
    """Names of what stands in the boxes: values, and gradients."""
    names = page.locator("[data-q]").evaluate_all("(all) => all.map((e) => e.dataset.q)")
    return {n for n in names if " " not in n}, {
        n.removeprefix("grad ") for n in names if n.startswith("grad ")
    }


def by_autograd(logits, label):
    """Every value and gradient of the graph, by name."""
    z = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in logits]
    e = [v.exp() for v in z]
    total = e[0] + e[1] + e[2]
    log = total.log()
    loss = log - z[label - 1]
    nodes = {"Q": total, "l": log, "L": loss}
    nodes |= {f"z{i + 1}": v for i, v in enumerate(z)} | {f"e{i + 1}": v for i, v in enumerate(e)}
    for node in nodes.values():
        node.retain_grad()
    loss.backward()
    torch.testing.assert_close(loss, cross_entropy(torch.stack(z)[None], torch.tensor([label - 1])))
    return {name: (node.item(), node.grad.item()) for name, node in nodes.items()}


@pytest.mark.parametrize(
    ("logits", "label"), [([1, 2, 0], 1), ([-4, 4, 0.5], 2), ([0, 0, 0], 3), ([4, 4, 4], 2)]
)
def test_values_and_gradients_are_those_of_autograd(show, logits, label):
    page = show(BackwardPass(logits=logits, label=label, stage=LAST))
    for name, (number, grad) in by_autograd(logits, label).items():
        assert value(page, name) == pytest.approx(number, rel=1e-9), name
        assert value(page, f"grad {name}") == pytest.approx(grad, rel=1e-9, abs=1e-12), name


def test_each_step_fills_what_it_says(show):
    page = show(BackwardPass(label=2))
    logits, exps = {"z1", "z2", "z3"}, {"e1", "e2", "e3"}
    seen = set(logits)
    for names in [set(), exps, {"Q"}, {"l"}, {"L"}]:
        if names:
            step(page)
        seen |= names
        assert shown(page) == (seen, set())
    known = set()
    for names in [{"L"}, {"l"}, {"z2"}, {"Q"}, exps, logits]:
        step(page)
        known |= names
        assert shown(page) == (seen, known)
    assert page.get_by_role("button", name="Next", exact=True).is_disabled()
    page.get_by_role("button", name="Back", exact=True).click()
    assert shown(page) == (seen, known - {"z1", "z3"})


def test_the_true_logit_gets_its_gradient_in_two_parts(show):
    page = show(BackwardPass(logits=[1, 2, 0], label=1, stage=7))
    assert value(page, "grad z1") == -1
    step(page, 2)
    assert value(page, "grad z1") == -1
    step(page)
    p = torch.tensor([1.0, 2, 0], dtype=torch.float64).softmax(0)[0].item()
    assert value(page, "grad z1") == pytest.approx(p - 1)
    assert page.locator(".graph").get_by_text(f"{p:.3f} {MINUS} 1", exact=True).count() == 1
    said = page.locator(".say").inner_text()
    assert f"= {p:.3f} to z₁. With the direct {MINUS}1 it makes {MINUS}{1 - p:.3f}." in said


@pytest.mark.parametrize("width", [736, 320])
@pytest.mark.parametrize("logits", [[2, 1, 0.1], [0.7, -1.2, 2.4], [4, 4, 2], [-4, 4, 0]])
def test_the_sentences_multiply_right(show, logits, width):
    """Every "a · b = c" that the figure says, and the boxes show the same a and c."""
    page = show(
        BackwardPass(logits=logits, label=3, stage=5), viewport={"width": width, "height": 1400}
    )
    products = {}
    for _ in range(BACKWARD - 1):
        step(page)
        text = page.locator(".say").inner_text().replace(MINUS, "-")
        a, rest = text.split("sends ")[1].split(" · ")
        if "each exponential: " in rest:
            b, c = "1", rest.split(": ")[1].split(" ")[0].rstrip(".")
        else:
            b, c = rest.split(" to ")[0].split(" = ")
        products[a, b] = c
        boxes = page.locator('.graph [data-q^="grad "], .graph [data-q^="shares "]')
        shown = [t for e in boxes.all_text_contents() for t in e.replace(MINUS, "-").split(" - ")]
        assert c in shown
        assert a in {*shown, "1/Q"}
    gradient = value(page, "grad Q")
    places = {k: value(page, k) for k in ("Q", "e3")}
    written = page.locator('[data-q="grad Q"]').text_content()
    numbers = {"1": 1, "-1": -1, "1/Q": 1 / places["Q"], written: gradient, "exp z₃": places["e3"]}
    assert len(products) == 5
    for (a, b), c in products.items():
        shown = len(c.strip("-").replace(".", "").lstrip("0"))
        assert float(f"{numbers[a] * numbers[b]:.{shown}g}") == float(c)


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("label", [1, 2, 3])
def test_the_direct_line_meets_no_label_and_no_other_box(show, label, width):
    page = show(
        BackwardPass(logits=[1, 2, -4], label=label, stage=LAST),
        viewport={"width": width, "height": 1400},
    )
    hit = page.locator(".graph svg").evaluate(
        """(svg) => {
          const direct = [...svg.querySelectorAll(".flow")].find((p) => /[HV].*[HV]/
            .test(p.getAttribute("d")));
          const half = Number(direct.getAttribute("stroke-width")) / 2;
          const parts = [...svg.querySelectorAll("text, rect")].map((e) => e.getBBox());
          const hit = new Set();
          for (let at = 6; at < direct.getTotalLength() - 6; at += 1) {
            const { x, y } = direct.getPointAtLength(at);
            parts.forEach((b, i) => {
              const [dx, dy] = [b.x - x, b.y - y];
              const across = dx < half && dx + b.width > -half;
              if (across && dy < half && dy + b.height > -half) hit.add(i);
            });
          }
          return [...hit].map((i) => svg.querySelectorAll("text, rect")[i].outerHTML);
        }"""
    )
    assert hit == []


def test_lines_are_as_thick_as_what_they_sent_and_the_bars_add_up(show):
    page = show(BackwardPass(logits=[2, 1, 0.1], label=1, stage=LAST))
    p = torch.tensor([2, 1, 0.1], dtype=torch.float64).softmax(0).tolist()
    wide = page.locator(".flow").evaluate_all(
        "(a) => a.map((e) => +e.getAttribute('stroke-width'))"
    )
    one = wide[0]
    assert wide[1] == one  # the direct line sends as much, with the other sign
    ends = sorted(w / one for w in wide)
    assert all(any(share == pytest.approx(end) for end in ends) for share in p)

    def bars(kind):
        return page.locator(f"rect.{kind}").evaluate_all(
            "(all) => all.map((e) => [e.x.baseVal.value, e.width.baseVal.value])"
        )

    shares, totals = bars("share"), bars("total")
    middle = shares[0][0] + shares[0][1]
    assert shares[1][0] == pytest.approx(middle, abs=0.01)
    unit = shares[0][1]  # -1
    assert shares[1][1] / unit == pytest.approx(p[0], abs=1e-3)
    assert [width / unit for _, width in totals] == pytest.approx([1 - p[0], *p[1:]], abs=1e-3)
    assert totals[0][0] + totals[0][1] == pytest.approx(middle, abs=0.01)


def test_the_reader_chooses_the_local_derivatives(show):
    """A wrong one sends nothing; a right one fills the next boxes."""
    page = show(BackwardPass(stage=FORWARD + 1))
    graph, prompt = page.locator(".graph"), page.locator(".ask > span")
    for name, wrong in [("1", "Q"), (f"{MINUS}1", "1"), ("1/Q", "1"), ("1", "1/Q"), ("exp z", "Q")]:
        before, asked = shown(page), prompt.inner_text()
        choose(page, wrong)
        assert shown(page) == before
        assert page.locator(".say").inner_text().startswith(f"Not {wrong}.")
        assert graph.get_by_text(f"{TIMES} ?").count() > 0
        choose(page, name)
        assert len(shown(page)[1]) >= len(before[1])
        assert prompt.inner_text() != asked
    assert graph.get_by_text(f"{TIMES} ?").count() == 0
    assert "after 5 that did not fit" in page.locator(".goal.done").inner_text()


def test_a_click_on_a_logit_nudges_it(show):
    page = show(BackwardPass(stage=LAST))
    plot = page.locator(".graph svg")
    size = plot.bounding_box()
    plot.click(position={"x": size["width"] / 2, "y": size["height"] - 12})
    assert page.locator('[data-control="nudge.2"]').is_checked()
    assert page.locator(".carries").count() == 4
    plot.click(position={"x": size["width"] / 2, "y": size["height"] - 12})
    assert page.locator('[data-control="nudge.0"]').is_checked()
    plot.click(position={"x": size["width"] / 2, "y": 20})
    assert page.locator('[data-control="nudge.0"]').is_checked()


@pytest.mark.parametrize("width", [736, 390])
def test_buttons_stay_while_the_sentences_change(show, width):
    page = show(BackwardPass(logits=[2, 1, 0.1]), viewport={"width": width, "height": 1400})
    places = set()
    for _ in range(LAST):
        step(page)
        places.add(page.get_by_role("button", name="Back", exact=True).bounding_box()["y"])
    page.locator('[data-control="nudge.1"]').check(force=True)
    places.add(page.get_by_role("button", name="Back", exact=True).bounding_box()["y"])
    assert len(places) == 1


def test_the_walk_answers_the_guess(show):
    page = show(BackwardPass(), questions=True)
    page.get_by_role("button", name=f"p₁ {MINUS} 1").click()
    answer = page.locator(".answer")
    assert shown(page) == ({"z1", "z2", "z3"}, set())  # nothing runs by itself
    step(page, LAST - 1)
    assert "Yes" not in answer.inner_text()
    step(page)
    page.wait_for_function("(e) => e.innerText.includes('Yes')", arg=answer.element_handle())


def test_next_on_the_way_back_says_what_it_costs_and_a_reached_goal_stays(show):
    page = show(BackwardPass(stage=FORWARD + 1))
    back = page.get_by_role("button", name="Back", exact=True)
    choose(page, "1")
    step(page)
    assert "for the goal, go Back and choose it" in page.locator(".say").inner_text()
    for name in ("1/Q", "1", "exp z"):
        choose(page, name)
    assert "you chose 4 of 5" in page.locator(".ask > span").inner_text()
    for _ in range(4):
        back.click()
    choose(page, f"{MINUS}1")
    assert "for the goal" not in page.locator(".say").inner_text()
    for name in ("1/Q", "1", "exp z"):
        choose(page, name)
    assert page.locator(".goal.done").count() == 1
    back.click()
    assert "none was wrong" in page.locator(".goal.done").inner_text()
    choose(page, "Q")
    assert "none was wrong" in page.locator(".goal.done").inner_text()


@pytest.mark.parametrize(
    ("name", "words", "holds"),
    [
        ("sure and right", "nearly cancels", lambda grads: -0.1 < grads[0] < 0),
        (
            "sure and wrong",
            "z₂ gets nearly +1",
            lambda grads: grads[0] < -0.9 and grads[1] > 0.9,
        ),
        ("undecided", "sends 1/3", lambda grads: grads == pytest.approx([-2 / 3, 1 / 3, 1 / 3])),
    ],
)
def test_what_the_tries_say_is_so(show, name, words, holds):
    page = show(BackwardPass())
    page.get_by_role("button", name=name).click()
    assert holds([value(page, f"grad z{k}") for k in (1, 2, 3)])
    assert words in page.locator(".tries .told").inner_text()
