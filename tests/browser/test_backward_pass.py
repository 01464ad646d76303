"""The backward pass to step through: values and gradients are torch's, step by step."""

import pytest
import torch
from browser_tools import PHONE, value
from figure_checks import faults
from torch.nn.functional import cross_entropy

from course_utils.figures.backward_pass import STEPS, BackwardPass

pytestmark = pytest.mark.browser
TIMES = "\N{MULTIPLICATION SIGN}"
MINUS = "\N{MINUS SIGN}"


def double(numbers):
    return torch.tensor(numbers, dtype=torch.float64)


def step(page, times=1):
    for _ in range(times):
        page.get_by_role("button", name="Show me").click()


def choose(page, name):
    page.locator(".pad").get_by_role("button", name=name, exact=True).click()


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
    page = show(BackwardPass(logits=logits, label=label, stage=STEPS))
    for name, (number, grad) in by_autograd(logits, label).items():
        assert value(page, name) == pytest.approx(number, rel=1e-9), name
        assert value(page, f"grad {name}") == pytest.approx(grad, rel=1e-9, abs=1e-12), name


def test_each_step_fills_what_it_says(show):
    page = show(BackwardPass(label=2))
    everything = {f"{kind}{k}" for kind in "ze" for k in (1, 2, 3)} | {"Q", "l", "L"}
    known = {"L"}
    # z2 has two numbers, of which its gradient is made last
    for names in [set(), {"l"}, {"z2"}, {"Q"}, {"e1", "e2", "e3"}, {"z1", "z3"}, {"z2"}]:
        if names:
            step(page)
        known = (known | names) - ({"z2"} if "z1" in names else set())
        assert shown(page) == (everything, known)
    assert page.get_by_role("button", name="Show me").count() == 0
    page.get_by_role("button", name="Back", exact=True).click()
    assert shown(page) == (everything, known - {"z2"})


@pytest.mark.parametrize("logits", [[1, 2, 0], [4, -4, -4], [-4, 4, 0]])
def test_the_true_logit_gets_its_gradient_in_two_parts(show, logits):
    """Written with the same decimals, so that the sum comes out."""
    page = show(BackwardPass(logits=logits, label=1, stage=2))
    assert value(page, "grad z1") == -1
    step(page, 2)
    assert value(page, "grad z1") == -1
    step(page)
    p = torch.tensor(logits, dtype=torch.float64).softmax(0)[0].item()
    both = page.locator('[data-q="shares z1"]')
    direct, share = both.text_content().split(" and ")
    assert (direct, float(share)) == (f"{MINUS}1", pytest.approx(p, abs=5e-4))
    choose(page, "add")
    assert value(page, "grad z1") == pytest.approx(p - 1)
    assert both.text_content() == f"{share} {MINUS} 1"
    places = len(share.split(".")[1])
    total = f"{MINUS}{1 - float(share):.{places}f}"
    assert page.locator('[data-q="grad z1"]').text_content() == f"= {total}"
    assert f"is p₁ {MINUS} 1 = {share} {MINUS} 1 = {total}." in page.locator(".say").inner_text()


@pytest.mark.parametrize("width", [736, 320])
@pytest.mark.parametrize("logits", [[2, 1, 0.1], [0.7, -1.2, 2.4], [4, 4, 2], [-4, 4, 0]])
def test_the_sentences_multiply_right(show, logits, width):
    """Every "a · b = c" that the figure says, and the boxes show the same a and c."""
    page = show(BackwardPass(logits=logits, label=3), viewport={"width": width, "height": 1400})
    products = {}
    for _ in range(STEPS - 2):
        step(page)
        text = page.locator(".say").inner_text().replace(MINUS, "-")
        a, rest = text.split("sends ")[1].split(" · ")
        b, *_, c = rest.split(" to ")[0].split(" = ")  # "= p = 0.2", too
        products[a, b] = c
        boxes = page.locator('.graph [data-q^="grad "], .graph [data-q^="shares "]')
        texts = [e.replace(MINUS, "-").removesuffix(" so far,") for e in boxes.all_text_contents()]
        shown = [t for e in texts for t in e.split(" and ")]
        assert c in shown
        assert a in {*shown, "1/Q"}
    gradient = value(page, "grad Q")
    places = {k: value(page, k) for k in ("Q", "e3")}
    written = page.locator('[data-q="grad Q"]').text_content()
    numbers = {"1": 1, "-1": -1, "1/Q": 1 / places["Q"], written: gradient, "exp z₃": places["e3"]}
    assert len(products) == 4
    for (a, b), c in products.items():
        shown = len(c.strip("-").replace(".", "").lstrip("0"))
        assert float(f"{numbers[a] * numbers[b]:.{shown}g}") == float(c)


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("label", [1, 2, 3])
def test_the_direct_line_meets_no_label_and_no_other_box(show, label, width):
    page = show(
        BackwardPass(logits=[1, 2, -4], label=label, stage=STEPS),
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
    page = show(BackwardPass(logits=[2, 1, 0.1], label=1, stage=STEPS))
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
    assert shares[1][0] == pytest.approx(shares[0][0], abs=0.01)  # put to the end of the first
    unit = shares[0][1]  # -1
    assert shares[1][1] / unit == pytest.approx(p[0], abs=1e-3)
    assert [width / unit for _, width in totals] == pytest.approx([1 - p[0], *p[1:]], abs=1e-3)
    assert totals[0][0] + totals[0][1] == pytest.approx(middle, abs=0.01)


def test_the_reader_chooses_the_local_derivatives(show):
    """A wrong one sends nothing; a right one fills the next boxes."""
    page = show(BackwardPass())
    prompt = page.locator(".asks")
    steps = [("1", "Q"), (f"{MINUS}1", "1"), ("1/Q", "1"), ("1", "1/Q"), ("exp z", "Q")]
    for name, wrong in [*steps, ("add", "multiply")]:
        before, asked = shown(page), prompt.inner_text()
        choose(page, wrong)
        assert shown(page) == before
        assert page.locator(".say").inner_text().startswith("Not ")
        assert page.locator(".wrong").count() == 1
        if name == "1/Q":  # those that were tried stay marked
            choose(page, "Q")
            assert page.locator(".wrong").all_inner_texts() == ["1", "Q"]
        choose(page, name)
        assert shown(page) != before
        assert prompt.inner_text() != asked
        assert page.locator(".wrong").count() == 0
    assert page.locator(".pad button").count() == 0
    assert prompt.inner_text().startswith("7 wrong choices")
    assert page.locator(".goal.done").count() == 0


#: Where the choices are, in pixels of the drawing; the lines, those that are asked for, the boxes.
PLACES = """(svg) => {
  const o = svg.getBoundingClientRect();
  const rect = ({ left, right, top, bottom }) =>
    [left - o.left, top - o.top, right - o.left, bottom - o.top];
  const buttons = [...svg.parentNode.querySelectorAll(".pad button")];
  const all = Array.from({ length: 101 }, (_, i) => i / 100);
  const points = (look) => [...svg.querySelectorAll(look)].flatMap((e) => all.map((share) => {
    const { x, y } = e.getPointAtLength(share * e.getTotalLength());
    return [x, y];
  }));
  return {
    pad: buttons.map((e) => rect(e.getBoundingClientRect())),
    line: points(".edge.asked"),
    lines: points(".marks .edge"),
    boxes: [...svg.querySelectorAll("rect[rx='6']")].map((e) => rect(e.getBoundingClientRect())),
  };
}"""


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("width", [1280, 736, 390, 320])
@pytest.mark.parametrize("label", [1, 2, 3])
def test_the_choices_stand_beside_the_line_they_belong_to(show, label, width, touch):
    """On no line and no box, but for the sum in the box of the true logit; fingers find 44 pixels.

    Only at 320 pixels lines leave no room for five buttons between them.
    """
    size = {"viewport": {"width": width, "height": 1400}}
    page = show(BackwardPass(label=label), **size, has_touch=touch, is_mobile=touch)
    for stage in range(STEPS):
        seen = page.locator(".graph svg").evaluate(PLACES)

        def covers(x0, y0, x1, y1, pad=seen["pad"]):
            return any(a < x1 and c > x0 and b < y1 and d > y0 for a, b, c, d in pad)

        (x0, y0, x1, y1) = [
            f(e[i] for e in seen["pad"]) for i, f in enumerate([min] * 2 + [max] * 2)
        ]
        if stage == STEPS - 1:
            true = seen["boxes"][3 + 2 * (label - 1)]
            assert len(seen["pad"]) == 2
            assert x0 + x1 == pytest.approx(true[0] + true[2], abs=2)
            assert true[1] < y0 < y1 < true[3] + 1
        else:
            assert not any(covers(*box) for box in seen["boxes"])
            if width > 320 or stage not in (1, STEPS - 2):
                assert not any(covers(x, y, x, y) for x, y in seen["lines"])
            near = min(max(x0 - x, x - x1, y0 - y, y - y1) for x, y in seen["line"])
            assert near < (24 if width > 600 else 100)
        assert x0 >= -1
        assert x1 <= page.locator(".graph svg").bounding_box()["width"] + 1
        least = min(min(c - a, d - b) for a, b, c, d in seen["pad"])
        assert least >= (44 if touch else 30)
        step(page)


@pytest.mark.parametrize("label", [1, 2])
def test_question_choices_and_graph_are_on_one_phone_screen(show, label):
    page = show(BackwardPass(label=label), **PHONE)
    for _ in range(STEPS):
        tops = [page.locator(e).bounding_box()["y"] for e in (".asks", ".pad", ".graph")]
        foot = page.get_by_role("button", name="Back", exact=True).bounding_box()
        assert min(tops) > foot["y"] + foot["height"] - 780
        step(page)


@pytest.mark.parametrize("width", [1280, 390, 320])
@pytest.mark.parametrize("label", [1, 2, 3])
def test_nothing_is_cut_off_on_any_step(show, label, width):
    for stage in range(STEPS + 1):
        page = show(
            BackwardPass(label=label, stage=stage), viewport={"width": width, "height": 1400}
        )
        assert faults(page, states=2) == []


def test_the_true_logit_says_that_one_path_is_still_to_come(show):
    page = show(BackwardPass(label=2, stage=1))
    waits = page.locator("[data-q='waits z2']")
    for stage in range(2, STEPS):
        step(page)
        assert waits.count() == 2 * (stage < STEPS - 1)
    assert page.locator("[data-q^=waits]").count() == 0


def test_the_focus_follows_the_choices(show):
    page = show(BackwardPass(stage=4))
    focused = "(e) => e.getRootNode().activeElement?.textContent"
    page.locator(".pad").get_by_role("button", name="exp z").focus()
    page.keyboard.press("Enter")
    assert page.locator(".frame").evaluate(focused) == "+"
    page.keyboard.press("Enter")
    assert page.locator(".frame").evaluate(focused) == "Back"


def test_what_is_sent_runs_down_its_line(show):
    """And what it becomes shows in the box when it is there; not for those who want less motion."""
    page = show(BackwardPass(stage=2), reduced_motion="no-preference")
    step(page)
    moves = """(frame) => frame.getRootNode().getAnimations().map((a) => {
      a.pause();
      a.currentTime = 1000;
      const { visibility, offsetDistance } = getComputedStyle(a.effect.target);
      return [a.effect.target.textContent, visibility, parseFloat(offsetDistance)];
    })"""
    found = page.locator(".frame").evaluate(moves)
    part = page.locator('[data-q="grad Q"]').text_content()
    run = next(f for f in found if f[0] == f"1{part}")
    assert run[1] == "visible"
    assert 50 < run[2] < 100
    assert sorted(f[:2] for f in found if f[0] in ("1", part)) == [
        [part, "hidden"], [part, "visible"], ["1", "hidden"],
    ]  # fmt: skip
    still = show(BackwardPass(stage=2), reduced_motion="reduce")
    step(still)
    assert still.locator(".frame").evaluate(moves) == []
    assert still.locator(".runs").evaluate("(e) => getComputedStyle(e).visibility") == "hidden"


def nudge(page, k, by):
    page.locator(f"[data-control='nudge.{k - 1}']").fill(str(by))


def test_a_nudge_runs_up_all_its_lines_and_gets_to_the_loss_at_once(show):
    """The number in a box comes with it."""
    page = show(BackwardPass(logits=[2, 1, 0.1], stage=STEPS), reduced_motion="no-preference")
    runs = page.locator("[data-control='nudge.0']").evaluate("""async (input) => {
      input.value = 0.3;
      input.dispatchEvent(new Event("input"));
      await new Promise((done) => setTimeout(done, 260));
      return input.getRootNode().getAnimations().map((a) => {
        const { delay, duration } = a.effect.getComputedTiming();
        return [a.effect.target.dataset.q ?? "line", delay, delay + duration];
      });
    }""")
    lines = [(0, 500), (500, 1000), (1000, 1500), (1500, 2000), (0, 2000)]
    ends = {"e1": 500, "Q": 1000, "l": 1500, "L": 2000}
    numbers = [(f"change {key}", 0, end) for key, end in ends.items()]
    numbers += [(f"slope {what}", 0, 2000) for what in ("nudge", "gradient")]
    assert sorted(map(tuple, runs)) == sorted([*(("line", *times) for times in lines), *numbers])
    assert page.locator(".carries").count() == 5
    nudge(page, 1, 0)
    assert page.locator(".up, .carries").count() == 0
    still = show(BackwardPass(stage=STEPS), reduced_motion="reduce")
    nudge(still, 1, 0.3)
    still.wait_for_timeout(400)
    assert still.locator(".up").count() == 0


@pytest.mark.parametrize("width", [736, 390])
def test_buttons_stay_while_the_sentences_change(show, width):
    page = show(BackwardPass(logits=[2, 1, 0.1]), viewport={"width": width, "height": 1400})
    places = set()
    for _ in range(STEPS):
        step(page)
        places.add(page.get_by_role("button", name="Back", exact=True).bounding_box()["y"])
    nudge(page, 1, -0.3)
    places.add(page.get_by_role("button", name="Back", exact=True).bounding_box()["y"])
    assert len(places) == 1


def test_the_walk_answers_the_guess(show):
    page = show(BackwardPass(), questions=True)
    page.get_by_role("button", name=f"p₁ {MINUS} 1").click()
    answer = page.locator(".answer")
    assert shown(page)[1] == {"L"}  # nothing runs by itself
    step(page, STEPS - 1)
    assert "Yes" not in answer.inner_text()
    step(page)
    page.wait_for_function("(e) => e.innerText.includes('Yes')", arg=answer.element_handle())


def test_a_step_that_is_shown_says_what_it_costs_and_a_reached_goal_stays(show):
    page = show(BackwardPass())
    back = page.get_by_role("button", name="Back", exact=True)
    choose(page, "1")
    step(page)
    assert "Shown, not chosen" in page.locator(".say").inner_text()
    back.click()
    for name in (f"{MINUS}1", "1/Q", "1", "exp z", "add"):
        choose(page, name)
        assert "Shown" not in page.locator(".say").inner_text()
    done = page.locator(".goal.done")
    assert "none wrong" in done.inner_text()
    back.click()
    choose(page, "multiply")
    assert "none wrong" in done.inner_text()
    page.get_by_role("button", name="Reset", exact=True).click()
    assert done.count() == 0


@pytest.mark.parametrize(
    ("name", "words", "holds"),
    [
        ("sure and right", "how much is left", lambda grads: -0.1 < grads[0] < 0),
        (
            "sure and wrong",
            "Which gradients are large",
            lambda grads: grads[0] < -0.9 and grads[1] > 0.9,
        ),
        ("undecided", "a third of Q", lambda grads: grads == pytest.approx([-2 / 3, 1 / 3, 1 / 3])),
    ],
)
def test_what_the_tries_say_is_so(show, name, words, holds):
    page = show(BackwardPass(stage=2))
    page.get_by_role("button", name=name).click()
    assert shown(page)[1] == {"L"}  # a walk begins
    step(page, STEPS)
    assert holds([value(page, f"grad z{k}") for k in (1, 2, 3)])
    assert words in page.locator(".tries .told").inner_text()


def walk(page):
    for name in ("1", f"{MINUS}1", "1/Q", "1", "exp z", "add"):
        choose(page, name)


@pytest.mark.parametrize("label", [1, 2])
def test_what_the_logits_get_is_foreseen_by_hand(show, label):
    """All three, and each step chosen; not once it is known."""
    page = show(BackwardPass(logits=[2, 1, 0.1], label=label))
    told = page.locator("p.goal").nth(1)
    back = page.get_by_role("button", name="Back", exact=True)
    p = double([2, 1, 0.1]).softmax(0)
    grads = (p - torch.eye(3)[label - 1]).tolist()
    came = ", ".join(f"{g:.3f}" for g in grads)

    def says():
        return told.inner_text().replace(MINUS, "-")

    def guess(k, v):
        slide = page.locator(f"[data-control='guess.{k}']")
        box, half = page.locator(".grip").nth(k).bounding_box(), page.locator("path.dash").first
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        way = (v - float(slide.input_value())) * half.bounding_box()["width"] / 2
        page.mouse.move(x + way, y, steps=3)
        page.mouse.up()

    walk(page)
    assert "came" not in says()  # nothing was guessed
    page.get_by_role("button", name="undecided").click()
    page.locator("[data-control='logits.0']").fill("0.5")
    guess(0, 0.6)
    walk(page)
    assert "You said 0.60, ?, ?; " in says()
    assert "Guess all three." in says()
    assert page.locator(".guess").count() == 1
    assert page.locator("[data-control^=guess]:not(:disabled)").count() == 0
    back.click()
    back.click()
    guess(1, 0.3)
    assert "Seen already" in says()
    page.get_by_role("button", name="Reset", exact=True).click()
    for k in range(3):
        guess(k, grads[k])
    step(page, STEPS)
    assert f"{came} came. Now choose each step, too." in says()
    page.get_by_role("button", name="Reset", exact=True).click()
    for k in range(3):
        guess(k, grads[k] + 0.03)
    walk(page)
    assert f"; {came} came." in says()
    assert says().startswith("✓")
    page.locator("[data-control='logits.0']").fill("3")
    assert says().startswith("✓")
    for other in (label % 3 + 1, (label + 1) % 3 + 1, label):  # each true class begins a walk
        page.get_by_role("button", name=f"Walk with class {other}").click()
        assert page.locator(f"[data-control='label.{other}']").is_checked()
        assert shown(page)[1] == {"L"}
        assert page.locator("[data-control='guess.0']").input_value() == "0"
        step(page, STEPS)
    page.locator(f"[data-control='label.{label % 3 + 1}']").check(force=True)
    assert shown(page)[1] == {"L"}
    assert page.locator("[data-control='logits.0']").input_value() == "3"


def test_a_logit_is_nudged_by_its_handle_and_only_at_the_end(show):
    page = show(BackwardPass(logits=[2, 1, 0.1], stage=STEPS))
    grip = page.locator(".grip").first.bounding_box()
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    half = page.locator("path.dash").first.bounding_box()["width"] / 2
    z, one = double([2, 1, 0.1]), double([1, 0, 0])
    for start, by in ((0, 0.5), (0.5, -0.25)):
        page.mouse.move(x + start * half, y)
        page.mouse.down()
        page.mouse.move(x + by * half, y, steps=3)
        page.mouse.up()
        assert page.locator("[data-control='nudge.0']").input_value() == str(by)
        before, after = (cross_entropy(v, torch.tensor(0)) for v in (z, z + by * one))
        change = (after - before).item()
        assert value(page, "change L") == pytest.approx(change, rel=1e-6)
        assert value(page, "slope nudge") == pytest.approx(change / by, rel=1e-6)
        assert value(page, "slope gradient") == value(page, "grad z1")
    assert page.locator("p .change").is_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    assert not page.locator("p .change").is_visible()
    assert page.locator("[data-control^=nudge]:not(:disabled)").count() == 0
    page.mouse.click(x + 0.2 * half, y)
    assert page.locator("[data-q^=change]").count() == 0
