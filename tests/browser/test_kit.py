"""What the kit gives to every figure: a guess, states to try, the address, targets, words."""

import pytest
from browser_tools import PHONE, move, value, write_page

from course_utils.figures.loss_explorer import LossExplorer
from course_utils.figures.softmax_playground import SoftmaxPlayground

pytestmark = pytest.mark.browser
SPOKEN = "[aria-live=polite]"


def spoken(page) -> str:
    page.wait_for_timeout(600)
    return page.locator(SPOKEN).first.text_content()


def temperature(page) -> str:
    return page.locator("[data-control=temperature]").first.get_attribute("aria-valuetext")


# --- a guess before the controls open ------------------------------------------------------


def closed(page) -> bool:
    return page.locator(".bar").evaluate("(e) => e.inert")


def test_controls_open_after_a_guess_which_is_answered_in_words(show):
    page = show(SoftmaxPlayground(), questions=True, reduced_motion="reduce")
    assert closed(page)
    position = "(e) => getComputedStyle(e).position"
    assert page.locator(".bar").evaluate(position) == "static"  # it must not cover the question
    page.get_by_role("button", name="All of them grow").click()
    answer = page.locator(".answer")
    assert "All of them grow: No. All exponentials grow by the same factor" in answer.inner_text()
    assert answer.evaluate("(e) => e === e.getRootNode().activeElement")  # so it is read out
    assert not closed(page)
    assert page.locator(".bar").evaluate(position) == "sticky"
    assert value(page, "z0") == 7  # the figure showed what it said


def test_a_guess_can_be_skipped_and_the_focus_goes_on(show):
    page = show(SoftmaxPlayground(), questions=True)
    page.get_by_role("button", name="Skip the question").press("Enter")
    assert not closed(page)
    assert page.locator(".guess").count() == 0
    focused = page.locator(".bar input:checked").first
    assert focused.evaluate("(e) => e === e.getRootNode().activeElement")


def test_nothing_moves_before_the_guess(show):
    page = show(SoftmaxPlayground(stage="score"), questions=True)
    box = page.locator("svg.drag").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 0.1 * box["height"])
    page.mouse.up()
    assert value(page, "z1") == 1
    for _ in range(12):
        page.keyboard.press("Tab")
        focused = page.locator("input:focus")
        assert focused.count() == 0


# --- states to try -------------------------------------------------------------------------


def test_try_sets_a_state_with_its_sentence_which_leaves_with_the_state(show):
    page = show(SoftmaxPlayground())
    chip = page.get_by_role("button", name="T = 0.1")
    chip.click()
    assert temperature(page) == "0.10"
    assert chip.get_attribute("aria-pressed") == "true"
    assert "Cold" in page.locator(".tries .told").inner_text()
    assert "Cold" in spoken(page)
    move(page, "shift", 3)
    assert chip.get_attribute("aria-pressed") == "false"
    assert page.locator(".tries .told").inner_text() == ""
    page.get_by_role("button", name="a tie").click()  # starts from the first state, not from here
    assert value(page, "z0") == value(page, "z1") == 2


def test_try_leaves_alone_how_one_looks_at_it(show):
    page = show(SoftmaxPlayground(), reduced_motion="reduce")
    page.locator("[data-control='stage.exp']").check()
    page.get_by_role("button", name="T = 10").click()
    assert page.locator("[data-control='stage.exp']").is_checked()


# --- the state in the address --------------------------------------------------------------


@pytest.fixture
def visit(pages, tmp_path):
    path = write_page(tmp_path, SoftmaxPlayground(), SoftmaxPlayground())
    return lambda state: pages.open(f"{path.as_uri()}{state}")


def address(page) -> str:
    page.wait_for_timeout(600)
    return page.evaluate("location.hash")


def test_the_state_is_in_the_address_and_comes_back(visit):
    page = visit("")
    move(page, "logits.1", -3.5)
    move(page, "temperature", 0.5)
    assert address(page) == "#softmax_playground:logits=2,-3.5,-1&temperature=3.16"
    page.reload()
    page.locator(".bar").first.wait_for()
    assert value(page, "z1") == -3.5
    assert temperature(page) == "3.16"
    assert not closed(page.locator(".cu-fig").first)  # who follows a link isn't asked
    page.get_by_role("button", name="Reset").first.click()
    assert address(page) == ""


def test_two_figures_of_a_kind_have_addresses_of_their_own(visit):
    page = visit("#softmax_playground.2:logits=5,1,-1")
    assert [value(page, "z0", n) for n in (0, 1)] == [2, 5]
    move(page, "logits.0", 4, nth=0)
    assert address(page).startswith("#softmax_playground:logits=4")


def test_a_link_in_the_text_sets_a_state(show):
    link = '<a href="#softmax_playground:temperature=10">ten times as hot</a>'
    page = show(SoftmaxPlayground(), extra=f"<p style='margin-top: 2000px'>{link}</p>")
    page.get_by_text("ten times as hot").click()
    page.locator(".tries .told", has_text="Hot").wait_for()
    top = page.locator(".cu-fig").evaluate("(e) => e.getBoundingClientRect().top")
    assert top > -1000  # it came into view


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("temperature=hot", "temperature"),
        ("logits=1,two", "logits"),
        ("logits=", "logits"),
        ("unknown=1", "unknown=1"),
        ("temperature=%E0%A4%A", "temperature=%E0%A4%A"),
        ("__proto__=1&constructor=2", "__proto__=1&constructor=2"),
        ("stage=nowhere", "stage=nowhere"),
        ("classes=a", "classes=a"),
        ("&&=;", "=;"),
    ],
)
def test_nonsense_in_the_address_is_ignored_and_said(visit, state, said):
    page = visit(f"#softmax_playground:{state}")
    note = page.locator(".note").first.inner_text()
    assert said in note
    assert "ignored" in note
    assert [value(page, f"z{i}") for i in range(3)] == [2, 1, -1]
    assert page.problems == []


def test_what_is_out_of_range_in_the_address_is_clamped_and_said(visit):
    page = visit("#softmax_playground:temperature=1e9&logits=3,1,-1")
    assert "out of range" in page.locator(".note").first.inner_text()
    assert value(page, "z0") == 3
    assert temperature(page) == "10.00"


def test_addresses_of_others_are_left_alone(visit):
    page = visit("#after")
    assert page.locator(".note").first.inner_text() == ""
    assert address(page) == "#after"
    assert closed(page.locator(".cu-fig").first)


# --- phones --------------------------------------------------------------------------------


def test_the_bar_stays_on_the_screen_of_a_phone(show):
    page = show(LossExplorer(), extra="<p style='height: 3000px'>more text</p>", **PHONE)
    slider = page.locator(".bar input").first
    top, height = page.locator(".cu-fig").evaluate(
        "(e) => [e.getBoundingClientRect().top + scrollY, e.offsetHeight]"
    )
    assert height > 800  # more than the screen
    for share in (0, 0.3, 0.6):
        page.evaluate("(y) => scrollTo(0, y)", top + share * height)
        box = slider.bounding_box()
        assert 0 <= box["y"] <= 800 - box["height"], share
    page.set_viewport_size({"width": 390, "height": 500})
    page.wait_for_function(
        "() => !document.querySelector('.cu-fig').shadowRoot.querySelector('.low')"
    )


def test_a_low_screen_isnt_filled_by_the_bar(show):
    page = show(SoftmaxPlayground(), viewport={"width": 320, "height": 256})  # 1280 at 400 %
    assert page.locator(".bar").evaluate("(e) => getComputedStyle(e).position") == "static"


def test_targets_are_large_for_fingers(show):
    page = show(SoftmaxPlayground(stage="score"), questions=True, **PHONE)
    assert page.evaluate("matchMedia('(pointer: coarse)').matches")
    targets = page.locator(".frame :is(button, input, .reach)")
    small = targets.evaluate_all(
        "(all) => all.filter((e) => { const b = e.getBoundingClientRect();"
        " return b.width && Math.min(b.width, b.height) < 43.9; }).map((e) => e.outerHTML)"
    )
    assert targets.count() > 10
    assert small == []


def test_a_finger_drags_a_handle_and_scrolls_elsewhere(show):
    page = show(SoftmaxPlayground(stage="score"), **PHONE)
    style = "(e) => getComputedStyle(e).touchAction"
    assert page.locator(".grip").first.evaluate(style) == "none"
    assert page.locator("svg.drag").evaluate(style) == "pan-y"

    def touch(selector, dy):
        page.locator(selector).first.evaluate(
            """(e, dy) => {
                const b = e.getBoundingClientRect(), svg = e.closest("svg");
                const [x, y] = [b.left + b.width / 2, b.top + b.height / 2];
                svg.setPointerCapture = () => {};
                svg.hasPointerCapture = () => true;
                const at = (kind, target, y) => target.dispatchEvent(new PointerEvent(kind, {
                  pointerType: "touch", pointerId: 1, clientX: x, clientY: y, bubbles: true}));
                at("pointerdown", e, y);
                if (e.closest(".grip")) at("pointermove", svg, y + dy);
            }""",
            dy,
        )

    touch(".marks rect", -30)
    assert value(page, "z0") == 2
    touch(".grip .reach", -30)
    assert value(page, "z0") > 2


# --- words ---------------------------------------------------------------------------------


def test_only_what_changed_is_spoken_in_few_words(show):
    page = show(SoftmaxPlayground())
    move(page, "classes", 6)
    words = spoken(page)
    assert "fish" in words
    assert len(words.split()) <= 20


def test_words_follow_the_language_of_the_page(pages, tmp_path):
    path = write_page(tmp_path, SoftmaxPlayground())
    text = path.read_text("utf-8")
    table = 'const FRAME_WORDS = {\\n  zh: { reset: \\"重置\\" },'
    assert "const FRAME_WORDS = {" in text
    translated = text.replace("const FRAME_WORDS = {", table).replace('lang="en"', 'lang="zh-Hans"')
    path.write_text(translated, "utf-8")
    page = pages.open(path)
    assert page.locator(".reset").inner_text() == "重置"
    assert page.locator(".skip").inner_text() == "Skip the question"  # what isn't translated
    path.write_text(translated.replace('lang="zh-Hans"', 'lang="fr"'), "utf-8")
    page.reload()
    assert page.locator(".reset").inner_text() == "Reset"
