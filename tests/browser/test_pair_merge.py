"""Pairs that merge, by hand: a bar that is dragged shrinks on its way and joins the other."""

import math

import pytest
from browser_tools import FOLLOW, PHONE, move, values
from figure_checks import faults

from course_utils.figures.pair_merge import PairMerge

pytestmark = pytest.mark.browser
STILL = {"reduced_motion": "reduce"}


def bar(page, shard):
    """Return where the part of a shard lies."""
    return page.locator(f"[data-q='part {shard}']").bounding_box()


def middle(box):
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, shard, onto, share=1.0):
    """Press the bar of a shard and bring it on its way to that of another."""
    (x, y), (_, to) = middle(bar(page, shard)), middle(bar(page, onto))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y + (to - y) * share, steps=5)


def names(page):
    return page.locator(".pick:not(.gone)").all_inner_texts()


@pytest.mark.parametrize(("shard", "onto", "lower"), [("D", "C", "D"), ("A", "B", "B")])
def test_the_lower_one_shrinks_under_the_hand(show, shard, onto, lower):
    page = show(PairMerge(), **STILL)
    before = values(page)
    drag(page, shard, onto, 0.5)
    half = values(page)
    page.mouse.move(*middle(bar(page, onto)))
    there = values(page)
    page.mouse.up()
    whole, on_its_way = before[f"part {lower}"], half[f"part {lower}"]
    factor = math.exp(-2)
    assert whole > on_its_way > there[f"part {lower}"]
    assert there[f"part {lower}"] == pytest.approx(whole * factor)
    assert {k: v for k, v in there.items() if k[:4] == "part" and k[-1] != lower} == {
        k: v for k, v in before.items() if k[:4] == "part" and k[-1] != lower
    }
    merged = "".join(sorted(shard + onto))
    assert merged in names(page)
    assert f"{lower} is multiplied by exp(\N{MINUS SIGN}2)" in page.locator(".say").inner_text()
    # end to end, in the lane of the one that it was brought to
    first, second = bar(page, merged[0]), bar(page, merged[1])
    assert first["y"] == second["y"]
    assert second["x"] == pytest.approx(first["x"] + first["width"], abs=0.1)
    assert names(page).index(merged) == [n for n in "ABCD" if n != shard].index(onto)


def test_m_is_on_its_way_while_a_bar_is_carried(show):
    page = show(PairMerge(), **STILL)
    drag(page, "D", "C", 0.5)
    dot, ends = (page.locator(name).bounding_box() for name in ("circle.mine", ".way"))
    share = (middle(dot)[0] - ends["x"]) / ends["width"]
    assert 0.1 < share < 0.9
    # what is left of the bar stays behind, in its outline
    rest, whole = (page.locator(f"rect.{name}").bounding_box() for name in ("left", "outline"))
    assert rest["x"] == pytest.approx(whole["x"], abs=1)
    assert rest["width"] / whole["width"] == pytest.approx(math.exp(-2 * share), rel=0.02)
    factor = page.locator(".plot text", has_text="D: 1.05").text_content().split()[3]
    assert float(factor) == pytest.approx(math.exp(-2 * share), rel=0.02)
    page.mouse.up()


def test_the_plain_sum_ends_on_its_scale_or_bursts(show):
    page = show(PairMerge(), **STILL)
    scale = page.locator(".edge2").last
    burst = page.locator(".plain.burst")
    for tops, share in (([60, 0, 0, 0], (60.3 + 104) / (88.7 + 104)), ([-120] * 4, 0)):
        assert burst.count() == 1
        assert burst.bounding_box()["width"] > scale.bounding_box()["width"]
        page.evaluate(FOLLOW, f"#pair_merge:tops={','.join(map(str, tops))}")
        assert burst.count() == 0
        width = page.locator(".plain").bounding_box()["width"]
        assert width / scale.bounding_box()["width"] == pytest.approx(share, abs=0.01)
        page.get_by_role("button", name="Reset", exact=True).click()


def test_eight_shards_have_a_lane_each(show):
    page = show(PairMerge(), **STILL)
    page.get_by_role("button", name="8 shards").click()
    assert names(page) == list("ABCDEFGH")
    lanes = page.locator(".lanes input")
    assert lanes.count() == 8
    for k, name in enumerate("ABCDEFGH"):
        y = middle(page.locator(".pick").nth(k).bounding_box())[1]
        assert abs(middle(bar(page, name))[1] - y) < 12
        assert abs(middle(lanes.nth(k).bounding_box())[1] - y) < 16
    for shard, onto in ("BA", "DC", "HG"):
        drag(page, shard, onto)
        page.mouse.up()
    assert names(page) == ["AB", "CD", "E", "F", "GH"]
    page.get_by_role("button", name="4 shards").click()
    assert lanes.count() == 4
    assert names(page) == list("ABCD")


def test_a_bar_that_is_let_go_on_its_way_returns(show):
    page = show(PairMerge(), **STILL)
    before = bar(page, "D"), values(page)
    drag(page, "D", "C", 0.25)
    page.mouse.up()
    assert (bar(page, "D"), values(page)) == before
    assert names(page) == list("ABCD")


def test_any_order_ends_at_the_sum_of_all_at_once(show):
    page = show(PairMerge(), **STILL)
    for shard, onto in ("CD", "AB", "BD"):
        drag(page, shard, onto)
        page.mouse.up()
    assert page.locator(".goal .mark").all_inner_texts() == ["✓", "○", "○"]
    assert names(page) == ["ABCD"]
    numbers = values(page)
    parts = [numbers[f"part {shard}"] for shard in "ABCD"]
    assert sum(parts) == pytest.approx(numbers["exact"], rel=1e-6)
    last = max((bar(page, shard) for shard in "ABCD"), key=lambda box: box["x"])
    end = page.locator(".end").first.bounding_box()
    assert last["x"] + last["width"] == pytest.approx(middle(end)[0], abs=1.1)
    # the same scores, other sums
    page.get_by_label("forget the factor").check()
    assert sum(values(page)[f"part {shard}"] for shard in "ABCD") > 2 * numbers["exact"]
    page.get_by_role("button", name="Take apart").click()
    assert names(page) == list("ABCD")


def test_a_click_chooses_and_gives_up_and_merges(show):
    page = show(PairMerge(), **STILL)
    page.mouse.click(*middle(bar(page, "B")))
    assert page.locator(".pick[aria-pressed=true]").inner_text() == "B"
    page.mouse.click(*middle(bar(page, "B")))
    assert page.locator(".pick[aria-pressed=true]").count() == 0
    page.get_by_role("button", name="B", exact=True).press("Enter")
    page.mouse.click(*middle(bar(page, "D")))
    assert names(page) == ["A", "C", "BD"]
    page.get_by_role("button", name="Take apart").click()
    assert names(page) == list("ABCD")
    page.get_by_role("button", name="A", exact=True).click()
    page.get_by_role("button", name="Reset", exact=True).click()
    assert page.locator(".aim").count() == 0


def test_a_finger_drags_a_bar_and_scrolls_beside_it(show):
    page = show(PairMerge(), **PHONE)
    actions = page.locator(".open, .plot svg").evaluate_all(
        "(all) => all.map((e) => getComputedStyle(e).touchAction)"
    )
    assert sorted(actions) == ["auto", *["none"] * 4]
    reach = page.locator(".reach").evaluate_all(
        "(all) => all.map((e) => e.getBoundingClientRect()).map((b) => Math.min(b.width, b.height))"
    )
    assert min(reach) >= 44


def test_the_guess_is_answered_by_what_the_reader_merges(show):
    page = show(PairMerge(), questions=True, **STILL)
    drag(page, "D", "C")
    page.mouse.up()
    assert page.locator(".pick:not(:disabled)").count() == 4  # closed until then
    assert "Drag" not in page.locator(".say").inner_text()
    page.get_by_role("button", name="the last digits").click()
    assert names(page) == list("ABCD")  # nothing merges by itself
    assert "Drag a bar" in page.locator(".say").inner_text()
    assert not page.get_by_text("All 15 orders").is_visible()
    for merges in (("BA", "DC", "CA"), ("BA", "CA", "DA")):
        assert "See for yourself" in page.locator(".answer").inner_text()
        for shard, onto in merges:
            drag(page, shard, onto)
            page.mouse.up()
        page.get_by_role("button", name="Take apart").click()
    page.get_by_text("Yes, those of t").wait_for()
    page.get_by_role("button", name="All 15 orders").click()
    marks = page.locator(".landed")
    assert marks.count() == 15
    assert len({v for name, v in values(page).items() if name.startswith("error ")}) == 2
    assert page.get_by_text("(AC)(BD)").count() == 1  # alone, so it is named
    page.get_by_label("forget the factor").check()
    assert page.locator(".off").count() == 15
    page.get_by_label("bfloat16").check(force=True)  # where they end apart, they have one label
    assert len({v for name, v in values(page).items() if name.startswith("error ")}) > 1
    assert page.locator(".plot text", has_text="→").count() == 1


def test_rounds_are_drawn_as_messages(show):
    page = show(PairMerge(), **STILL)
    for shard, onto in ("BA", "DC"):
        drag(page, shard, onto)
        page.mouse.up()
    boxes = [message.bounding_box() for message in page.locator(".message").all()]
    assert len(boxes) == 2
    assert boxes[0]["y"] == boxes[1]["y"]  # they don't wait for each other
    assert values(page)["rounds"] == 1
    drag(page, "C", "A")
    page.mouse.up()
    assert page.locator(".message").last.bounding_box()["y"] > boxes[0]["y"]
    assert values(page)["rounds"] == 2
    page.get_by_role("button", name="Take apart").click()
    for shard, onto in ("AD", "BC"):  # one arrow reaches over the other
        drag(page, shard, onto)
        page.mouse.up()
    over, under = (message.bounding_box() for message in page.locator(".message").all())
    assert under["y"] - over["y"] > 10
    assert values(page)["rounds"] == 1


def test_scores_are_moved_beside_their_bars_and_the_window_stays(show):
    page = show(PairMerge(), **STILL)
    limits = "(all) => all.map((e) => [e.min, e.max])"
    sliders = page.locator(".lanes input")
    assert sliders.evaluate_all(limits) == [["85", "104"]] * 4
    for k in range(4):
        move(page, f"tops.{k}", 85)
    assert sliders.evaluate_all(limits) == [["85", "104"]] * 4
    page.get_by_role("button", name="far below 0").click()
    assert {float(value) for value in sliders.evaluate_all("(all) => all.map((e) => e.value)")} == {
        -110, -111, -112, -113
    }  # fmt: skip
    for k in range(4):
        lane, name = sliders.nth(k).bounding_box(), page.locator(".pick").nth(k).bounding_box()
        assert name["y"] - 5 < middle(lane)[1] < name["y"] + name["height"] + 5


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_the_row_of_controls_stays_where_it_is(show, width):
    page = show(PairMerge(), viewport={"width": width, "height": 900}, **STILL)
    page.get_by_role("button", name="one by one", exact=True).click()
    row, formats = page.locator(".controls"), page.locator(".controls .radios")
    apart = page.get_by_role("button", name="Take apart")
    merged = row.bounding_box(), formats.bounding_box(), apart.bounding_box()
    assert "primary" in apart.get_attribute("class")
    apart.click()
    assert (row.bounding_box(), formats.bounding_box(), apart.bounding_box()) == merged
    page.get_by_label("bfloat16").check(force=True)  # a chosen button is no wider
    assert formats.bounding_box() == merged[1]


@pytest.mark.parametrize("width", [320, 390, 1280])
@pytest.mark.parametrize("forget", [False, True])
def test_nothing_is_cut_off_at_any_stage(show, width, forget):
    for order, stage in ((0, 1), (13, 2), (4, 3)):
        figure = PairMerge(order=order, stage=stage, forget=forget)
        page = show(figure, viewport={"width": width, "height": 900})
        assert faults(page, states=0) == []
