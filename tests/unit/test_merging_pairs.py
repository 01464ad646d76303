"""Pairs that merge: numbers are those of the package, in every order and format."""

import math
import re
from itertools import combinations

import pytest
import torch
from figure_words import SKIP, told, told_each

from course_utils.figures.pair_merge import BELOW, DTYPES, PairMerge, orders
from course_utils.online import merge, pair_of

pytestmark = pytest.mark.processes  # deno runs the figure

#: Scores and a format: in range, far above and far below what exp can do, alike, far apart.
STATES = [
    ([100, 98, 99, 97], "float32"),
    ([2, 0, 1, -1], "bfloat16"),
    ([3, -7, 5, 2], "float16"),
    ([-110, -112, -111, -113], "float32"),
    ([100, -20, -30, -100], "float32"),
    ([88, 30, 0, 88], "bfloat16"),
    ([-100, -101, -99, -103], "float32"),
]


ORDERS = orders(4)


def scores_of(tops):
    below = BELOW[: len(tops)]
    return [torch.tensor([t, t + b], dtype=torch.float64) for t, b in zip(tops, below, strict=True)]


def unit(dtype):
    return torch.finfo(getattr(torch, dtype)).eps / 2


def sequence(order, count=4):
    """Return the merges of an order, numbered as the class says."""
    left, found, numbers = list(range(count)), [], []
    for among in range(2, count + 1):
        order, number = divmod(order, math.comb(among, 2))
        numbers.insert(0, number)
    for number in numbers:
        pair = list(combinations(left, 2))[number]
        left = [node for node in left if node not in pair] + [count + len(found)]
        found.append(pair)
    return found


def by_package(tops, dtype, order, stage):
    """Return the pairs that are left after some merges, as `course_utils` makes them."""
    kind = getattr(torch, dtype)
    pairs = [pair_of(z.to(kind), kind) for z in scores_of(tops)]
    left = dict(enumerate("ABCDEFGH"[: len(tops)]))
    for number, (i, j) in enumerate(sequence(order, len(tops))[:stage]):
        pairs.append(merge(pairs[i], pairs[j]))
        left[len(tops) + number] = "".join(sorted(left.pop(i) + left.pop(j)))
    return {name: [v.item() for v in pairs[k]] for k, name in left.items()}


def shown(page):
    """Return the pairs that a figure shows: m as its text alternative says, t in full."""
    found = re.findall(r"([A-H]+): m (\S+), t", " ".join(page.labels))
    totals = {
        "".join(sorted(re.sub("[t ()]", "", name))): value
        for name, value in page.values.items()
        if name.startswith("t ")
    }
    return {name: [float(top), totals[name]] for name, top in found}


@pytest.mark.parametrize(("tops", "dtype"), STATES)
def test_pairs_are_those_of_the_package(tops, dtype):
    states = [(order, stage) for order in range(ORDERS) for stage in range(4)]
    steps = [{"set": {"order": order, "stage": stage}} for order, stage in states]
    pages = told(PairMerge(tops=tops, dtype=dtype), SKIP, *steps)[2:]
    for (order, stage), page in zip(states, pages, strict=True):
        expected, found = by_package(tops, dtype, order, stage), shown(page)
        assert found.keys() == expected.keys()
        for name, (top, total) in expected.items():
            assert found[name][0] == top
            # two roundings for each merge, by an exp that may differ in its last bit
            assert found[name][1] == pytest.approx(total, rel=8 * unit(dtype))
    scores = torch.cat(scores_of(tops))
    right = (scores - scores.max()).exp().sum().item()
    assert pages[-1].values["exact"] == pytest.approx(right, rel=1e-12)
    # 18 sequences, 15 trees; each has the error that it showed
    errors = [v for name, v in pages[-1].values.items() if name.startswith("error ")]
    assert len(errors) == 15
    assert max(map(abs, errors)) < 8
    assert "orders seen: 15 of 15" in pages[-1].text


@pytest.mark.parametrize("count", [5, 8])
def test_pairs_of_more_shards_are_those_of_the_package(count):
    tops = [100, 98, 99, 97, 96, 99, 95, 98][:count]
    generator = torch.Generator().manual_seed(count)
    states = [
        (int(torch.randint(0, orders(count), (), generator=generator)), stage)
        for stage in range(count)
    ]
    steps = [{"set": {"order": order, "stage": stage}} for order, stage in states]
    pages = told(PairMerge(tops=tops), SKIP, *steps)[2:]
    for (order, stage), page in zip(states, pages, strict=True):
        expected, found = by_package(tops, "float32", order, stage), shown(page)
        assert found.keys() == expected.keys()
        for name, (top, total) in expected.items():
            assert found[name][0] == top
            assert found[name][1] == pytest.approx(total, rel=16 * unit("float32"))


@pytest.mark.parametrize(("tops", "dtype"), STATES)
def test_the_plain_sum_overflows_where_that_of_torch_does(tops, dtype):
    found = told(PairMerge(tops=tops, dtype=dtype), SKIP)[-1].values["plain"]
    total = torch.cat(scores_of(tops)).to(getattr(torch, dtype)).exp().sum().item()
    assert (math.isinf(found), found == 0) == (math.isinf(total), total == 0)
    assert math.isinf(total) or found == pytest.approx(total, rel=16 * unit(dtype), abs=1e-40)


def test_without_the_factor_the_sum_is_wrong_unless_all_maxima_agree():
    plainly = sum(1 + math.exp(below) for below in BELOW[:4])
    for tops, right in (([100, 98, 99, 97], False), ([50, 50, 50, 50], True)):
        figure = PairMerge(tops=tops, forget=True, stage=3)
        pages = told(figure, SKIP, *({"set": {"order": n}} for n in range(ORDERS)))[1:]
        scores = torch.cat(scores_of(tops))
        exact = (scores - scores.max()).exp().sum().item()
        assert math.isclose(exact, plainly) == right
        for page in pages:
            assert shown(page)["ABCD"][1] == pytest.approx(plainly, rel=1e-6)
            assert ("forgetting it costs nothing" in page.text) == right
            assert (f"instead of {exact:.4g}. For which scores" in page.text) == (not right)


EIGHT = ["A", "B", "C", "D", "E", "F", "G", "H", "AB", "CD", "EF", "GH", "ABCD", "EFGH"]


def test_eight_are_merged_by_hand_in_three_rounds():
    four = [{"click": name} for name in PICKS[0][0]]
    eight = [{"click": name} for name in ("8 shards", *EIGHT)]
    *_, before, mine = told(PairMerge(), SKIP, *eight)
    assert "○Goal: merge all" in before.text
    assert "✓Goal: merge all" in mine.text
    assert "8 shards take 3 rounds; one after the other, 7." in mine.text
    assert mine.values["rounds"] == 3
    more = told(PairMerge(), SKIP, *four, *eight, {"click": "4 shards"}, *four)[-1]
    assert "8 shards take 3 rounds" in more.text  # what was reached stays
    slow = [name for k in range(1, 8) for name in ("ABCDEFGH"[:k], "ABCDEFGH"[k])]
    page = told(PairMerge(), SKIP, {"click": "8 shards"}, *({"click": n} for n in slow))[-1]
    assert page.values["rounds"] == 7
    assert "○Goal: merge all" in page.text


PICKS = [
    (("A", "B", "C", "D", "AB", "CD"), 2),
    (("D", "A", "C", "AD", "B", "ACD"), 3),
    (("B", "C", "A", "D", "AD", "BC"), 2),
]


@pytest.mark.parametrize(("picks", "rounds"), PICKS)
def test_four_are_merged_by_hand_in_two_rounds(picks, rounds):
    """A state that was set is not the reader's; what was reached stays so."""
    picked = [{"click": name} for name in picks]
    *_, before, mine = told(PairMerge(), SKIP, *picked)
    assert "○Goal: merge" in before.text
    assert mine.values["rounds"] == rounds
    ways = [
        picked,
        [*picked, {"click": "far below 0"}],
        [*picked, {"click": "Reset"}],
        [{"set": {"order": 0, "stage": 3}}],
        [{"set": {"forget": True}}, *picked],
    ]
    found = told_each(PairMerge(), [[SKIP, *way] for way in ways])
    won = ["✓Goal: merge" in pages[-1].text for pages in found]
    assert won == [rounds == 2, rounds == 2, False, False, False]


def test_the_reader_finds_two_orders_that_end_apart():
    """Of the three that take two rounds, float32 tells one from the others."""
    ways = [("A", "B", "C", "D", "AB", "CD"), ("A", "D", "B", "C", "AD", "BC")]
    ways.append(("A", "C", "B", "D", "AC", "BD"))
    first, same, other = [[{"click": name} for name in way] for way in ways]
    again = {"click": "Take apart"}
    all_of_them = {"click": "All 15 orders"}
    walks = [[*first, again, *same], [*first, all_of_them, again, *other], [*first, all_of_them]]
    found = told_each(PairMerge(), [[SKIP, *walk] for walk in walks])
    assert ["✓Goal: find" in pages[-1].text for pages in found] == [False, True, False]
    ends = {by_package(PairMerge().tops, "float32", n, 3)["ABCD"][1] for n in range(ORDERS)}
    assert len(ends) == 2
    errors = [v for name, v in found[2][-1].values.items() if name.startswith("error ")]
    assert sorted(errors.count(error) for error in set(errors)) == [1, 14]
    # the message tells them apart, in digits that stand out
    assert "ended" not in found[0][-1].text
    assert ["Try float16" in pages[-1].text for pages in found] == [True, False, False]
    high, low = (f"{end:.7f}" for end in sorted(ends, reverse=True))
    said = re.sub(r"\s*/\s*", "", found[1][-1].text)
    assert f"All merged: t = {low}, " in said
    assert f"14 orders ended at t = {high}." in said


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_lines_of_the_end_are_neighbours_in_the_format(dtype):
    page = told(PairMerge(dtype=dtype), SKIP)[-1]
    first = re.search(rf"t = (\S+)… in {dtype}", page.text)
    start = first.group(1) if first else ""
    kind = getattr(torch, dtype)
    exact = torch.tensor(page.values["exact"], dtype=torch.float64).to(kind)
    line = exact - 2 * torch.finfo(kind).eps * 2  # of numbers from 2 to 4
    for number in range(5):
        places = 8 if dtype == "float32" else 3 + (dtype == "float16")
        rest = ("…" if start else "") + f"{line.item() + 1e-12:.{places}f}"[len(start) :]
        # eight digits have room at each other line
        assert (rest in page.text) == (dtype != "float32" or number % 2 == 0)
        line = torch.nextafter(line, torch.tensor(9, dtype=kind))


@pytest.mark.parametrize("tops", [[9, 9, 9, 9], [9, 9, 9, 8]])
def test_forgetting_the_factor_costs_nothing_for_equal_maxima(tops):
    steps = {"click": "forgotten factor"}, {"set": {"tops": tops}}, {"click": "one by one"}
    *_, before, _, after = told(PairMerge(), SKIP, *steps)
    assert ("✓Goal: set the scores" in before.text) is False
    assert ("✓Goal: set the scores" in after.text) == (len(set(tops)) == 1)


def test_maxima_that_the_format_makes_alike_are_alike():
    figure = PairMerge(tops=[100.1, 100, 100, 100], dtype="bfloat16", forget=True, stage=3)
    assert "forgetting it costs nothing" in told(figure, SKIP)[-1].text


@pytest.mark.parametrize(("first", "onto"), ["AB", "BA"])
def test_the_product_stands_in_the_lane_of_the_one_that_shrinks(first, onto):
    page = told(PairMerge(), SKIP, {"click": first}, {"click": onto})[-1]
    t, f = 1 + math.exp(-2), math.exp(-2)
    assert f"B: {t:.4g} \N{MULTIPLICATION SIGN} {f:.4g} = {t * f:.4g}" in page.text
    assert f"exp(-2) = {f:.4g}" in page.text


def test_a_factor_that_the_format_can_not_hold_is_0_in_both_places():
    figure = PairMerge(tops=[3, -16, 5, 2], dtype="float16", stage=1)
    text = told(figure, SKIP)[-1].text
    factor = torch.tensor(-19.0, dtype=torch.float16).exp().item()
    assert factor == 0
    assert "exp(-19) = 0 in float16, for which 5.6e-9 is too small" in text
    assert "B: 1.136 \N{MULTIPLICATION SIGN} 0 = 0" in text


def test_a_guess_is_answered_by_two_orders():
    picked = [{"click": name} for name in PICKS[0][0]]
    steps = [*picked, {"click": "Take apart"}, *({"click": name} for name in PICKS[1][0])]
    pages = told(PairMerge(), {"click": "one may overflow"}, *steps)
    assert "See for yourself" in pages[1].text
    assert not any("No: each exponent" in page.text for page in pages[:-1])
    assert "No: each exponent" in pages[-1].text


def test_what_a_merge_says_is_its_sum():
    steps = {"click": "D"}, {"click": "B"}
    start, one, both = told(PairMerge(tops=[2, 0, 1, -1]), SKIP, *steps)[1:]
    assert "m is 2, 0, 1, -1. Drag a bar" in start.text
    assert "D is chosen. With which one?" in one.text
    (b, d) = ((z - z.max()).exp().sum().item() for z in scores_of([2, 0, 1, -1])[1::2])
    f = math.exp(-1)
    assert (
        f"D is multiplied by exp(-1) = {f:.4g}: {b:.4g} + {d * f:.4g} = {b + d * f:.4g}."
        in both.text
    )
    assert f"m 0, t {b + d * f:.4g}" in both.text
    assert f"D: {d:.4g} \N{MULTIPLICATION SIGN} {f:.4g} = {d * f:.4g}" in both.text
    assert sorted(shown(both)) == ["A", "BD", "C"]


@pytest.mark.parametrize("dtype", DTYPES)
def test_what_is_said_of_the_plain_sum_holds(dtype):
    generator = torch.Generator().manual_seed(1)
    around = [(0, 5), (0, 15), (0, 120), (-17, 1), (-102, 6), (-114, 3)]  # centre, width
    all_tops = [
        (centre + torch.randint(-width, width + 1, (4,), generator=generator)).clamp(-120, 120)
        for centre, width in 5 * around
    ]
    steps = [{"set": {"tops": tops.tolist()}} for tops in all_tops]
    heard = set()
    for tops, page in zip(
        all_tops, told(PairMerge(dtype=dtype, stage=3), SKIP, *steps)[2:], strict=True
    ):
        exact = torch.logsumexp(torch.cat(scores_of(tops.tolist())), 0).item()
        words = r"log-sum-exp (-?[\d.]+)(?:, where \w+ has steps of (\S+))?\. (The plain [^\n]*)"
        said, step, ending = re.search(words, page.text).groups()
        if dtype == "float32":
            assert step is None
        else:
            apart = 2 * unit(dtype) * 2.0 ** math.floor(math.log2(abs(float(said))))
            assert float(step) == pytest.approx(apart, rel=0.03)  # four digits
        total = page.values["plain"]
        heard.add(ending.split(" by ")[0])
        if "inf" in ending or "is 0" in ending:
            assert total == (math.inf if "inf" in ending else 0)
        else:
            off = abs(math.log(total) - exact)
            rounded = unit(dtype) * (8 + 4 * abs(exact))
            assert off <= rounded if "too" in ending else off > 4 * unit(dtype)
        # the sum of three or more roundings in t, and one of the result, in any order
        assert abs(float(said) - exact) <= unit(dtype) * (8 + 4 * abs(exact))
    kinds = {f"The plain {text}" for text in ("sum is inf.", "sum is 0.", "way is off")}
    if dtype == "bfloat16":  # numbers near -90, where sums lose digits, are 0.5 apart
        kinds.remove("The plain way is off")
    assert heard == kinds | {"The plain sum works here, too."}


def test_what_the_tries_say_is_so():
    def tried(name):
        return told(PairMerge(), SKIP, {"click": name})[-1]

    assert tried("one by one").values["rounds"] == 3
    assert tried("two by two").values["rounds"] == 2
    assert tried("8 one by one").values["rounds"] == 7
    assert tried("8 two by two").values["rounds"] == 3
    lost = tried("forgotten factor")
    by_hand = [{"click": name} for name in PICKS[0][0]]
    page = told(PairMerge(), SKIP, *by_hand, {"click": "forgotten factor"})[-1]
    assert sum(name.startswith("error ") for name in page.values) == 2  # dots
    assert "orders seen: 2 of 15" in page.text
    assert lost.values["t ((AB)C)D"] > 2 * lost.values["exact"]
    totals = {by_package(PairMerge().tops, "bfloat16", n, 3)["ABCD"][1] for n in range(ORDERS)}
    assert len(totals) > 1
    assert unit("bfloat16") == 65536 * unit("float32")
    figure = PairMerge(dtype="bfloat16", stage=3)
    pages = told(figure, SKIP, *({"set": {"order": n}} for n in range(ORDERS)))
    assert len({v for page in pages for k, v in page.values.items() if k[:2] == "t "}) > 1
    below = tried("far below 0")
    assert below.values["plain"] == 0
    assert below.values["t (AB)(CD)"] == pytest.approx(below.values["exact"], rel=1e-6)
