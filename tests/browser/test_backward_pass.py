"""The backward pass to step through: values and gradients are torch's, step by step."""

import pytest
import torch
from browser_tools import value
from torch.nn.functional import cross_entropy

from course_utils.figures.backward_pass import BACKWARD, FORWARD, BackwardPass

pytestmark = pytest.mark.browser
LAST = FORWARD + BACKWARD
MINUS = "\N{MINUS SIGN}"


def step(page, times=1):
    for _ in range(times):
        page.get_by_role("button", name="Next", exact=True).click()


def shown(page):
    """Names of what stands in the boxes: values, and gradients."""
    names = page.locator("[data-q]").evaluate_all("(all) => all.map((e) => e.dataset.q)")
    return {n for n in names if not n.startswith("grad ")}, {
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


def test_each_step_forward_is_called_what_it_computes(show):
    page = show(BackwardPass(logits=[1, 2, 0], label=1, stage=3))
    graph, said = by_autograd([1, 2, 0], 1), page.locator(".say")
    assert said.inner_text() == f"Forward: exp(z₃) is {graph['e3'][0]:.3f}."
    for sentence in (
        f"Forward: the sum Q is {graph['Q'][0]:.3g}",
        f"Forward: ln Q is {graph['l'][0]:.3f}",
        f"Forward: the loss ln Q {MINUS} z₁ is {graph['L'][0]:.3f}",
        "Backward: the loss grows as fast as itself",
    ):
        step(page)
        assert said.inner_text().startswith(sentence)


def test_each_step_fills_what_it_says(show):
    page = show(BackwardPass(label=2))
    logits, exps = {"z1", "z2", "z3"}, ["e1", "e2", "e3"]
    assert shown(page) == (logits, set())
    seen = set(logits)
    for name in [*exps, "Q", "l", "L"]:
        step(page)
        seen.add(name)
        assert shown(page) == (seen, set())
    known = set()
    for names in [["L"], ["l"], ["z2"], ["Q"], exps, ["z1"], ["z2"], ["z3"]]:
        step(page)
        known.update(names)
        assert shown(page) == (seen, known)
    assert page.get_by_role("button", name="Next", exact=True).is_disabled()
    page.get_by_role("button", name="Back", exact=True).click()
    assert "grad z3" not in page.locator("[data-q]").evaluate_all(
        "(a) => a.map((e) => e.dataset.q)"
    )


def test_the_true_logit_gets_its_gradient_in_two_parts(show):
    page = show(BackwardPass(logits=[1, 2, 0], label=1, stage=9))
    assert value(page, "grad z1") == -1
    step(page, 2)
    assert value(page, "grad z1") == -1
    step(page)
    p = torch.tensor([1.0, 2, 0], dtype=torch.float64).softmax(0)[0].item()
    assert value(page, "grad z1") == pytest.approx(p - 1)
    assert page.locator(".graph").get_by_text(f"{p:.3f} {MINUS} 1", exact=True).count() == 1
    said = page.locator(".say").inner_text()
    assert f"= {p:.3f} to z₁. With the direct {MINUS}1 it makes {MINUS}{1 - p:.3f}." in said


@pytest.mark.parametrize("logits", [[2, 1, 0.1], [0.7, -1.2, 2.4], [4, 4, 2], [-4, 4, 0]])
def test_the_sentences_multiply_right(show, logits):
    """Every "a · b = c" that the figure says, with the digits that it shows."""
    page = show(BackwardPass(logits=logits, label=3, stage=7))
    products = 0
    for _ in range(BACKWARD - 1):
        step(page)
        text = page.locator(".say").inner_text().replace(MINUS, "-")
        a, rest = text.split("sends ")[1].split(" · ")
        if "each exponential: " in rest:
            b, c = "1", rest.split(": ")[1].rstrip(".")
        else:
            b, c = rest.split(" to ")[0].split(" = ")
        shown = len(c.strip("-").replace(".", "").lstrip("0"))
        assert float(f"{float(a) * float(b):.{shown}g}") == float(c)
        products += 1
    assert products == 7


def test_play_runs_to_the_end_and_can_be_paused(show):
    page = show(BackwardPass(stage=11))
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Pause").click()
    stage = page.locator("[data-control=stage]").input_value()
    page.wait_for_timeout(1500)
    assert page.locator("[data-control=stage]").input_value() == stage
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="Play").wait_for(timeout=8000)
    assert page.locator("[data-control=stage]").input_value() == str(LAST)


def test_a_step_by_hand_ends_play(show):
    page = show(BackwardPass())
    page.get_by_role("button", name="Play").click()
    step(page, 2)
    assert page.get_by_role("button", name="Play").count() == 1
    page.wait_for_timeout(1500)
    assert page.locator("[data-control=stage]").input_value() == "2"


def test_buttons_stay_while_the_sentences_change(show):
    page = show(BackwardPass(logits=[2, 1, 0.1]), viewport={"width": 736, "height": 900})
    places = set()
    for _ in range(LAST):
        step(page)
        places.add(page.get_by_role("button", name="Descend").bounding_box()["y"])
    assert len(places) == 1


def test_a_try_that_goes_to_the_end_ends_play(show):
    page = show(BackwardPass())
    page.get_by_role("button", name="Play").click()
    page.get_by_role("button", name="undecided").click()
    page.get_by_role("button", name="Play").wait_for(timeout=8000)
    assert page.locator("[data-control=stage]").input_value() == str(LAST)
    assert "out of range" not in page.locator(".frame").inner_text()


def test_the_guess_is_answered_and_played(show):
    page = show(BackwardPass(), questions=True, reduced_motion="reduce")
    page.get_by_role("button", name=f"p₁ {MINUS} 1").click()
    assert "Yes" in page.locator(".answer").inner_text()
    assert page.locator("[data-control=stage]").input_value() == str(LAST)


@pytest.mark.parametrize(
    ("name", "words", "holds"),
    [
        ("sure and right", "nearly cancels", lambda grads: -0.1 < grads[0] < 0),
        (
            "sure and wrong",
            "A step against the gradient lowers z₂",
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
