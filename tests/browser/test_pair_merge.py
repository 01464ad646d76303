"""Pairs that merge: numbers are those of the package, in every order and format."""

import math
import re
from itertools import combinations, pairwise

import pytest
import torch
from browser_tools import move, value, values

from course_utils.figures.pair_merge import BELOW, DTYPES, ORDERS, PairMerge
from course_utils.online import merge, pair_logsumexp, pair_of

pytestmark = pytest.mark.browser
MINUS = "\N{MINUS SIGN}"
STATES = [
    ([100, 98, 99, 97], "float32"),
    ([2, 0, 1, -1], "bfloat16"),
    ([3, -7, 5, 2], "float16"),
    ([-110, -112, -111, -113], "float32"),
    ([100, -20, -30, -100], "float32"),
    ([88, 30, 0, 88], "bfloat16"),
    ([-100, -101, -99, -103], "float32"),
]
CHOICES = ".bar input[type=checkbox]"


def scores_of(tops):
    return [torch.tensor([t, t + b], dtype=torch.float64) for t, b in zip(tops, BELOW, strict=True)]


def sequence(order):
    """Return the three merges of an order, numbered as the class says."""
    left, found = [0, 1, 2, 3], []
    for number, result in ((order // 3, 4), (order % 3, 5), (0, 6)):
        pair = list(combinations(left, 2))[number]
        left = [node for node in left if node not in pair] + [result]
        found.append(pair)
    return found


def shards(name):
    return "".join(sorted(re.sub("[()]", "", name)))


def by_package(tops, dtype, order):
    """Return the pairs of all sets that arise, by their shards, as `course_utils` merges them."""
    kind = getattr(torch, dtype)
    pairs = [pair_of(z.to(kind), kind) for z in scores_of(tops)]
    names = list("ABCD")
    for i, j in sequence(order):
        pairs.append(merge(pairs[i], pairs[j]))
        names.append("".join(sorted(names[i] + names[j])))
    return {name: (m.item(), t.item()) for name, (m, t) in zip(names, pairs, strict=True)}


@pytest.mark.parametrize("order", [0, 1, 2, 7, 13, 17])
@pytest.mark.parametrize(("tops", "dtype"), STATES)
def test_pairs_are_those_of_the_package(show, tops, dtype, order):
    page = show(PairMerge(tops=tops, dtype=dtype, order=order))
    unit = torch.finfo(getattr(torch, dtype)).eps / 2
    shown = {}
    for name, number in values(page).items():
        if name[:2] in ("m ", "t "):
            shown.setdefault(shards(name[2:]), []).append(number)
    expected = by_package(tops, dtype, order)
    assert shown.keys() == expected.keys()
    for name, (maximum, total) in expected.items():
        assert shown[name][0] == maximum
        # two roundings for each merge, by an exp that may differ in its last bit
        assert shown[name][1] == pytest.approx(total, rel=8 * unit)
    assert value(page, "lse pair") == pytest.approx(
        pair_logsumexp([torch.tensor(v, dtype=torch.float64) for v in expected["ABCD"]]).item(),
        rel=8 * unit,
        abs=8 * unit,
    )
    exact = torch.logsumexp(torch.cat(scores_of(tops)), 0).item()
    assert value(page, "lse exact") == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(("tops", "dtype"), STATES)
def test_plain_sums_overflow_where_those_of_torch_do(show, tops, dtype):
    page = show(PairMerge(tops=tops, dtype=dtype, order=1))
    kind = getattr(torch, dtype)
    unit, tiny = torch.finfo(kind).eps / 2, torch.finfo(kind).smallest_normal
    for name, z in zip("ABCD", scores_of(tops), strict=True):
        expected = z.to(kind).exp().sum().item()
        assert value(page, f"plain {name}") == pytest.approx(
            expected, rel=4 * unit, abs=unit * tiny
        )
    total = torch.cat(scores_of(tops)).to(kind).exp().sum()
    assert math.isinf(value(page, "sum plain Σ")) == total.isinf().item()
    assert (value(page, "sum plain Σ") == 0) == (total == 0).item()


def test_the_orders_are_all_there_are(show):
    """18 sequences, 15 trees; for each the error that its own state shows."""
    page = show(PairMerge(tops=[2, 0, 1, -1], dtype="bfloat16"))
    errors = {k: v for k, v in values(page).items() if k.startswith("error ")}
    exact = torch.logsumexp(torch.cat(scores_of([2, 0, 1, -1])), 0).item()
    names = set()
    for order in range(ORDERS):
        move(page, "order", order)
        name = page.locator("[data-control=order]").get_attribute("aria-valuetext")
        total = next(
            v for k, v in values(page).items() if k[:2] == "t " and shards(k[2:]) == "ABCD"
        )
        error = (total / math.exp(exact - 2) - 1) * 2**8
        assert errors[f"error {name}"] == pytest.approx(error, rel=1e-6, abs=1e-9)
        names.add(name)
    assert names == {k.removeprefix("error ") for k in errors}
    assert len(names) == 15
    assert page.get_by_text("all 15 orders, a dot each; filled: seen").count() == 1
    assert page.locator(".unseen").count() == 0
    different = len({round(error, 6) for error in errors.values()})
    assert different > 1
    said = page.locator(".soft", has_text="15 orders").inner_text()
    worst = max(map(abs, errors.values()))
    assert f"give {different} different t, at most {worst:.1f} u" in said


def test_any_two_boxes_can_be_chosen_by_keyboard(show):
    """Every first pair of the six, and every second of the three: the set that arises is theirs."""
    page = show(PairMerge(stage=0, order=9))
    for first in combinations(range(4), 2):
        for second in combinations(range(3), 2):
            move(page, "stage", 0)
            for pair in (first, second):
                boxes = page.locator(CHOICES)
                names = [shards(boxes.nth(i).locator("xpath=..").inner_text()) for i in pair]
                boxes.nth(pair[0]).focus()
                page.keyboard.press("Space")
                boxes.nth(pair[1]).focus()
                page.keyboard.press("Space")
                merged = "".join(sorted("".join(names)))
                assert page.locator(".knot.now text").first.text_content() == merged
            assert page.evaluate(
                "document.activeElement.shadowRoot.activeElement.dataset.control"
            ).startswith("pick.")
            assert page.locator(CHOICES).count() == 2


def test_boxes_can_be_clicked_and_given_up(show):
    page = show(PairMerge(stage=0))
    box = {name: page.locator(".knot.open").nth(i) for i, name in enumerate("ABCD")}
    box["D"].click()
    assert page.locator(".say").inner_text() == "D is chosen. With which one?"
    box["D"].click()
    assert "none merged" in page.locator(".say").inner_text()
    box["D"].click()
    box["B"].click()
    assert "B and D merge to m = 98" in page.locator(".say").inner_text()
    page.locator(".knot.open").first.click()
    page.get_by_role("button", name="Reset", exact=True).click()
    assert page.locator(".picked").count() == 0
    assert "none merged" in page.locator(".say").inner_text()


def test_back_next_and_another_order(show):
    page = show(PairMerge(order=4))
    back, forth = (page.get_by_role("button", name=n, exact=True) for n in ("Back", "Next merge"))
    assert forth.is_disabled()
    for left in (2, 3, 4):
        back.click()
        assert page.locator(CHOICES).count() == left
    assert back.is_disabled()
    forth.click()
    names = []
    for _ in range(18):
        page.get_by_role("button", name="Another order").click()
        names.append(page.locator("[data-control=order]").get_attribute("aria-valuetext"))
    assert all(a != b for a, b in pairwise(names))
    assert len(set(names)) == 15


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_said_holds_in_every_state(show, dtype):
    page = show(PairMerge(dtype=dtype))
    unit = torch.finfo(getattr(torch, dtype)).eps / 2
    generator = torch.Generator().manual_seed(1)
    heard = set()
    around = [(0, 5), (0, 15), (0, 120), (-17, 1), (-102, 6), (-114, 3)]  # centre, width
    for centre, width in 5 * around:
        offsets = torch.randint(-width, width + 1, (4,), generator=generator)
        tops = (centre + offsets).tolist()
        for k, top in enumerate(tops):
            move(page, f"tops.{k}", top)
        move(page, "order", torch.randint(ORDERS, (1,), generator=generator).item())
        text = page.locator(".say").inner_text().replace(MINUS, "-")
        exact = torch.logsumexp(torch.cat(scores_of(tops)), 0).item()
        plain, total = value(page, "lse plain Σ"), value(page, "sum plain Σ")
        ending = text.split(". ")[-1]
        heard.add(ending.split(" by ")[0])
        if ending == "The plain sum is inf.":
            assert total == math.inf
        elif ending == "The plain sum is 0.":
            assert total == 0
        elif ending == "The plain sum works here, too.":
            assert abs(plain - exact) <= unit * (8 + 2 * abs(exact))
        else:
            off = float(ending.removeprefix("The plain way is off by ").removesuffix("."))
            assert abs(plain - exact) == pytest.approx(off, rel=0.06)
            assert off > 8 * unit
        said = float(re.search(r"Log-sum-exp (-?[\d.]+)\.", text)[1])
        # the sum of three or more roundings in t, and one of the result, in any order
        assert abs(said - exact) <= unit * (8 + 4 * abs(exact))
    kinds = {f"The plain {text}" for text in ("sum is inf.", "sum is 0.", "way is off")}
    if dtype == "bfloat16":  # numbers near -90, where sums lose digits, are 0.5 apart
        kinds.remove("The plain way is off")
    assert heard == kinds | {"The plain sum works here, too."}


def test_the_guess_is_answered_with_another_order(show):
    page = show(PairMerge(), questions=True, reduced_motion="reduce")
    assert page.locator(".unseen").count() == 14
    before = value(page, "lse pair")
    page.get_by_role("button", name="the last digits").click()
    assert "Yes" in page.locator(".answer").inner_text()
    assert page.locator("[data-control=order]").input_value() == "14"
    assert value(page, "lse pair") == pytest.approx(before, rel=1e-6)
    assert page.locator(".unseen").count() == 13


def test_another_order_is_built_before_the_readers_eyes(show):
    page = show(PairMerge(), questions=True)
    page.get_by_role("button", name="the last digits").click()
    assert page.locator("[data-control=stage]").input_value() != "3"
    page.wait_for_function(
        """() => [...document.querySelectorAll("*")].some(
          (e) => e.shadowRoot?.querySelector("[data-control=stage]")?.value === "3")"""
    )


def test_a_shard_begins_anew_when_all_are_merged(show):
    page = show(PairMerge())
    page.locator(".knot.open").nth(2).click()
    assert page.locator("[data-control=stage]").input_value() == "0"
    assert page.locator(".say").inner_text() == "C is chosen. With which one?"


@pytest.mark.parametrize("order", [0, 1, 13])
@pytest.mark.parametrize(("tops", "dtype"), STATES)
def test_bars_shrink_to_the_common_maximum_and_fill_the_sum(show, tops, dtype, order):
    page = show(PairMerge(tops=tops, dtype=dtype, order=order), reduced_motion="reduce")
    unit = torch.finfo(getattr(torch, dtype)).eps / 2
    for stage in (1, 2, 3):
        move(page, "stage", stage)
        numbers = values(page)
        last = [name[2:] for name in numbers if name[:2] == "t "][-1]
        both = numbers["shrunk 0"] + numbers["shrunk 1"]
        assert both == pytest.approx(numbers[f"t {last}"], rel=4 * unit)
        found = page.locator(".plot:not(.tree) rect").evaluate_all(
            "(all) => all.map((e) => ['x', 'width'].map((k) => Number(e.getAttribute(k))))"
        )
        (_, whole), (_, first), (x, left), *_, (_, second), (joint, right) = found
        factor = [v for k, v in numbers.items() if k.startswith("factor ")][-2]
        assert (first, second) == (left, right)
        assert first == pytest.approx(whole * factor, abs=0.1)
        assert joint == pytest.approx(x + left)


def totals(page):
    return [v for k, v in values(page).items() if k[:2] == "t "]


def factors(page):
    return [v for k, v in values(page).items() if k.startswith("factor ")]


@pytest.mark.parametrize(
    ("name", "words", "holds"),
    [
        # a chain: each merge has a shard in it
        (
            "one after the other",
            "takes up a shard at a time",
            lambda page: "((AB)C)D" in page.locator(".bar").inner_text(),
        ),
        (
            "two by two",
            "two rounds this way, not three",
            lambda page: "(AB)(CD)" in page.locator(".bar").inner_text(),
        ),
        (
            "bfloat16",
            "only by rounding",
            lambda page: len({round(v, 6) for k, v in values(page).items() if "error" in k}) > 1,
        ),
        (
            "far below 0",
            "becomes 0",
            lambda page: (
                [v for k, v in values(page).items() if "plain" in k] == [0] * 7 + [0, -math.inf]
                and value(page, "lse pair") == pytest.approx(value(page, "lse exact"), rel=1e-7)
            ),
        ),
        (
            "one shard far above",
            "beside t = 1.368",
            lambda page: (
                totals(page)[0] == totals(page)[-1]
                and round(totals(page)[0], 3) == 1.368
                and sorted(factors(page))[-4:] != [1, 1, 1, 1]
                and max(f for f in factors(page) if f < 1) < 1e-4
            ),
        ),
    ],
)
def test_what_the_tries_say_is_so(show, name, words, holds):
    page = show(PairMerge(stage=1, order=5))
    page.get_by_role("button", name=name, exact=True).click()
    assert holds(page)
    assert words in page.locator(".tries .told").inner_text()
