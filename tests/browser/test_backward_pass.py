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
    """Where a change is to be foretold first, something is foretold."""
    if page.get_by_role("button", name="Let it grow").count():
        page.locator("[data-control='foretold']").fill("0.5")
        page.get_by_role("button", name="Let it grow").click()
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
    # z2 has two shares, of which its gradient is made last
    for names in [set(), {"l"}, None, {"Q"}, {"e1", "e2", "e3"}, {"z1", "z3"}, {"z2"}]:
        if names != set():
            step(page)
        known |= names or set()
        assert shown(page) == (everything, known)
    assert page.get_by_role("button", name="Show me").count() == 0
    page.get_by_role("button", name="Back", exact=True).click()
    assert shown(page) == (everything, known - {"z2"})


@pytest.mark.parametrize("logits", [[1, 2, 0], [4, -4, -4], [-4, 4, 0]])
def test_the_true_logit_gets_its_gradient_in_two_parts(show, logits):
    """Written with the same decimals, so that the sum comes out."""
    page = show(BackwardPass(logits=logits, label=1, stage=2))
    for done in range(2, STEPS - 1):
        assert value(page, "direct z1") == -1
        assert page.locator("[data-q='waits z1']").text_content() == "one to come", done
        step(page)
    p = torch.tensor(logits, dtype=torch.float64).softmax(0)[0].item()
    assert value(page, "through z1") == pytest.approx(p)
    share = page.locator("[data-q='through z1']").text_content().removeprefix("by exp: ")
    choose(page, "add")
    assert value(page, "grad z1") == pytest.approx(p - 1)
    places = len(share.split(".")[1])
    total = f"{MINUS}{1 - float(share):.{places}f}"
    assert page.locator('[data-q="grad z1"]').text_content() == f"p₁ {MINUS} 1 = {total}"


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
        boxes = page.locator('.graph [data-q^="grad "], .graph [data-q^="direct "]')
        texts = [e.replace(MINUS, "-") for e in boxes.all_text_contents()]
        shown = [e.removeprefix("direct: ") for e in texts]
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
    hit = page.locator(".graph > .box > svg").evaluate(
        """(svg) => {
          const direct = [...svg.querySelectorAll(".flow")].find((p) => /[HV].*[HV]/
            .test(p.getAttribute("d")));
          const half = Number(direct.getAttribute("stroke-width")) / 2;
          const all = [...svg.querySelectorAll("text, rect")];
          const parts = all.map((e) => e.getBBox());
          const hit = new Set();
          for (let at = 8; at < direct.getTotalLength() - 8; at += 1) {
            const { x, y } = direct.getPointAtLength(at);
            parts.forEach((b, i) => {
              const [dx, dy] = [b.x - x, b.y - y];
              const across = dx < half && dx + b.width > -half;
              if (across && dy < half && dy + b.height > -half) hit.add(i);
            });
          }
          return [...hit].map((i) => all[i].outerHTML);
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

    bars = page.locator("rect.share").evaluate_all(
        "(all) => all.map((e) => [e.x.baseVal.value, e.width.baseVal.value])"
    )
    (direct, unit), (second, part), *totals = bars
    assert second == pytest.approx(direct, abs=0.01)  # laid to the end of the first
    assert part / unit == pytest.approx(p[0], abs=1e-3)
    assert [w / unit for _, w in totals] == pytest.approx([1 - p[0], *p[1:]], abs=1e-3)
    assert sum(totals[0]) == pytest.approx(direct + unit, abs=0.01)


def test_the_reader_chooses_the_local_derivatives(show):
    """A wrong one sends nothing; a right one fills the next boxes."""
    page = show(BackwardPass())
    prompt = page.locator("b.asks")
    steps = [("1", "Q"), (f"{MINUS}1", "1"), ("1/Q", "1"), ("1", "1/Q"), ("exp z", "Q")]
    for name, wrong in [*steps, ("add", "multiply")]:
        before, asked = shown(page), prompt.inner_text()
        choose(page, wrong)
        assert shown(page) == before
        assert page.locator(".say").inner_text().startswith("Not ")
        assert page.locator(".wrong").count() == 1
        assert page.locator(".carries").count()  # and is shown by a nudge
        if name == "1/Q":  # those that were tried stay marked
            choose(page, "Q")
            assert page.locator(".wrong").all_inner_texts() == ["1", "Q"]
        choose(page, name)
        assert prompt.inner_text() != asked
        assert page.locator(".wrong").count() == 0
    assert page.locator(".pad button").count() == 0


@pytest.mark.parametrize("touch", [False, True])
@pytest.mark.parametrize("width", [1280, 736, 390, 320])
def test_words_and_choices_stand_beside_the_stem(show, width, touch):
    """On no line and no box, the choices always in one place; fingers find 44 pixels."""
    size = {"viewport": {"width": width, "height": 1400}}
    page = show(BackwardPass(label=2), **size, has_touch=touch, is_mobile=touch)
    feet = set()
    for stage in range(STEPS):
        parts, points = page.locator(".graph").evaluate("""(graph) => {
          const at = (e) => e.getBoundingClientRect();
          const svg = graph.querySelector("svg");
          const all = Array.from({length: 101}, (_, i) => i / 100);
          const paths = [...svg.querySelectorAll(".marks .edge")];
          const lines = paths.flatMap((e) => all.map((share) => {
            const {x, y} = e.getPointAtLength(share * e.getTotalLength());
            return [x + at(svg).x, y + at(svg).y];
          }));
          const boxes = [...svg.querySelectorAll(".box")].flatMap((e) => {
            const {left, right, top, bottom} = at(e);
            return [[left, top], [right, top], [left, bottom], [right, bottom]];
          });
          const parts = [...graph.querySelectorAll(".panel > .say, .pad button")].map((e) => at(e));
          return [parts.map((e) => [e.left, e.top, e.right, e.bottom]), [...lines, ...boxes]];
        }""")
        said, *pad = parts
        for left, top, right, bottom in parts:
            assert not any(left < x < right and top < y < bottom for x, y in points), stage
        assert said[3] < min(top for _, top, *_ in pad), stage
        feet.add(round(max(bottom for *_, bottom in pad)))
        least = min(min(c - a, d - b) for a, b, c, d in pad)
        assert least >= (44 if touch else 30)
        step(page)
    assert len(feet) == 1


@pytest.mark.parametrize("label", [1, 2])
def test_question_choices_and_graph_are_on_one_phone_screen(show, label):
    page = show(BackwardPass(label=label), **PHONE)
    for _ in range(STEPS):
        tops = [page.locator(e).first.bounding_box()["y"] for e in (".say", ".pad", ".graph")]
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


def test_the_focus_follows_the_choices(show):
    page = show(BackwardPass(stage=4))
    focused = "(e) => e.getRootNode().activeElement?.textContent"
    choose(page, "1")
    page.locator(".pad").get_by_role("button", name="exp z").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowLeft")  # moves the handle
    page.get_by_role("button", name="Let it grow").focus()
    page.keyboard.press("Enter")
    assert page.locator(".frame").evaluate(focused) == "+"
    page.keyboard.press("Enter")
    assert page.locator(".frame").evaluate(focused) == "Walk with class 2"


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
    three = ["1", f"1 {TIMES} {part}", part]
    run = next(f for f in found if f[0] == "".join(three))
    assert run[1] == "visible"
    assert 50 < run[2] < 100
    seen = {text: sight for text, sight, _ in found if text in three}
    assert [seen[text] for text in three] == ["hidden", "visible", "hidden"]
    still = show(BackwardPass(stage=2), reduced_motion="reduce")
    step(still)
    assert still.locator(".frame").evaluate(moves) == []
    assert still.locator(".runs").evaluate("(e) => getComputedStyle(e).visibility") == "hidden"


def nudge(page, k, by):
    page.locator(f"[data-control='nudge.z{k}']").fill(str(by))


def test_a_nudge_runs_up_all_its_lines_and_gets_to_the_loss_at_once(show):
    """The number in a box comes with it."""
    page = show(BackwardPass(logits=[2, 1, 0.1], stage=STEPS), reduced_motion="no-preference")
    runs = page.locator("[data-control='nudge.z1']").evaluate("""async (input) => {
      input.value = 0.3;
      input.dispatchEvent(new Event("input"));
      await new Promise((done) => setTimeout(done, 310));
      return input.getRootNode().getAnimations().map((a) => {
        const { delay, duration } = a.effect.getComputedTiming();
        return [a.effect.target.dataset.q ?? "line", delay, delay + duration];
      });
    }""")
    bars = [(0, 2000)] * 3  # of the two shares and the change
    lines = [(0, 500), (500, 1000), (1000, 1500), (1500, 2000), (0, 2000), *bars]
    ends = {"e1": 500, "Q": 1000, "l": 1500, "L": 2000}
    numbers = [(f"change {key}", 0, end) for key, end in ends.items()]
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
    page = show(BackwardPass(), questions=True, reduced_motion="reduce")
    page.get_by_role("button", name=f"p {MINUS} 1").click()
    answer = page.locator(".answer")
    assert shown(page)[1] == {"L"}  # nothing runs by itself
    page.locator("[data-control='label.3']").check(force=True)
    step(page, STEPS - 1)
    assert "Yes" not in answer.inner_text()
    top = page.locator(".graph").bounding_box()["y"]
    step(page)
    page.wait_for_function("(e) => e.innerText.includes('Yes')", arg=answer.element_handle())
    assert page.locator(".graph").bounding_box()["y"] == pytest.approx(top, abs=30)


def test_a_later_walk_runs_by_itself_once_the_direct_line_is_found(show):
    """At once for those who want less motion; Back stops it."""
    page = show(BackwardPass(stage=STEPS), reduced_motion="no-preference")
    page.get_by_role("button", name="Walk with class 2").click()
    assert page.locator(".marks .edge").count() == 8  # one of the lines would tell
    place_all(page)
    choose(page, "z₁")
    assert page.locator(".marks .edge").count() == 8
    choose(page, "z₂")
    assert shown(page)[1] == {"L", "l"}
    page.wait_for_function("(e) => e.querySelector('[data-q=\"grad Q\"]')", arg=frame(page))
    page.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_timeout(2500)
    assert "Q" not in shown(page)[1]
    still = show(BackwardPass(stage=STEPS), reduced_motion="reduce")
    still.get_by_role("button", name="Walk with class 2").click()
    place_all(still)
    choose(still, "z₂")
    assert {"z1", "z2", "z3"} <= shown(still)[1]


def place_all(page):
    for k in range(3):
        page.locator(f"[data-control='guess.{k}']").fill("0.5")


def frame(page):
    return page.locator(".frame").element_handle()


def drag(page, k, end, start=0):
    """From a place of a handle to another; half of its way is 1."""
    dash = page.locator("path.dash").nth(k).bounding_box()
    x, y, half = dash["x"] + dash["width"] / 2, dash["y"] + dash["height"] / 2, dash["width"] / 2
    page.mouse.move(x + start * half, y)
    page.mouse.down()
    page.mouse.move(x + end * half, y, steps=3)
    page.mouse.up()


def nudged(page):
    """By how much, as it stands in the box."""
    text = page.locator("text.change[data-q]:not([data-q^=change])").text_content()
    return float(text.replace(MINUS, "-").replace("- ", "-").replace("+ ", "").split(" ")[-1])


def test_what_the_logits_get_is_foreseen_by_hand(show):
    page = show(BackwardPass(logits=[2, 1, 0.1], stage=STEPS), reduced_motion="reduce")
    page.get_by_role("button", name="Walk with class 2").click()
    grads = (double([2, 1, 0.1]).softmax(0) - double([0, 1, 0])).tolist()
    drag(page, 1, -1)  # to where a label stood
    for k, grad in [(0, grads[0]), (2, grads[2])]:
        drag(page, k, grad + 0.2, 0.2)  # held beside its middle
    assert page.locator("path.guess").count() == 3
    overlaps = """(marks) => marks.flatMap((mark) => {
      const texts = [...mark.ownerSVGElement.querySelectorAll("text")];
      const at = (e) => e.getBoundingClientRect();
      const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 3;
      return texts.filter((e) => meets(at(mark), at(e)) && at(e).top < at(mark).bottom)
        .map((e) => e.textContent);
    })"""
    assert page.locator("path.guess").evaluate_all(overlaps) == []
    drag(page, 1, grads[1], -1)
    choose(page, "z₂")
    assert page.locator("path.guess").count() == 3  # beside what came
    assert page.locator(".frame > p.goal").inner_text().startswith("✓")
    assert page.locator("[data-control^=guess]:not(:disabled)").count() == 0
    page.get_by_role("button", name="Move the logits").click()
    drag(page, 1, -0.5, 0.25)
    moved = double([2, -2, 0.1])
    grads = (moved.softmax(0) - double([0, 1, 0])).tolist()
    assert [value(page, f"grad z{k}") for k in (1, 2, 3)] == pytest.approx(grads)
    page.locator("[data-control='logits.1']").fill("1")
    for number in ("3", "2"):  # back to the guessed ones, too
        page.locator("[data-control='logits.0']").fill(number)
        assert page.locator("path.guess").count() == 0
    page.locator("[data-control='label.1']").check(force=True)
    assert shown(page)[1] == {"L"}
    assert page.locator("[data-control='guess.0']").input_value() == "0"


def test_each_line_is_measured_by_its_box_and_at_the_end_any_box(show):
    page = show(BackwardPass(logits=[2, 1, 0.1], stage=2))
    assert page.locator("[data-control^=nudge]:not(:disabled)").count() == 0
    choose(page, "Q")
    assert page.locator("text.halo.change").text_content() == f"{TIMES} 0.0891"  # by 0.01
    drag(page, 0, 0.8, 0.01)
    by = nudged(page)
    rise = torch.log(double([2, 1, 0.1]).exp().sum() + by) - double([2, 1, 0.1]).logsumexp(0)
    assert value(page, "change l") == pytest.approx(rise.item())
    assert page.locator("text.halo.change").count() == 0  # no factor before it is chosen
    assert page.locator("[data-control^=nudge]:not(:disabled)").count() == 1
    step(page, STEPS - 2)
    assert page.locator("[data-q^=change]").count() == 0
    for start, end in ((0, 0.8), (0.8, -0.6)):
        drag(page, 0, end, start)
        size = nudged(page)
        assert size == pytest.approx(end, abs=0.02)
        before, after = (double([z, 1, 0.1]) for z in (2, 2 + size))
        change = cross_entropy(after, torch.tensor(0)) - cross_entropy(before, torch.tensor(0))
        assert value(page, "change L") == pytest.approx(change.item(), rel=1e-6)
        told, came = page.locator(".meet path.bar").evaluate_all(
            "(all) => all.map((e) => e.getBBox().height)"
        )
        ratio = change.item() / size / value(page, "grad z1")
        assert came / told == pytest.approx(ratio, abs=0.02)
    plot = page.locator(".meet svg")
    across = plot.bounding_box()["width"] - 28
    first = page.locator(".meet p.goal").first
    plot.scroll_into_view_if_needed()
    for way in ([-0.6], [1, 0.01, -0.6], [0.01]):  # the goal isn't reached in passing
        at = plot.bounding_box()
        places = [at["x"] + 14 + (v + 1) / 2 * across for v in way]
        page.mouse.move(places[0], at["y"] + 60)
        page.mouse.down()
        for x in places:
            page.mouse.move(x, at["y"] + 60)
        page.mouse.up()
        assert first.inner_text().startswith("✓") == (way == [0.01])
    plot.click(position={"x": 14 + 0.75 * across, "y": 60})
    assert nudged(page) == pytest.approx(0.5, abs=0.01)
    page.locator("rect.box").nth(7).scroll_into_view_if_needed()
    box = page.locator("rect.box").nth(7).bounding_box()  # ln Q
    page.mouse.click(box["x"] + 8, box["y"] + 8)
    assert page.locator("[data-control='nudge.l']").input_value() == "0.5"
    assert value(page, "change L") == pytest.approx(0.5)
    assert page.locator(".graph .grip").count() == 4


@pytest.mark.parametrize(
    ("stage", "key", "box", "by"), [(2, "l", 1, 1), (4, "e1", 3, 0.1), (5, "L", 2, 0.1)]
)
def test_a_change_is_foretold_and_stands_beside_what_came(show, stage, key, box, by):
    page = show(BackwardPass(logits=[2, 1, 0.1], stage=stage), reduced_motion="reduce")
    release = page.get_by_role("button", name="Let it grow")
    assert release.is_disabled()
    assert page.locator("rect.ghost, rect.came").count() == 0
    drag(page, 0, -0.7)
    assert page.locator("rect.ghost").count() == 1
    release.click()
    came = value(page, f"change {key}")
    z = double([2, 1, 0.1])
    true = {
        "l": torch.log(z.exp().sum() + 1) - z.logsumexp(0),
        "e1": (z[0] + 0.1).exp() - z[0].exp(),
        "L": (z + double([0.1, 0, 0])).logsumexp(0) - z.logsumexp(0) - 0.1,
    }[key].item()
    assert came == pytest.approx(true)
    assert nudged(page) == by
    most = {"l": 1, "e1": 1, "L": 0.1}[key]
    ghost, bar = (
        page.locator(f"rect.{e}").evaluate("(e) => [e.x.baseVal.value, e.width.baseVal.value]")
        for e in ("ghost", "came")
    )
    foretold = page.locator("[data-control='foretold']").input_value()
    assert bar[1] / ghost[1] == pytest.approx(abs(came / most / float(foretold)), rel=1e-3)
    zero = ghost[0] + ghost[1]  # from which both start
    assert zero == pytest.approx(bar[0] + bar[1] * (came < 0), abs=0.01)
    page.get_by_role("button", name="Back", exact=True).click()
    step(page)
    assert release.is_disabled()  # asked anew


def test_what_came_is_said_when_it_has_run_up(show):
    """Neither bar nor sentence before."""
    page = show(BackwardPass(stage=5), reduced_motion="no-preference")
    drag(page, 0, -0.7)
    parts = [page.locator(e) for e in ("rect.came", ".panel .say > span", "b.asks")]
    sights = page.locator(".frame").evaluate("""async (frame) => {
      frame.querySelector(".pad button").click();
      await new Promise((done) => setTimeout(done, 20));
      const parts = frame.querySelectorAll("rect.came, .panel .say > span, b.asks");
      return [...parts].map((e) => getComputedStyle(e).visibility);
    }""")
    assert sights == ["hidden"] * 3
    finish = "(e) => e.getRootNode().getAnimations().forEach((a) => a.finish())"
    page.locator(".frame").evaluate(finish)
    assert {e.evaluate("(e) => getComputedStyle(e).visibility") for e in parts} == {"visible"}


@pytest.mark.parametrize("width", [1280, 390])
def test_what_runs_down_stays_clear_of_boxes_and_of_the_frame(show, width):
    """And of its neighbours, from the start to the end."""
    size = {"viewport": {"width": width, "height": 1400}}
    for stage in range(STEPS - 1):
        page = show(BackwardPass(stage=stage), **size, reduced_motion="no-preference")
        step(page)
        for at in (1, 800, 1599):
            hit = page.locator(".frame").evaluate(
                """(frame, at) => {
                  for (const a of frame.getRootNode().getAnimations()) {
                    a.pause();
                    a.currentTime = at;
                  }
                  const svg = frame.querySelector(".graph > .box > svg");
                  const where = (e) => e.getBoundingClientRect();
                  const pills = [...svg.querySelectorAll("g.runs rect")];
                  const others = [...svg.querySelectorAll(".box"), ...pills];
                  const meets = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
                    && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2;
                  const out = (a) => a.left < where(svg).left - 1 || a.right > where(svg).right + 1;
                  const bad = (e) => out(where(e)) || others.some((other) =>
                    other !== e && meets(where(e), where(other)));
                  return pills.filter(bad).map((e) => e.parentNode.textContent);
                }""",
                at,
            )
            assert hit == [], (stage, at)


def test_what_was_asked_is_asked_again_after_reset_and_not_in_later_walks(show):
    page = show(BackwardPass(), questions=True)
    question = page.locator(".guess .question")
    page.get_by_role("button", name="Skip the question").click()
    assert question.count() == 0
    page.get_by_role("button", name="Reset").click()
    assert question.count() == 1
    page.get_by_role("button", name="p", exact=True).click()
    step(page, STEPS)
    assert "No:" in page.locator(".answer").inner_text()
    page.get_by_role("button", name="Walk with class 2").click()
    assert question.count() == 1  # what was said stays, so that nothing jumps


def test_arrow_keys_start_from_rest(show):
    page = show(BackwardPass(stage=STEPS))
    page.locator("[data-control='nudge.z1']").focus()
    for key, to in [("Right", 0.01), ("Right", 0.02), ("Left", 0.01)]:
        page.keyboard.press(f"Arrow{key}")
        assert nudged(page) == to


def test_a_finger_taps_a_box(show):
    page = show(BackwardPass(stage=STEPS), **PHONE)
    box = page.locator("rect.box").nth(6).bounding_box()  # Q
    page.touchscreen.tap(box["x"] + 8, box["y"] + 8)
    assert value(page, "change l") > 0
