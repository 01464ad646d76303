"""Figure 5: SGD in the page must be the SGD of torch, step by step."""

import math

import pytest
import torch
from browser_tools import PHONE, QUIET, accessibility_violations, move, value
from torch.nn.functional import cross_entropy

from course_utils.figures.browser_regression import BrowserRegression

pytestmark = pytest.mark.browser


def press(page, name, times=1):
    button = page.get_by_role("button", name=name, exact=True).element_handle()
    button.click()
    button.evaluate("(button, n) => { while (n-- > 0) button.click(); }", times - 1)


def done(page):
    """Wait until the shown run and those beside it have ended."""
    page.locator(".cu-fig[aria-busy=false]").wait_for()


def points(page):
    """Return the features (n, 2) and labels (n,) the page trains on, in its order."""
    texts = page.locator("[data-point]").evaluate_all("(es) => es.map((e) => e.dataset.point)")
    table = torch.tensor([[float(v) for v in text.split(",")] for text in texts]).double()
    return table[:, :2].round(decimals=2), table[:, 2].long()


def shown_net(page, k):
    names = [[f"w1.{c}" for c in range(k)], [f"w2.{c}" for c in range(k)]]
    weight = torch.tensor([[value(page, n) for n in row] for row in names], dtype=torch.float64)
    bias = torch.tensor([value(page, f"b.{c}") for c in range(k)], dtype=torch.float64)
    return weight, bias


def mulberry32(state):
    """Yield the page's random numbers."""
    mask = 0xFFFFFFFF
    while True:
        state = (state + 0x6D2B79F5) & mask
        t = ((state ^ (state >> 15)) * (1 | state)) & mask
        t = ((t + (((t ^ (t >> 7)) * (61 | t)) & mask)) & mask) ^ t
        yield ((t ^ (t >> 14)) & mask) / 2**32


def shuffled(n, draw):
    order = list(range(n))
    for i in range(n - 1, 0, -1):
        j = math.floor(next(draw) * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


def torch_sgd(X, y, k, lr, batch_size, steps, seed=1):
    """Train with autograd in float64, in the page's order of minibatches."""
    weight = torch.zeros(2, k, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(k, dtype=torch.float64, requires_grad=True)
    draw, order = mulberry32(seed), []
    for _ in range(steps):
        order = order or shuffled(len(y), draw)
        batch, order = order[:batch_size], order[batch_size:]
        loss = cross_entropy(X[batch] @ weight + bias, y[batch])
        grads = torch.autograd.grad(loss, (weight, bias))
        with torch.no_grad():
            weight -= lr * grads[0]
            bias -= lr * grads[1]
    return weight.detach(), bias.detach()


@pytest.mark.parametrize(
    ("k", "lr", "batch_size", "steps"),
    [(3, 0.1, 150, 25), (4, 0.1, 7, 40), (5, 3.0, 10, 35)],
)
def test_weights_equal_those_of_torch(show, k, lr, batch_size, steps):
    page = show(BrowserRegression(num_classes=k, lr=lr, batch_size=batch_size, epochs=60))
    press(page, "Restart")
    assert all(not net.any() for net in shown_net(page, k))
    press(page, "Step", steps)
    X, y = points(page)
    weight, bias = torch_sgd(X, y, k, lr, batch_size, steps)
    seen_weight, seen_bias = shown_net(page, k)
    torch.testing.assert_close(seen_weight, weight, rtol=1e-6, atol=1e-12)
    torch.testing.assert_close(seen_bias, bias, rtol=1e-6, atol=1e-12)
    logits = X @ weight + bias
    assert value(page, "loss") == pytest.approx(cross_entropy(logits, y).item(), rel=1e-6)
    hits = (logits.argmax(1) == y).double().mean().item()
    assert value(page, "accuracy") == pytest.approx(hits)


def test_default_state_is_trained_and_compares_three_rates(show):
    page = show(BrowserRegression())
    assert "lr 0.1, step 360, epoch 40 of 40" in page.locator(".say").inner_text()
    assert value(page, "accuracy") > 0.85
    names = page.locator("svg text").all_text_contents()
    assert {"lr 0.1", "lr 0.01", "lr 10"} <= set(names)
    assert page.locator(".line").count() == 3


def test_play_repeats_itself_and_says_that_the_loss_is_far_above_guessing(show):
    page = show(BrowserRegression(epochs=5))
    first = shown_net(page, 3)
    press(page, "Play again")
    assert page.get_by_role("button", name="Pause").count() == 1
    done(page)
    assert page.get_by_role("button", name="Play again").count() == 1
    assert all(torch.equal(a, b) for a, b in zip(first, shown_net(page, 3), strict=True))
    assert page.locator(".alarm").count() == 0
    move(page, "lr", 1)
    press(page, "Play again")
    done(page)
    assert page.locator(".alarm").count() == 1
    said = page.locator(".say").inner_text()
    assert "Over the last epoch the mean loss is more than twice that of guessing." in said


def test_play_can_be_paused(show):
    page = show(BrowserRegression(epochs=200, batch_size=1))
    press(page, "Restart")
    press(page, "Play")
    page.wait_for_function("Number(document.querySelector('.cu-fig').dataset.steps) > 20")
    press(page, "Pause")
    steps = page.locator(".cu-fig").get_attribute("data-steps")
    page.wait_for_timeout(100)
    assert page.locator(".cu-fig").get_attribute("data-steps") == steps


def test_reduced_motion_trains_without_animation(show):
    page = show(BrowserRegression(), reduced_motion="reduce")
    press(page, "Restart")
    page.evaluate(
        "() => { window.repaints = 0; const put = CanvasRenderingContext2D.prototype.putImageData;"
        " CanvasRenderingContext2D.prototype.putImageData = function (...rest) {"
        " repaints += 1; return put.apply(this, rest); }; }"
    )
    press(page, "Play")
    page.wait_for_function(QUIET)
    assert page.locator(".cu-fig").get_attribute("data-steps") == "360"
    assert page.evaluate("repaints") <= 2  # before and after


def plane_spot(page, x1, x2):
    """Return where (x1, x2) is drawn, in page coordinates."""
    box = page.locator("canvas").bounding_box()
    return (box["x"] + box["width"] * x1 / 6, box["y"] + box["height"] * (1 - x2 / 6))


def test_click_adds_a_point_of_the_chosen_class(show):
    page = show(BrowserRegression())
    before = page.locator("[data-point]").count()
    page.locator("[data-control='new_class.2']").check()
    page.mouse.click(*plane_spot(page, 5.7, 0.4))
    assert page.locator("[data-point]").count() == before + 1
    x1, x2, label = page.locator("[data-point]").last.get_attribute("data-point").split(",")
    assert (float(x1), float(x2)) == pytest.approx((5.7, 0.4), abs=0.05)
    assert label == "2"
    press(page, "Remove last point")
    assert page.locator("[data-point]").count() == before


def test_keyboard_adds_a_point(show):
    page = show(BrowserRegression())
    before = page.locator("[data-point]").count()
    page.locator("[data-control=plane]").focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowUp", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    assert page.locator("[data-point]").last.get_attribute("data-point") == "3.2,2.6,0"
    assert page.locator("[data-point]").count() == before + 1
    page.locator("[aria-live=polite]", has_text="added at 3.2, 2.6").wait_for(state="attached")


def test_tap_adds_a_point_on_a_phone(show):
    page = show(BrowserRegression(), **PHONE)
    before = page.locator("[data-point]").count()
    page.locator("[data-control=plane]").scroll_into_view_if_needed()
    page.touchscreen.tap(*plane_spot(page, 1, 1))
    assert page.locator("[data-point]").count() == before + 1
    assert accessibility_violations(page) == []


def first_point(page):
    text = page.locator("[data-point]").first.get_attribute("data-point")
    return tuple(float(v) for v in text.split(","))


def test_a_dragged_point_moves_and_the_classifier_follows(show):
    page = show(BrowserRegression())
    before, loss, count = (
        first_point(page),
        value(page, "loss"),
        page.locator("[data-point]").count(),
    )
    page.mouse.move(*plane_spot(page, *before[:2]))
    page.mouse.down()
    page.mouse.move(*plane_spot(page, 0.5, 0.5), steps=5)
    page.mouse.up()
    page.wait_for_function(QUIET)
    assert first_point(page) == pytest.approx((0.5, 0.5, before[2]), abs=0.05)
    assert page.locator("[data-point]").count() == count  # the click at the end adds none
    assert value(page, "loss") != loss
    X, y = points(page)
    weight, bias = torch_sgd(X, y, 3, 0.1, 10, 360)
    assert value(page, "loss") == pytest.approx(cross_entropy(X @ weight + bias, y).item())
    page.locator("[data-control='num_classes.4']").check()  # other clouds
    page.locator("[data-control='num_classes.3']").check()
    assert first_point(page) == before


def test_an_added_point_can_be_dragged_too(show):
    page = show(BrowserRegression(added=[[5.7, 0.4, 2], [0.3, 5.7, 1]]))
    page.mouse.move(*plane_spot(page, 5.7, 0.4))
    page.mouse.down()
    page.mouse.move(*plane_spot(page, 5.7, 5.7), steps=3)
    page.mouse.up()
    texts = page.locator("[data-point]").evaluate_all("(es) => es.map((e) => e.dataset.point)")
    assert texts[-1] == "0.3,5.7,1"
    assert [float(v) for v in texts[-2].split(",")] == pytest.approx([5.7, 5.7, 2], abs=0.05)


def test_the_keyboard_takes_a_point_along(show):
    page = show(BrowserRegression(added=[[3.0, 0.2, 1]], num_classes=3))
    page.locator("[data-control=plane]").focus()
    for key in ("Shift+ArrowDown",) * 6:
        page.keyboard.press(key)
    for key in (" ", "ArrowRight", "ArrowRight", " ", "ArrowUp"):
        page.keyboard.press(key)
    assert page.locator("[data-point]").last.get_attribute("data-point") == "3.2,0.2,1"


def test_a_finger_drags_a_point_on_a_phone(show):
    page = show(BrowserRegression(), **PHONE)
    page.locator("[data-control=plane]").scroll_into_view_if_needed()
    before = first_point(page)
    touch = page.context.new_cdp_session(page)

    def send(kind, *spot):
        at = [dict(zip("xy", plane_spot(page, *spot), strict=True))] if spot else []
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": at})

    top = page.evaluate("scrollY")
    send("touchStart", *before[:2])
    for part in (0.3, 0.6, 1.0):
        send("touchMove", before[0], before[1] + part)
    send("touchEnd")
    page.wait_for_function(QUIET)
    assert page.evaluate("scrollY") == top
    assert first_point(page) == pytest.approx((before[0], before[1] + 1, before[2]), abs=0.1)


@pytest.mark.parametrize("phone", [False, True])
def test_two_clicks_move_a_point(show, phone):
    page = show(BrowserRegression(), **(PHONE if phone else {}))
    click = page.touchscreen.tap if phone else page.mouse.click
    page.locator("[data-control=plane]").scroll_into_view_if_needed()
    count, before = page.locator("[data-point]").count(), first_point(page)
    click(*plane_spot(page, *before[:2]))
    page.locator(".held").wait_for()
    assert first_point(page) == before
    goal = points(page)[0][3].tolist()  # though another point stands there
    click(*plane_spot(page, *goal))
    page.wait_for_function(QUIET)
    assert first_point(page) == pytest.approx((*goal, before[2]), abs=0.05)
    assert page.locator("[data-point]").count() == count
    assert page.locator(".held").count() == 0
    page.locator("[aria-live=polite]", has_text="dropped at").wait_for(state="attached")
    click(*plane_spot(page, 5.7, 0.3))  # with none chosen, a click adds again
    assert page.locator("[data-point]").count() == count + 1


def test_a_click_and_the_keyboard_share_what_is_chosen(show):
    page = show(BrowserRegression())
    before = first_point(page)
    page.mouse.click(*plane_spot(page, *before[:2]))
    page.keyboard.press("ArrowRight")
    page.keyboard.press(" ")
    assert first_point(page) == pytest.approx((before[0] + 0.1, *before[1:]))
    assert page.locator(".held").count() == 0
    page.mouse.click(*plane_spot(page, *first_point(page)[:2]))
    page.locator(".held").wait_for()
    page.locator("[data-control='num_classes.4']").check()  # other clouds
    assert page.locator(".held").count() == 0


@pytest.mark.parametrize(("key", "position"), [("lr", 0.3), ("batch_size", 5), ("epochs", 60)])
def test_a_setting_trains_anew(show, key, position):
    page = show(BrowserRegression())
    before = value(page, "loss")
    move(page, key, position)
    page.wait_for_function(QUIET)
    assert value(page, "loss") != before
    settings = {"lr": 0.1, "batch_size": 10, "epochs": 40, key: position}
    settings["lr"] = float(page.locator(".say").inner_text().split(",")[0].removeprefix("lr "))
    X, y = points(page)
    steps = -(-90 // settings["batch_size"]) * settings["epochs"]
    weight, bias = torch_sgd(X, y, 3, settings["lr"], settings["batch_size"], steps)
    assert value(page, "loss") == pytest.approx(cross_entropy(X @ weight + bias, y).item())


def test_what_the_tries_say_is_so(show):
    page = show(BrowserRegression())
    plain = value(page, "loss")
    page.get_by_role("button", name="lr 10").click()
    page.wait_for_function(QUIET)
    assert value(page, "accuracy") > 0.5
    X, y = points(page)
    weight, bias = shown_net(page, 3)
    losses = cross_entropy(X @ weight + bias, y, reduction="none")
    assert losses.mean() > math.log(3)
    assert losses.sort().values[-len(y) // 4 :].sum() > 0.9 * losses.sum()  # a few of them
    page.get_by_role("button", name="lr 0.01").click()
    page.wait_for_function(QUIET)
    assert value(page, "loss") > plain
    steps = page.locator(".cu-fig").get_attribute("data-steps")
    half, bias = torch_sgd(X, y, 3, 0.01, 10, int(steps) // 2)
    assert value(page, "loss") < cross_entropy(X @ half + bias, y).item() - 0.01
    page.get_by_role("button", name="one batch").click()
    page.wait_for_function(QUIET)
    assert page.locator(".cu-fig").get_attribute("data-steps") == "40"
    assert value(page, "loss") > plain


@pytest.mark.parametrize("k", [3, 4, 5])
def test_a_rate_of_10_ends_above_guessing(show, k):
    page = show(BrowserRegression(num_classes=k, lr=10))
    assert value(page, "loss") > math.log(k)


def test_no_slice_of_a_long_training_keeps_the_page(show):
    """Five classes, 200 epochs, one point a batch: 30 000 steps, cut into slices by the clock."""
    page = show(BrowserRegression(num_classes=5, epochs=200))
    page.evaluate(
        "() => { window.frames = 0; const raf = requestAnimationFrame;"
        " window.requestAnimationFrame = (f) => { frames += 1; return raf(f); }; }"
    )
    move(page, "batch_size", 1)
    page.wait_for_function(QUIET)
    assert page.locator(".cu-fig").get_attribute("data-steps") == "30000"
    assert page.evaluate("frames") > 3


def test_regions_follow_dark_mode(show):
    page = show(BrowserRegression())
    page.wait_for_timeout(100)  # two frames: the colours are read once the figure is on the page
    pixel = "(e) => [...e.getContext('2d').getImageData(60, 5, 1, 1).data]"
    light = page.locator("canvas").evaluate(pixel)
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.wait_for_timeout(100)
    dark = page.locator("canvas").evaluate(pixel)
    assert light[:3] != dark[:3]
    assert light[3] == dark[3] > 0


def test_the_number_of_classes_changes_points_weights_and_pens(show):
    page = show(BrowserRegression())
    pens = page.locator("label:has([data-control^='new_class'])")
    assert [pen.is_visible() for pen in pens.all()] == [True] * 3 + [False] * 2
    page.locator("[data-control='num_classes.5']").check()
    assert page.locator("[data-point]").count() == 150
    assert page.locator("tbody tr").count() == 5
    assert all(pen.is_visible() for pen in pens.all())


def test_bare_div_starts_with_the_defaults(show):
    page = show(extra='<div data-afm="browser_regression"></div>')
    assert page.locator("[data-point]").count() == 90
    assert page.problems == []
