"""Suspected labels: what is hidden, what is revealed, and the tally."""

import re

import pytest
import torch
from figure_samples import label_suspects

from course_utils.figures.label_suspects import LabelSuspects

pytestmark = pytest.mark.browser


def said(page):
    return page.locator(".say").inner_text()


def open_names(data, i):
    """Return the two names that are asked for: label and neighbours' label, by class."""
    other = max(range(10), key=lambda k: data["votes"][i][k])
    return [data["classes"][k] for k in sorted((data["given"][i], other))], data["classes"][other]


def answer(page, name):
    page.locator(".bar").get_by_role("button", name=name, exact=True).click()


def test_the_label_is_hidden_until_the_reader_has_judged(show):
    figure = label_suspects(shown=0, verdicts=[])
    data = figure.data
    page = show(figure)
    assert len(data["numbers"]) > 6
    for i in range(len(data["numbers"])):
        names, _ = open_names(data, i)
        assert page.locator(".bar p").inner_text() == f"Is it {names[0]} or {names[1]}?"
        assert said(page) == ""
        assert not page.locator(".witnesses .picture").first.is_visible()
        label = page.locator(".suspect > .picture").get_attribute("aria-label")
        assert label == f"Training image {data['numbers'][i]}, 28 by 28 grey pixels"
        if i + 1 < len(data["numbers"]):
            answer(page, "Next image")
    assert page.locator(".bar").get_by_role("button", name="Next image").is_disabled()


@pytest.mark.parametrize("choice", ["given", "other", "neither"])
def test_an_answer_reveals_label_and_neighbours_of_every_suspect(show, choice):
    figure = label_suspects(shown=0, verdicts=[])
    data = figure.data
    page = show(figure)
    count = len(data["numbers"])
    for i in range(count):
        _, other = open_names(data, i)
        given = data["classes"][data["given"][i]]
        assert given != other
        answer(page, {"given": given, "other": other, "neither": "neither, or can't say"}[choice])
        words = {"given": "with the data set", "other": "with the neighbours"}
        expected = f"You agree {words[choice]}. " if choice in words else "You named neither. "
        assert said(page).startswith(f"{expected}The data set says {given}. ")
        votes = dict(part.rsplit(" ", 1) for part in said(page).split(": ")[1][:-1].split(", "))
        shown = {data["classes"].index(name): int(n) for name, n in votes.items()}
        assert shown == {k: n for k, n in enumerate(data["votes"][i]) if n}
        assert page.locator(".witnesses").inner_text().split("\n") == [
            data["classes"][k] for k in data["near"][i]
        ]
        assert page.locator(".witnesses .picture").first.is_visible()
        if i + 1 < count:
            answer(page, "Next image")
    by = [count * (choice == name) for name in ("given", "other", "neither")]
    assert (
        f"Judged {count}: {by[0]} with the data set's label, {by[1]} with the neighbours', "
        f"{by[2]} with neither." in page.locator(".frame").inner_text()
    )
    assert count >= 10
    assert page.locator(".goal.done").count() == 1


def test_each_image_is_its_own_part_of_the_sheet(show):
    page = show(label_suspects(shown=2))
    boxes = page.locator(".picture").evaluate_all(
        "(all) => all.map((e) => e.getAttribute('viewBox'))"
    )
    assert boxes == [f"{28 * column} 56 28 28" for column in range(4)]
    # the first image as the browser paints it, against the sheet
    size = page.locator(".picture image").first.evaluate(
        """async (e) => { const image = new Image(); image.src = e.getAttribute("href");
        await image.decode(); return [image.naturalWidth, image.naturalHeight,
          Number(e.getAttribute("width")), Number(e.getAttribute("height"))]; }"""
    )
    assert size[:2] == size[2:]


def test_a_verdict_can_be_changed_and_reset_forgets_all(show):
    figure = label_suspects(shown=0, verdicts=[])
    page = show(figure)
    names, _ = open_names(figure.data, 0)
    for name in names:
        answer(page, name)
        pressed = page.locator(".bar [aria-pressed=true]")
        assert pressed.all_inner_texts() == [name]
    assert "Judged 1:" in page.locator(".frame").inner_text()
    answer(page, "Next image")
    page.get_by_role("button", name="Reset", exact=True).click()
    assert "None is judged yet." in page.locator(".frame").inner_text()
    assert page.locator("[data-control=shown]").input_value() == "0"


def test_the_guess_opens_the_controls(show):
    page = show(label_suspects(shown=0, verdicts=[]), questions=True)
    assert page.locator(".bar").evaluate("(e) => e.inert")
    page.get_by_role("button", name="4 to 6").click()
    assert not page.locator(".bar").evaluate("(e) => e.inert")
    assert "Now judge ten" in page.locator(".answer").inner_text()


def test_after_ten_the_tally_is_compared_with_the_guess(show):
    page = show(label_suspects(shown=0, verdicts=[]), questions=True)
    page.get_by_role("button", name="4 to 6").click()
    choose = page.locator(".bar button")
    for i in range(11):
        given = "neither" if i % 4 else choose.first.inner_text()
        page.get_by_role("button", name=given).click()
        text = page.locator(".frame").inner_text()
        with_label = int(re.search(r": (\d+) with the data set", text)[1])
        said = re.search(r"You sided with the label in ([\d.]+) of ten; you guessed 4 to 6\.", text)
        assert (said is not None) == (i >= 9)
        if said:
            assert float(said[1]) == round(10 * with_label / (i + 1), 1)
        page.get_by_role("button", name="Next image").click()


def test_the_stand_in_and_a_lack_of_images_are_said(show):
    words = "code drew them, each for its label"
    assert words in show(label_suspects(shown=0, verdicts=[])).locator(".frame").inner_text()
    real = show(label_suspects(shown=0, verdicts=[], source="real"))
    assert words not in real.locator(".frame").inner_text()
    none = torch.zeros(0, dtype=torch.int64)
    empty = LabelSuspects.of(torch.rand(11, 28, 28), torch.zeros(11).long(), ("a", "b"), none)
    for figure in (empty, LabelSuspects()):
        page = show(figure)
        assert page.problems == []
        assert "no doubted images here" in said(page)


def test_chips_show_two_kinds_of_doubt_and_leave_the_verdicts(show):
    figure = label_suspects(shown=2, verdicts=[])
    data = figure.data
    page = show(figure)
    answer(page, "neither, or can't say")
    against = [max(v for k, v in enumerate(votes) if k != given)
               for votes, given in zip(data["votes"], data["given"], strict=True)]  # fmt: skip
    own = [votes[given] for votes, given in zip(data["votes"], data["given"], strict=True)]
    for chip in page.locator(".chip").all():
        chip.click()
        i = int(page.locator("[data-control=shown]").input_value())
        told = page.locator(".tries .told").inner_text()
        assert told.startswith(f"{against[i]} of its ten nearest images carry one other label")
        if "least" in chip.inner_text():
            assert against[i] - own[i] == min(a - o for a, o in zip(against, own, strict=True))
            assert told.endswith(f", {own[i]} {'carries' if own[i] == 1 else 'carry'} its own.")
        else:
            assert against[i] == max(against)
    assert page.locator(".chip").count() == 2
    assert page.locator(".dots .v3").count() == 1


def test_with_forced_colours_the_tally_keeps_its_colours(show):
    page = show(label_suspects(shown=0, verdicts=[1, 2, 3]), forced_colors="active")
    colours = page.locator(".dots span").evaluate_all(
        "(all) => all.slice(0, 4).map((e) => getComputedStyle(e).backgroundColor)"
    )
    assert len(set(colours)) == 4
